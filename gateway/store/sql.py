"""What users of the database share: its errors mapped at one boundary, and inserts that may find the row there."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import ColumnElement, Table, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import NullType

from gateway.core.errors import LedgerUnavailable

_FULL = "its disk is full"
_READ_ONLY = "it is read-only"
_BUSY = "another process holds its lock"
_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_IOERR_SHMSIZE: "its disk is full, or the file system fails",
    sqlite3.SQLITE_IOERR: "its disk fails",
    sqlite3.SQLITE_CANTOPEN: "its file, or one beside it, cannot be opened or made",
    sqlite3.SQLITE_PERM: "this account may not open its file",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is none of SQLite's",
}
"""Result codes of SQLite (sqlite.org/rescode.html), primary ones and one that is extended, in words."""
_POSTGRESQL = {"53100": _FULL, "25006": _READ_ONLY, "55P03": _BUSY}
"""SQLSTATE (PostgreSQL, appendix A) in words."""
_SYSTEM = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EROFS: _READ_ONLY}


def why(error: BaseException) -> str | None:
    """What is wrong with the database, in words of ours, where the error or one that it came from says it by a code:
    never what it says in words, which may hold values."""
    seen: BaseException | None = error
    while seen is not None:
        code = getattr(seen, "sqlite_errorcode", None)
        if isinstance(code, int):
            return _SQLITE.get(code) or _SQLITE.get(code & 0xFF)
        told = _POSTGRESQL.get(str(getattr(seen, "sqlstate", None)))
        if told is None and isinstance(seen, OSError):
            told = _SYSTEM.get(seen.errno or 0)
        if told is not None:
            return told
        orig = getattr(seen, "orig", None)
        seen = orig if isinstance(orig, BaseException) else seen.__cause__
    return None


@contextmanager
def reachable() -> Iterator[None]:
    """Whatever the database or the way to it raises becomes `LedgerUnavailable`: nobody goes on without an answer."""
    try:
        yield
    except (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise LedgerUnavailable(f"the database did not answer: {why(error) or type(error).__name__}") from error


def insert_new(engine: AsyncEngine, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that leaves a row of the same key alone; `rowcount` is 0 when there was one."""
    if engine.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def raw(column: ColumnElement[bytes]) -> ColumnElement[Any]:
    """As the driver gives it: asked of each value, a type's own conversion costs a tenth of what reading it does. Who
    reads it so makes bytes of it (`tables.as_bytes`)."""
    return type_coerce(column, NullType())
