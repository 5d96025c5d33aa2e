"""What is counted can be read by Prometheus, and holds names of the code and the configuration alone."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from gateway.agents.issuers import IssuerState
from gateway.core.decision import Decision, Effect, Observed
from gateway.exchange.health import AgentState
from gateway.exchange.metrics import STEPS, Metrics
from gateway.store.tasks import Depth


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    parse: Any = text_string_to_metric_families
    families: list[Any] = list(parse(metrics.exposition().decode()))
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def decided(effect: Effect, observed: Effect | None = None) -> Decision:
    other = None if observed is None else Observed(effect=observed, agent=None, rules=("r",), watched=("r",))
    return Decision(
        effect=effect, agent=None, rules=(), obligations=(), policy=f"sha256:{'0' * 64}", candidates=(), observed=other
    )


def test_requests_decisions_and_failures_of_agents_are_counted_by_their_names() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.request("tn_1", "openai", "ok")
    metrics.decision("tn_1", decided("deny"), None)
    metrics.decision("tn_1", decided("route", observed="deny"), "in-house")
    metrics.agent_error("tn_1", "cloud", "connect_failed")
    metrics.approval("tn_1", "requested")
    metrics.agent_call("tn_1", "open")
    metrics.unidentified("credential_invalid")
    found = samples(metrics)
    assert found["gateway_requests_total", (("code", "ok"), ("protocol", "openai"), ("tenant", "tn_1"))] == 2
    assert found["gateway_decisions_total", (("effect", "deny"), ("tenant", "tn_1"), ("zone", "none"))] == 1
    assert found["gateway_decisions_observed_total", (("effect", "deny"), ("tenant", "tn_1"))] == 1
    assert found["gateway_approvals_total", (("event", "requested"), ("tenant", "tn_1"))] == 1
    assert found["gateway_agent_calls_total", (("made_for", "open"), ("tenant", "tn_1"))] == 1
    assert (
        found["gateway_agent_errors_total", (("agent", "cloud"), ("code", "connect_failed"), ("tenant", "tn_1"))] == 1
    )
    assert found["gateway_failed_identifications_total", (("code", "credential_invalid"),)] == 1


def test_buckets_of_every_step_are_cumulative_and_end_with_all() -> None:
    metrics = Metrics()
    for nanoseconds in (0, 50_000, 50_001, 1_000_000, 10**12):
        metrics.step("decide", nanoseconds)
    found = samples(metrics)
    buckets = sorted(
        (float(dict(labels)["le"]), value)
        for (name, labels), value in found.items()
        if name == "gateway_step_seconds_bucket" and dict(labels)["step"] == "decide"
    )
    counts = [value for _, value in buckets]
    assert counts == sorted(counts)
    assert counts[0] == 2, "a bound belongs to its own bucket"
    assert counts[-1] == 5
    assert found["gateway_step_seconds_count", (("step", "decide"),)] == 5
    assert found["gateway_step_seconds_sum", (("step", "decide"),)] > 1000


def test_a_step_that_never_happened_is_there_with_zero() -> None:
    found = samples(Metrics())
    assert [found["gateway_step_seconds_count", (("step", step),)] for step in STEPS] == [0] * len(STEPS)


def test_the_ledger_tells_its_batches_its_lag_and_whether_it_is_up() -> None:
    metrics = Metrics()
    metrics.batch(3, 0.002)
    metrics.ledger("default", 7, False)
    found = samples(metrics)
    assert found["gateway_ledger_batch_records_sum", ()] == 3
    assert found["gateway_ledger_commit_seconds_count", ()] == 1
    assert found["gateway_ledger_lag_records", (("tenant", "default"),)] == 7
    assert found["gateway_ledger_up", (("tenant", "default"),)] == 0


def test_two_gateways_in_one_process_do_not_count_for_each_other() -> None:
    one, other = Metrics(), Metrics()
    one.request("tn_1", "openai", "ok")
    asked = ("gateway_requests_total", (("code", "ok"), ("protocol", "openai"), ("tenant", "tn_1")))
    assert (asked in samples(one), asked in samples(other)) == (True, False)


def test_how_agents_are_is_told_as_it_is_at_the_time() -> None:
    metrics = Metrics()
    states = [AgentState("cloud", True, "closed", 3, 0, 0, 0)]
    metrics.agents(lambda: states)
    cloud = (("agent", "cloud"),)
    assert samples(metrics)["gateway_agent_healthy", cloud] == 1
    states[0] = AgentState("cloud", False, "open", 1, 2, 4, 5)
    found = samples(metrics)
    values = {name: found[f"gateway_agent_{name}", cloud] for name in ("healthy", "breaker", "under_way", "queued")}
    assert values == {"healthy": 0, "breaker": 2, "under_way": 1, "queued": 2}
    assert (found["gateway_agent_retries_total", cloud], found["gateway_agent_shed_total", cloud]) == (4, 5)


def test_what_agents_are_ordered_by_is_told_where_it_is_known() -> None:
    metrics = Metrics()
    states = [
        AgentState("cloud", True, "closed", 3, 0, 0, 0, load=0.75, answers_in_s=1.5),
        AgentState("ward", True, "closed", 0, 0, 0, 0),
    ]
    metrics.agents(lambda: states)
    found = samples(metrics)
    cloud, ward = (("agent", "cloud"),), (("agent", "ward"),)
    assert (found["gateway_agent_load", cloud], found["gateway_agent_load", ward]) == (0.75, 0)
    assert found["gateway_agent_answer_seconds", cloud] == 1.5
    assert ("gateway_agent_answer_seconds", ward) not in found
    assert not any(name == "gateway_agent_stream_seconds" for name, _ in found)


def test_issuers_tell_their_keys_how_old_they_are_and_how_asking_ended() -> None:
    metrics = Metrics()
    states = [
        IssuerState(issuer="https://a", keys=2, age_s=7.5, fetches={"ok": 3, "status": 1}),
        IssuerState(issuer="https://b", keys=0, age_s=None, fetches={"connect_failed": 2}),
    ]
    metrics.issuers(lambda: states)
    found = samples(metrics)
    assert found["gateway_issuer_keys", (("issuer", "https://a"),)] == 2
    assert found["gateway_issuer_keys", (("issuer", "https://b"),)] == 0
    assert found["gateway_issuer_keys_age_seconds", (("issuer", "https://a"),)] == 7.5
    assert ("gateway_issuer_keys_age_seconds", (("issuer", "https://b"),)) not in found
    assert found["gateway_issuer_fetches_total", (("code", "status"), ("issuer", "https://a"))] == 1


def test_tasks_are_told_by_tenant_and_state_as_they_are_now_and_no_longer_as_they_were() -> None:
    metrics = Metrics()
    metrics.task_tried("tn_1", "ok")
    waits = Depth(tenant="tn_1", state="queued", count=3, since_us=1_000_000)
    metrics.tasks_now([waits, Depth(tenant="tn_1", state="failed", count=2, since_us=0)], 4, 3_500_000)
    found = samples(metrics)
    assert found["gateway_tasks", (("state", "queued"), ("tenant", "tn_1"))] == 3
    assert found["gateway_tasks", (("state", "failed"), ("tenant", "tn_1"))] == 2
    assert found["gateway_task_oldest_seconds", (("tenant", "tn_1"),)] == 2.5
    assert found["gateway_tasks_under_way", ()] == 4
    assert found["gateway_task_tries_total", (("code", "ok"), ("tenant", "tn_1"))] == 1
    metrics.tasks_now([], 0, 3_500_000)
    assert not [name for name, labels in samples(metrics) if labels == (("tenant", "tn_1"),)]
