"""The records of a generated year hold what the product's do: the truth is of a world that there is."""

from collections.abc import Iterator
from functools import cache

import pytest

from benchmarks.year import Year
from gateway.core.ports import StoredRecord
from gateway.exchange.erasing import REFUSALS
from gateway.exchange.schedule_record import DELIVERED, DUE_NOW, GIVEN_UP, MISSED, UNDELIVERED
from gateway.ledger.record import parse, parse_detail
from tests.exchange.held import Shape, fields, load

PLACED = frozenset({"prev", "seq", "recorded_at"})
"""What the ledger fills in."""
CODES: dict[str, set[str | None]] = {
    "audit.exported": {None, "ok", "failed", "made", DUE_NOW, DELIVERED, UNDELIVERED, GIVEN_UP, MISSED},
    "audit.read": {None},
    "exchange.reclassified": {"ok", "should_not_have_left", "undecided"},
    "incident.closed": {"breach", "no_breach", "mistaken"},
    "incident.opened": {"should_not_have_left", "marked"},
    "policy.activated": {None},
    "policy.proposed": {None},
    "review.signed": {"findings", "no_findings"},
    "subject.access": {"answered", "late"},
    "subject.erased": {"erased"},
    "subject.erasure": {"requested", "approved", "deferred", "begun"},
    "subject.erasure-refused": {*REFUSALS},
    "subject.held": {"proposed", "placed", "lifting", "lifted"},
    "subject.linked": {"linked"},
    "subject.merged": {"merged", "split"},
    "subject.rectified": {"rectified"},
    "subject.restricted": {"restricted", "lifted"},
    "subject.shown": {"shown", "not_found", "listed"},
}
"""Event → the outcomes that the product writes (`docs/record-v1.md`). Those events alone are drawn as the product
writes them, field by field; of others the year holds what reports read."""
MORE: dict[str, Shape] = {"review.signed": frozenset({"incident"})}
"""Event → what the product writes that no record of `held.json` has: the incident that a review led to."""


@cache
def _year() -> tuple[StoredRecord, ...]:
    """The records before a year and in it."""
    year = Year(2_000)
    return (*year.before, *year.records())


def _held(event: str) -> Iterator[tuple[StoredRecord, Shape]]:
    """The records of an event, with the fields that each holds."""
    for stored in _year():
        envelope = parse(stored.envelope)
        if envelope.event == event:
            yield stored, fields(envelope, stored.detail) - PLACED


@pytest.mark.parametrize("event", CODES)
def test_a_record_holds_no_more_than_one_that_the_product_wrote(event: str) -> None:
    shapes = [shape | MORE.get(event, frozenset()) for shape in load()[event]]
    strange = {tuple(sorted(held)) for _, held in _held(event) if not any(held <= shape for shape in shapes)}
    assert strange == set()
    assert any(_held(event))


@pytest.mark.parametrize("event", CODES)
def test_a_record_holds_all_that_the_product_always_writes(event: str) -> None:
    """Of a detail that was deleted since, nothing."""
    always = frozenset.intersection(*load()[event])
    lacking = {
        name
        for stored, held in _held(event)
        for name in always - held
        if stored.detail is not None or not name.startswith("detail.")
    }
    bare = [held for stored, held in _held(event) if stored.detail is None and parse(stored.envelope).detail is None]
    assert (lacking, bare) == (set(), [])


@pytest.mark.parametrize("event", CODES)
def test_a_record_has_an_outcome_that_the_product_writes(event: str) -> None:
    records = [parse(stored.envelope) for stored, _ in _held(event)]
    codes = {None if record.outcome is None else record.outcome.code for record in records}
    assert codes <= CODES[event]


def test_evidence_that_leaves_ends_in_each_way_that_reports_tell() -> None:
    records = [parse(stored.envelope) for stored, _ in _held("audit.exported")]
    assert {record.outcome.code for record in records if record.outcome is not None} >= {"ok", "made", "due"}
    assert None in {record.actor for record in records}  # by the calendar


def test_who_did_it_stands_in_the_detail() -> None:
    """A person's own word, by how the person was known."""
    for event in ("incident.closed", "review.signed", "subject.access"):
        details = [parse_detail(stored.detail) for stored, _ in _held(event) if stored.detail is not None]
        assert {(one.method, bool(one.roles), bool(one.source)) for one in details} == {("jwt", True, True)}
