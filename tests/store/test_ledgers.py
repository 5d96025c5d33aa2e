"""All ledgers of a process: opened once each, let go of in order."""

import asyncio
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.ledger.record import NodeInfo
from gateway.settings import Settings
from gateway.store.engine import Target, open_engine
from gateway.store.ledgers import Ledgers
from gateway.store.lost import Lost, LostMarks
from gateway.store.signed import SignedMarks
from tests.conftest import ManualClock
from tests.services import free_port
from tests.store.ledger_kit import NODE, TENANT, Failpoints, intent, ledgers_on, note, rows, until, whole
from tests.store.test_checkpointer import SIGNER
from tests.store.test_signed import point


async def test_a_ledger_is_opened_once_however_many_ask_at_once(database: Settings, clock: ManualClock) -> None:
    async with ledgers_on(database, clock) as ledgers:
        writers = await asyncio.gather(*(ledgers.open(TENANT) for _ in range(5)), ledgers.open("_system"))
        assert len(set(map(id, writers))) == 2
        await writers[0].append(note())
    assert [e.event for e in await whole(database)] == ["ledger.started", "config.changed", "ledger.stopped"]
    assert [e.event for e in await whole(database, "_system")] == ["ledger.started", "ledger.stopped"]
    assert await rows(database, "SELECT * FROM node") == []


async def test_a_command_appends_beside_a_serving_process_without_a_start_of_its_own(
    database: Settings, clock: ManualClock
) -> None:
    async with ledgers_on(database, clock) as ledgers:
        writer = await ledgers.open(TENANT)
        await writer.append(intent())
        async with ledgers_on(database, clock, node=NodeInfo(id="nd_x", boot="bt_x"), serving=False) as command:
            await (await command.open(TENANT)).append(note(event="audit.verified"))
        assert len(await rows(database, "SELECT * FROM open_exchange")) == 1
    events = [e.event for e in await whole(database)]
    assert events == ["ledger.started", "exchange.requested", "audit.verified", "ledger.stopped"]


async def test_a_second_serving_process_of_the_same_node_is_refused(database: Settings, clock: ManualClock) -> None:
    async with ledgers_on(database, clock):
        with pytest.raises(ConfigurationError, match="another process"):
            async with ledgers_on(database, clock, node=NodeInfo(id="nd_1", boot="bt_2"), claim_wait_s=0.1):
                pytest.fail("it served")


async def test_the_lease_is_renewed_while_the_process_serves(database: Settings, clock: ManualClock) -> None:
    async with ledgers_on(database, clock, lease_s=0.03) as ledgers:
        await ledgers.open(TENANT)
        before = (await rows(database, "SELECT lease_until FROM node"))[0][0]
        clock.advance(5)
        async with asyncio.timeout(20):
            while (await rows(database, "SELECT lease_until FROM node"))[0][0] == before:
                pass


async def test_a_database_that_is_gone_is_ledger_unavailable_at_every_door(clock: ManualClock) -> None:
    where = Target(kind="postgresql", dsn=f"postgresql://nobody@127.0.0.1:{free_port()}/nothing", role="nobody")
    engine = open_engine(where)
    ledgers = Ledgers(where, engine, node=NODE, clock=clock, wait_s=1)
    with pytest.raises(LedgerUnavailable):
        await ledgers.start()
    with pytest.raises(LedgerUnavailable):
        await ledgers.open(TENANT)
    await ledgers.stop()
    await engine.dispose()


async def test_stopping_while_the_ledger_cannot_be_written_still_lets_go(
    database: Settings, clock: ManualClock
) -> None:
    def fail() -> None:
        raise OSError

    failpoints = Failpoints()
    async with ledgers_on(database, clock, failpoint=failpoints) as ledgers:
        writer = await ledgers.open(TENANT)
        failpoints.actions["ledger.before_commit"] = fail
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        await until(lambda: not writer.healthy)
    async with ledgers_on(database, clock, node=NodeInfo(id="nd_1", boot="bt_2")) as again:
        await again.open(TENANT)
    assert [e.event for e in await whole(database)] == ["ledger.started", "ledger.started", "ledger.stopped"]


