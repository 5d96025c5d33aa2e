"""One ledger, read: records in order, checkpoints, proofs. In short transactions, by key, never by offset.

Records are never changed, so that reading them chunk by chunk gives what one long transaction would, without holding
back a database's housekeeping (SQLite's checkpoints, PostgreSQL's vacuum) while a whole ledger is read out.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Opening, StoredCheckpoint, StoredRecord
from gateway.ledger.merkle import Frontier
from gateway.store.engine import reading
from gateway.store.sql import raw, reachable
from gateway.store.tables import as_bytes, checkpoint, detail, record
from gateway.store.tree import TreeReader

CHUNK = 1_000
MAX_DETAILS = 16 << 20
"""Bytes of details that are read at once, but for one that is larger by itself."""
ABOUT_CHECKPOINTS = "checkpoint.%"
"""Events that cause no checkpoint by themselves, as a pattern of SQL."""


_OF_IT = and_(detail.c.tenant == record.c.tenant, detail.c.seq == record.c.seq)


class StoreReader:
    """`core.ports.RecordReader` of one ledger, by its id."""

    def __init__(self, engine: AsyncEngine, ledger: str) -> None:
        self._engine, self._ledger = engine, ledger
        self._tree = TreeReader(engine, ledger)

    async def size(self) -> int:
        """How many records there are, by the records themselves and not by the head."""
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                newest = await connection.scalar(select(func.max(record.c.seq)).where(record.c.tenant == self._ledger))
        return 0 if newest is None else int(newest) + 1

    async def records(self, first: int, end: int, *, details: bool = False) -> AsyncIterator[StoredRecord]:
        """Records `first` ≤ seq < `end` in order, those that are there; a gap is for who verifies to find."""
        async for lot in self.lots(first, end, details=details):
            for one in lot:
                yield one

    async def lots(self, first: int, end: int, *, details: bool = False) -> AsyncIterator[Sequence[StoredRecord]]:
        """The same, at most 1,000 at a time, each lot as one statement saw it."""
        after = first - 1
        while after < end - 1:
            for until in await self._ends(after, end) if details else (end,):
                query = _query(self._ledger, details).where(record.c.seq > after, record.c.seq < until)
                with reachable():
                    async with reading(self._engine, self._ledger) as connection:
                        rows = (await connection.execute(query.order_by(record.c.seq).limit(CHUNK))).all()
                if rows:
                    yield [_stored(row, details) for row in rows]
                if not rows or (until == end and len(rows) < CHUNK):
                    return
                after = rows[-1].seq

    async def _ends(self, after: int, end: int) -> list[int]:
        """Where (exclusive) records behind this one are to be parted, some thousand of them, so that the details of
        each part may be held at once."""
        size = func.coalesce(func.length(detail.c.bytes), 0)
        joined = record.outerjoin(detail, _OF_IT)
        query = select(record.c.seq, size).select_from(joined).where(record.c.tenant == self._ledger)
        query = query.where(record.c.seq > after, record.c.seq < end).order_by(record.c.seq).limit(CHUNK)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                sizes = [(int(seq), int(bytes_)) for seq, bytes_ in await connection.execute(query)]
        starts = [run[0] for run in _runs(sizes)]
        return [*starts[1:], end if len(sizes) < CHUNK else sizes[-1][0] + 1]

    async def runs(self, seqs: Sequence[int]) -> list[Sequence[int]]:
        """These numbers of one lot, which are in order, in runs: what `details` gives of each may be held at once."""
        if not seqs:
            return []
        query = select(detail.c.seq, func.length(detail.c.bytes)).where(detail.c.tenant == self._ledger, _among(seqs))
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                known = {int(seq): int(bytes_) for seq, bytes_ in await connection.execute(query)}
        return _runs([(seq, known.get(seq, 0)) for seq in seqs])

    async def details(self, seqs: Sequence[int]) -> Mapping[int, Opening]:
        """The details that are there of these records, which are in order, some thousand at most."""
        if not seqs:
            return {}
        columns = (detail.c.seq, detail.c.salt, detail.c.bytes)
        query = select(*columns).where(detail.c.tenant == self._ledger, _among(seqs))
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                rows = (await connection.execute(query)).all()
        return {seq: Opening(salt, data) for seq, salt, data in rows}

    async def record(self, seq: int) -> StoredRecord | None:
        """One record with its detail, None where there is none."""
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                row = (await connection.execute(_query(self._ledger, True).where(record.c.seq == seq))).one_or_none()
        return None if row is None else _stored(row, True)

    async def exchange(self, exchange: str, *, details: bool = True) -> list[StoredRecord]:
        """All records of one exchange in order, all at once, with their details or without."""
        query = _query(self._ledger, details).where(record.c.exchange == exchange).order_by(record.c.seq).limit(CHUNK)
        found: list[StoredRecord] = []
        after = -1
        while True:
            with reachable():
                async with reading(self._engine, self._ledger) as connection:
                    rows = (await connection.execute(query.where(record.c.seq > after))).all()
            found += [_stored(row, details) for row in rows]
            if len(rows) < CHUNK:
                return found
            after = rows[-1].seq

    async def checkpoint(self, at_least: int = 0) -> StoredCheckpoint | None:
        """The newest checkpoint, or None when none has at least this size."""
        query = _checkpoints(self._ledger).order_by(checkpoint.c.size.desc()).limit(1)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None or row.size < at_least else _checkpoint(row)

    async def checkpoint_until(self, size: int) -> StoredCheckpoint | None:
        """The newest checkpoint of at most this size, None where there is none."""
        query = _checkpoints(self._ledger).where(checkpoint.c.size <= size).order_by(checkpoint.c.size.desc()).limit(1)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else _checkpoint(row)

    async def checkpoint_of(self, size: int) -> StoredCheckpoint | None:
        """The checkpoint of just this size, None where none was signed."""
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                query = _checkpoints(self._ledger).where(checkpoint.c.size == size)
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else _checkpoint(row)

    async def checkpoint_within(self, first: int, end: int) -> StoredCheckpoint | None:
        """The smallest checkpoint of a size between these (both exclusive)."""
        query = _checkpoints(self._ledger).where(checkpoint.c.size > first, checkpoint.c.size < end)
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                row = (await connection.execute(query.order_by(checkpoint.c.size).limit(1))).one_or_none()
        return None if row is None else _checkpoint(row)

    async def checkpoints(self) -> AsyncIterator[StoredCheckpoint]:
        """All checkpoints, the smallest first."""
        after = -1
        while True:
            query = _checkpoints(self._ledger).where(checkpoint.c.size > after)
            with reachable():
                async with reading(self._engine, self._ledger) as connection:
                    rows = (await connection.execute(query.order_by(checkpoint.c.size).limit(CHUNK))).all()
            for row in rows:
                yield _checkpoint(row)
            if len(rows) < CHUNK:
                return
            after = rows[-1].size

    async def uncovered_since(self, size: int) -> str | None:
        """When the oldest record occurred that a checkpoint of `size` does not cover (27 characters), or None.

        A record that is only about a checkpoint does not count: it makes no new one due.
        """
        query = (
            select(record.c.occurred_at)
            .where(record.c.tenant == self._ledger, record.c.seq >= size)
            .where(record.c.event.not_like(ABOUT_CHECKPOINTS))
            .order_by(record.c.seq)
            .limit(1)
        )
        with reachable():
            async with reading(self._engine, self._ledger) as connection:
                found = await connection.scalar(query)
        return None if found is None else str(found)

    async def hashes(self, level: int, first: int, end: int) -> list[bytes]:
        """Hashes `first` to `end` (exclusive) of a tile level, all of one tile; `VerificationError` where one is not
        there."""
        return await self._tree.hashes(level, first, end)

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of leaf `index` in the tree of `size` (RFC 9162 §2.1.3)."""
        return await self._tree.inclusion(index, size)

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the tree of `second` extends the tree of `first` (RFC 9162 §2.1.4)."""
        return await self._tree.consistency(first, second)

    async def root(self, size: int) -> bytes:
        """The root of the tree of `size`, by the hashes that are stored: nothing vouches for it by itself."""
        return Frontier(size, await self._tree.peaks(size)).root()


def _among(seqs: Sequence[int]) -> ColumnElement[bool]:
    """Details of these records, which are in order, and of no others: what is not asked for may be large."""
    whole = len(seqs) == seqs[-1] - seqs[0] + 1
    return detail.c.seq.between(seqs[0], seqs[-1]) if whole else detail.c.seq.in_(seqs)


def _runs(sizes: Sequence[tuple[int, int]]) -> list[Sequence[int]]:
    """Numbers, each with its bytes, in runs that have no more bytes together than are read at once, or are one."""
    runs, held = list[list[int]](), 0
    for seq, size in sizes:
        held += size
        if not runs or held > MAX_DETAILS:
            runs.append([])
            held = size
        runs[-1].append(seq)
    return [*runs]


def _query(ledger: str, details: bool) -> Select[Any]:
    columns = (record.c.seq, raw(record.c.bytes), raw(record.c.hash))
    if not details:
        return select(*columns).where(record.c.tenant == ledger)
    beside = (raw(detail.c.salt), raw(detail.c.bytes))
    return select(*columns, *beside).select_from(record.outerjoin(detail, _OF_IT)).where(record.c.tenant == ledger)


def _stored(row: Sequence[Any], details: bool) -> StoredRecord:
    # By place and not by name, which costs as much as reading the row does: in the order of `_query`.
    seq, data, leaf, salt, kept = row if details else (*row, None, None)
    if kept is None:
        return StoredRecord(seq=seq, envelope=as_bytes(data), hash=as_bytes(leaf))
    return StoredRecord(
        seq=seq, envelope=as_bytes(data), hash=as_bytes(leaf), detail_salt=as_bytes(salt), detail=as_bytes(kept)
    )


def _checkpoints(ledger: str) -> Select[Any]:
    return select(checkpoint.c.size, checkpoint.c.root, checkpoint.c.note).where(checkpoint.c.tenant == ledger)


def _checkpoint(row: Row[Any]) -> StoredCheckpoint:
    return StoredCheckpoint(size=row.size, root=bytes(row.root), note=bytes(row.note))
