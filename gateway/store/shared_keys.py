"""Data keys in a PostgreSQL of their own, which nodes on several machines share: what one sealed, another opens.

The same promises as the file's (`data_keys`), and keys wrapped in the same way: each under the keyring's key-encryption
key, which is a file on every machine and never here. One row a key; a destroyed one keeps its row without key and
subject, so that nothing brings it back, also nothing that was under way at that moment: both meet in the row.

Callers block. A thread with a loop of its own has the two connections, one to read and one to write, so that no read
waits for a sync. Each connection is looked at before it is used: that the server syncs what it acknowledges, that this
is not the records' database, and that its keys were made under this key-encryption key. Every wait has an end; and once
the server was found away, nobody waits for it: all are refused at once, until the thread finds it back.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.ledger.entry import DataKey
from gateway.settings import Settings, same_database, secret
from gateway.store.data_keys import KEY_BYTES, Wrapping, after

READ_S = 1.0
"""How long a read may take, its connection included: an event loop waits for it."""
WRITE_S = 3.0
"""How long a write may take: less than a record's writer waits for its keys."""
RETRY_S = 0.5
"""How often it is looked whether a server that was away is back."""
_GRACE_S = 1.0
_VERSION = 1
_MARK = "data_key_store"
"""The id that the check value is wrapped for: no data key has it."""
# Any fixed number will do, as long as it is this one everywhere: two that make the tables must take turns.
_LOCK = 0x676174656B657973
_SCHEMA = """
CREATE TABLE data_key (
    id text COLLATE "C" PRIMARY KEY, subject text COLLATE "C", wrapped bytea,
    CHECK (wrapped IS NOT NULL OR subject IS NULL)
);
CREATE INDEX data_key_subject ON data_key (subject, id) WHERE subject IS NOT NULL;
CREATE TABLE data_key_store (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL, mark bytea NOT NULL
);
"""
_SERVER = (
    "SELECT current_setting('fsync') <> 'off' AND current_setting('synchronous_commit') <> 'off' "
    "AND current_setting('full_page_writes') <> 'off' AS durable, pg_is_in_recovery() AS standby, "
    "to_regclass('alembic_version') IS NOT NULL AS records, to_regclass('data_key_store') IS NOT NULL AS made"
)
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""All that the server, and the way to it, raise; a time-out is an `OSError`."""
_log = logging.getLogger("gateway.store")
T = TypeVar("T")
Job = Callable[[Any], Awaitable[T]]


def data_keys_dsn(settings: Settings) -> str | None:
    """Where the shared data keys are; None where they are in the keyring's file. `ConfigurationError` for another kind
    of database, and for the records' own."""
    named, database = settings.keys.data_keys, settings.database
    if named is None:
        return None
    dsn = _resolved(named, settings)
    if not dsn.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError("keys.data_keys must start with postgresql://")
    # The owner's is for migrations: what serves may not be able to read it, and it is the same database.
    if same_database(dsn, _resolved(database.url, settings)):
        raise ConfigurationError("keys.data_keys must name another database than the records': keys are kept apart")
    return dsn


class _Unconfirmed(OSError):
    """A commit is on this server alone: somebody broke off its wait for a standby."""


