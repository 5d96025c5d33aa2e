"""Content that policy keeps for some days: sealed parts of that kind, found, and destroyed when their days are over.

They are written with their records, by the ledger's writer, as all sealed parts are.
"""

from collections.abc import AsyncIterator

import msgspec
from sqlalchemy import and_, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.ledger.entry import SealedPart
from gateway.ledger.times import timestamp
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import CONTENT, detail, record, sealed

CHUNK = 16
"""How much is held at once: one may be as large as a request may."""
_UNTIL = len("content:") + 1


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
        beside = and_(detail.c.tenant == record.c.tenant, detail.c.seq == record.c.seq)
        columns = (sealed, record.c.bytes.label("envelope"), detail.c.bytes.label("beside"))
        both = and_(record.c.tenant == sealed.c.tenant, record.c.seq == sealed.c.seq)
        query = (
            select(*columns)
            .select_from(sealed.join(record, both).outerjoin(detail, beside))
            .where(sealed.c.tenant == ledger, text(f"sealed.{CONTENT}"))
            .where(record.c.occurred_at >= since, record.c.occurred_at < until)
            .order_by(sealed.c.seq)
            .limit(CHUNK)
        )
        after = -1
        while True:
            now = timestamp(self._clock.now_us())
            later = query.where(sealed.c.seq > after, func.substr(sealed.c.part, _UNTIL) > now)
            with reachable():
                async with reading(self._engine, ledger) as connection:
                    rows = (await connection.execute(later)).all()
            yield [
                KeptContent(
                    seq=row.seq,
                    envelope=bytes(row.envelope),
                    detail=None if row.beside is None else bytes(row.beside),
                    sealed=SealedPart(part=row.part, key=row.key, nonce=row.nonce, ciphertext=row.ciphertext),
                )
                for row in rows
            ]
            if len(rows) < CHUNK:
                return
            after = rows[-1].seq

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
