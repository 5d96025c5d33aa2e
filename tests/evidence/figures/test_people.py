"""What people did: approvals, callers, readings, policies."""

from typing import Any

from gateway.evidence.figures.people import Approvals, Callers, Policies, Trail
from gateway.evidence.figures.tally import Spans
from gateway.ledger.record import Detail, OutcomeInfo
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


def test_credentials_are_counted_once_for_each_method_and_issuer() -> None:
    first, later = Callers(), Callers()
    for callers, credential, issuer in (
        (first, "a", "https://login"),
        (first, "a", "https://login"),
        (first, "a", None),
        (later, "b", "https://login"),
        (later, "a", "https://login"),
    ):
        detail = Detail(method="jwt", issuer=issuer, credential=credential)
        callers.feed(record("exchange.requested", actor="ac_1", detail=detail, effect="route"))
    first.merge(later)
    assert first.document()["methods"] == [["jwt", "https://login", 2, 4], ["jwt", "none", 1, 1]]


def test_who_was_sent_something_and_did_not_answer_is_told_with_its_transport_and_callbacks_are() -> None:
    callers = Callers()
    over, plain = Detail(agent_tls="TLSv1.3 A"), Detail(destination="a.example")
    for detail, unanswered in ((over, True), (plain, True), (plain, None), (None, True)):
        outcome = OutcomeInfo(code="agent_timeout", unanswered=unanswered)
        callers.feed(record("exchange.completed", agent="scribe", zone="cloud", outcome=outcome, detail=detail))
    for event in ("task.callback_delivered", "task.callback_failed"):
        for detail in (over, plain, None):  # without one, nothing had begun to leave
            callers.feed(record(event, callback="desk", zone="partner", detail=detail))
    assert callers.document()["to_agents"] == [
        ["desk", "partner", "TLSv1.3 A", 2],
        ["desk", "partner", "without TLS, or not known", 2],
        ["scribe", "cloud", "TLSv1.3 A", 1],
        ["scribe", "cloud", "without TLS, or not known", 1],
    ]


def test_transport_to_agents_is_told_of_exchanges_that_one_answered() -> None:
    first, later = Callers(), Callers()
    over, plain = Detail(agent_tls="TLSv1.3 A"), Detail(subject="nurse")
    for callers, found, detail in (
        (first, {}, over),
        (later, {"person": 1}, over),
        (later, {}, plain),
        (later, None, over),  # it answered with an error, which nobody searched
        (later, None, plain),  # nobody did
        (later, {}, None),
    ):
        callers.feed(record("exchange.completed", agent="scribe", zone="in-house", found=found, detail=detail))
    later.feed(record("exchange.completed", found={}, detail=over))
    first.merge(later)
    assert first.document()["to_agents"] == [
        ["scribe", "in-house", "TLSv1.3 A", 3],
        ["scribe", "in-house", "without TLS, or not known", 1],
    ]


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
    assert told["methods"] == [["jwt", "https://login", 0, 1]]
    assert told["transport"] == [["TLSv1.3", 1]]
    assert told["failures"] == [["key_unknown", 41]]
    assert told["lent"] == [["deny", 1]]
    assert told["keys"] == [[AT, "key.created", "ak_1", "ac_2"]]
    assert [row[1] for row in told["changes"]] == ["issuer.keys_changed", "agent.tool_pinned"]
    assert told["glass"] == [[AT, "alert.break_glass", "bg_1", "ac_1", "none", "none", "none", "none"]]


def test_whoever_read_the_records_is_told_with_what_was_taken_out_and_verified() -> None:
    trail = Trail()
    trail.feed(record("audit.read", actor="ac_1", actor_kind="person"))
    trail.feed(record("audit.exported", actor="ac_1", actor_kind="person", range=(3, 9)))
    trail.feed(record("audit.exported", actor="ac_1", range=(3, 9), code="made", digest="sha256:5e"))
    trail.feed(record("audit.verified", range=(0, 9), code="ok"))
    told = trail.document()
    assert len(told["readings"]) == 4
    assert told["exports"] == [
        [AT, "ac_1", 3, 9, "none", "none", "none"],
        [AT, "ac_1", 3, 9, "made", "none", "sha256:5e"],
    ]
    assert told["verified"] == [[AT, "none", "ok", 0, 9, "none"]]