class _Line:
    """One connection, made anew once it broke, and taken in turns. Belongs to one loop."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        self._connect, self._turn = connect, asyncio.Lock()
        self._connection: Any = None
        self._unconfirmed = False

    async def run(self, job: Job[T], limit_s: float) -> T:
        async with asyncio.timeout(limit_s), self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
                self._connection.add_log_listener(self._heard)
            self._unconfirmed = False
            try:
                done = await job(self._connection)
                if self._unconfirmed:
                    raise _Unconfirmed
                return done
            except BaseException:
                self.drop()  # it may stand in the middle of anything
                raise

    def _heard(self, _: object, message: asyncpg.PostgresLogMessage) -> None:
        """What the server says beside its answers, known by its place in the source (as `writer_postgres` has it)."""
        if message.server_source_filename == "syncrep.c":
            self._unconfirmed = True

    async def close(self) -> None:
        if self._connection is not None:
            with suppress(*_AWAY):  # it is gone all the same
                await self._connection.close(timeout=1)

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class SharedDataKeys:
    """The database of data keys, opened. May be used from several threads, and from many processes at once."""

    def __init__(
        self, dsn: str, kek: bytes, *, read_s: float = READ_S, write_s: float = WRITE_S, retry_s: float = RETRY_S
    ) -> None:
        """Connects. `ConfigurationError` for a database that must not be used, `LedgerUnavailable` if it is away."""
        self._dsn, self._wrapping = dsn, Wrapping(kek)
        self._read_s, self._write_s, self._retry_s = read_s, write_s, retry_s
        self._reading, self._writing = _Line(self._connected), _Line(self._connected)
        self._opened = self._away = self._closed = False
        self._probe: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="shared-data-keys", daemon=True)
        self._thread.start()
        try:
            for line in (self._reading, self._writing):
                self._call(line, _ping, self._write_s)
        except BaseException:
            self.close()
            raise
        self._opened = True

    @staticmethod
    def create(dsn: str, kek: bytes) -> bool:
        """Make the tables, for keys under this key-encryption key; False, and nothing done, where they are there.
        `ConfigurationError` where they were made for another one."""
        made = asyncio.run(_create(dsn, Wrapping(kek)))
        SharedDataKeys(dsn, kek).close()
        return made

    def close(self) -> None:
        """Let go of the connections. May be repeated."""
        if self._closed:
            return
        self._closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def new(self, subject: str | None) -> tuple[DataKey, bytes]:
        """As `DataKeys.new`."""
        return self._wrapping.new(subject)

    def persist(self, keys: Sequence[DataKey]) -> None:
        """As `DataKeys.persist`: committed, and synced by the server, when it returns."""
        if not keys:
            return
        ordered = sorted(keys, key=lambda key: key.id)  # those who wait for each other's rows do so in one order
        columns = [[key.id for key in ordered], [key.subject for key in ordered], [key.wrapped for key in ordered]]

        async def insert(connection: Any) -> None:
            # A crash before the server's commit: no key, and no record either. After it: keys that open nothing.
            await connection.execute(
                "INSERT INTO data_key (id, subject, wrapped) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) "
                "AS new (id, subject, wrapped) WHERE NOT EXISTS (SELECT 1 FROM data_key WHERE id = new.subject) "
                "ON CONFLICT (id) DO NOTHING",
                *columns,
            )

        self._call(self._writing, insert, self._write_s)

    def get(self, key_id: str) -> bytes | None:
        """As `DataKeys.get`."""
        row = self._row("SELECT subject, wrapped FROM data_key WHERE id = $1 AND wrapped IS NOT NULL", key_id)
        return None if row is None else self._wrapping.unwrap(key_id, row["subject"], row["wrapped"])

    def unknown(self, key_id: str) -> bool:
        """As `DataKeys.unknown`."""
        return self._row("SELECT 1 FROM data_key WHERE id = $1", key_id) is None

    def of_subject(self, subject: str) -> tuple[str, bytes] | None:
        """As `DataKeys.of_subject`."""
        row = self._row("SELECT id, wrapped FROM data_key WHERE subject = $1 ORDER BY id LIMIT 1", subject)
        return None if row is None else (row["id"], self._wrapping.unwrap(row["id"], subject, row["wrapped"]))

    def ids_of_subject(self, subject: str) -> tuple[str, ...]:
        """As `DataKeys.ids_of_subject`."""

        async def select(connection: Any) -> list[Any]:
            return list(await connection.fetch("SELECT id FROM data_key WHERE subject = $1 ORDER BY id", subject))

        return tuple(row["id"] for row in self._call(self._reading, select, self._read_s))

    def destroy(self, key_ids: Sequence[str]) -> int:
        """Destroy keys, for every process at once. Returns how many there were; may be repeated.

        What the server's files still hold of an old row until it vacuums them, and its log and backups, is wrapped.
        """
        ids = sorted(set(key_ids))

        async def empty(connection: Any) -> int:
            async with connection.transaction():
                held = await connection.fetch(
                    "SELECT id FROM data_key WHERE id = ANY($1) AND wrapped IS NOT NULL ORDER BY id FOR UPDATE", ids
                )
                # A key that is being made durable at this moment: whoever is second waits for the row, and finds it.
                await connection.execute(
                    "INSERT INTO data_key (id) SELECT unnest($1::text[]) "
                    "ON CONFLICT (id) DO UPDATE SET subject = NULL, wrapped = NULL",
                    ids,
                )
            return len(held)

        return self._call(self._writing, empty, self._write_s) if ids else 0

    def destroyed(self, prefix: str) -> tuple[str, ...]:
        """As `DataKeys.destroyed`. Asked at a start, and not while an event loop waits for it."""

        async def select(connection: Any) -> list[Any]:
            query = "SELECT id FROM data_key WHERE id >= $1 AND id < $2 AND wrapped IS NULL ORDER BY id"
            return list(await connection.fetch(query, prefix, after(prefix)))

        return tuple(row["id"] for row in self._call(self._writing, select, self._write_s))

    def take(self, keys: Sequence[DataKey], destroyed: Sequence[str]) -> None:
        """Have these keys of another home, and the ids of those destroyed there: durable and compared when it returns.
        A key of a subject that was destroyed here meanwhile is destroyed with it. May be repeated.
        `ConfigurationError` where another key has the id of one."""
        self.persist(keys)
        names = [name for key in keys for name in (key.id, key.subject) if name is not None]

        async def select(connection: Any) -> list[Any]:
            return list(await connection.fetch("SELECT id, wrapped FROM data_key WHERE id = ANY($1)", names))

        found = {row["id"]: row for row in self._call(self._writing, select, self._write_s)}
        late = {key.id for key in keys if key.id not in found and key.subject in found}
        # By their ids too: what was sealed under one is then known to be erased, and not to be of another keyring.
        self.destroy([*destroyed, *late])
        for key in keys:
            if key.id in late:
                continue
            row = found.get(key.id)
            if row is None or row["wrapped"] not in (None, key.wrapped):
                raise ConfigurationError(
                    "the database of data keys has another key of the same id: it is not this one's"
                )

    def prove(self) -> None:
        """As `DataKeys.prove`, and that keys can be read."""
        self._call(self._reading, _ping, self._read_s)
        self._call(self._writing, self._proof, self._write_s)

    # ------------------------------------------------------------------------------------------------ from any thread

    def _row(self, query: str, value: str) -> Any:
        async def select(connection: Any) -> Any:
            return await connection.fetchrow(query, value)

        return self._call(self._reading, select, self._read_s)

    def _call(self, line: _Line, job: Job[T], limit_s: float) -> T:
        if self._away or self._closed:
            raise LedgerUnavailable("the database of data keys is away")
        waiting = asyncio.run_coroutine_threadsafe(self._run(line, job, limit_s), self._loop)
        try:
            return waiting.result(limit_s + _GRACE_S)
        except (TimeoutError, CancelledError) as error:  # it was closed meanwhile
            raise LedgerUnavailable("the database of data keys is let go of") from error

    # ---------------------------------------------------------------------------------------------- in its own thread

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    async def _end(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()  # whoever waits for it is told
        await asyncio.gather(*left, return_exceptions=True)
        for line in (self._reading, self._writing):
            await line.close()

    async def _run(self, line: _Line, job: Job[T], limit_s: float) -> T:
        """The one place where the driver's errors become ours."""
        try:
            return await line.run(job, limit_s)
        except _AWAY as error:
            self._gone(type(error).__name__)
            raise LedgerUnavailable(f"the database of data keys did not answer: {type(error).__name__}") from error
        except ConfigurationError as error:
            if not self._opened:
                raise
            # It was in order once: what stands in its place now must not be used, and may be put right.
            self._gone(str(error))
            raise LedgerUnavailable("the database of data keys is not as it was") from error

    def _gone(self, why: str) -> None:
        if not self._opened or self._away:
            return
        self._away = True
        _log.error("the database of data keys is away: %s", why)
        self._probe = self._loop.create_task(self._until_back())

    async def _until_back(self) -> None:
        while self._away:
            await asyncio.sleep(self._retry_s)
            try:
                await self._reading.run(_ping, self._write_s)
                await self._writing.run(self._proof, self._write_s)
            except (*_AWAY, ConfigurationError) as error:
                _log.debug("the database of data keys is still away: %s", type(error).__name__)
            else:
                self._away = False
                _log.warning("the database of data keys is back")

    async def _proof(self, connection: Any) -> None:
        key = self.new(None)[0]
        async with connection.transaction():
            await connection.execute("INSERT INTO data_key (id, wrapped) VALUES ($1, $2)", key.id, key.wrapped)
            await connection.execute("DELETE FROM data_key WHERE id = $1", key.id)

    async def _connected(self) -> Any:
        """A new connection that may be used."""
        connection = await _connect(self._dsn, self._write_s)
        try:
            if not (await _server(connection))["made"]:
                raise ConfigurationError("the database of data keys has no tables yet: run `gateway migrate`")
            row = await connection.fetchrow("SELECT version, mark FROM data_key_store")
            if row is None or row["version"] != _VERSION:
                raise ConfigurationError("the database of data keys is not of this version")
            try:
                self._wrapping.unwrap(_MARK, None, row["mark"])
            except VerificationError as error:
                raise ConfigurationError(
                    "the keyring's kek is not the one that the database of data keys was made with: copy that one here"
                ) from error
        except BaseException:
            connection.terminate()
            raise
        return connection


