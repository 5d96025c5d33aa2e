"""Which records support evidence for which provision, and why none do."""

from typing import Any

import pytest

from gateway.core.errors import FormatError
from gateway.evidence.figures.provisions import MAX_LINES, Provisions, Question, check_field
from gateway.ledger.record import Detail
from tests.evidence.figures.kit import record


def _question(**fields: Any) -> Question:
    base: dict[str, Any] = {
        "framework": "own",
        "id": "1",
        "title": "One",
        "text": "What it shows.",
        "report": "records",
        "columns": ("event", "zone"),
        "queries": ({"event": "exchange.denied"}, {"zone": "cloud"}),
    }
    return Question(**{**base, **fields})


def _told(question: Question, *records: Any) -> dict[str, Any]:
    made = Provisions([question])
    for one in records:
        made.feed(one)
    return made.document()[0]


def test_a_record_is_found_by_any_query_and_told_once() -> None:
    told = _told(
        _question(),
        record("exchange.denied", 1, zone="cloud"),
        record("exchange.completed", 2, zone="cloud"),
        record("exchange.completed", 3, zone="in-house"),
    )
    assert told["rows"] == [[1, "exchange.denied", "cloud"], [2, "exchange.completed", "cloud"]]
    assert (told["state"], told["reasons"], told["records"]) == ("supported", [], 2)


def test_records_are_counted_by_their_columns() -> None:
    question = _question(report="counts", columns=("zone", "classes"), queries=({},))
    told = _told(question, record("audit.read", 0, zone="a", classes=("phi", "pii")), record("audit.read", 1))
    assert told["columns"] == ["zone", "classes", "times"]
    assert told["rows"] == [["a", "phi pii", 1], ["none", "none", 1]]


def test_what_no_record_is_of_is_not_evidenced() -> None:
    told = _told(_question(), record("audit.read"))
    assert told["state"] == "not evidenced"
    assert told["reasons"] == ["no record of the period is of what is asked for"]


def test_a_provision_without_a_query_says_why_the_ledger_has_nothing_of_it() -> None:
    told = _told(_question(queries=(), lacks="drills are not on record"), record("exchange.denied"))
    assert (told["state"], told["reasons"]) == ("not evidenced", ["drills are not on record"])


def test_a_field_that_no_record_holds_makes_it_in_part_and_is_named() -> None:
    question = _question(needs=("decision.policy", "detail.tls", "break_glass"))
    detail = Detail(tls="TLSv1.3")
    told = _told(question, record("exchange.denied", effect="deny", detail=detail), record("exchange.denied"))
    assert told["state"] == "in part"
    assert told["reasons"] == ["no record found holds break_glass"]
    assert told["needs"] == [["decision.policy", 1], ["detail.tls", 1], ["break_glass", 0]]


def test_what_is_lacking_makes_evidence_of_the_rest_partial() -> None:
    told = _told(_question(lacks="addresses are in the register"), record("exchange.denied"))
    assert (told["state"], told["reasons"]) == ("in part", ["addresses are in the register"])


def test_lines_are_bounded_also_where_pieces_are_merged() -> None:
    one, later = Provisions([_question()]), Provisions([_question()])
    for seq in range(MAX_LINES):
        one.feed(record("exchange.denied", seq))
        later.feed(record("exchange.denied", MAX_LINES + seq))
    one.merge(later)
    told = one.document()[0]
    assert (len(told["rows"]), told["left_out"], told["records"]) == (MAX_LINES, MAX_LINES, 2 * MAX_LINES)


def test_a_need_of_one_event_is_held_by_no_record_of_another() -> None:
    question = _question(queries=({},), needs=("checkpoint.witnessed: count", "audit.read: detail.reason"))
    other = _told(question, record("ledger.recovered", count=3), record("audit.read", detail=Detail(subject="a")))
    assert other["reasons"] == [
        "no record found holds checkpoint.witnessed: count",
        "no record found holds audit.read: detail.reason",
    ]
    its_own = (record("checkpoint.witnessed", count=2), record("audit.read", detail=Detail(reason="why")))
    assert _told(question, *its_own)["state"] == "supported"


@pytest.mark.parametrize(
    "path",
    [
        "actor",
        "decision.policy",
        "detail.tls",
        "outcome.code",
        "tokens",
        "audit.read: actor",
        "key.created: detail.diff",
    ],
)
def test_fields_of_envelope_and_detail_may_be_needed(path: str) -> None:
    check_field(path)


@pytest.mark.parametrize(
    "path",
    ["", "detail", "nothing", "decision.", "decision.nothing", "agent.x", "detail.tls.x", "no.event: actor", ": actor"],
)
def test_what_is_no_field_is_refused(path: str) -> None:
    with pytest.raises(FormatError, match="must be a field of the envelope"):
        check_field(path)
