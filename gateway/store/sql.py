"""What users of the database share: its errors mapped at one boundary, and inserts that may find the row there."""

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


@contextmanager
def reachable() -> Iterator[None]:
    """Whatever the database or the way to it raises becomes `LedgerUnavailable`: nobody goes on without an answer."""
    try:
        yield
    except (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise LedgerUnavailable(f"the database did not answer: {type(error).__name__}") from error


def insert_new(engine: AsyncEngine, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that leaves a row of the same key alone; `rowcount` is 0 when there was one."""
    if engine.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def raw(column: ColumnElement[bytes]) -> ColumnElement[Any]:
    """As the driver gives it: asked of each value, a type's own conversion costs a tenth of what reading it does. Who
    reads it so makes bytes of it (`tables.as_bytes`)."""
    return type_coerce(column, NullType())
