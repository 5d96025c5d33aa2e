"""Before many tests are run by forked processes: what each of these would make; and what holds of all they write."""

from collections.abc import Iterable
from typing import Any

import pytest

from gateway.ledger.record import parse_detail
from gateway.store import writer_base
from gateway.store.batch import Filled, Head, Waiting, fill
from tests.system.processes import share_server
from tests.system.warming import warm

_MANY = 2_000
"""Tests for which some seconds are nothing."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Nothing that is of one test alone, and no thread, connection or loop, is left of it."""
    if session.config.getoption("forks", 1) > 1 and len(session.items) > _MANY:
        share_server()
        warm()


@pytest.fixture(autouse=True)
def agreeing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom the detail of a record names is whom it is found by, in whatever these tests have written: verification
    holds each against the other (`store.named`), so that a record of which this is not so breaks an honest ledger."""

    def filled(waiting: Iterable[Waiting], head: Head, **given: Any) -> Filled:
        here = list(waiting)
        for one in here:
            if one.entry.detail is not None:
                said = parse_detail(one.entry.detail).subjects or ()
                assert set(said) == set(one.entry.subjects), one.entry.draft.envelope().event
        return fill(here, head, **given)

    monkeypatch.setattr(writer_base, "fill", filled)
