"""Rows of emergency ledgers: made once, stitched once, never changed otherwise, on both databases."""

from collections.abc import Sequence

import msgspec
import pytest
from sqlalchemy import Executable, delete, update
from sqlalchemy.exc import DBAPIError

from gateway.ledger.entry import Entry
from gateway.store.emergencies import STANDING, STITCHED, Emergency, EmergencyStore, prepared, stitched
from gateway.store.engine import writing
from gateway.store.tables import emergency
from tests.store.kit import LEDGER, Store, entry

ROW = Emergency(id="em_1", node="nd_1", state=STANDING, origin="o", vkey="k", prepared_us=1)
DONE = msgspec.structs.replace(
    ROW, state=STITCHED, began_us=2, ended_us=3, records=4, archive="ar_1", digest="sha256:1", bytes=5
)


async def test_a_row_comes_with_its_record_and_changes_once_with_another(store: Store) -> None:
    found = EmergencyStore(store.engine)
    async with store.writer() as writer:
        for change, left_out in ((prepared(ROW), False), (prepared(ROW), True)):
            entered = Entry(draft=entry("emergency.prepared").draft, change=change)
            assert (await writer.submit(entered) is None) == left_out
        assert await found.of_node(LEDGER, "nd_1") == (ROW,)
        assert await found.of_node(LEDGER, "nd_2") == ()
        other = msgspec.structs.replace(DONE, digest="sha256:2")
        for change, left_out in ((stitched(DONE), False), (stitched(other), True)):
            entered = Entry(draft=entry("emergency.stitched").draft, change=change)
            assert (await writer.submit(entered) is None) == left_out
    assert await found.all(LEDGER) == (DONE,)


async def test_the_database_itself_refuses_any_other_change(store: Store) -> None:
    async with store.writer() as writer:
        await writer.submit(Entry(draft=entry("emergency.prepared").draft, change=prepared(ROW)))
        statements = [update(emergency).values(vkey="mine"), delete(emergency)]
        await _refused(store, statements)
        await writer.submit(Entry(draft=entry("emergency.stitched").draft, change=stitched(DONE)))
        await _refused(store, [update(emergency).values(digest="sha256:2"), update(emergency).values(state=STANDING)])
    assert await EmergencyStore(store.engine).all(LEDGER) == (DONE,)


async def _refused(store: Store, statements: Sequence[Executable]) -> None:
    for statement in statements:
        with pytest.raises(DBAPIError):
            async with writing(store.engine, LEDGER) as connection:
                await connection.execute(statement)
