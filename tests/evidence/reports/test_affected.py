"""How many persons an incident is about: those that records of what was sent name, each once, and what none can say."""

import msgspec

from gateway.core.ports import StoredRecord
from gateway.evidence.reports.affected import affected, affected_by
from gateway.evidence.reports.basis import Affected
from gateway.ledger.record import Detail, Envelope, encode_detail, seal, timestamp


def _record(event: str, detail: Detail | None = None, **fields: object) -> tuple[Envelope, Detail | None]:
    envelope = Envelope(id="r", tenant="tn_1", event=event, occurred_at=timestamp(0))
    for name, value in fields.items():
        setattr(envelope, name, value)
    return envelope, detail


def test_persons_are_counted_once_under_all_of_their_pseudonyms() -> None:
    merged = frozenset({"su_1", "su_2"})
    records = [
        _record("exchange.requested", Detail(subjects=("su_2", "su_3")), agent="ward", attempt=1),
        _record("exchange.attempted", Detail(subjects=("su_1",)), agent="cloudy", attempt=2),
    ]
    found = affected(records, {"su_1": merged, "su_2": merged})
    assert found.subjects == ("su_1", "su_2", "su_3")
    assert found.persons == {"su_1", "su_3"}
    assert (found.records, found.unnamed, found.deleted) == (2, 0, 0)


def test_records_that_name_nobody_and_those_that_lost_their_detail_are_told_apart() -> None:
    records = [
        _record("exchange.requested", Detail(subject="nurse"), agent="ward", attempt=1),
        _record("exchange.attempted", agent="ward", attempt=2),
    ]
    assert affected(records, {}) == Affected(records=2, unnamed=1, deleted=1)


def test_what_was_sent_to_nobody_is_no_record_of_it() -> None:
    named = Detail(subjects=("su_1",))
    records = [
        _record("exchange.completed", named, agent="ward", attempt=1),
        _record("exchange.denied", named),
        _record("exchange.requested", named, attempt=0),
        _record("incident.opened", named, agent="ward"),
    ]
    assert msgspec.structs.astuple(affected(records, {})) == ((), frozenset(), 0, 0, 0)


def test_of_stored_records_the_same_is_told() -> None:
    named = Detail(subjects=("su_1",))
    records = [_record("exchange.requested", detail, agent="ward", attempt=1) for detail in (named, None)]
    stored = [
        StoredRecord(
            seq=0,
            envelope=seal(envelope, 0, bytes(32), timestamp(0)),
            hash=bytes(32),
            detail=None if detail is None else encode_detail(detail),
        )
        for envelope, detail in records
    ]
    assert affected_by(stored, {}) == affected(records, {})
