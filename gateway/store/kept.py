"""Content that policy keeps for some days: sealed parts of that kind, found, and destroyed when their days are over.

They are written with their records, by the ledger's writer, as all sealed parts are.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.ledger.entry import SealedPart
from gateway.ledger.times import timestamp
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import CONTENT, detail, record, sealed

CHUNK = 16
"""How much is held at once: one may be as large as a request may."""
POPULATION_CHUNK = 1_000
_UNTIL = len("content:") + 1
_FIRST = "exchange.requested"


class KeptContent(msgspec.Struct, frozen=True, kw_only=True):
    """One message that was kept, with the record that it belongs to."""

    seq: int
    envelope: bytes
    detail: bytes | None
    sealed: SealedPart


class KeptStore:
    """Kept content of all ledgers. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    async def of(self, ledger: str, since: str, until: str) -> AsyncIterator[list[KeptContent]]:
        """What is still kept of one ledger's records that occurred at `since` or later and before `until` (27
        characters each), in order, some at a time. What is over and not destroyed yet is not among it."""
        query = _whole(ledger).where(record.c.occurred_at >= since, record.c.occurred_at < until)
        async for some in _pages(self._engine, ledger, lambda: query.where(self._still())):
            yield some

    async def one(self, ledger: str, seq: int) -> KeptContent | None:
        """What is still kept of one record."""
        with reachable():
            async with reading(self._engine, ledger) as connection:
                found = await connection.execute(_whole(ledger).where(sealed.c.seq == seq, self._still()).limit(1))
                row = found.one_or_none()
        return None if row is None else _content(row)

    async def exchanges(self, ledger: str, since: str, until: str) -> AsyncIterator[list[bytes]]:
        """Of each exchange of which something is still kept, the record (its envelope) that the first of it belongs to,
        where that occurred in the period, in order."""
        earlier, before = sealed.alias("earlier"), record.alias("before")
        same = and_(before.c.tenant == earlier.c.tenant, before.c.seq == earlier.c.seq)
        # An exchange has further kept messages only where further agents were asked, which is rare.
        none_before = ~exists(
            select(earlier.c.seq)
            .select_from(earlier.join(before, same))
            .where(earlier.c.tenant == ledger, text(f"earlier.{CONTENT}"), self._still(earlier.c.part))
            .where(before.c.exchange == record.c.exchange, before.c.seq < record.c.seq)
        )
        query = (
            select(record.c.seq, record.c.bytes.label("envelope"))
            .select_from(sealed.join(record, _OF))
            .where(sealed.c.tenant == ledger, text(f"sealed.{CONTENT}"), self._still())
            .where(record.c.occurred_at >= since, record.c.occurred_at < until, record.c.exchange.is_not(None))
            .where(or_(record.c.event == _FIRST, none_before))
            .order_by(record.c.seq)
            .limit(POPULATION_CHUNK)
        )
        after = -1
        while True:
            with reachable():
                async with reading(self._engine, ledger) as connection:
                    rows = (await connection.execute(query.where(record.c.seq > after))).all()
            yield [bytes(row.envelope) for row in rows]
            if len(rows) < POPULATION_CHUNK:
                return
            after = rows[-1].seq

    def _still(self, part: ColumnElement[str] = sealed.c.part) -> ColumnElement[bool]:
        """That its days are not over: what is over and not destroyed yet is nobody's to see."""
        return func.substr(part, _UNTIL) > timestamp(self._clock.now_us())

    async def sweep(self, ledger: str) -> int:
        """Destroy what is over; how many that were. A crash before the commit: the next sweep finds them again."""
        now = timestamp(self._clock.now_us())
        over = and_(sealed.c.tenant == ledger, text(CONTENT), func.substr(sealed.c.part, _UNTIL) <= now)
        with reachable():
            async with reading(self._engine, ledger) as connection:
                # Looked for first, so that SQLite's lock is not taken for nothing.
                if (await connection.execute(select(sealed.c.seq).where(over).limit(1))).first() is None:
                    return 0
            async with writing(self._engine, ledger) as connection:
                return (await connection.execute(delete(sealed).where(over))).rowcount


async def everything(engine: AsyncEngine, ledger: str) -> AsyncIterator[list[KeptContent]]:
    """All that is kept of one ledger, in order, some at a time; also what is over and not destroyed yet: for who
    verifies it, and shows it to nobody."""
    async for some in _pages(engine, ledger, lambda: _whole(ledger)):
        yield some


_OF = and_(record.c.tenant == sealed.c.tenant, record.c.seq == sealed.c.seq)


async def _pages(
    engine: AsyncEngine, ledger: str, query: Callable[[], Select[Any]]
) -> AsyncIterator[list[KeptContent]]:
    after = -1
    while True:
        later = query().where(sealed.c.seq > after).order_by(sealed.c.seq).limit(CHUNK)
        with reachable():
            async with reading(engine, ledger) as connection:
                rows = (await connection.execute(later)).all()
        yield [_content(row) for row in rows]
        if len(rows) < CHUNK:
            return
        after = rows[-1].seq


def _whole(ledger: str) -> Select[Any]:
    beside = and_(detail.c.tenant == record.c.tenant, detail.c.seq == record.c.seq)
    return (
        select(sealed, record.c.bytes.label("envelope"), detail.c.bytes.label("beside"))
        .select_from(sealed.join(record, _OF).outerjoin(detail, beside))
        .where(sealed.c.tenant == ledger, text(f"sealed.{CONTENT}"))
    )


def _content(row: Row[Any]) -> KeptContent:
    return KeptContent(
        seq=row.seq,
        envelope=bytes(row.envelope),
        detail=None if row.beside is None else bytes(row.beside),
        sealed=SealedPart(part=row.part, key=row.key, nonce=row.nonce, ciphertext=row.ciphertext),
    )
