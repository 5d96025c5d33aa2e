"""A database that would lose what it acknowledges is not written to, and what was accepted or has happened is told."""

from typing import Any

import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.exchange.failover import Failover
from gateway.ledger.record import parse
from gateway.store.reader import StoreReader
from gateway.store.replication import Standing
from gateway.store.writer_base import LedgerWriter
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, NODE, Store, entry

ALONE = Standing(state="alone", timeline="00000001", system=1)
BEHIND = Standing(state="asynchronous", timeline="00000001", system=1)
STANDBY = Standing(state="standby", timeline=None, system=1)
PROMOTED = Standing(state="alone", timeline="00000002", system=1)
ANOTHER = Standing(state="alone", timeline="00000001", system=2)


LOOSE = Standing(state="asynchronous", timeline="00000001", system=1, loose=1)
SYNCHRONOUS = Standing(state="synchronous", timeline="00000001", system=1)


class Server:
    """Says how it stands; None is one that is away."""

    def __init__(self, *told: Standing | None) -> None:
        self.told = list(told)

    async def __call__(self) -> Standing | None:
        found = self.told.pop(0)
        if found is None:
            raise LedgerUnavailable("away")
        return found


def _failover(store: Store, writer: Any, server: Any, *, accepted: bool = False) -> Failover:
    return Failover(look=server, writers={LEDGER: writer}, accepted=accepted, clock=store.clock, node=NODE)


def _usable(writer: LedgerWriter) -> bool:
    return writer.usable


async def _events(store: Store) -> list[tuple[str, str]]:
    reader = StoreReader(store.engine, LEDGER)
    found = [parse(one.envelope) async for one in reader.records(0, await reader.size())]
    return [(one.event, "" if one.outcome is None else one.outcome.code) for one in found]


async def test_nothing_is_acknowledged_while_a_failover_would_lose_it(store: Store) -> None:
    async with store.writer() as writer:
        looking = _failover(store, writer, Server(ALONE, BEHIND, STANDBY, None, ALONE))
        await looking.look()
        await writer.append(entry())
        for state in ("asynchronous", "standby"):
            await looking.look()
            assert looking.state == state
            assert _usable(writer) is False
            with pytest.raises(LedgerUnavailable):
                await writer.append(entry())
        with pytest.raises(LedgerUnavailable, match="away"):
            await looking.look()
        assert _usable(writer) is False
        await looking.look()
        assert _usable(writer) is True
        await writer.append(entry())
    assert [event for event, _ in await _events(store)] == ["config.changed", "ledger.recovered", "config.changed"]


@pytest.mark.parametrize("end", [SYNCHRONOUS, PROMOTED, ANOTHER])
async def test_a_standby_without_a_slot_that_is_gone_may_still_take_over(
    store: Store, caplog: pytest.LogCaptureFixture, end: Standing
) -> None:
    async with store.writer() as writer:
        looking = _failover(store, writer, Server(ALONE, LOOSE, ALONE, STANDBY, ALONE, BEHIND, ALONE, end))
        await looking.look()
        for state in ("asynchronous", "asynchronous", "standby", *["asynchronous"] * 3):
            await looking.look()
            assert (looking.state, _usable(writer)) == (state, False)
        assert "might still take over" in caplog.text
        await looking.look()
        assert (looking.state, _usable(writer)) == (end.state, True)


async def test_one_that_is_gone_and_was_accepted_is_told_once(store: Store) -> None:
    async with store.writer() as writer:
        looking = _failover(store, writer, Server(LOOSE, ALONE, LOOSE, ALONE), accepted=True)
        for _ in range(4):
            await looking.look()
            assert (looking.state, _usable(writer)) == ("asynchronous", True)
    assert await _events(store) == [("ledger.unprotected", "accepted")]


async def test_what_is_accepted_is_on_record_at_the_start_and_when_it_begins_anew(store: Store) -> None:
    async with store.writer() as writer:
        looking = _failover(store, writer, Server(BEHIND, BEHIND, ALONE, BEHIND), accepted=True)
        for _ in range(4):
            await looking.look()
            assert _usable(writer) is True
    assert await _events(store) == [("ledger.unprotected", "accepted")] * 2


async def test_another_timeline_or_cluster_is_on_record_once(store: Store) -> None:
    async with store.writer() as writer:
        looking = _failover(store, writer, Server(ALONE, ALONE, STANDBY, PROMOTED, PROMOTED, ANOTHER))
        for _ in range(6):
            await looking.look()
    assert await _events(store) == [("ledger.failover", "timeline"), ("ledger.failover", "cluster")]


async def test_what_could_not_be_recorded_is_with_the_next_look(store: Store) -> None:
    async with store.writer() as writer:
        looking = _failover(store, writer, Server(ALONE, PROMOTED, PROMOTED))
        await looking.look()
        writer.halt()
        await looking.look()
        assert await _events(store) == []
        writer.halted = False
        await looking.look()
    assert [event for event, _ in await _events(store) if event != "ledger.recovered"] == ["ledger.failover"]


async def test_where_nothing_takes_over_nothing_is_said(store: Store) -> None:
    async def nothing() -> None:
        return None

    async with store.writer() as writer:
        looking = _failover(store, writer, nothing)
        await looking.look()
        assert (looking.state, writer.usable) == (None, True)
    assert await _events(store) == []
