"""The table of faults: at each durable step of a batch × {not persisted, persisted anyway} × {transient, lasting}, and
what else befalls a ledger. After each, all of it is verified: nothing that was acknowledged is missing, what was
refused is counted, every exchange has one end. `docs/faults.md` names the test of every row.
"""

import asyncio
import errno
import os
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import Appended, Entry
from gateway.ledger.record import Envelope, NodeInfo
from gateway.settings import Settings, parse
from gateway.store.engine import target
from gateway.store.verification import LedgerVerification
from gateway.store.writer_base import LedgerWriter
from gateway.store.writer_postgres import PostgresWriter
from gateway.store.writer_sqlite import SqliteWriter
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, Store, entry
from tests.store.ledger_kit import (
    START_US,
    TENANT,
    Failpoints,
    SystemClock,
    connected,
    intent,
    ledgers_on,
    note,
    outcome,
    rows,
    until,
    whole,
    writer_on,
)
from tests.store.test_checkpointer import SIGNER, envelopes, verified
from tests.store.test_checkpointer import of as checkpointer_of
from tests.system.processes import child

NODE, OTHER = NodeInfo(id="nd_1", boot="bt_2"), NodeInfo(id="nd_2", boot="bt_1")
TIMES = {"transient": 1, "lasting": 4}
FAULTS = {
    "ENOSPC": (sqlite3.OperationalError("database or disk is full"), asyncpg.DiskFullError("no space left")),
    "EIO": (sqlite3.OperationalError("disk I/O error"), asyncpg.PostgresIOError("could not fsync")),
    "gone": (OSError(errno.ENODEV, os.strerror(errno.ENODEV)), ConnectionResetError("the answer never came")),
}
STEPS = {
    "lock": False,
    "insert": False,
    "commit": False,
    "commit, persisted anyway": True,
    "after the commit": True,
}
AT_ONCE = {"at once": False, "at once, persisted anyway": True}
"""The whole transaction in one go, which is made while nobody else writes."""


class _Connection:
    """A connection whose statements of a value fail as they are told to: before the server has them, or after."""

    def __init__(self, connection: asyncpg.Connection, fail_at: Callable[[str], None]) -> None:
        self._connection, self._fail_at = connection, fail_at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetchval(self, *given: Any) -> Any:
        self._fail_at("at once")
        found = await self._connection.fetchval(*given)
        self._fail_at("at once, persisted anyway")
        return found


