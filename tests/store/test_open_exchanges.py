"""What is open at agents that call others: written with the intent, grown in between, gone with the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import random_id
from gateway.ledger.entry import Delegated
from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from gateway.store.open_exchanges import OpenExchanges
from tests.conftest import ManualClock
from tests.store.ledger_kit import TENANT, activation, changing, intent, outcome, writer_on

TRACE = "1" * 32


def delegated(agent: str = "front", **fields: Any) -> Delegated:
    values: dict[str, Any] = {
        "classes": ("phi", "pii"),
        "trace": TRACE,
        "purpose": "TREAT",
        "subjects": ("sb_1",),
        "chain": (),
        **fields,
    }
    return Delegated(agent=agent, **values)


@asynccontextmanager
async def opened(settings: Settings, clock: ManualClock, *rows: Delegated | None) -> AsyncIterator[Any]:
    """A writer, the store, and an open exchange for each of these."""
    engine = open_engine(target(settings))
    try:
        async with writer_on(settings, clock) as writer:
            await writer.append(activation())
            ids = [random_id("ex") for _ in rows]
            await asyncio.gather(*(writer.append(intent(id, delegated=row)) for id, row in zip(ids, rows, strict=True)))
            yield writer, OpenExchanges(engine), ids
    finally:
        await engine.dispose()


async def test_a_call_finds_what_it_is_made_for_and_is_counted(database: Settings, clock: ManualClock) -> None:
    async with opened(database, clock, delegated(chain=('a"b\\c', "back"), purpose=None), None) as (writer, store, ids):
        first = await store.enter(TENANT, ids[0])
        assert first is not None
        assert (first.tenant, first.id, first.sent, first.learned) == (TENANT, ids[0], {"phi", "pii"}, frozenset())
        assert (first.context.trace, first.context.purpose, first.context.subjects) == (TRACE, None, ("sb_1",))
        assert (first.context.chain, first.children) == (('a"b\\c', "back"), 1)
        counted = await asyncio.gather(*(store.enter(TENANT, ids[0]) for _ in range(9)))
        assert sorted(one.children for one in counted if one is not None) == list(range(2, 11))
        found = await store.find(TENANT, ids[0])
        assert found == msgspec.structs.replace(first, children=10), "looked at, and not counted"
        assert [await store.find(*one) for one in ((TENANT, ids[1]), ("tn_other", ids[0]))] == [None, None]
        assert await store.enter(TENANT, ids[1]) is None
        assert await store.enter("tn_other", ids[0]) is None
        await writer.append(outcome(ids[0]))
        assert await store.enter(TENANT, ids[0]) is None


async def test_an_agent_has_open_what_it_was_sent_and_no_other(database: Settings, clock: ManualClock) -> None:
    rows = (delegated("front"), delegated("front", classes=("pci",)), delegated("fr_nt"), delegated("front-2"), None)
    async with opened(database, clock, *rows) as (writer, store, ids):
        assert {one.id for one in await store.of_agent("front")} == set(ids[:2])
        assert [one.id for one in await store.of_agent("fr_nt")] == [ids[2]]
        assert await store.of_agent("nt") == []
        await writer.append(outcome(ids[0]))
        assert [one.sent for one in await store.of_agent("front")] == [{"pci"}]


async def test_what_is_learned_is_added_and_never_taken_away(database: Settings, clock: ManualClock) -> None:
    async with opened(database, clock, delegated(), None) as (writer, store, ids):
        assert await store.learned(TENANT, ids[0]) == frozenset()
        await asyncio.gather(*(store.learn(TENANT, ids[0], frozenset({name})) for name in ("pci", "secret", "pci")))
        assert await store.learned(TENANT, ids[0]) == {"pci", "secret"}
        assert (await store.of_agent("front"))[0].learned == {"pci", "secret"}
        await store.learn(TENANT, ids[1], frozenset({"pci"}))
        assert await store.learned(TENANT, ids[1]) == frozenset()
        await writer.append(outcome(ids[0]))
        await store.learn(TENANT, ids[0], frozenset({"phi"}))
        with pytest.raises(LedgerUnavailable):
            await store.learned(TENANT, ids[0])


async def test_a_further_agent_has_it_open_too(database: Settings, clock: ManualClock) -> None:
    async with opened(database, clock, delegated(), None) as (_, store, ids):
        await store.extend(TENANT, ids[0], delegated("back", classes=("pci",), trace="2" * 32))
        await store.extend(TENANT, ids[1], delegated("back", classes=("internal",)))
        [one] = await store.of_agent("front")
        assert (one.sent, one.context.trace) == ({"phi", "pii", "pci"}, TRACE)
        assert {found.id: found.sent for found in await store.of_agent("back")} == {
            ids[0]: {"phi", "pii", "pci"},
            ids[1]: {"internal"},
        }
        assert (await store.enter(TENANT, ids[1])).children == 1
        with pytest.raises(LedgerUnavailable):
            await store.extend(TENANT, "ex_none", delegated())


async def test_a_row_that_cannot_be_read_lets_nobody_go_on(sqlite_settings: Settings, clock: ManualClock) -> None:
    async with opened(sqlite_settings, clock, delegated()) as (_, store, ids):
        async with changing(target(sqlite_settings)) as connection:
            await connection.execute(text("UPDATE open_exchange SET context = '{}'"))
        with pytest.raises(LedgerUnavailable):
            await store.enter(TENANT, ids[0])
        with pytest.raises(LedgerUnavailable):
            await store.of_agent("front")


async def test_a_database_that_is_gone_is_no_answer(sqlite_settings: Settings, clock: ManualClock) -> None:
    store = OpenExchanges(open_engine(target(sqlite_settings)))
    sqlite_settings.path("gateway.db").unlink()
    for call in (store.enter(TENANT, "ex"), store.of_agent("front"), store.learned(TENANT, "ex")):
        with pytest.raises(LedgerUnavailable):
            await call