async def test_a_node_whose_records_are_gone_does_not_start_until_they_are_there_or_that_is_on_record(
    database: Settings, clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    marks = LostMarks(tmp_path)
    async with ledgers_on(database, clock, lost=marks) as ledgers:
        writer = await ledgers.open(TENANT)
        kept = await writer.append(note())
        # As if it had committed more, and the database had been taken back.
        writer._kept, writer._left = (8, kept.leaf_hash), None
        writer._interrupt()  # its connection is gone
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        assert marks.of(TENANT) == Lost(size=9, hash=kept.leaf_hash.hex())
        marks.forget(TENANT)
        marks.keep(TENANT, Lost(size=kept.seq + 1, hash="a" * 64))
    assert "records that were acknowledged are gone" in caplog.text
    async with ledgers_on(database, clock, lost=marks) as ledgers:
        with pytest.raises(VerificationError, match="acknowledge-restore"):
            await ledgers.open(TENANT)
    marks.forget(TENANT)
    marks.keep(TENANT, Lost(size=kept.seq + 1, hash=kept.leaf_hash.hex()))
    async with ledgers_on(database, clock, lost=marks) as ledgers:
        await ledgers.open(TENANT)
    assert marks.of(TENANT) is None, "they are there"


async def test_a_node_does_not_start_on_a_ledger_that_lacks_what_was_signed_unless_that_is_on_record(
    database: Settings, clock: ManualClock, tmp_path: Path
) -> None:
    marks = SignedMarks(tmp_path)
    async with ledgers_on(database, clock, signed=marks, origins={TENANT: SIGNER.name}) as ledgers:
        kept = await (await ledgers.open(TENANT)).append(note())
    for size, what in ((kept.seq + 9, "fewer"), (kept.seq + 1, "others")):
        marks.keep(SIGNER.name, point(size))
        async with ledgers_on(database, clock, signed=marks, origins={TENANT: SIGNER.name}) as ledgers:
            with pytest.raises(VerificationError, match=f"of {size} records was signed.* has {what}.*acknowl"):
                await ledgers.open(TENANT)
            assert not ledgers.writers
        async with ledgers_on(database, clock, signed=marks, origins={TENANT: SIGNER.name}, serving=False) as ledgers:
            await ledgers.open(TENANT)  # a command must be able to put it on record
        marks.forget(SIGNER.name)
    async with ledgers_on(database, clock, signed=marks, origins={TENANT: SIGNER.name}) as ledgers:
        await ledgers.open(TENANT)


async def test_a_loss_that_cannot_be_remembered_stops_the_record_all_the_same(
    sqlite_settings: Settings, clock: ManualClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for lost in (None, LostMarks(tmp_path / "none")):
        async with ledgers_on(sqlite_settings, clock, lost=lost) as ledgers:
            writer = await ledgers.open(TENANT)
            writer._kept, writer._left = (99, b"h" * 32), None
            with pytest.raises(LedgerUnavailable):
                await writer.append(note())
    assert "could not be kept beside the keys" in caplog.text


async def test_a_database_that_does_not_answer_at_a_stop_is_waited_for_once_whatever_the_number_of_ledgers(
    database: Settings, clock: ManualClock
) -> None:
    """Each ledger's own wait after another's, a node of many tenants was killed before it had let go of anything."""
    seen: list[str] = []

    class Silent:
        healthy, build, config = True, None, None

        def __init__(self, tenant: str) -> None:
            self.tenant, self.node = tenant, NODE

        async def append(self, _: object) -> None:
            seen.append("waits")
            for _ in range(5):
                await asyncio.sleep(0)
            raise LedgerUnavailable("the database did not answer")

        async def stop(self) -> None:
            seen.append("stopped")

    async with ledgers_on(database, clock) as ledgers:
        ledgers.writers.update({name: Silent(name) for name in ("tn_1", "tn_2", "tn_3")})  # type: ignore[misc]
    assert seen == ["waits"] * 3 + ["stopped"] * 3
    assert await rows(database, "SELECT * FROM node") == []
