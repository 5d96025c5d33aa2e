"""What an erasure destroys in the database: mapping, links, details and sealed parts of a data subject. Every statement
may be run again: whoever is killed between two of them begins anew and finds less.

The records themselves stay, and every proof with them: they hold commitments alone. Records about what was done for the
subject (`subject.*`, `restore.*`) keep their details and links: they are how an erasure is accounted for.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import SealedPart
from gateway.store.archives import ArchiveStore
from gateway.store.bundle_jobs import OPEN, READY
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import (
    CONTENT,
    approval,
    bundle,
    detail,
    open_exchange,
    pseudonym,
    record,
    sealed,
    session_token,
    subject_record,
    task_content,
)

CHUNK = 200
_DISCLOSED = ("exchange.requested", "exchange.attempted")
_KEPT = ("subject.%", "restore.%")


class SharedContent(msgspec.Struct, frozen=True, kw_only=True):
    """Kept content that can be read while the keys of several subjects exist, with those that are not erased."""

    seq: int
    record: str
    """The record's id."""
    sealed: SealedPart
    others: tuple[str, ...]


class ErasureStore:
    """Of all tenants. `LedgerUnavailable` when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def recipients(self, tenant: str, ids: Collection[str]) -> tuple[str, ...]:
        """The agents that were sent anything about these pseudonyms: they are to be told (GDPR Art. 19)."""
        query = (
            select(record.c.agent)
            .distinct()
            .where(record.c.tenant == tenant, record.c.event.in_(_DISCLOSED), record.c.agent.is_not(None))
            .where(record.c.seq.in_(_linked(tenant, ids)))
            .order_by(record.c.agent)
        )
        return tuple(str(row.agent) for row in await self._read(tenant, query))

    async def reached(self, tenant: str, ids: Collection[str]) -> int:
        """How many records have anything beside them that an erasure destroys."""
        (row,) = await self._read(
            tenant, select(func.count().label("all")).select_from(_reached(tenant, ids).subquery())
        )
        return int(row.all)

    async def archives(self, tenant: str, ids: Collection[str]) -> dict[str, int]:
        """Archives with records about these pseudonyms, by id, and how many: who was sent what is said there."""
        return await ArchiveStore(self._engine).about(tenant, ids)

    async def companions(self, tenant: str, ids: Collection[str]) -> tuple[str, ...]:
        """Pseudonyms that are named beside these in any record."""
        query = (
            select(subject_record.c.subject)
            .distinct()
            .where(subject_record.c.tenant == tenant, subject_record.c.subject.not_in(tuple(ids)))
            .where(subject_record.c.seq.in_(_reached(tenant, ids)))
        )
        return tuple(str(row.subject) for row in await self._read(tenant, query))

    async def under_way(self, tenant: str, ids: Collection[str]) -> bool:
        """Whether an exchange that names any of them is open."""
        query = select(open_exchange.c.seq).where(
            open_exchange.c.tenant == tenant, open_exchange.c.seq.in_(_linked(tenant, ids))
        )
        return bool(await self._read(tenant, query.limit(1)))

    async def left(self, tenant: str, ids: Collection[str]) -> tuple[str, ...]:
        """Those of these pseudonyms of which anything is there that an erasure destroys, sorted."""
        mapped = select(pseudonym.c.id).where(pseudonym.c.tenant == tenant, pseudonym.c.id.in_(tuple(ids)))
        both = and_(record.c.tenant == subject_record.c.tenant, record.c.seq == subject_record.c.seq)
        linked = (
            select(subject_record.c.subject.label("id"))
            .select_from(subject_record.outerjoin(record, both))
            .where(subject_record.c.tenant == tenant, subject_record.c.subject.in_(tuple(ids)), _destroyed_beside())
        )
        return tuple(sorted({str(row.id) for query in (mapped, linked) for row in await self._read(tenant, query)}))

    async def keys_beside(self, tenant: str, ids: Collection[str]) -> tuple[str, ...]:
        """The data keys that anything beside the records of these pseudonyms is sealed under, sorted."""
        query = select(sealed.c.key).distinct().where(sealed.c.tenant == tenant, sealed.c.seq.in_(_linked(tenant, ids)))
        return tuple(sorted({key for row in await self._read(tenant, query) for key in str(row.key).split("+")}))

    async def recall(self, tenant: str, now_us: int) -> None:
        """Bundles that were asked for until now: what is ready is kept no longer, what is built is built anew, from
        what is left. Their files, and what was kept of them on the way, may hold what goes now."""
        mine = bundle.c.tenant == tenant
        await self._write(
            tenant,
            update(bundle).where(mine, bundle.c.state == READY, bundle.c.expires_us > now_us).values(expires_us=now_us),
            update(bundle)
            .where(mine, bundle.c.state.in_(OPEN))
            .values(basis=None, kept=None, done=0, version=bundle.c.version + 1),
        )

    async def forget(self, tenant: str, ids: Collection[str]) -> None:
        """Destroy the mapping: nobody is led to these pseudonyms any more."""
        mine = (pseudonym.c.tenant == tenant, pseudonym.c.id.in_(tuple(ids)))
        await self._write(tenant, delete(pseudonym).where(*mine))

    async def shared(self, tenant: str, ids: Collection[str]) -> AsyncIterator[SharedContent]:
        """Kept content that several subjects must be there for, one at a time."""
        both = and_(record.c.tenant == sealed.c.tenant, record.c.seq == sealed.c.seq)
        query = (
            select(sealed, record.c.id.label("record"))
            .select_from(sealed.join(record, both))
            .where(sealed.c.tenant == tenant, text(f"sealed.{CONTENT}"), sealed.c.key.contains("+"))
            .where(sealed.c.seq.in_(_reached(tenant, ids)))
            .order_by(sealed.c.seq)
            .limit(1)
        )
        after = -1
        while rows := await self._read(tenant, query.where(sealed.c.seq > after)):
            row = rows[0]
            after = int(row.seq)
            named = select(subject_record.c.subject).where(
                subject_record.c.tenant == tenant, subject_record.c.seq == after
            )
            others = {str(one.subject) for one in await self._read(tenant, named)} - set(ids)
            part = SealedPart(part=row.part, key=row.key, nonce=row.nonce, ciphertext=row.ciphertext)
            yield SharedContent(seq=after, record=row.record, sealed=part, others=tuple(sorted(others)))

    async def replace(self, tenant: str, was: SharedContent, becomes: SealedPart) -> None:
        """Put a part in the place of what it was, in one transaction. Before it: the old one, whose keys are still
        there. After: the new one."""
        place = (sealed.c.tenant == tenant, sealed.c.seq == was.seq, sealed.c.part == was.sealed.part)
        row = {"tenant": tenant, "seq": was.seq, **msgspec.structs.asdict(becomes)}
        await self._write(tenant, delete(sealed).where(*place), insert(sealed).values(row))

    async def purge(self, tenant: str, ids: Collection[str], dead: Collection[str], others: Collection[str]) -> int:
        """Destroy details, sealed parts but those under keys of `others` alone, and the links to these pseudonyms, some
        records at a time; of how many records. Before that what approvals, tasks and tokens hold under `dead` keys: the
        links are how a start finds what is left."""
        if dead:
            held = approval.c.sealed_key
            empty = {"sealed_key": None, "nonce": None, "ciphertext": None}
            await self._write(
                tenant,
                update(approval).where(approval.c.tenant == tenant, _under(held, dead)).values(empty),
                *(
                    delete(table).where(table.c.tenant == tenant, _under(table.c.key, dead))
                    for table in (task_content, session_token)
                ),
            )
        count = 0
        while rows := await self._read(tenant, _reached(tenant, ids).limit(CHUNK)):
            seqs = [int(row.seq) for row in rows]
            mine = (sealed.c.tenant == tenant, sealed.c.seq.in_(seqs))
            parts = await self._read(tenant, select(sealed.c.seq, sealed.c.part, sealed.c.key).where(*mine))
            gone = [(row.seq, row.part) for row in parts if not set(others).issuperset(row.key.split("+"))]
            await self._write(
                tenant,
                *(
                    delete(sealed).where(sealed.c.tenant == tenant, sealed.c.seq == seq, sealed.c.part == part)
                    for seq, part in gone
                ),
                delete(detail).where(detail.c.tenant == tenant, detail.c.seq.in_(seqs)),
                delete(subject_record).where(
                    subject_record.c.tenant == tenant,
                    subject_record.c.subject.in_(tuple(ids)),
                    subject_record.c.seq.in_(seqs),
                ),
            )
            count += len(seqs)
        return count

    async def settle(self) -> None:
        """On SQLite empty the write-ahead log, where destroyed rows could still be read: pages in the database itself
        are overwritten (`secure_delete`). `LedgerUnavailable` while somebody else holds it: call it again.

        On PostgreSQL nothing: old row versions are there until the server vacuums them."""
        if self._engine.dialect.name != "sqlite":
            return
        with reachable():
            async with self._engine.connect() as connection:
                _ = await connection.execution_options(gateway_bare=True)  # within a transaction it empties nothing
                busy = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()[0]
        if busy:
            raise LedgerUnavailable("another connection holds the write-ahead log: it is emptied later")

    async def _read(self, tenant: str, query: Select[Any]) -> Sequence[Any]:
        with reachable():
            async with reading(self._engine, tenant) as connection:
                found: Sequence[Any] = (await connection.execute(query)).all()
        return found

    async def _write(self, tenant: str, *statements: Any) -> None:
        with reachable():
            async with writing(self._engine, tenant) as connection:
                for statement in statements:
                    await connection.execute(statement)


def _linked(tenant: str, ids: Collection[str]) -> Select[tuple[int]]:
    """The records that are about any of these."""
    return select(subject_record.c.seq).where(
        subject_record.c.tenant == tenant, subject_record.c.subject.in_(tuple(ids))
    )


def _reached(tenant: str, ids: Collection[str]) -> Select[tuple[int]]:
    """Those of them beside which anything is destroyed. Of a record that lies in an archive nothing is beside it here,
    but what is sealed there goes with the keys; what it is about was not kept, so that it counts, whatever that is."""
    both = and_(record.c.tenant == subject_record.c.tenant, record.c.seq == subject_record.c.seq)
    return (
        select(subject_record.c.seq)
        .distinct()
        .select_from(subject_record.outerjoin(record, both))
        .where(subject_record.c.tenant == tenant, subject_record.c.subject.in_(tuple(ids)))
        .where(_destroyed_beside())
        .order_by(subject_record.c.seq)
    )


def _destroyed_beside() -> ColumnElement[bool]:
    """Whether a record is one beside which an erasure destroys anything, or lies in an archive."""
    return or_(record.c.event.is_(None), and_(*(record.c.event.not_like(kept) for kept in _KEPT)))


def _under(column: Any, keys: Collection[str]) -> ColumnElement[bool]:
    """Whether a part is sealed under any of these keys."""
    return or_(*(column.contains(key, autoescape=True) for key in keys))
