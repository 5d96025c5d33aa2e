"""What was lent is kept until it is reviewed, and changes only from what it was read as."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from gateway.core.errors import LedgerUnavailable
from gateway.store.glass import Broken, GlassStore
from tests.store.kit import Store
from tests.store.ledger_kit import changing


def broken(glass_id: str = "bg_1", **fields: Any) -> Broken:
    values: dict[str, Any] = {
        "tenant": "tn_1",
        "version": 0,
        "actor": "ac_1",
        "persons": ("p1",),
        "role": "clinician",
        "reviewer": "privacy",
        "reason": "an emergency",
        "opened_us": 10,
        "until_us": 100,
        **fields,
    }
    return Broken(id=glass_id, **values)


async def test_it_comes_back_as_it_was_and_only_to_its_tenant(store: Store) -> None:
    glass = GlassStore(store.engine)
    one = broken(reviewed_us=200, reviewed_by="ac_2", justified=False)
    await glass.put(one)
    assert await glass.get("tn_1", "bg_1") == one
    assert await glass.get("tn_2", "bg_1") is None
    assert await glass.newest("tn_2", 9) == ()


async def test_what_is_open_is_found_and_what_is_unreviewed_comes_first(store: Store) -> None:
    glass = GlassStore(store.engine)
    await glass.put(broken("bg_1", opened_us=1, until_us=50))
    await glass.put(broken("bg_2", opened_us=2, until_us=90, tenant="tn_2"))
    await glass.put(broken("bg_3", opened_us=3, until_us=20, reviewed_us=30))
    await glass.put(broken("bg_4", opened_us=2, until_us=20))
    assert [one.id for one in await glass.open(49)] == ["bg_2", "bg_1"]
    assert [one.id for one in await glass.open(50)] == ["bg_2"]
    assert [one.id for one in await glass.newest("tn_1", 9)] == ["bg_4", "bg_1", "bg_3"]


async def test_what_is_late_is_due_and_not_reviewed(store: Store) -> None:
    glass = GlassStore(store.engine)
    await glass.put(broken("bg_1", due_us=500))
    await glass.put(broken("bg_2", due_us=500, reviewed_us=400))
    await glass.put(broken("bg_3", due_us=501))
    await glass.put(broken("bg_4", due_us=500, tenant="tn_2"))
    await glass.put(broken("bg_5", due_us=500, overdue_us=500))
    assert {one.id for one in await glass.overdue("tn_1", 500)} == {"bg_1", "bg_5"}


async def test_a_row_changes_only_from_what_it_was_read_as(store: Store) -> None:
    glass = GlassStore(store.engine)
    was = broken()
    await glass.put(was)
    assert await glass.change(was, msgspec.structs.replace(was, until_us=20))
    assert not await glass.change(was, msgspec.structs.replace(was, until_us=30))
    assert await glass.get("tn_1", "bg_1") == broken(until_us=20, version=1)


async def test_a_row_that_cannot_be_read_lends_nothing(store: Store) -> None:
    glass = GlassStore(store.engine)
    await glass.put(broken())
    async with changing(store.where) as connection:
        await connection.execute(text("UPDATE break_glass SET persons = '['"))
    with pytest.raises(LedgerUnavailable):
        await glass.open(0)
