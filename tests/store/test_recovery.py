"""What a start finds and does about it, on both databases."""

import asyncio

import pytest
from sqlalchemy import text

from gateway.core.errors import LedgerUnavailable, VerificationError
from gateway.ledger.record import NodeInfo
from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from gateway.store.recovery import TAIL, verify_tail
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.store.ledger_kit import TENANT, changing, intent, ledgers_on, note, outcome, rows, whole, writer_on

LATER = NodeInfo(id="nd_1", boot="bt_2")
OTHER = NodeInfo(id="nd_2", boot="bt_9")


async def test_a_first_start_is_recorded_and_finds_nothing(database: Settings, clock: ManualClock) -> None:
    async with ledgers_on(database, clock, build="sha256:" + "c" * 64) as ledgers:
        await ledgers.open(TENANT)
        found = ledgers.recovered[TENANT]
        assert (found.size, found.verified, found.closed) == (0, 0, 0)
    records = await whole(database)
    assert [(e.event, e.node is not None) for e in records] == [("ledger.started", True), ("ledger.stopped", True)]
    assert records[0].build == "sha256:" + "c" * 64


async def test_another_configuration_than_at_the_last_start_of_the_node_is_on_record(
    database: Settings, clock: ManualClock
) -> None:
    """Before the start that goes by it; other nodes have configurations of their own."""
    one, two = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    for node, config in ((None, one), (OTHER, two), (LATER, one), (LATER, two), (LATER, two), (OTHER, two)):
        more = {} if node is None else {"node": node}
        async with ledgers_on(database, clock, config=config, **more) as ledgers:
            await ledgers.open(TENANT)
    told = [(e.event, e.node.id if e.node else "", e.config) for e in await whole(database)]
    assert [one for one in told if one[0] != "ledger.stopped"] == [
        ("ledger.started", "nd_1", one),
        ("ledger.started", "nd_2", two),
        ("ledger.started", "nd_1", one),
        ("config.changed", "nd_1", two),
        ("ledger.started", "nd_1", two),
        ("ledger.started", "nd_1", two),
        ("ledger.started", "nd_2", two),
    ]


async def test_exchanges_left_open_by_a_former_boot_are_closed_as_interrupted(
    database: Settings, clock: ManualClock
) -> None:
    entries = [intent() for _ in range(3)]
    async with writer_on(database, clock) as writer:
        for entry in entries:
            await writer.append(entry)
        await writer.append(outcome(entries[1].envelope.exchange or ""))
    async with ledgers_on(database, clock, node=LATER) as ledgers:
        await ledgers.open(TENANT)
        assert ledgers.recovered[TENANT].closed == 2
        assert ledgers.recovered[TENANT].verified == 4
    records = (await whole(database))[4:]
    events = [e.event for e in records]
    assert events == [
        "ledger.started",
        "exchange.interrupted",
        "exchange.interrupted",
        "ledger.recovered",
        "ledger.stopped",
    ]
    first = records[1]
    before = entries[0].envelope
    assert (first.exchange, first.trace, first.actor, first.agent, first.action) == (
        before.exchange,
        before.trace,
        before.actor,
        before.agent,
        before.action,
    )
    assert first.outcome is not None
    assert first.outcome.code == "interrupted"
    assert records[3].count == 2
    assert records[3].outcome is not None
    assert records[3].outcome.code == "interrupted"
    assert await rows(database, "SELECT * FROM open_exchange") == []


async def test_what_a_living_node_has_open_is_left_to_it_until_its_lease_runs_out(
    postgres_settings: Settings, clock: ManualClock
) -> None:
    entry = intent()
    async with ledgers_on(postgres_settings, clock, node=OTHER, lease_s=60) as others:
        theirs = await others.open(TENANT)
        await theirs.append(entry)
        async with ledgers_on(postgres_settings, clock, lease_s=60) as ours:
            await ours.open(TENANT)
            assert ours.recovered[TENANT].closed == 0
            assert await ours.sweep() == 0
            clock.advance(61)
            assert await ours.sweep() == 1
            assert await ours.sweep() == 0
        await theirs.append(outcome(entry.envelope.exchange or ""))
    events = [e.event for e in await whole(postgres_settings)]
    assert events.count("exchange.interrupted") == events.count("exchange.late") == 1


