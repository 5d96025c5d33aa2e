"""docs/metrics.md says what the registry holds: every metric has its row, with its kind and labels."""

import re

from prometheus_client import Metric

from gateway.agents.issuers import IssuerState
from gateway.exchange.archive_figures import ArchiveFigures, Figures
from gateway.exchange.emergency_figures import EmergencyFigures
from gateway.exchange.health import AgentState
from gateway.exchange.metrics import STEPS, ForwardState, Metrics, ScheduleState, StampState, WitnessState
from gateway.store.tasks import QUEUED, Depth
from tests.exchange.test_metrics import decided
from tests.house.tree import ROOT, committed

_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ((?:`\w+`(?:, )?)*) ?\| (\S.*) \|$", re.MULTILINE)
_DOCUMENT = (ROOT / "docs" / "metrics.md").read_text("utf-8")


def _filled() -> Metrics:
    """Metrics with at least one sample of each."""
    metrics = Metrics()
    metrics.agents(
        lambda: [
            AgentState(
                agent="a",
                healthy=True,
                breaker="closed",
                under_way=0,
                queued=0,
                retries=0,
                shed=0,
                answers_in_s=1.0,
                begins_in_s=1.0,
            )
        ]
    )
    metrics.issuers(lambda: [IssuerState(issuer="i", keys=1, age_s=1.0, fetches={"ok": 1})])
    metrics.shared(lambda: (True, 0))
    archives = ArchiveFigures()
    archives.told("tn_1", Figures(archives=1, oldest_s=1.0, over_s=0.0, waits=None))
    metrics.archives(archives.states)
    metrics.witnesses(lambda: [WitnessState(tenant="tn_1", records=1, seconds=1.0, ends={("w", "cosigned"): 1})])
    metrics.stamps(lambda: [StampState(tenant="tn_1", records=1, seconds=1.0, ends={("clock", "stamped"): 1})])
    metrics.forwards(lambda: [ForwardState(tenant="tn_1", forward="siem", records=1, seconds=1.0, failing=False)])
    metrics.schedules(lambda: [ScheduleState(tenant="tn_1", schedule="monthly", late_s=0.0, succeeded_s=1.0)])
    metrics.scheduled("tn_1", "monthly", "delivered")
    metrics.personal("tn_1", "nobody")
    metrics.linked("tn_1", 1, True)
    metrics.forwarded("tn_1", "siem", 1)
    metrics.forward_failed("tn_1", "siem", "connect_failed")
    metrics.database(lambda: "alone")
    metrics.emergency(
        lambda: EmergencyFigures(state="standing", begun=0, records=0, left=0, copy_age_s=1.0, copy_rows=1)
    )
    metrics.request("tn_1", "openai", "ok")
    metrics.decision("tn_1", decided("route", observed="deny"), "in-house")
    metrics.agent_call("tn_1", "none")
    metrics.unidentified("credential_missing")
    metrics.agent_error("tn_1", "a", "timeout_total")
    metrics.limited("tn_1", "tenant", "requests", True)
    metrics.approval("tn_1", "requested")
    metrics.glass("tn_1", "opened")
    metrics.policy_taken()
    metrics.caller_cut()
    metrics.notice("tn_1", "sent")
    metrics.review("tn_1", "sampled")
    metrics.bundle("tn_1", "ready")
    metrics.bundle_restarted("tn_1", "kept")
    metrics.bundle_alone("tn_1", "lost")
    metrics.tokens("tn_1", {"sent": 1})
    metrics.incidents("tn_1", 1)
    metrics.uncovered("tn_1", 1.0)
    metrics.callback("tn_1", "delivered")
    metrics.step(STEPS[0], 1)
    metrics.batch(1, 0.1)
    metrics.ledger("tn_1", 0, True)
    metrics.task_tried("tn_1", "ok")
    metrics.pulled("tn_1", "handed")
    metrics.tasks_now([Depth(tenant="tn_1", state=QUEUED, count=1, since_us=0)], 0, 1)
    return metrics


def _told(family: Metric) -> tuple[str, tuple[str, str]]:
    """Name and, as the page writes them, kind and labels; `le` belongs to every histogram."""
    assert family.samples, f"give {family.name} a sample in this test"
    labels = [label for label in family.samples[0].labels if label != "le"]
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return name, (family.type, ", ".join(f"`{label}`" for label in labels))


def test_every_metric_has_its_row_and_every_row_its_metric() -> None:
    rows = {name: (kind, labels) for name, kind, labels, _ in _ROW.findall(_DOCUMENT)}
    assert len(rows) == len(re.findall(r"^\| `", _DOCUMENT, re.MULTILINE)), "each row once and of the one form"
    assert rows == dict(map(_told, _filled().registry.collect()))


def test_metrics_are_made_in_one_place() -> None:
    importing = [
        path.relative_to(ROOT).as_posix()
        for path in committed()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "gateway") and "prometheus_client" in path.read_text()
    ]
    assert importing == ["gateway/exchange/metrics.py"]