class Faulty:
    """Makes one step of a writer fail, so many times."""

    def __init__(self, writer: LedgerWriter) -> None:
        self._writer, self.left = writer, 0
        self._error: Exception = OSError()
        self._step = ""
        for name in ("_lock", "_insert", "_commit"):
            setattr(writer, name, self._around(name, getattr(writer, name)))
        setattr(writer, "_write_at_once", self._at_once(writer, writer._write_at_once))  # noqa: B010
        if isinstance(writer, SqliteWriter):
            setattr(writer, "_commit_now", self._commit_now(writer._commit_now))  # noqa: B010

    def arm(self, step: str, times: int, fault: str) -> None:
        self._step, self.left = step, times
        self._error = FAULTS[fault][isinstance(self._writer, PostgresWriter)]

    async def after_commit(self) -> None:
        self._fail_at("after the commit")

    def _around(self, name: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def step(*given: Any) -> Any:
            self._fail_at(name.strip("_"))
            done = await call(*given)
            if name == "_commit":
                self._fail_at("commit, persisted anyway")
            return done

        return step

    def _commit_now(self, call: Callable[[], None]) -> Callable[[], None]:
        def commit_now() -> None:
            self._fail_at("at once")
            call()
            self._fail_at("at once, persisted anyway")

        return commit_now

    def _at_once(self, writer: LedgerWriter, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def at_once(*given: Any) -> Any:
            if self.left and self._step in ("lock", "insert", "commit", "commit, persisted anyway"):
                return None  # as where there is nothing to stand on: these are steps of the other way
            connection = writer._connection if isinstance(writer, PostgresWriter) else None
            if connection is not None and not isinstance(connection, _Connection):
                setattr(writer, "_connection", _Connection(connection, self._fail_at))  # noqa: B010
            return await call(*given)

        return at_once

    def _fail_at(self, step: str) -> None:
        if self.left and step == self._step:
            self.left -= 1
            raise self._error


async def _verified(settings: Settings, answers: dict[str, Appended | BaseException]) -> list[Envelope]:
    """The whole ledger after another start, held against what was answered, by the records' ids."""
    async with ledgers_on(settings, ManualClock(START_US), node=NODE) as ledgers:
        await ledgers.open(TENANT)
    records = await whole(settings)
    by_id = {one.id: one for one in records}
    ends: dict[str | None, int] = {}
    for one in records:
        if one.event == "exchange.requested":
            ends.setdefault(one.exchange, 0)
        elif one.event in ("exchange.completed", "exchange.interrupted"):
            ends[one.exchange] = ends.get(one.exchange, 0) + 1
    for name, answer in answers.items():
        if isinstance(answer, Appended):
            assert by_id[name].seq == answer.seq, "acknowledged, and not on record"
    assert set(ends.values()) <= {1}, "every exchange has one end"
    missing = sum(name not in by_id for name in answers)
    told = sum(one.count or 0 for one in records if one.outcome and one.outcome.code == "ledger_unavailable")
    assert told == missing, "what was refused is counted"
    assert await rows(settings, "SELECT * FROM open_exchange") == []
    return records


async def _appended(writer: LedgerWriter, answers: dict[str, Appended | BaseException], *entries: Entry) -> None:
    found = await asyncio.gather(*(writer.append(one) for one in entries), return_exceptions=True)
    answers.update({one.envelope.id: answer for one, answer in zip(entries, found, strict=True)})


@pytest.mark.parametrize("duration", TIMES)
@pytest.mark.parametrize("step", STEPS)
async def test_a_fault_at_any_step_persisted_or_not_transient_or_lasting_loses_nothing_that_was_acknowledged(
    database: Settings, clock: ManualClock, step: str, duration: str
) -> None:
    await _faults(database, clock, step, STEPS[step], TIMES[duration])


@pytest.mark.parametrize("step", AT_ONCE)
async def test_a_fault_of_what_is_done_at_once_persisted_or_not_loses_nothing_that_was_acknowledged(
    database: Settings, clock: ManualClock, step: str
) -> None:
    """Once: what follows a fault is made step by step."""
    await _faults(database, clock, step, AT_ONCE[step], 1)


async def _faults(settings: Settings, clock: ManualClock, step: str, acknowledged: bool, times: int) -> None:
    """One ledger goes through all kinds of faults, one after the other."""
    answers: dict[str, Appended | BaseException] = {}
    points = Failpoints()
    async with writer_on(settings, clock, failpoint=points, retry_s=60) as writer:
        faulty = Faulty(writer)
        points.actions = {"ledger.after_commit": faulty.after_commit}
        for fault in FAULTS:
            before = intent()
            await _appended(writer, answers, before)
            faulty.arm(step, times, fault)
            for _ in range(times):
                await _appended(writer, answers, intent(), note())
            assert not faulty.left, "it happened, as often as it was to"
            refused = [one for one in answers.values() if isinstance(one, LedgerUnavailable)]
            assert bool(refused) is not acknowledged, "what is there is acknowledged, what is not is refused"
            await _appended(writer, answers, outcome(before.envelope.exchange or ""))
            assert writer.healthy
    await _verified(settings, answers)


async def test_a_deadlock_refuses_its_batch_and_nothing_else(
    postgres_settings: Settings, postgres_server: Postgres, clock: ManualClock
) -> None:
    """Somebody holds an open exchange's row and wants the head, which the writer holds: the server ends one of both."""
    opened = intent()
    answers: dict[str, Appended | BaseException] = {}
    admin = postgres_server.superuser(target(postgres_settings).dsn)
    reached = asyncio.Event()

    async def at_insert() -> None:
        reached.set()

    points = Failpoints(before_insert=at_insert)
    async with writer_on(postgres_settings, clock, failpoint=points, wait_s=30, retry_s=60) as writer:
        await _appended(writer, answers, opened)
        reached.clear()
        async with connected(admin) as other:
            await other.execute("SET deadlock_timeout = '60s'")
            await other.execute("BEGIN")
            await other.execute("SELECT 1 FROM open_exchange FOR UPDATE")
            ending = asyncio.create_task(_appended(writer, answers, outcome(opened.envelope.exchange or "")))
            await reached.wait()
            await other.execute("SELECT 1 FROM head FOR UPDATE")  # given once the writer's transaction was ended
            await ending
            await other.execute("ROLLBACK")
        points.actions = {}
        await _appended(writer, answers, note())
    records = await _verified(postgres_settings, answers)
    assert [one.event for one in records[:3]] == ["exchange.requested", "ledger.recovered", "exchange.interrupted"]


@pytest.mark.parametrize("jump", [-2 * 365 * 86_400, 365 * 86_400], ids=["back", "ahead"])
async def test_a_clock_that_jumps_there_and_back_breaks_neither_order_nor_checkpoints(store: Store, jump: int) -> None:
    for seconds in (0, jump, -jump):
        store.clock.advance(seconds)
        async with store.writer() as writer:
            await writer.append(entry())
            await verified(store, await checkpointer_of(store, writer).publish())
    times = [one.recorded_at or "" for one in await envelopes(store)]
    assert times == sorted(times)
    verdict = await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run(None)
    assert verdict.failure is None


def paused(database: dict[str, str], base: str, told: Connection) -> None:
    """A node that opens an exchange, is stopped in the middle of its next transaction, goes on when it is let, and
    then ends the exchange; it tells how each of the three was answered."""
    asyncio.run(_paused(parse({"database": database}, {}, Path(base)), told))


async def _paused(settings: Settings, told: Connection) -> None:
    points, opened = Failpoints(), intent("ex_paused")

    def stop() -> None:
        points.actions = {}
        told.send("stopping")
        os.kill(os.getpid(), signal.SIGSTOP)

    async def answer(one: Entry) -> str:
        try:
            await writer.append(one)
        except LedgerUnavailable:
            return "refused"
        return "acknowledged"

    options: dict[str, Any] = {"node": OTHER, "failpoint": points, "lease_s": 1.5, "wait_s": 1.5}
    async with ledgers_on(settings, SystemClock(), **options) as ledgers:
        writer = await ledgers.open(TENANT)
        told.send(await answer(opened))
        points.actions = {"ledger.before_commit": stop}
        assert isinstance(writer, PostgresWriter)
        writer._left = None  # as after somebody else's batch: step by step, so that a transaction is under way
        told.send(await answer(note(event="key.created")))
        await until(lambda: writer.healthy)
        told.send(await answer(outcome("ex_paused")))


async def test_a_node_stopped_in_a_transaction_goes_on_after_its_lease_without_an_untrue_record(
    postgres_settings: Settings,
) -> None:
    """Others go on once the server ends its transaction, and close what it had open once its lease is over."""
    section = {"url": postgres_settings.database.url}
    async with (
        ledgers_on(postgres_settings, SystemClock(), node=NODE, serving=False) as ledgers,
        child(paused, section, postgres_settings.base) as node,
        asyncio.timeout(120),
    ):
        writer = await ledgers.open(TENANT)
        assert [await node.told(), await node.told()] == ["acknowledged", "stopping"]
        await _until_written(writer)
        while not await ledgers.sweep():  # noqa: ASYNC110 — the database alone tells of it
            await asyncio.sleep(0.05)  # its lease still stands
        os.kill(node.process.pid or 0, signal.SIGCONT)
        assert await node.told() == "refused", "its transaction was ended meanwhile"
        assert await node.told() == "acknowledged"
    records = await whole(postgres_settings)
    about = [one.event for one in records if one.exchange == "ex_paused"]
    assert about == ["exchange.requested", "exchange.interrupted", "exchange.late"]
    assert "key.created" not in [one.event for one in records]


async def _until_written(writer: LedgerWriter) -> None:
    while True:
        try:
            await writer.append(note())
            return
        except LedgerUnavailable:
            await asyncio.sleep(0.1)
