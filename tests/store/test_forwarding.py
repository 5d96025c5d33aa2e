"""A cursor is moved by who knows where it is, and what matters of it with its record."""

import msgspec

from gateway.ledger.record import timestamp
from gateway.store.forwarding import Cursor, ForwardStore, Waiting, begun, moved, told
from tests.store.kit import LEDGER, START_US, Store, entry
from tests.store.test_reviews import put


def cursor(forward: str = "siem", **fields: object) -> Cursor:
    return Cursor(**{"tenant": LEDGER, "forward": forward, "next_seq": 0, "changed_us": 1, **fields})  # type: ignore[arg-type]


async def test_it_begins_once_and_is_moved_by_who_knows_where_it_is(store: Store) -> None:
    cursors, one = ForwardStore(store.engine), cursor()
    assert await cursors.get(LEDGER, "siem") is None
    assert await put(store, begun(one), begun(cursor(next_seq=9))) == [True, False]
    assert await cursors.get(LEDGER, "siem") == one
    on = await cursors.advance(one, 5, 2)
    assert on == msgspec.structs.replace(one, next_seq=5, version=1, changed_us=2)
    assert await cursors.advance(one, 9, 3) is None, "somebody else has moved it"
    assert await cursors.fails(one, "x", 3) is None
    assert on is not None
    failing = await cursors.fails(on, "connect_failed", 4)
    assert failing is not None
    assert (failing.failing_us, failing.code) == (4, "connect_failed")
    again = await cursors.fails(failing, "timeout_total", 8)
    assert again is not None
    assert (again.failing_us, again.code) == (4, "timeout_total"), "since the first"
    assert await cursors.get(LEDGER, "siem") == again
    well = await cursors.advance(again, 6, 9)
    assert well is not None
    assert (well.failing_us, well.code) == (None, None)


async def test_what_matters_comes_true_with_its_record_or_not_at_all(store: Store) -> None:
    cursors, one = ForwardStore(store.engine), cursor()
    assert await put(store, begun(one), told(one, True, 2), moved(one, 7, 3)) == [True, True, False]
    found = await cursors.get(LEDGER, "siem")
    assert found == cursor(stalled=1, version=1, changed_us=2)
    assert await put(store, moved(found, 7, 4)) == [True]
    assert await cursors.get(LEDGER, "siem") == cursor(stalled=1, version=2, changed_us=4, next_seq=7)
    assert await put(store, begun(cursor("lake"))) == [True]
    assert [each.forward for each in await cursors.all(LEDGER)] == ["lake", "siem"]


async def test_what_lies_before_a_cursor_is_told(store: Store) -> None:
    cursors = ForwardStore(store.engine)
    assert await cursors.waiting(LEDGER, 0) == Waiting(size=0, first=None, since=None)
    await store.append([entry(), entry(), entry()])
    at = timestamp(START_US)
    assert await cursors.waiting(LEDGER, 0) == Waiting(size=3, first=0, since=at)
    assert await cursors.waiting(LEDGER, 2) == Waiting(size=3, first=2, since=at)
    assert await cursors.waiting(LEDGER, 3) == Waiting(size=3, first=None, since=None)
