"""An erasure knows what emergency ledgers have on record of a person, and which could not be read."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.ids import uuid7
from gateway.exchange.emergency_persons import reached
from tests.exchange.spliced_kit import OWN, Spliced, cared, spliced
from tests.store.kit import START_US


@pytest.fixture
async def both(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Spliced]:
    own = [*cared(OWN, "su_own", "su_both"), *cared(uuid7(START_US), "su_both", agent="desk")]
    async with spliced(sqlite_template, tmp_path, own) as made:
        yield made


async def test_who_was_sent_it_and_who_is_named_beside(both: Spliced) -> None:
    found = await reached(both.trail, ("su_own",))
    assert (found.records, sorted(found.agents), sorted(found.beside)) == ({"em_1": 2}, ["ward"], ["su_both"])
    assert found.unread == ()
    assert found.lines == ("emergency em_1: 2 records",)
    found = await reached(both.trail, ("su_both", "su_own"))
    assert (found.records, sorted(found.agents), sorted(found.beside)) == ({"em_1": 4}, ["desk", "ward"], [])
    assert (await reached(both.trail, ("su_main",))).records == {}


async def test_a_file_that_is_changed_or_away_is_named_and_holds_nothing_up(both: Spliced) -> None:
    both.sides.file.write_bytes(both.sides.file.read_bytes() + b"more")
    assert (await reached(both.trail, ("su_own",))).unread == ("em_1",)
    both.away()
    found = await reached(both.trail, ("su_own",))
    assert (found.records, found.lines) == ({}, ("emergency em_1: its file could not be read",))
