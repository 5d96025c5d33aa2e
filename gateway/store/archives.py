"""Ranges of records that lie in archives, and their way out of the database.

A ledger's archives follow one another from record 0 on, in whole blocks (`postings.BLOCK`). What stays in the database
of archived records: their hashes, in full tiles, so that every proof can still be made; when they occurred
(`record_block`); whom they were about (`subject_record`), so that a person's records are known to be there and an
erasure knows what it reaches. What goes: the records and their postings, details, and sealed parts, some at a time,
the oldest first, and never before the row that names the archive is durable. The database itself refuses every other
way (migration 0028).
"""

from collections.abc import Collection, Mapping
from typing import Any, cast

import msgspec
from sqlalchemy import CompoundSelect, Select, delete, func, literal, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.core.errors import VerificationError
from gateway.ledger.entry import RowChange, SealedPart
from gateway.ledger.record import parse
from gateway.store.engine import reading, writing
from gateway.store.postings import BLOCK, FIELDS, Postings, put
from gateway.store.sql import reachable
from gateway.store.tables import (
    CONTENT,
    archive,
    detail,
    forward_cursor,
    open_exchange,
    posting,
    record,
    record_block,
    sealed,
    subject_record,
)

DETAIL = "detail"
"""The label of a record's detail among what lies beside it (`ArchiveStore.labels`)."""
PIECE = 128
"""Records that leave SQLite at once: some 30 ms, in which nothing can be appended."""
_COLUMNS = (record.c.seq, record.c.classes, *(record.c[name] for name in FIELDS))


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """One archive, as the ledger knows it."""

    id: str
    first: int
    end: int
    """Exclusive."""
    digest: str
    """`sha256:` and 64 hex digits of the file."""
    size: int
    """Bytes of the file."""
    first_at: str
    last_at: str
    """The earliest and the latest time at which one of its records occurred."""
    last_hash: bytes
    """Leaf hash of its last record."""
    recorded_at: str
    """When that was recorded."""
    checkpoint: int
    """Size of the checkpoint that covers it."""
    at_us: int


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Records that could be archived next, all of them in blocks whose postings are made."""

    first: int
    end: int
    recorded_at: str
    """When the last of them was recorded."""
    first_at: str
    last_at: str


class ArchiveStore:
    """Archives of all ledgers. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    # ------------------------------------------------------------------------------------------------- what there is

    async def all(self, ledger: str) -> tuple[Archived, ...]:
        """All archives of a ledger, in order."""
        return await self._some(ledger, _archives(ledger))

    async def holding(self, ledger: str, seq: int) -> Archived | None:
        """The archive that this record lies in."""
        query = _archives(ledger).where(archive.c.first_seq <= seq, archive.c.end_seq > seq)
        return next(iter(await self._some(ledger, query)), None)

    async def among(self, ledger: str, since: str | None, until: str | None) -> tuple[Archived, ...]:
        """Archives with records that occurred from `since` on and before `until` (27 characters each), as far as their
        ends tell."""
        query = _archives(ledger)
        if since is not None:
            query = query.where(archive.c.last_at >= since)
        if until is not None:
            query = query.where(archive.c.first_at < until)
        return await self._some(ledger, query)

    async def about(self, ledger: str, subjects: Collection[str]) -> dict[str, int]:
        """Archives with records about any of these pseudonyms, and how many."""
        links = (subject_record.c.tenant == archive.c.tenant, subject_record.c.subject.in_(tuple(subjects)))
        within = (subject_record.c.seq >= archive.c.first_seq, subject_record.c.seq < archive.c.end_seq)
        query = (
            select(archive.c.id, func.count(func.distinct(subject_record.c.seq)))
            .select_from(archive.join(subject_record, text("true")))
            .where(archive.c.tenant == ledger, *links, *within)
            .group_by(archive.c.first_seq, archive.c.id)
            .order_by(archive.c.first_seq)
        )
        return {str(row[0]): int(row[1]) for row in await self._rows(ledger, query)}

    async def oldest(self, ledger: str) -> str | None:
        """When the oldest record that is in the database was recorded; None where there is none."""
        lowest = select(func.min(record.c.seq)).where(record.c.tenant == ledger).scalar_subquery()
        query = select(record.c.recorded_at).where(record.c.tenant == ledger, record.c.seq == lowest)
        rows = await self._rows(ledger, query)
        return str(rows[0][0]) if rows else None

    # ---------------------------------------------------------------------------------------------- what may come next

    async def next(self, ledger: str, records: int) -> Range | None:
        """The next range of so many records (whole blocks); None where its postings are not made yet, or where no
        record would be left."""
        end_seq = select(func.max(archive.c.end_seq)).where(archive.c.tenant == ledger)
        newest = select(func.max(record.c.seq)).where(record.c.tenant == ledger)
        with reachable():
            async with reading(self._engine, ledger) as connection:
                first = int(await connection.scalar(end_seq) or 0)
                end = first + records
                if int(await connection.scalar(newest) or 0) < end:
                    return None
                mine = (record_block.c.tenant == ledger, record_block.c.block >= first // BLOCK)
                blocks = select(
                    func.count(), func.min(record_block.c.first_at), func.max(record_block.c.last_at)
                ).where(*mine, record_block.c.block < end // BLOCK)
                made, first_at, last_at = (await connection.execute(blocks)).one()
                last = select(record.c.recorded_at).where(record.c.tenant == ledger, record.c.seq == end - 1)
                recorded_at = await connection.scalar(last)
        if made != records // BLOCK or recorded_at is None:
            return None
        return Range(first=first, end=end, recorded_at=recorded_at, first_at=first_at, last_at=last_at)

    async def open_before(self, ledger: str, end: int) -> int:
        """How many exchanges are open whose intent is before this record."""
        query = select(func.count()).where(open_exchange.c.tenant == ledger, open_exchange.c.seq < end)
        return int((await self._rows(ledger, query))[0][0])

    async def content_before(self, ledger: str, end: int) -> int:
        """How many messages are kept beside records before this one."""
        query = select(func.count()).where(sealed.c.tenant == ledger, text(CONTENT), sealed.c.seq < end)
        return int((await self._rows(ledger, query))[0][0])

    async def unforwarded(self, ledger: str, end: int, forwards: Collection[str]) -> bool:
        """Whether any of these destinations has not taken all records before this one."""
        query = select(forward_cursor.c.forward).where(
            forward_cursor.c.tenant == ledger,
            forward_cursor.c.forward.in_(tuple(forwards)),
            forward_cursor.c.next_seq < end,
        )
        return bool(await self._rows(ledger, query.limit(1)))

    async def linked(self, ledger: str, first: int, end: int, subjects: Collection[str]) -> bool:
        """Whether any record of the range is about any of these pseudonyms."""
        one = (subject_record.c.seq >= first, subject_record.c.seq < end)
        query = select(subject_record.c.seq).where(
            subject_record.c.tenant == ledger, subject_record.c.subject.in_(tuple(subjects)), *one
        )
        return bool(await self._rows(ledger, query.limit(1)))

    async def places(self, ledger: str, subjects: Collection[str], first: int, end: int) -> frozenset[int]:
        """The records of the range that are about any of these pseudonyms, wherever they lie: links stay. As many
        numbers at most as the range has records."""
        one = (subject_record.c.seq >= first, subject_record.c.seq < end)
        query = select(subject_record.c.seq).where(
            subject_record.c.tenant == ledger, subject_record.c.subject.in_(tuple(subjects)), *one
        )
        return frozenset(int(row[0]) for row in await self._rows(ledger, query))

    async def recorded(self, ledger: str, one: Archived) -> tuple[str, tuple[int, int] | None, int] | None:
        """What the record of an archive (`ledger.archived`) says: the file's digest, the range, and the size of the
        checkpoint. None where that record lies in a later archive itself; `VerificationError` where there is none."""
        query = select(record.c.bytes).where(
            record.c.tenant == ledger, record.c.event == "ledger.archived", record.c.seq >= one.end
        )
        for row in await self._rows(ledger, query.order_by(record.c.seq)):
            told = parse(bytes(row[0]))
            if told.archive == one.id:
                return told.digest or "", told.range, 0 if told.checkpoint is None else told.checkpoint[0]
        if (await self.all(ledger))[-1:] in ((), (one,)):
            raise VerificationError(f"archive {one.id}: it is not on record")
        return None

    async def beside(self, ledger: str, first: int, end: int) -> dict[int, list[SealedPart]]:
        """Of records `first` ≤ seq < `end`: sealed parts in the order of their labels."""
        parts: dict[int, list[SealedPart]] = {}
        query = select(sealed).where(sealed.c.tenant == ledger, sealed.c.seq >= first, sealed.c.seq < end)
        for row in await self._rows(ledger, query.order_by(sealed.c.seq, sealed.c.part)):
            part = SealedPart(part=row.part, key=row.key, nonce=bytes(row.nonce), ciphertext=bytes(row.ciphertext))
            parts.setdefault(int(row.seq), []).append(part)
        return parts

    async def links(self, ledger: str, first: int, end: int) -> dict[int, tuple[str, ...]]:
        """Of records `first` ≤ seq < `end`: whom they are about, as far as that is kept. An erasure takes a link away
        in the transaction that destroys the detail: who reads links first never takes a detail for nobody's."""
        links = select(subject_record.c.seq, subject_record.c.subject).where(
            subject_record.c.tenant == ledger, subject_record.c.seq >= first, subject_record.c.seq < end
        )
        about: dict[int, list[str]] = {}
        for row in await self._rows(ledger, links):
            about.setdefault(int(row.seq), []).append(str(row.subject))
        return {seq: tuple(sorted(subjects)) for seq, subjects in about.items()}

    async def labels(self, ledger: str, first: int, end: int) -> frozenset[tuple[int, str]]:
        """What lies beside records `first` ≤ seq < `end`: a record's number with the label of a sealed part, or
        `detail`."""
        parts = select(sealed.c.seq, sealed.c.part).where(
            sealed.c.tenant == ledger, sealed.c.seq >= first, sealed.c.seq < end
        )
        details = select(detail.c.seq, literal(DETAIL)).where(
            detail.c.tenant == ledger, detail.c.seq >= first, detail.c.seq < end
        )
        return frozenset((int(seq), str(part)) for seq, part in await self._rows(ledger, union_all(parts, details)))

    # --------------------------------------------------------------------------------------------------------- the way

    async def leaving(self, ledger: str) -> tuple[Archived, ...]:
        """The archives on record of which records are still in the database, in order."""
        lowest = select(func.min(record.c.seq)).where(record.c.tenant == ledger).scalar_subquery()
        return await self._some(ledger, _archives(ledger).where(archive.c.end_seq > lowest))

    async def remove(self, ledger: str, before: int | None = None) -> bool:
        """Remove the oldest records that lie in an archive, with all that is beside them: those of a block, on SQLite,
        where everybody who writes waits for it, a piece of one. False where none is left to be removed. `before`: only
        records before this one, the end of an archive.

        A crash before the commit: they are there, and the next call removes them. After it: they are in the archive."""
        sqlite = self._engine.dialect.name == "sqlite"
        records = PIECE if sqlite else BLOCK
        with reachable():
            async with writing(self._engine, ledger) as connection:
                lowest = await connection.scalar(select(func.min(record.c.seq)).where(record.c.tenant == ledger))
                stop = await connection.scalar(select(func.max(archive.c.end_seq)).where(archive.c.tenant == ledger))
                if before is not None and stop is not None:
                    stop = min(int(stop), before)
                if lowest is None or stop is None or lowest >= stop:
                    return False
                end = min((int(lowest) // records + 1) * records, int(stop))
                for table in (detail, sealed):
                    # From the very beginning, so that nothing stays beside records that went before.
                    await connection.execute(delete(table).where(table.c.tenant == ledger, table.c.seq < end))
                if sqlite:
                    await self._remove_sqlite(connection, ledger, int(lowest), end)
                else:
                    await connection.execute(text("SELECT gateway_remove_archived()"))
        return True

    async def _remove_sqlite(self, connection: AsyncConnection, ledger: str, first: int, end: int) -> None:
        mine = (record.c.tenant == ledger, record.c.seq >= first, record.c.seq < end)
        postings: Postings = {}  # of these records; others of their block that have the same values have gone by name
        rows = (await connection.execute(select(*_COLUMNS).where(*mine))).mappings().all()
        for row in cast(list[Mapping[str, Any]], rows):
            put(postings, row["seq"] % BLOCK, row)
        block = posting.c.block == first // BLOCK
        for field, value in postings:
            one = (posting.c.tenant == ledger, posting.c.field == field, posting.c.value == value, block)
            await connection.execute(delete(posting).where(*one))
        await connection.execute(delete(record).where(*mine))

    async def _some(self, ledger: str, query: Select[Any]) -> tuple[Archived, ...]:
        return tuple(_archived(row) for row in await self._rows(ledger, query))

    async def _rows(self, ledger: str, query: Select[Any] | CompoundSelect[Any]) -> list[Any]:
        with reachable():
            async with reading(self._engine, ledger) as connection:
                return list((await connection.execute(query)).all())


def added(made: Archived, *beside: RowChange) -> RowChange:
    """The row of an archive, for the transaction of the record that says so; `beside`: what must take hold for it to be
    there."""
    values = {_COLUMN.get(name, name): getattr(made, name) for name in Archived.__struct_fields__}
    return RowChange(table="archive", values=values, beside=beside)


_COLUMN = {"first": "first_seq", "end": "end_seq"}


def _archives(ledger: str) -> Select[Any]:
    return select(archive).where(archive.c.tenant == ledger).order_by(archive.c.first_seq)


def _archived(row: Any) -> Archived:
    values = {name: getattr(row, _COLUMN.get(name, name)) for name in Archived.__struct_fields__}
    return Archived(**{**values, "last_hash": bytes(row.last_hash)})
