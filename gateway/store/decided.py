"""The decisions of a period as they are on record, with the details that say who asked: what a replay needs.

Read by the index on times, in short transactions, never by offset; the next chunk while one is looked at.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import detail, record, subject_record

CHUNK = 1_000


class Decided(msgspec.Struct, frozen=True):
    """One record that carries a decision; `detail` is None once it was deleted."""

    envelope: bytes
    detail: bytes | None
    emergency: str | None = None
    """The emergency ledger that it is a record of; None for the main one."""


class DecidedStore:
    """Decisions in one ledger, by its id."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger

    async def chunks(
        self, events: Sequence[str], since: str, until: str, *, first: int = 0, subject: str | None = None
    ) -> AsyncGenerator[list[Decided], None]:
        """Records of these events that occurred at `since` or later and before `until` (27 characters each), in the
        order of their times: from record `first` on, and only what is linked to `subject`, where one is named."""
        beside = and_(detail.c.tenant == record.c.tenant, detail.c.seq == record.c.seq)
        columns = (record.c.seq, record.c.occurred_at, record.c.bytes, detail.c.bytes.label("beside"))
        query = (
            select(*columns)
            .select_from(record.outerjoin(detail, beside))
            .where(record.c.tenant == self._ledger, record.c.occurred_at < until, record.c.event.in_(events))
            .where(record.c.seq >= first, *(() if subject is None else (self._linked(subject),)))
            .order_by(record.c.occurred_at, record.c.seq)
            .limit(CHUNK)
        )
        fetching = asyncio.ensure_future(self._rows(query, (since, -1)))
        try:
            while True:
                rows = await fetching
                last = len(rows) < CHUNK
                if not last:  # a database server works beside who looks at these
                    fetching = asyncio.ensure_future(self._rows(query, (rows[-1][1], rows[-1][0])))
                yield [Decided(envelope, beside) for _, _, envelope, beside in rows]
                if last:
                    return
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)

    async def _rows(
        self, query: Select[int, str, bytes, bytes | None], place: tuple[str, int]
    ) -> Sequence[Row[int, str, bytes, bytes | None]]:
        """Those of one chunk, that come after this time and number."""
        later = query.where(record.c.occurred_at >= place[0], tuple_(record.c.occurred_at, record.c.seq) > place)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                return (await connection.execute(later)).all()

    def _linked(self, subject: str) -> ColumnElement[bool]:
        mine = (subject_record.c.tenant == self._ledger, subject_record.c.subject == subject)
        return record.c.seq.in_(select(subject_record.c.seq).where(*mine))
