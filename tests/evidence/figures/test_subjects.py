"""What was done for data subjects, what is kept, and what should not have left."""

from typing import Any

from gateway.checks.policy.words import PURPOSES
from gateway.evidence.figures.subjects import EXCLUDED, Disclosures, Incidents, Keeping, Subjects
from gateway.ledger.record import Detail
from gateway.ledger.times import timestamp
from tests.evidence.figures.kit import T0, record

AT = timestamp(T0)
DAY = 86_400


def test_an_erasure_is_told_with_its_recipients_and_until_when_backups_hold_something() -> None:
    subjects = Subjects()
    subjects.feed(record("subject.erasure", code="requested", case="sc_1", subject="su_1", legal_basis="b"))
    subjects.feed(
        record(
            "subject.erased",
            code="erased",
            case="sc_1",
            subject="su_1",
            count=9,
            keys=("k",),
            recipients=("letters", "cloud"),
            backups_until=AT,
        )
    )
    told = subjects.document()
    assert told["cases"][0] == [AT, "subject.erasure", "requested", "sc_1", "su_1", "b"]
    assert told["erased"] == [[AT, "sc_1", "su_1", 9, 1, "letters, cloud", AT]]
    assert told["steps"] == [["subject.erased", "erased", 1], ["subject.erasure", "requested", 1]]


def test_a_request_is_told_from_when_it_was_received_to_its_end() -> None:
    asked, due = timestamp(T0 - 3 * DAY * 1_000_000), "2027-02-12T23:59:59.999999Z"
    case: dict[str, Any] = {"case": "sc_1", "subject": "su_1", "began": asked}
    before = record("subject.erasure", code="requested", case="sc_0", subject="su_0")
    subjects, later = Subjects(), Subjects()
    subjects.begin([before, record("key.created")])
    subjects.feed(record("subject.erasure", code="requested", **case))
    subjects.feed(record("subject.held", code="placed", case="sc_2", subject="su_1"))
    assert subjects.document()["requests"] == [
        ["sc_0", "erasure", "su_0", "none", "none", "none", "requested"],
        ["sc_1", "erasure", "su_1", asked, due, "none", "requested"],
    ]
    later.feed(record("subject.erased", at_s=DAY, code="erased", **case))
    later.feed(record("subject.access", at_s=DAY, code="late", **{**case, "case": "sc_3"}))
    older: dict[str, Any] = {"case": "sc_1", "subject": "su_1"}
    subjects.feed(record("subject.erasure", code="approved", **older))  # by a node that does not say when it was asked
    assert subjects.document()["requests"][1] == ["sc_1", "erasure", "su_1", asked, due, "none", "approved"]
    subjects.merge(later)
    end = timestamp(T0 + DAY * 1_000_000)
    assert subjects.document()["requests"][1:] == [
        ["sc_1", "erasure", "su_1", asked, due, end, "erased"],
        ["sc_3", "access", "su_1", asked, due, end, "late"],
    ]


def test_what_is_kept_of_content_is_told_by_what_rules_say() -> None:
    keeping = Keeping()
    sent: dict[str, Any] = {"agent": "a", "attempt": 1, "effect": "route"}
    keeping.feed(record("exchange.requested", obligations=("keep-content:7", "redact"), **sent))
    keeping.feed(record("exchange.attempted", obligations=("no-content",), **sent))
    keeping.feed(record("exchange.requested", **sent))
    keeping.feed(record("exchange.requested", attempt=0, effect="route"))
    keeping.feed(record("subject.erased", count=4, code="erased"))
    told = keeping.document()
    assert {"ledger.archived", "retention."} <= set(keeping.events)
    assert told["kept"] == [["keep-content:7", 1], ["no-content", 1], ["not kept", 1]]
    assert told["destroyed"] == [[AT, "subject.erased", 4, "erased"]]


