"""The records about a data subject, with what is kept of their content."""

from collections.abc import AsyncIterator, Collection
from typing import Any

import msgspec
from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.ledger.entry import SealedPart
from gateway.ledger.times import timestamp
from gateway.store.archives import ArchiveStore
from gateway.store.engine import reading
from gateway.store.sql import reachable
from gateway.store.tables import CONTENT, record, sealed, subject_record

CHUNK = 500
_UNTIL = len("content:") + 1


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """One record. `shared`: whether it names somebody else too; `content`: what is kept of it and not over yet."""

    seq: int
    envelope: bytes
    shared: bool
    content: tuple[SealedPart, ...]


class SubjectTrail:
    """Of all ledgers. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    async def archived(self, tenant: str, ids: Collection[str]) -> dict[str, int]:
        """Archives with further records about any of these pseudonyms, by id, and how many."""
        return await ArchiveStore(self._engine).about(tenant, ids)

    async def records(self, tenant: str, ids: Collection[str]) -> AsyncIterator[list[Linked]]:
        """All records about any of these pseudonyms that are in the database, in order, one at least at a time."""
        named = (subject_record.c.tenant == tenant, subject_record.c.subject.in_(tuple(ids)))
        after = -1
        while True:
            seqs = (
                select(subject_record.c.seq)
                .distinct()
                .where(*named, subject_record.c.seq > after)
                .order_by(subject_record.c.seq)
                .limit(CHUNK)
            )
            places = [int(row.seq) for row in await self._read(tenant, seqs)]
            if not places:
                return
            if some := await self._some(tenant, ids, places):  # not links alone, whose records lie in an archive
                yield some
            after = places[-1]

    async def _some(self, tenant: str, ids: Collection[str], places: list[int]) -> list[Linked]:
        rows = select(record.c.seq, record.c.bytes).where(record.c.tenant == tenant, record.c.seq.in_(places))
        others = (
            select(subject_record.c.seq)
            .distinct()
            .where(subject_record.c.tenant == tenant, subject_record.c.seq.in_(places))
            .where(subject_record.c.subject.not_in(tuple(ids)))
        )
        kept = select(sealed).where(sealed.c.tenant == tenant, text(CONTENT), sealed.c.seq.in_(places))
        now = timestamp(self._clock.now_us())
        shared = {int(row.seq) for row in await self._read(tenant, others)}
        parts: dict[int, list[SealedPart]] = {}
        for row in await self._read(tenant, kept.where(func.substr(sealed.c.part, _UNTIL) > now)):
            part = SealedPart(part=row.part, key=row.key, nonce=row.nonce, ciphertext=row.ciphertext)
            parts.setdefault(int(row.seq), []).append(part)
        return [
            Linked(
                seq=row.seq,
                envelope=bytes(row.bytes),
                shared=row.seq in shared,
                content=tuple(parts.get(row.seq, ())),
            )
            for row in await self._read(tenant, rows.order_by(record.c.seq))
        ]

    async def _read(self, tenant: str, query: Select[Any]) -> list[Any]:
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return list((await connection.execute(query)).all())
