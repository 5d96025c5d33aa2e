"""What lies beside records and may be destroyed when its days are over: found block by block, in the order in which the
records came. The records themselves, and every proof, stay: they then say "commitment only"."""

from collections.abc import Collection
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, select, union, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import archive, detail, record, sealed, subject, subject_record

What = Literal["details", "content"]
"""`details`: details and openings of commitments; `content`: kept content."""
CHUNK = 500
DESTROYS = "retention"
"""The row among those of data subjects (it is nobody's pseudonym) whose version moves with all that is destroyed here:
an archive is on record only with the version of before it was looked whether all that it holds is there still."""
_CONTENT = "content:%"


_ROW = {"id": DESTROYS, "version": 0, "created_us": 0}


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """A record that has something beside it, by what rules ask of it."""

    seq: int
    event: str
    classes: tuple[str, ...]


class RetentionStore:
    """Of all ledgers. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def extent(self, ledger: str, before: str) -> tuple[int, int]:
        """The first record that is there and in no archive, and the first that was not recorded before this time (27
        characters): times of recording never go back, so that it is found by halves."""
        lowest = select(func.min(record.c.seq)).where(record.c.tenant == ledger)
        newest = select(func.max(record.c.seq)).where(record.c.tenant == ledger)
        with reachable():
            async with reading(self._engine, ledger) as connection:
                first = int(await connection.scalar(lowest) or 0)
                archived = int(await connection.scalar(_archived(ledger)) or 0)
                last = await connection.scalar(newest)
                low, high = first, first if last is None else int(last) + 1
                while low < high:
                    middle = (low + high) // 2
                    one = select(record.c.recorded_at).where(record.c.tenant == ledger, record.c.seq == middle)
                    recorded_at = await connection.scalar(one)
                    if recorded_at is not None and recorded_at >= before:
                        high = middle
                    else:  # archived meanwhile: it was old enough
                        low = middle + 1
        return max(first, archived), low

    async def beside(self, ledger: str, first: int, end: int, what: What) -> list[Beside]:
        """Records `first` ≤ seq < `end` that have such a thing beside them, in order."""
        seqs = union(*_holding(ledger, first, end, what)).subquery("held")
        query = select(record.c.seq, record.c.event, record.c.classes).where(
            record.c.tenant == ledger, record.c.seq >= first, record.c.seq < end, record.c.seq.in_(select(seqs.c.seq))
        )
        return [
            Beside(seq=row.seq, event=row.event, classes=tuple(filter(None, (row.classes or "").split("|"))))
            for row in await self._rows(ledger, query.order_by(record.c.seq))
        ]

    async def about(self, ledger: str, first: int, end: int, subjects: Collection[str]) -> frozenset[int]:
        """Which records of the range are about any of these pseudonyms."""
        query = select(subject_record.c.seq).where(
            subject_record.c.tenant == ledger,
            subject_record.c.subject.in_(tuple(subjects)),
            subject_record.c.seq >= first,
            subject_record.c.seq < end,
        )
        return frozenset(int(row.seq) for row in await self._rows(ledger, query))

    async def destroy(self, ledger: str, seqs: Collection[int], what: What) -> int:
        """Destroy it, some records at a time; of how many: what lies in an archive on record stays. It may be called
        again: who is killed on the way finds less."""
        order, count = sorted(seqs), 0
        for start in range(0, len(order), CHUNK):
            with reachable():
                async with writing(self._engine, ledger) as connection:
                    # The row first, the archives then: of this and an archive's record, which changes the row too, one
                    # waits for the other. Where that is first it is seen here, and else it is left out.
                    await connection.execute(insert_new(self._engine, subject).values(tenant=ledger, **_ROW))
                    row = (subject.c.tenant == ledger, subject.c.id == DESTROYS)
                    await connection.execute(update(subject).where(*row).values(version=subject.c.version + 1))
                    archived = int(await connection.scalar(_archived(ledger)) or 0)
                    some = [seq for seq in order[start : start + CHUNK] if seq >= archived]
                    count += len(some)
                    # A crash before the commit: all of it is there. After: it is gone, and in no archive.
                    mine = (sealed.c.tenant == ledger, sealed.c.seq.in_(some), _parts(what))
                    await connection.execute(delete(sealed).where(*mine))
                    if what == "details":
                        await connection.execute(
                            delete(detail).where(detail.c.tenant == ledger, detail.c.seq.in_(some))
                        )
        return count

    async def _rows(self, ledger: str, query: Select[Any]) -> list[Any]:
        with reachable():
            async with reading(self._engine, ledger) as connection:
                return list((await connection.execute(query)).all())


def _archived(ledger: str) -> Select[Any]:
    """The end of the archives on record."""
    return select(func.max(archive.c.end_seq)).where(archive.c.tenant == ledger)


def _holding(ledger: str, first: int, end: int, what: What) -> list[Select[tuple[int]]]:
    parts = select(sealed.c.seq).where(
        sealed.c.tenant == ledger, sealed.c.seq >= first, sealed.c.seq < end, _parts(what)
    )
    if what == "content":
        return [parts]
    details = select(detail.c.seq).where(detail.c.tenant == ledger, detail.c.seq >= first, detail.c.seq < end)
    return [details, parts]


def _parts(what: What) -> ColumnElement[bool]:
    return sealed.c.part.like(_CONTENT) if what == "content" else sealed.c.part.not_like(_CONTENT)
