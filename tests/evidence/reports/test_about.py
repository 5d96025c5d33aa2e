"""What selected records say of the person or the incident that a bundle is about."""

import msgspec
import pytest

from gateway.evidence.attachment import Given
from gateway.evidence.figures.seen import Known
from gateway.evidence.reports.about import Chosen
from gateway.evidence.selection import Scope
from gateway.ledger.record import Detail
from tests.evidence.figures.kit import record
from tests.evidence.reports.kit import basis

SUBJECT = Scope(kind="subject", ids=("su_2", "su_1"), exchanges=("ex_1",), period=("2026-01-01", "2026-02-01"))


def _fed(scope: Scope | None, *details: Detail | None, event: str = "exchange.requested") -> Chosen:
    found = Chosen(scope, Known())
    for detail in details:
        one = record(event, detail=detail, agent="ward", purpose="HRESCH", attempt=1, exchange="ex_1")
        found.feed(Given(one.envelope, b"", detail))
    return found


def test_records_that_name_the_person_count_and_those_that_may_have_too() -> None:
    found = _fed(SUBJECT, Detail(subjects=("su_1",)), Detail(subjects=("su_9",)), None).told(basis())
    assert (found.subject["pseudonyms"], found.subject["records"]) == (["su_1", "su_2"], 2)
    assert (found.since, found.until) == ("2026-01-01", "2026-02-01")
    step = Chosen(SUBJECT, Known())
    one = record("subject.access", code="answered", subject="su_2", case="sc_1")
    step.feed(Given(one.envelope, b"", Detail(subject="officer")))
    assert [row[2] for row in step.told(basis()).subject["subjects"]["cases"]] == ["answered"]


def test_an_incident_is_told_alone_with_whom_its_exchange_names() -> None:
    (row, *_) = basis().figures["incidents"]["opened"]
    named = str(row[0])
    scope = Scope(kind="incident", ids=(named,), exchanges=("ex_1",))
    found = _fed(scope, Detail(subjects=("su_1",)), None).told(basis())
    assert [one[0] for one in found.figures["incidents"]["opened"]] == [named]
    assert found.affected[named].subjects == ("su_1",)
    assert (found.affected[named].records, found.affected[named].deleted) == (2, 1)
    assert found.figures["flows"] == basis().figures["flows"]


@pytest.mark.parametrize("scope", [None, Scope(kind="exchange", ids=("ex_1",), exchanges=("ex_1",))])
def test_other_bundles_are_about_nobody(scope: Scope | None) -> None:
    found = _fed(scope, Detail(subjects=("su_1",))).told(basis())
    assert msgspec.structs.astuple(found) == msgspec.structs.astuple(basis())
