"""Data subjects in the database: who is one with whom, whose data are restricted, and by how much they are known.

What sticks to a subject is held in memory, at the revision that the ledger's head carried when it was read. Each change
is one record whose transaction changes the row and moves that revision (`Entry.denies`), so that an intent which was
decided under older flags is refused at the head, on whichever node, and looked at again. An exchange that names no
subject asks nothing.

Merging takes nothing away: it says that two pseudonyms are one person. Each keeps its own identifiers, keys and
records, so that what was merged by mistake is split again by the same row.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import RowMapping, Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.ports import Clock
from gateway.core.subjects import RESTRICTED, UNREAD, SubjectFlags, together
from gateway.ledger.entry import RowChange
from gateway.store.engine import reading, writing
from gateway.store.sql import insert_new, reachable
from gateway.store.tables import MARKED, head, pseudonym, subject, subject_record

WATCH_S = 5.0
_log = logging.getLogger("gateway.store")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One pseudonym as it is marked."""

    id: str
    version: int
    merged: str | None
    restricted_us: int | None
    erasing: str | None


class SubjectStore:
    """Data subjects of all tenants. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._flags: dict[str, SubjectFlags] = {}
        self._reading: dict[str, asyncio.Lock] = {}
        self.on_flagged: Callable[[frozenset[str]], Awaitable[None]] | None = None
        """Awaited with the pseudonyms that were found to be flagged since they were last looked at."""

    async def flags(self, tenant: str, subjects: Iterable[str], revision: int) -> frozenset[str]:
        """The data classes that stick to any of these, as of this revision of the tenant's head or a newer one."""
        found = self._flags.get(tenant, UNREAD)
        if found.revision < revision:
            found = await self.reload(tenant, revision)
        return found.of(subjects)

    async def reload(self, tenant: str, revision: int | None = None) -> SubjectFlags:
        """Read the flags anew, unless they are of this revision by now. One reading for all who wait."""
        async with self._reading.setdefault(tenant, asyncio.Lock()):
            before = self._flags.get(tenant, UNREAD)
            if revision is not None and before.revision >= revision:
                return before
            with reachable():
                async with reading(self._engine, tenant) as connection:
                    # The revision first: the rows are then those of that revision or newer, never older.
                    found = await connection.scalar(select(head.c.denied).where(head.c.tenant == tenant))
                    rows = (await connection.execute(_marked(tenant))).all()
            flags = SubjectFlags(revision=found or 0, classes=_classes([_known(row._mapping) for row in rows]))
            self._flags[tenant] = flags
        new = frozenset(flags.classes) - frozenset(before.classes)
        if new and self.on_flagged is not None:
            await self.on_flagged(new)
        return flags

    async def revision(self, tenant: str) -> int:
        """The revision of the tenant's head as it is now. It moves with what sticks to subjects, with who is one with
        whom, with holds, and with the deny-list: what is looked up after it and recorded under it (`Entry.denied_under`
        beside a change), is as it was looked up."""
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return int(await connection.scalar(select(head.c.denied).where(head.c.tenant == tenant)) or 0)

    async def watch(self, revisions: Callable[[str], int], tenants: Iterable[str]) -> None:
        """Keep the flags of these tenants as they are, for ever; `revisions`: what each head was last seen to carry."""
        known = tuple(tenants)
        while True:
            await self.look(revisions, known)
            await asyncio.sleep(WATCH_S)

    async def look(self, revisions: Callable[[str], int], tenants: Iterable[str]) -> None:
        """Read what has moved. What cannot be read is read by whoever needs it, or refused there."""
        for tenant in tenants:
            try:
                await self.flags(tenant, (), revisions(tenant))
            except Exception as error:  # noqa: BLE001 — whatever it was, others are read, and the next look tries again
                _log.error("flags of data subjects could not be read: %s", type(error).__name__)

    # ------------------------------------------------------------------------------------------------------ one by one

    async def group(self, tenant: str, subject_id: str) -> tuple[str, ...]:
        """All pseudonyms that are one person with this one, itself among them, sorted."""
        return tuple(sorted((await self.groups(tenant)).get(subject_id, {subject_id})))

    async def groups(self, tenant: str) -> Mapping[str, frozenset[str]]:
        """Each pseudonym that is one person with others → all that are, itself among them."""
        query = select(subject.c.id, subject.c.merged).where(subject.c.tenant == tenant, subject.c.merged.is_not(None))
        with reachable():
            async with reading(self._engine, tenant) as connection:
                pairs = [(str(one), str(other)) for one, other in (await connection.execute(query)).all()]
        return together(pairs)

    async def known(self, tenant: str, subject_id: str) -> bool:
        """Whether anything is there of this pseudonym: an identifier, a record, or a mark."""
        mine = (
            select(pseudonym.c.id).where(pseudonym.c.tenant == tenant, pseudonym.c.id == subject_id),
            select(subject_record.c.subject).where(
                subject_record.c.tenant == tenant, subject_record.c.subject == subject_id
            ),
            select(subject.c.id).where(subject.c.tenant == tenant, subject.c.id == subject_id),
        )
        with reachable():
            async with reading(self._engine, tenant) as connection:
                for query in mine:
                    if (await connection.execute(query.limit(1))).first() is not None:
                        return True
        return False

    async def row(self, tenant: str, subject_id: str) -> Known:
        """The row of a pseudonym, made where there is none: an empty one says nothing."""
        mine = (subject.c.tenant == tenant, subject.c.id == subject_id)
        values = {"tenant": tenant, "id": subject_id, "version": 0, "created_us": self._clock.now_us()}
        with reachable():
            async with reading(self._engine, tenant) as connection:
                found = (await connection.execute(select(subject).where(*mine))).one_or_none()
            if found is None:
                async with writing(self._engine, tenant) as connection:
                    await connection.execute(insert_new(self._engine, subject).values(values))
                    found = (await connection.execute(select(subject).where(*mine))).one()
        return _known(found._mapping)

    async def person(self, tenant: str, subject_id: str) -> tuple[Known, ...]:
        """The rows of all pseudonyms that are one person with this one, itself among them, sorted by id; made where
        there is none. Nothing where they became others while they were read: look again.

        What is looked up after these rows, and then recorded with `guarded`, is of this very person as it still is:
        merging, splitting and each step of an erasure change all rows of a person, so that of two at once one is left
        out."""
        ids = await self.group(tenant, subject_id)
        rows = tuple([await self.row(tenant, one) for one in ids])
        return rows if await self.group(tenant, subject_id) == ids else ()

    async def marks(self, tenant: str, ids: Iterable[str]) -> tuple[Known, ...]:
        """The rows of these pseudonyms, of those that have one."""
        query = select(subject).where(subject.c.tenant == tenant, subject.c.id.in_(tuple(ids)))
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return tuple(_known(row._mapping) for row in (await connection.execute(query)).all())

    async def identifiers(self, tenant: str, ids: Iterable[str]) -> dict[str, int]:
        """By how many identifiers of each kind these pseudonyms are found."""
        query = (
            select(pseudonym.c.kind, func.count())
            .where(pseudonym.c.tenant == tenant, pseudonym.c.id.in_(tuple(ids)))
            .group_by(pseudonym.c.kind)
        )
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return {str(kind): int(count) for kind, count in (await connection.execute(query)).all()}

    async def about(self, tenant: str, ids: Iterable[str], seq: int) -> bool:
        """Whether this record is about any of these pseudonyms."""
        mine = (subject_record.c.tenant == tenant, subject_record.c.subject.in_(tuple(ids)))
        query = select(subject_record.c.seq).where(*mine, subject_record.c.seq == seq).limit(1)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return (await connection.execute(query)).first() is not None

    async def records(self, tenant: str, ids: Iterable[str]) -> int:
        """How many records are about these pseudonyms."""
        query = select(func.count(func.distinct(subject_record.c.seq))).where(
            subject_record.c.tenant == tenant, subject_record.c.subject.in_(tuple(ids))
        )
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return int(await connection.scalar(query) or 0)


def marked(was: Known, **values: str | int | None) -> RowChange:
    """The change of a row from what was read; it takes hold of nothing where that has changed meanwhile."""
    return RowChange(
        table="subject", values={**values, "version": was.version + 1}, where={"id": was.id, "version": was.version}
    )


def guarded(rows: Iterable[Known]) -> tuple[RowChange, ...]:
    """Changes that say nothing but that these rows are as they were read, and that whoever else has read them must look
    again."""
    return tuple(marked(row) for row in rows)


def _marked(tenant: str) -> Select[tuple[Any, ...]]:
    return select(subject).where(subject.c.tenant == tenant, text(f"({MARKED})"))


def _known(row: RowMapping) -> Known:
    return Known(**{name: row[name] for name in Known.__struct_fields__})


def _classes(rows: Iterable[Known]) -> dict[str, frozenset[str]]:
    rows = tuple(rows)
    groups = together((one.id, one.merged) for one in rows if one.merged is not None)
    found: dict[str, frozenset[str]] = {}
    for one in rows:
        if one.restricted_us is not None or one.erasing is not None:
            found.update(dict.fromkeys(groups.get(one.id, {one.id}), frozenset({RESTRICTED})))
    return found
