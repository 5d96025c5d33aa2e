"""Durable steps as they come, any of which fails as it is told to: a transaction's commit by the tables that it wrote
(`-` before those that it took rows from, and of some what of a row it changed), a record's by its event (and of some
its outcome), a file's sync and its name, and what the keyring makes durable."""

import os
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import asyncpg
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.index import COLUMNS
from gateway.store.writer_base import InDoubt, LedgerWriter
from gateway.store.writer_sqlite import SqliteWriter

T = TypeVar("T")
_EVENT, _OUTCOME = 2 + COLUMNS.index("event"), 2 + COLUMNS.index("outcome")
_BY_OUTCOME = ("audit.exported",)
_BY_CHANGE = {"bundle": ("state", "basis", "kept"), "notice": ("tries", "due_us"), "task_callback": ("code", "tries")}
"""Tables whose rows are changed for several reasons: the first of these columns that a change sets says for which."""
_WRITES = re.compile(r"(?:INSERT INTO|UPDATE|(DELETE) FROM) (\w+)")
_REMOVES = ("SELECT gateway_remove_archived()", ("-posting", "-record"))
"""What PostgreSQL's owner lets nobody do but by this function, and what it takes rows from."""


class Steps:
    """`seen`: every step there was. A step that is armed fails so many times, before it has come about (a disk that is
    full), or although it has (one that fails, or a connection that is lost)."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.hits = 0
        self._armed, self._anyway, self._left = "", False, 0
        self._full: Callable[[str], bool] | None = None
        self._written: dict[int, list[str]] = {}

    def arm(self, step: str, *, anyway: bool, times: int) -> None:
        self._armed, self._anyway, self._left, self.hits = step, anyway, times, 0

    def full(self, holds: Callable[[str], bool]) -> None:
        """No step of these comes about any more."""
        self._full = holds

    def disarm(self) -> None:
        self._left, self._full = 0, None

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing fails meanwhile, and nothing is seen."""
        left, self._left, seen = self._left, 0, len(self.seen)
        yield
        self._left = left
        del self.seen[seen:]

    def due(self, step: str, anyway: bool) -> bool:
        """Whether it fails here."""
        if not anyway:
            self.seen.append(step)
            if self._full is not None and self._full(step):
                return True
        if not (self._left and step == self._armed and anyway is self._anyway):
            return False
        self._left -= 1
        self.hits += 1
        return True

    # ------------------------------------------------------------------------------------------------------ databases

    def of_engine(self, engine: AsyncEngine, name: str = "commit") -> None:
        """Commits of what is not written by a ledger's writer."""
        dialect = engine.sync_engine.dialect
        commit, rollback = dialect.do_commit, dialect.do_rollback

        def wrote(connection: Any, _: Any, statement: str, __: Any, context: Any, *___: Any) -> None:
            tables = self._written.setdefault(id(connection.connection.dbapi_connection), [])
            if found := _WRITES.match(statement):
                changed = _changed(found[2], context.compiled_parameters[0]) if statement.startswith("UPDATE") else ""
                tables.append(f"-{found[2]}" if found[1] else f"{found[2]}{changed}")
            elif statement == _REMOVES[0]:
                tables.extend(_REMOVES[1])

        def committing(connection: Any) -> None:
            tables = self._written.pop(id(connection.dbapi_connection), [])
            if not tables:
                commit(connection)
                return
            step = f"{name} {' '.join(sorted(set(tables), key=lambda one: (one.lstrip('-'), one)))}"
            if self.due(step, anyway=False):
                raise _full(engine)
            commit(connection)
            if self.due(step, anyway=True):
                raise _failing(engine)

        def rolling_back(connection: Any) -> None:
            self._written.pop(id(connection.dbapi_connection), None)
            rollback(connection)

        event.listen(engine.sync_engine, "before_cursor_execute", wrote)
        setattr(dialect, "do_commit", committing)  # noqa: B010 — of this engine alone
        setattr(dialect, "do_rollback", rolling_back)  # noqa: B010

    def of_writer(self, writer: LedgerWriter, name: str = "record") -> None:
        """Records, by the event of the last one of their batch. Where it came about all the same, nobody can be asked
        whether it has."""
        filled, settle = writer._filled, writer._settle
        step, doubt = "", False

        def filling(*given: Any) -> Any:
            nonlocal step
            made = filled(*given)
            step = f"{name} {_about(made.record[-1])}" if made.record else ""
            return made

        def failing(error: type[Exception]) -> Exception:
            nonlocal doubt
            doubt = True
            return error("the answer never came")

        async def settling() -> bool:
            nonlocal doubt
            if doubt:
                doubt = False
                raise LedgerUnavailable("nobody can be asked")
            return await settle()

        def commit_now(call: Callable[[], None]) -> None:
            if self.due(step, anyway=False):
                raise sqlite3.OperationalError("database or disk is full")
            call()
            if self.due(step, anyway=True):
                raise failing(OSError)

        async def whole(call: Callable[..., Awaitable[T]], *given: Any) -> T:
            if self.due(step, anyway=False):
                raise LedgerUnavailable("PostgreSQL could not write: 53100")
            done = await call(*given)
            if self.due(step, anyway=True):
                raise failing(InDoubt)
            return done

        replaced: dict[str, Any] = {"_filled": filling, "_settle": settling}
        if isinstance(writer, SqliteWriter):
            replaced["_commit_now"] = partial(commit_now, writer._commit_now)
        else:
            replaced |= {"_put": partial(whole, writer._put), "_commit": partial(whole, writer._commit)}
        for place, call in replaced.items():
            setattr(writer, place, call)

    def of_sqlite(self, patch: pytest.MonkeyPatch, place: Any, name: str) -> None:
        """Commits of a module that goes to SQLite by itself."""
        due = self.due

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
                if sql == "COMMIT" and due(name, anyway=False):
                    raise sqlite3.OperationalError("database or disk is full")
                done = super().execute(sql, *given)
                if sql == "COMMIT" and due(name, anyway=True):
                    raise sqlite3.OperationalError("disk I/O error")
                return done

        own = SimpleNamespace(connect=partial(sqlite3.connect, factory=Connection), Error=sqlite3.Error)
        patch.setattr(place, "sqlite3", own)

    # ---------------------------------------------------------------------------------------------------------- files

    def of_files(self, patch: pytest.MonkeyPatch, directory: Path) -> None:
        """What is synced and named below a directory, by how the file's name ends."""

        def below(path: Any) -> bool:
            return Path(path).is_relative_to(directory)

        def around(call: Callable[..., Any], step: Callable[..., str | None]) -> Callable[..., Any]:
            def called(*given: Any, **named: Any) -> Any:
                known = step(*given)
                if known is not None and self.due(known, anyway=False):
                    raise OSError(28, "No space left on device")
                done = call(*given, **named)
                if known is not None and self.due(known, anyway=True):
                    raise OSError(5, "Input/output error")
                return done

            return called

        def synced(descriptor: int) -> str | None:
            path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
            return f"sync {path.suffix or 'directory'}" if below(path) else None

        def called(_: Any, path: Any, *__: Any) -> str | None:
            return f"name {Path(path).suffix or Path(path).name}" if below(path) else None

        def removed(path: Any, *_: Any) -> str | None:
            return f"remove {Path(path).suffix}" if below(path) and Path(path).suffix == ".key" else None

        patch.setattr(os, "fsync", around(os.fsync, synced))
        for name in ("rename", "replace", "link"):
            patch.setattr(os, name, around(getattr(os, name), called))
        patch.setattr(os, "unlink", around(os.unlink, removed))

    def of_keys(self, patch: pytest.MonkeyPatch, keyring: Any) -> None:
        """What a keyring makes durable of data keys, and destroys."""

        def around(name: str, call: Callable[..., Any], keys: Any) -> Any:
            if self.due(f"data keys {name}", anyway=False):
                raise LedgerUnavailable("the keyring could not be written: SQLITE_FULL")
            done = call(keys)
            if self.due(f"data keys {name}", anyway=True):
                raise LedgerUnavailable("the keyring could not be written: SQLITE_IOERR")
            return done

        for name in ("persist", "destroy"):
            patch.setattr(keyring, name, partial(around, name, getattr(keyring, name)))


def _changed(table: str, values: Any) -> str:
    columns = [one for one in _BY_CHANGE.get(table, ()) if values.get(one) is not None]
    return "" if not columns else f".{values['state'] if columns[0] == 'state' else columns[0]}"


def _about(row: Any) -> str:
    event = str(row[_EVENT])
    return f"{event} {row[_OUTCOME]}" if event in _BY_OUTCOME and row[_OUTCOME] else event


def _full(engine: AsyncEngine) -> Exception:
    if engine.dialect.name == "sqlite":
        return sqlite3.OperationalError("database or disk is full")
    error: Exception = asyncpg.DiskFullError("no space left on device")
    return error


def _failing(engine: AsyncEngine) -> Exception:
    return sqlite3.OperationalError("disk I/O error") if engine.dialect.name == "sqlite" else ConnectionResetError()
