"""All sections are fed in one pass, each what it asked for, and the whole is data that JSON may hold."""

import json

import pytest

from gateway.core.errors import FormatError
from gateway.core.ports import StoredRecord
from gateway.evidence.figures.facts import SECTIONS, Facts
from gateway.evidence.figures.seen import Known
from gateway.evidence.figures.tally import Spans
from gateway.ledger.record import EVENTS
from tests.evidence.figures.kit import record
from tests.evidence.making import ledger


def test_stored_records_are_taken_and_all_sections_told() -> None:
    facts = Facts(Known())
    for stored in ledger(30).stored:
        facts.take(stored)
    told = facts.document()
    assert set(told) == {"v", "provisions", "beyond", *SECTIONS}
    assert told["coverage"]["records"] == 30
    assert told["decisions"]["requests"] == 15
    assert json.loads(json.dumps(told)) == told


def test_every_event_may_come_bare_and_is_counted() -> None:
    facts = Facts(Known())
    for seq, event in enumerate(EVENTS):
        facts.feed(record(event, seq))
    assert sorted(row[0] for row in facts.document()["coverage"]["events"]) == sorted(EVENTS)


def test_what_there_was_no_room_for_is_told_by_its_section() -> None:
    facts = Facts(Known())
    facts.callers.callers = Spans(limit=1)
    for seq in range(3):
        facts.feed(record("exchange.denied", seq, actor=f"ac_{seq}"))
    assert facts.document()["beyond"] == [["callers", 2]]


def test_a_record_that_is_none_is_an_error() -> None:
    with pytest.raises(FormatError):
        Facts(Known()).take(StoredRecord(seq=0, envelope=b"{}", hash=bytes(32)))
