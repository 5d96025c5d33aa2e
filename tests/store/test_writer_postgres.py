"""What can happen to a connection under the writer on PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.settings import Settings
from gateway.store.batch import Head
from gateway.store.engine import target
from gateway.store.writer_base import LedgerWriter, WriterOptions
from gateway.store.writer_postgres import PostgresWriter, text_array, whole_array
from tests.conftest import ManualClock
from tests.services import Postgres, free_port
from tests.store.ledger_kit import (
    NODE,
    TENANT,
    Failpoints,
    connected,
    intent,
    note,
    outcome,
    rows,
    until,
    whole,
    writer_on,
)

pytestmark = pytest.mark.postgres


def _connection(writer: LedgerWriter) -> asyncpg.Connection:
    assert isinstance(writer, PostgresWriter)
    assert writer._connection is not None
    return writer._connection


async def _terminate(server: Postgres, settings: Settings, writer: LedgerWriter) -> None:
    async with connected(server.superuser(target(settings).dsn)) as admin:
        await admin.fetchval("SELECT pg_terminate_backend($1, 5000)", _connection(writer).get_server_pid())


async def test_a_connection_that_was_lost_while_idle_costs_one_batch_at_most(
    postgres_server: Postgres, postgres_settings: Settings, clock: ManualClock
) -> None:
    async with writer_on(postgres_settings, clock, retry_s=60) as writer:
        await writer.append(note())
        await _terminate(postgres_server, postgres_settings, writer)
        try:
            await writer.append(note())
        except LedgerUnavailable:
            await writer.append(note())
        assert writer.healthy
    await whole(postgres_settings)


@pytest.mark.parametrize("where", ["before_insert", "before_commit"])
async def test_a_connection_lost_before_the_commit_loses_the_batch_and_says_so(
    postgres_server: Postgres, postgres_settings: Settings, clock: ManualClock, where: str
) -> None:
    failpoints = Failpoints()
    async with writer_on(postgres_settings, clock, failpoint=failpoints, retry_s=60) as writer:
        failpoints.actions[f"ledger.{where}"] = lambda: _terminate(postgres_server, postgres_settings, writer)
        with pytest.raises(LedgerUnavailable):
            await writer.append(intent())
        failpoints.actions = {}
        assert (await writer.append(note())).seq == 1
    assert [e.event for e in await whole(postgres_settings)] == ["ledger.recovered", "config.changed"]


async def test_a_connection_lost_after_the_commit_is_found_to_have_landed(
    postgres_server: Postgres, postgres_settings: Settings, clock: ManualClock
) -> None:
    failpoints = Failpoints()

    async def cut() -> None:
        await _terminate(postgres_server, postgres_settings, writer)
        raise ConnectionResetError("the answer to COMMIT never came")

    async with writer_on(postgres_settings, clock, failpoint=failpoints) as writer:
        failpoints.actions["ledger.after_commit"] = cut
        assert (await writer.append(note())).seq == 0
        failpoints.actions = {}
        assert (await writer.append(note())).seq == 1
        assert writer.refused == 0


async def test_a_commit_in_doubt_while_the_server_is_gone_is_refused_and_counted_right_afterwards(
    postgres_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit landed, its answer was lost, and nobody could be asked: once the server is back, the record is found,
    is not counted as missing, and its exchange is closed."""
    failpoints = Failpoints()
    async with writer_on(postgres_settings, clock, failpoint=failpoints, retry_s=60) as writer:
        assert isinstance(writer, PostgresWriter)
        dsn = writer._dsn

        def cut() -> None:
            writer._dsn = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
            writer._drop()
            raise ConnectionResetError("the answer to COMMIT never came")

        failpoints.actions["ledger.after_commit"] = cut
        with pytest.raises(LedgerUnavailable):
            await writer.append(intent())
        failpoints.actions = {}
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        writer._dsn = dsn
        await writer.append(note())
    records = await whole(postgres_settings)
    assert [(e.event, e.count) for e in records] == [
        ("exchange.requested", None),
        ("ledger.recovered", 1),
        ("exchange.interrupted", None),
        ("config.changed", None),
    ]