async def _create(dsn: str, wrapping: Wrapping) -> bool:
    try:
        async with asyncio.timeout(WRITE_S * 3):
            connection = await _connect(dsn, WRITE_S)
            try:
                async with connection.transaction():
                    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                    if (await _server(connection))["made"]:
                        return False
                    await connection.execute(_SCHEMA)
                    mark = wrapping.wrap(_MARK, None, os.urandom(KEY_BYTES))
                    await connection.execute("INSERT INTO data_key_store VALUES (true, $1, $2)", _VERSION, mark)
                    return True
            finally:
                await connection.close(timeout=1)
    except _AWAY as error:
        raise LedgerUnavailable(f"the database of data keys did not answer: {type(error).__name__}") from error


async def _connect(dsn: str, limit_s: float) -> Any:
    # One plan fits, and what hangs on the server ends there too.
    patience = f"{round(limit_s * 1000)}ms"
    settings = {"application_name": "gateway data keys", "jit": "off", "lock_timeout": patience}
    settings["client_min_messages"] = "warning"  # `_Line._heard`
    return await asyncpg.connect(
        dsn, timeout=limit_s, server_settings={**settings, "idle_in_transaction_session_timeout": patience}
    )


async def _server(connection: Any) -> Any:
    """What the server and the database are; `ConfigurationError` where keys must not be kept."""
    found = await connection.fetchrow(_SERVER)
    if not found["durable"]:
        raise ConfigurationError(
            "keys.data_keys must be on a server with fsync, synchronous_commit, full_page_writes on"
        )
    if found["standby"]:
        raise ConfigurationError("keys.data_keys must name the primary server: on this one no key can be destroyed")
    if found["records"]:
        raise ConfigurationError("keys.data_keys must name another database than the records': keys are kept apart")
    return found


async def _ping(connection: Any) -> None:
    await connection.fetchval("SELECT 1")


def _resolved(url: str, settings: Settings) -> str:
    return secret(url, settings.base) if url.startswith(("env:", "file:")) else url