async def test_nodes_that_recover_the_same_at_once_close_each_exchange_once(
    postgres_settings: Settings, clock: ManualClock
) -> None:
    async with writer_on(postgres_settings, clock, node=NodeInfo(id="nd_dead", boot="bt_0")) as writer:
        await asyncio.gather(*(writer.append(intent()) for _ in range(20)))
    async with (
        ledgers_on(postgres_settings, clock, node=OTHER) as one,
        ledgers_on(postgres_settings, clock, node=LATER) as two,
    ):
        await asyncio.gather(one.open(TENANT), two.open(TENANT))
        assert one.recovered[TENANT].closed + two.recovered[TENANT].closed == 20
    events = [e.event for e in await whole(postgres_settings)]
    assert events.count("exchange.interrupted") == 20
    assert "exchange.late" not in events


async def test_starting_twice_in_a_row_finds_nothing_the_second_time(database: Settings, clock: ManualClock) -> None:
    async with writer_on(database, clock) as writer:
        await writer.append(intent())
    for boot, closed in (("bt_2", 1), ("bt_3", 0)):
        async with ledgers_on(database, clock, node=NodeInfo(id="nd_1", boot=boot)) as ledgers:
            await ledgers.open(TENANT)
            assert ledgers.recovered[TENANT].closed == closed
    await whole(database)


async def test_more_records_than_the_tail_are_checked_as_far_as_it_reaches(
    sqlite_settings: Settings, clock: ManualClock
) -> None:
    async with writer_on(sqlite_settings, clock) as writer:
        await asyncio.gather(*(writer.append(note()) for _ in range(TAIL + 5)))
    engine = open_engine(target(sqlite_settings))
    assert await verify_tail(engine, TENANT) == (TAIL + 5, TAIL)
    with pytest.raises(VerificationError):
        await verify_tail(engine, "tn_unknown")
    await engine.dispose()


_TAMPERED = {
    "newest deleted": "DELETE FROM record WHERE seq = 4",
    "all deleted": "DELETE FROM record",
    "one in the middle deleted": "DELETE FROM record WHERE seq = 2",
    "bytes changed": "UPDATE record SET bytes = (SELECT bytes FROM record WHERE seq = 1) WHERE seq = 2",
    "hash changed": "UPDATE record SET hash = (SELECT hash FROM record WHERE seq = 1) WHERE seq = 2",
    "bytes and hash changed": (
        "UPDATE record SET bytes = (SELECT bytes FROM record WHERE seq = 1), "
        "hash = (SELECT hash FROM record WHERE seq = 1) WHERE seq = 2"
    ),
    "head's hash changed": "UPDATE head SET hash = (SELECT hash FROM record WHERE seq = 1)",
    "head behind": "UPDATE head SET size = 4",
    "head ahead": "UPDATE head SET size = 6",
    "head's time changed": "UPDATE head SET recorded_at = '2027-01-01T00:00:00.000000Z'",
    "head deleted": "DELETE FROM head",
    "head set back, newest deleted": "DELETE FROM record WHERE seq = 4; UPDATE head SET size = 4",
}


@pytest.mark.parametrize("what", _TAMPERED)
async def test_a_ledger_whose_head_and_newest_records_disagree_is_not_served(
    database: Settings, clock: ManualClock, request: pytest.FixtureRequest, what: str
) -> None:
    async with writer_on(database, clock) as writer:
        for _ in range(5):
            await writer.append(note())
    await _tamper(database, request, _TAMPERED[what])
    before = await rows(database, "SELECT * FROM record ORDER BY seq")
    async with ledgers_on(database, clock) as ledgers:
        with pytest.raises((VerificationError, LedgerUnavailable)):
            await ledgers.open(TENANT)
        assert ledgers.writers == {}
    assert await rows(database, "SELECT * FROM record ORDER BY seq") == before


async def test_an_open_exchange_without_its_intent_is_not_passed_over(database: Settings, clock: ManualClock) -> None:
    async with writer_on(database, clock) as writer:
        await writer.append(intent())
    async with changing(target(database)) as connection:
        await connection.execute(text("UPDATE open_exchange SET seq = 7"))
    async with ledgers_on(database, clock, node=LATER) as ledgers:
        with pytest.raises(VerificationError, match="record 7"):
            await ledgers.open(TENANT)


async def _tamper(settings: Settings, request: pytest.FixtureRequest, statements: str) -> None:
    """As somebody who owns the database would: the rules dropped first."""
    where = target(settings)
    if where.kind == "sqlite":
        engine = open_engine(where)
        async with engine.begin() as connection:
            triggers = await connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in triggers.all():
                await connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        server: Postgres = request.getfixturevalue("postgres_server")
        engine = open_engine(type(where)(kind="postgresql", dsn=server.superuser(where.dsn)))
        async with engine.begin() as connection:
            for table in ("record", "head"):
                await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    async with engine.begin() as connection:
        for statement in statements.split("; "):
            await connection.execute(text(statement))
    await engine.dispose()
