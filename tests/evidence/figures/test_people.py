"""What people did: approvals, callers, readings, policies."""

from gateway.evidence.figures.people import Approvals, Callers, Policies, Trail
from gateway.ledger.record import Detail
from gateway.ledger.times import timestamp
from tests.evidence.figures.kit import POLICY, T0, record

AT = timestamp(T0)


def test_an_approval_waits_until_somebody_answers_or_it_expires() -> None:
    approvals = Approvals()
    for step in (
        record("approval.requested", approval="a", actor_kind="person"),
        record("approval.requested", approval="b"),
        record("approval.requested", approval="c"),
        record("approval.approved", at_s=120, approval="a", actor_kind="person"),
        record("approval.expired", at_s=600, approval="b"),
        record("approval.edited", approval="c"),
        record("approval.superseded"),
    ):
        approvals.feed(step)
    told = approvals.document()
    assert (told["answered"], told["waiting"], told["longest_us"]) == (1, 1, 120_000_000)
    assert ["approved", "person", 1] in told["steps"]


def test_callers_roles_and_methods_are_told_as_credentials_said_them() -> None:
    callers = Callers()
    detail = Detail(roles=("clerk",), method="jwt", issuer="https://login", tls="TLSv1.3")
    callers.feed(record("exchange.requested", actor="ac_1", actor_kind="person", detail=detail, effect="route"))
    callers.feed(record("exchange.denied", actor="ac_1", actor_kind="person", effect="deny", break_glass="bg_1"))
    callers.feed(record("auth.failed", code="key_unknown", count=40))
    callers.feed(record("auth.failed", code="key_unknown"))
    callers.feed(record("key.created", credential="ak_1", actor="ac_2"))
    callers.feed(record("alert.break_glass", break_glass="bg_1", actor="ac_1"))
    callers.feed(record("issuer.keys_changed"))
    callers.feed(record("agent.tool_pinned", agent="tools"))
    callers.feed(record("limit.warned"))
    told = callers.document()
    assert told["callers"] == [["ac_1", "person", "none", AT, 2, AT]]
    assert told["roles"] == [["ac_1", "clerk", AT, 1, AT]]
    assert told["methods"] == [["jwt", "https://login", 1]]
    assert told["transport"] == [["TLSv1.3", 1]]
    assert told["failures"] == [["key_unknown", 41]]
    assert told["lent"] == [["deny", 1]]
    assert told["keys"] == [[AT, "key.created", "ak_1", "ac_2"]]
    assert [row[1] for row in told["changes"]] == ["issuer.keys_changed", "agent.tool_pinned"]
    assert told["glass"] == [[AT, "alert.break_glass", "bg_1", "ac_1", "none"]]


def test_whoever_read_the_records_is_told_with_what_was_taken_out_and_verified() -> None:
    trail = Trail()
    trail.feed(record("audit.read", actor="ac_1", actor_kind="person"))
    trail.feed(record("audit.exported", actor="ac_1", actor_kind="person", range=(3, 9)))
    trail.feed(record("audit.verified", range=(0, 9), code="ok"))
    told = trail.document()
    assert len(told["readings"]) == 3
    assert told["exports"] == [[AT, "ac_1", 3, 9]]
    assert told["verified"] == [[AT, "none", "ok", 0, 9]]


def test_policy_versions_are_told_with_who_proposed_and_who_activated_them() -> None:
    policies = Policies()
    policies.feed(record("policy.proposed", policy=POLICY, actor="ac_1", proposal="pp_1"))
    policies.feed(record("policy.activated", policy=POLICY, actor="ac_2", proposer="ac_1", proposal="pp_1"))
    policies.feed(record("policy.activated", policy=POLICY))
    policies.feed(record("config.changed", config="sha256:0"))
    told = policies.document()
    assert told["changes"][1] == [AT, "policy.activated", POLICY, "ac_2", "ac_1", "pp_1"]
    assert told["changes"][2][3:] == ["at a start", "none", "none"]
    assert told["configurations"] == [[AT, "sha256:0", "none"]]