def test_an_incident_has_its_clocks_and_whoever_closed_it() -> None:
    incidents, later = Incidents(), Incidents()
    incidents.feed(record("incident.opened", 1, agent="a", zone="z", classes=("phi",), found={"mrn": 2}, exchange="e"))
    incidents.feed(record("incident.opened", 2))
    incidents.feed(record("exchange.reclassified", code="should_not_have_left"))
    why = Detail(reason="sent to the wrong ward")
    later.feed(record("incident.closed", at_s=60, incident="id-1", code="breach", actor="ac_1", detail=why))
    later.feed(record("incident.closed", incident="id-0", code="mistaken"))
    incidents.merge(later)
    told = incidents.document()
    first, second = told["opened"]
    assert first[:7] == ["id-1", AT, "a", "z", "phi", "mrn 2", "e"]
    assert first[7:9] == [timestamp(T0 + 3 * DAY * 1_000_000), timestamp(T0 + 60 * DAY * 1_000_000)]
    assert first[9:] == [timestamp(T0 + 60_000_000), "breach", "ac_1"]
    assert second[9:] == ["none", "none", "none"]
    assert told["closed_of_before"] == [["id-0", AT, "mistaken", "none"]]
    assert [row[1:] for row in told["closings"]] == [
        ["id-1", "breach", "ac_1", "sent to the wrong ward"],
        ["id-0", "mistaken", "none", "none"],
    ]
    assert told["searched"] == [["should_not_have_left", 1]]


def test_an_incident_of_before_is_told_until_it_is_closed() -> None:
    incidents, later = Incidents(), Incidents()
    before: dict[str, Any] = {"agent": "a", "zone": "z", "classes": ("phi",), "found": {"mrn": 2}, "exchange": "e"}
    incidents.begin(
        [record("key.created", 0), record("incident.opened", 1, **before), record("incident.opened", 2, **before)]
    )
    later.feed(record("incident.closed", at_s=60, incident="id-2", code="breach", actor="ac_1"))
    incidents.merge(later)
    told = incidents.document()
    first, second = told["open_before"]
    assert (first[:7], first[9:]) == (["id-1", AT, "a", "z", "phi", "mrn 2", "e"], ["none", "none", "none"])
    assert second[9:] == [timestamp(T0 + 60_000_000), "breach", "ac_1"]
    assert (told["opened"], told["closed_of_before"]) == ([], []), "it is told once"


def test_disclosures_of_one_kind_are_the_first_how_many_and_the_last() -> None:
    told = Disclosures(EXCLUDED)
    to: dict[str, Any] = {"agent": "letters", "zone": "partner", "processor": "p", "classes": ("phi",)}
    for at_s in (0, 60, 120):
        told.feed(record("exchange.requested", at_s=at_s, purpose="HRESCH", **to))
    told.feed(record("exchange.requested", purpose="TREAT", **to))
    told.feed(record("exchange.requested", purpose="HRESCH", attempt=0, **to))
    told.feed(record("task.callback_sent", callback="ours", zone="cloud"))
    other = Disclosures(EXCLUDED)
    other.feed(record("exchange.attempted", at_s=180, purpose="HRESCH", **to))
    told.merge(other)
    document = told.document()
    last = timestamp(T0 + 180_000_000)
    assert document["told"][0] == ["letters", "partner", "p", "HRESCH", "phi", "none", AT, 4, last]
    assert document["told"][1][:5] == ["ours", "cloud", "none", "none", "public"]
    assert document["left_out"] == [["TREAT", 1]]


def test_purposes_that_are_excluded_are_purposes_of_use() -> None:
    assert EXCLUDED <= PURPOSES


def test_what_an_access_did_not_look_into_is_told_as_it_is_on_record() -> None:
    lines = ("identity passport", "archive ar_1: 4 records", "emergency em_1: its file is not at hand")
    subjects, later = Subjects(), Subjects()
    for one, event in ((subjects, "subject.access"), (later, "subject.access"), (later, "subject.erasure")):
        one.feed(record(event, code="answered", case="sc_1", subject="su_1", detail=Detail(diff=lines)))
    subjects.merge(later)
    rows = [[AT, "sc_1", line] for line in lines[1:]]
    assert subjects.document()["elsewhere"] == [*rows, *rows]


def test_that_somebody_was_looked_up_is_no_step_of_a_case() -> None:
    subjects = Subjects()
    subjects.feed(record("subject.shown", code="shown", subject="su_1", actor="ac_1"))
    assert subjects.document() == Subjects().document(), "it is told among what people read"