async def test_a_head_that_somebody_holds_is_an_error_and_no_hang(
    postgres_settings: Settings, clock: ManualClock
) -> None:
    async with (
        writer_on(postgres_settings, clock, wait_s=0.3, retry_s=60) as writer,
        connected(target(postgres_settings).dsn, TENANT) as other,
    ):
        await other.execute("BEGIN")
        await other.execute("SELECT * FROM head FOR UPDATE")
        answers = await asyncio.gather(*(writer.append(note()) for _ in range(3)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [LedgerUnavailable] * 3
        await other.execute("ROLLBACK")
        await writer.append(note())
    assert next((e.event, e.count) for e in await whole(postgres_settings)) == ("ledger.recovered", 3)


async def test_a_server_that_stops_answering_keeps_nobody_waiting(
    postgres_settings: Settings, clock: ManualClock
) -> None:
    """Everything between the writer and the server stands still, as when a cable is cut: no error, no answer."""
    forwarding = asyncio.Event()
    forwarding.set()
    server, url = await _proxy(target(postgres_settings).dsn, forwarding)
    writer = PostgresWriter(url, WriterOptions(tenant=TENANT, node=NODE, clock=clock, wait_s=0.3, retry_s=0.01))
    await writer.start()
    await writer.append(note())
    forwarding.clear()
    with pytest.raises(LedgerUnavailable):
        await writer.append(intent())
    forwarding.set()
    await until(lambda: writer.healthy)
    await writer.append(note())
    await writer.stop()
    server.close()
    await server.wait_closed()
    await whole(postgres_settings)


async def _proxy(dsn: str, forwarding: asyncio.Event) -> tuple[asyncio.Server, str]:
    parts = urlsplit(dsn)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await forwarding.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    netloc = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"
    return server, urlunsplit(parts._replace(netloc=netloc))


async def test_a_commit_that_postgresql_turned_into_a_rollback_is_not_acknowledged(
    postgres_settings: Settings, clock: ManualClock
) -> None:
    failpoints = Failpoints()

    async def spoil() -> None:
        with pytest.raises(asyncpg.PostgresError):
            await _connection(writer).execute("SELECT 1/0")

    async with writer_on(postgres_settings, clock, failpoint=failpoints, retry_s=60) as writer:
        failpoints.actions["ledger.before_commit"] = spoil
        with pytest.raises(LedgerUnavailable):
            await writer.append(note())
        failpoints.actions = {}
        await writer.append(note())
    assert [e.event for e in await whole(postgres_settings)] == ["ledger.recovered", "config.changed"]


@pytest.mark.parametrize("path", ["/nothing", ""])
async def test_no_server_is_an_error_at_start(clock: ManualClock, path: str) -> None:
    dsn = f"postgresql://nobody@127.0.0.1:{free_port()}{path}"
    writer = PostgresWriter(dsn, WriterOptions(tenant=TENANT, node=NODE, clock=clock, wait_s=1))
    with pytest.raises(LedgerUnavailable):
        await writer.start()


async def test_an_exchange_id_that_comes_twice_does_not_stop_the_others(
    postgres_settings: Settings, clock: ManualClock
) -> None:
    async with writer_on(postgres_settings, clock) as writer:
        await asyncio.gather(writer.append(intent("ex_1")), writer.append(intent("ex_1")), writer.append(note()))
        await writer.append(intent("ex_1"))
        await writer.append(outcome("ex_1"))
    assert len(await whole(postgres_settings)) == 5


class _Steps:
    """Counts the batches that were made step by step."""

    def __init__(self, writer: LedgerWriter, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        lock = writer._lock

        async def counted(closing: list[str]) -> tuple[Head, set[str]]:
            self.count += 1
            return await lock(closing)

        monkeypatch.setattr(writer, "_lock", counted)


class _Losing:
    """A connection that is lost at the next statement with rows: before it reaches the server, or after."""

    def __init__(self, connection: asyncpg.Connection, *, after: bool) -> None:
        self._connection, self._after = connection, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetchval(self, *arguments: Any) -> None:
        if self._after:
            await self._connection.fetchval(*arguments)
        self._connection.terminate()
        raise asyncpg.ConnectionDoesNotExistError


async def test_a_batch_is_one_statement_while_nobody_else_writes(
    postgres_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(postgres_settings, clock) as writer, writer_on(postgres_settings, clock) as other:
        await writer.append(intent("ex_1"))
        steps = _Steps(writer, monkeypatch)
        await writer.append(intent("ex_2"))
        await writer.append(outcome("ex_1"))
        assert steps.count == 0
        await other.append(note())
        await writer.append(intent("ex_3"))
        assert steps.count == 1
        await writer.append(outcome("ex_2"))
        assert steps.count == 1
        # What is not open any more is looked at under the lock.
        await writer.append(outcome("ex_2"))
        assert steps.count == 2
    events = [envelope.event for envelope in await whole(postgres_settings)]
    assert events[2:] == [
        "exchange.completed",
        "config.changed",
        "exchange.requested",
        "exchange.completed",
        "exchange.late",
    ]


async def test_what_begins_and_ends_within_a_batch_is_one_statement_unless_it_had_begun_before(
    postgres_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(postgres_settings, clock) as writer:
        await writer.append(intent("ex_0"))
        steps = _Steps(writer, monkeypatch)
        for exchange, expected in (("ex_1", 0), ("ex_0", 1)):
            await asyncio.gather(writer.submit(intent(exchange)), writer.submit(outcome(exchange)))
            assert steps.count == expected
        assert await rows(postgres_settings, "SELECT exchange FROM open_exchange") == []
    events = [envelope.event for envelope in await whole(postgres_settings)]
    assert events == ["exchange.requested", *["exchange.requested", "exchange.completed"] * 2]


@pytest.mark.parametrize("after", [False, True])
async def test_a_connection_lost_at_the_one_statement_is_asked_about(
    postgres_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    async with writer_on(postgres_settings, clock, retry_s=60) as writer:
        await writer.append(intent("ex_1"))
        monkeypatch.setattr(writer, "_connection", _Losing(_connection(writer), after=after))
        if after:
            assert (await writer.append(outcome("ex_1"))).seq == 1
        else:
            with pytest.raises(LedgerUnavailable):
                await writer.append(outcome("ex_1"))
        await writer.append(note())
    events = [envelope.event for envelope in await whole(postgres_settings)]
    lost = ["exchange.completed"] if after else ["ledger.recovered", "exchange.interrupted"]
    assert events == ["exchange.requested", *lost, "config.changed"]


@asynccontextmanager
async def _waiting_for_a_standby(server: Postgres, settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """Commits wait for a standby that is not there, until this is left."""
    if not server.private:
        pytest.skip("POSTGRES: a server of the tests' own is needed, whose replication may be changed")
    async with connected(server.superuser(target(settings).dsn)) as admin:
        await admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try:
            await admin.execute("SELECT pg_reload_conf()")
            yield admin
        finally:
            await admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            await admin.execute("SELECT pg_reload_conf()")


async def _waits(admin: asyncpg.Connection) -> int | None:
    """The process of a ledger's connection that waits for the standby."""
    found: int | None = await admin.fetchval(
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'gateway ledger'"
    )
    return found


@pytest.mark.parametrize("steps", [False, True])
@pytest.mark.parametrize("ended", ["cancel", "terminate"])
async def test_a_commit_whose_wait_for_a_standby_was_broken_off_is_not_acknowledged(
    postgres_server: Postgres, postgres_settings: Settings, clock: ManualClock, steps: bool, ended: str
) -> None:
    """It is there, and the standby that takes over may lack it: so nobody is told that it is durable."""
    async with writer_on(postgres_settings, clock, wait_s=2.0, retry_s=60) as writer:
        await writer.append(note())
        async with _waiting_for_a_standby(postgres_server, postgres_settings) as admin, asyncio.timeout(60):
            size = 1
            while True:  # until the server has read its configuration
                if steps:
                    writer._left = None
                last = asyncio.ensure_future(writer.append(note()))
                while not last.done() and await _waits(admin) is None:  # noqa: ASYNC110 — the server is asked
                    await asyncio.sleep(0.01)
                if not last.done():
                    break
                size = (await last).seq + 1
            await admin.execute(f"SELECT pg_{ended}_backend($1)", await _waits(admin))
            with pytest.raises(LedgerUnavailable):
                await last
            assert await admin.fetchval("SELECT count(*) FROM record") == size + 1, "it is there all the same"
        await writer.append(note())
    events = [envelope.event for envelope in await whole(postgres_settings)]
    assert events == ["config.changed"] * (size + 2), "what was refused and is there is not counted as missing"


async def test_literals_of_arrays_mean_what_was_put_into_them(postgres_settings: Settings) -> None:
    chance, pieces = (
        random.Random(7),
        ["NULL", "null", '"', "\\", "{", "}", ",", " ", "\n", "é", "𝄞", "a", "", '\\"', "'"],
    )
    made: list[list[str | None]] = [[], [None], [""], ["NULL"], [None, "NULL", '"NULL"']]
    for _ in range(300):
        texts = ["".join(chance.choices(pieces, k=chance.randrange(6))) for _ in range(chance.randrange(1, 6))]
        made.append([None if chance.random() < 0.2 else text for text in texts])
    async with connected(target(postgres_settings).dsn) as connection:
        for values in made:
            assert await connection.fetchval("SELECT $1::text::text[]", text_array(values)) == values
        for numbers in ([], [0], [-1, 2**53, 7]):
            assert await connection.fetchval("SELECT $1::text::bigint[]", whole_array(numbers)) == numbers
