"""Which records support evidence for which provision, and why none do."""

from typing import Any

import msgspec
import pytest

from gateway.evidence.figures.provisions import MAX_LINES, Provisions, Question
from gateway.evidence.figures.seen import Seen
from gateway.evidence.figures.standing import Start, Stood
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


def test_where_a_record_lacks_a_field_it_is_in_part_and_of_how_many_is_told() -> None:
    question = _question(needs=("decision.policy", "detail.tls", "any: audit.read: actor"))
    policy = record("exchange.denied", effect="deny", detail=Detail(tls="TLSv1.3"))
    told = _told(question, policy, record("exchange.denied"))
    assert told["state"] == "in part"
    assert told["reasons"] == ["decision.policy: in 1 of 2 records", "detail.tls: in 1 of 2 records"]
    assert told["needs"] == [["decision.policy", 2, 1, 0], ["detail.tls", 2, 1, 0], ["any: audit.read: actor", 0, 0, 0]]
    whole = _told(question, policy, policy)
    assert (whole["state"], whole["reasons"]) == ("supported", [])


def test_what_is_needed_is_counted_over_records_that_the_provision_finds_alone() -> None:
    question = _question(queries=({"event": "exchange.denied", "zone": "cloud"},), needs=("actor",))
    told = _told(question, record("exchange.denied", zone="cloud", actor="ac_1"), record("exchange.denied"))
    assert (told["state"], told["needs"]) == ("supported", [["actor", 1, 1, 0]])


def test_details_that_were_not_opened_are_told_as_such() -> None:
    made = Provisions([_question(needs=("detail.tls",))], opened=False)
    one = record("exchange.denied", detail=Detail(tls="TLSv1.3"))
    one.envelope.detail = "A" * 43 + "="
    made.feed(msgspec.structs.replace(one, detail=None))
    assert made.document()[0]["reasons"] == ["detail.tls: in 0 of 1 records (the details of 1 are not opened here)"]


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


def test_what_stood_takes_no_line_from_what_changed_in_the_period() -> None:
    question = _question(queries=({"event": "key.created"},), columns=("event",), standing=True)
    stood = [record("key.created", number) for number in range(MAX_LINES + 20)]
    made, later = Provisions([question]), Provisions([question])
    made.begin(Stood(start=Start(records=stood)))
    for number in range(5):
        (made if number < 3 else later).feed(record("key.created", 1_000 + number))
    made.merge(later)
    (told,) = made.document()
    numbers = [row[0] for row in told["rows"]]
    assert numbers == [*range(1_000, 1_005), *range(MAX_LINES - 5)]
    assert (told["records"], told["before"], told["left_out"]) == (MAX_LINES + 25, MAX_LINES + 20, 25)


@pytest.mark.parametrize(
    ("begun", "over", "said"),
    [
        (
            record("alert.review_overdue", 1, break_glass="bg_1"),
            record("alert.reviewed", 9, break_glass="bg_1"),
            "1 of 1 emergencies were not reviewed, and are overdue",
        ),
        (
            record("incident.opened", 1),
            record("incident.closed", 9, incident="id-1"),
            "1 of 1 incidents are not closed",
        ),
    ],
)
def test_what_began_before_the_range_and_is_open_is_a_lack_until_it_ends(begun: Seen, over: Seen, said: str) -> None:
    need = f"{begun.envelope.event} end in {over.envelope.event}"
    queries = ({"event": begun.envelope.event}, {"event": over.envelope.event})
    found = []
    for standing, ended in ((True, False), (True, True), (False, False)):
        made = Provisions([_question(queries=queries, needs=(need,), standing=standing)])
        made.begin(Stood(start=Start(records=[begun])))
        if ended:
            made.feed(over)
        (told,) = made.document(over.at)
        found.append((told["state"], told["reasons"], told["before"]))
    nothing = "no record of the period is of what is asked for"
    assert found == [
        ("in part", [f"{need}: {said}"], 1),
        ("supported", [], 1),
        ("not evidenced", [nothing], 0),
    ], "one that asks for no state is about its period alone"


def test_which_of_what_is_open_nobody_looked_for_is_named() -> None:
    needs = ("incident.opened end in incident.closed", "alert.review_overdue end in alert.reviewed")
    events = ("incident.opened", "incident.closed", "alert.review_overdue", "alert.reviewed")
    made = Provisions([_question(queries=tuple({"event": one} for one in events), needs=needs, standing=True)])
    made.feed(record("incident.closed", incident="id-1"))
    assert made.document()[0]["reasons"] == [
        "incidents of before the period were not looked at",
        "emergencies of before the period were not looked at",
    ]


@pytest.mark.parametrize(
    ("known_from", "reasons"),
    [
        (0, []),
        (40, ["cases of before record 40, the first at hand, are not known"]),
        (None, ["cases of before the period were not looked at"]),
    ],
)
def test_where_nobody_knows_what_was_open_before_no_case_is_taken_for_ended(
    known_from: int | None, reasons: list[str]
) -> None:
    queries = ({"event": "subject.erasure"}, {"event": "subject.erased"})
    asked = _question(queries=queries, needs=("subject.erasure end in subject.erased",), standing=True)
    made = Provisions([asked])
    if known_from is not None:
        made.begin(Stood(start=Start(), known_from=known_from))
    for event in ("subject.erasure", "subject.erased"):
        made.feed(record(event, case="sc_1"))
    (told,) = made.document()
    assert (told["state"], told["reasons"]) == ("in part" if reasons else "supported", reasons)