def test_a_review_of_emergency_access_tells_its_verdict_and_what_was_lent() -> None:
    lent = ("role clinician", "until 2026-03-01T00:00:00.000000Z")
    until = lent[1].removeprefix("until ")
    callers = Callers()
    callers.feed(record("alert.break_glass", break_glass="bg_1", detail=Detail(reason="so", diff=lent)))
    callers.feed(record("alert.break_glass_closed", break_glass="bg_1", detail=Detail(diff=("role clinician",))))
    callers.feed(
        record("alert.reviewed", break_glass="bg_1", code="not_justified", detail=Detail(reason="no", diff=lent))
    )
    callers.feed(record("alert.reviewed", break_glass="bg_1", code="justified", committed=True))
    gone = "detail deleted"
    assert [row[4:] for row in callers.document()["glass"]] == [
        ["clinician", until, "none", "so"],
        ["clinician", "none", "none", "none"],
        ["clinician", until, "not_justified", "no"],
        [gone, gone, "justified", gone],
    ]


def test_a_verdict_of_before_the_outcome_told_it_is_read_from_the_detail() -> None:
    callers = Callers()
    for line in ("justified", "not justified", "not known"):
        callers.feed(record("alert.reviewed", break_glass="bg_1", detail=Detail(reason="so", diff=(line,))))
    callers.feed(record("alert.reviewed", break_glass="bg_1", committed=True))
    verdicts = [row[6] for row in callers.document()["glass"]]
    assert verdicts == ["justified", "not_justified", "none", "detail deleted"]


def test_what_people_gave_as_a_reason_is_told_in_their_words() -> None:
    said = Detail(reason="short of people")
    callers, approvals, policies, trail = Callers(), Approvals(), Policies(), Trail()
    callers.feed(record("alert.break_glass", break_glass="bg_1", actor="ac_1", detail=said))
    callers.feed(record("alert.reviewed", break_glass="bg_1", actor="ac_2", committed=True))
    assert [row[-1] for row in callers.document()["glass"]] == ["short of people", "detail deleted"]
    for step in ("approved", "approved", "expired"):
        approvals.feed(record(f"approval.{step}", approval="a", actor="ac_1", detail=said))
    assert approvals.document()["reasons"] == [["approved", "ac_1", "short of people", AT, 2, AT]]
    policies.feed(record("policy.activated", policy=POLICY, actor="ac_2", detail=said))
    assert policies.document()["reasons"] == [[AT, "policy.activated", POLICY, "ac_2", "short of people"]]
    trail.feed(record("review.signed", actor="ac_1", code="findings", detail=said))
    trail.feed(record("audit.verified", actor="ac_1", code="failed", detail=Detail(reason="record 4", query={})))
    trail.feed(record("review.signed", actor="ac_2", code="no_findings", action="access-review", committed=True))
    told = trail.document()
    assert [row[2] for row in told["signed"]] == ["not told", "access-review"]
    assert told["findings"][0] == [AT, "ac_1", "findings", "short of people"]
    assert told["verified"][0][-1] == "record 4"


def test_readings_are_told_with_the_question_that_was_asked() -> None:
    first, later = Trail(), Trail()
    asked = Detail(query={"to": "2026-02-01", "event": "key.created"})
    for trail, detail in ((first, asked), (first, Detail(query={})), (first, Detail()), (later, asked)):
        trail.feed(record("audit.read", actor="ac_1", detail=detail))
    later.feed(record("audit.read", actor="ac_1", committed=True))
    first.merge(later)
    found = {row[2]: row[4] for row in first.document()["questions"]}
    assert found == {"event=key.created, to=2026-02-01": 2, "all": 1, "none": 1, "detail deleted": 1}


def test_questions_beyond_what_there_is_room_for_are_counted() -> None:
    trail = Trail()
    trail.questions = Spans(limit=2)
    for number in range(5):
        trail.feed(record("audit.read", actor="ac_1", detail=Detail(query={"seq": str(number)})))
    assert (len(trail.document()["questions"]), trail.questions.beyond) == (2, 3)


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


def test_an_emergency_of_before_that_is_overdue_is_told_until_its_review() -> None:
    callers, later = Callers(), Callers()
    lent = ("role clinician", f"until {AT}", "reviewer privacy")
    callers.begin(
        [
            record("key.created", 1),
            record("alert.review_overdue", 2, break_glass="bg_1", detail=Detail(diff=lent)),
            record("alert.review_overdue", 3, break_glass="bg_2", committed=True),
        ]
    )
    judged: dict[str, Any] = {"code": "not_justified", "actor": "ac_2", "detail": Detail(reason="late", diff=lent)}
    later.feed(record("alert.reviewed", 9, at_s=60, break_glass="bg_1", **judged))
    callers.merge(later)
    told = callers.document()
    assert told["overdue_before"] == [
        ["bg_1", "clinician", AT, AT, 2, timestamp(T0 + 60_000_000), "not_justified", "ac_2"],
        ["bg_2", "detail deleted", "detail deleted", AT, 3, "none", "none", "none"],
    ]
    assert len(told["glass"]) == 1, "what was done before is no step of the period"
