"""Bundles as the database knows them: small rows, from the wish for one to the end of the file that came of it.

Who builds holds the tenant's lease; what the row says does not depend on that. `version` grows with each change, and
whoever was too slow finds another one, and changes nothing. The file lies apart, and is named by the row's digest.
"""

import builtins
from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Row, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.ledger.entry import Column, RowChange
from gateway.store.engine import reading, writing
from gateway.store.sql import reachable
from gateway.store.tables import bundle

QUEUED, BUILDING, READY, FAILED, CANCELLED, EXPIRED = "queued", "building", "ready", "failed", "cancelled", "expired"
STATES = (QUEUED, BUILDING, READY, FAILED, CANCELLED, EXPIRED)
OPEN = (QUEUED, BUILDING)
MAX_LISTED = 500


class BundleJob(msgspec.Struct, frozen=True, kw_only=True):
    """One bundle's row. Times in microseconds since the epoch. `tenant` is the ledger's id.

    `asked` is what was asked for (`exchange.bundling.Order`), as JSON: pseudonyms, never names. `actor`, `kind`,
    `exchange` and `trace` are of who asked, as on record. `tries` builds have begun since one that went on from where
    another was cut off has come further. `done` of `total` records have
    been gone over, as of the last time that somebody told. `node`: where it is built, and where the file lies.
    """

    tenant: str
    id: str
    state: str
    version: int
    created_us: int
    asked: builtins.bytes
    actor: str | None = None
    kind: str | None = None
    exchange: str | None = None
    trace: str | None = None
    tries: int = 0
    done: int = 0
    total: int = 0
    node: str | None = None
    basis: builtins.bytes | None = None
    """What decides what is in it (`exchange.exporting.Basis`), as JSON, once it was begun."""
    work_key: str | None = None
    """The data key that what is kept of it on the way is sealed under, until it is over."""
    kept: str | None = None
    """What is kept of it, by name and digest (`exchange.bundle_work.Mark`)."""
    first: int | None = None
    end: int | None = None
    """The range that is in it."""
    bytes: int | None = None
    digest: str | None = None
    """SHA-256 of the file, in hex."""
    reason: str | None = None
    """Why there is none: a refusal's code and hint, or the kind of error."""
    ended_us: int | None = None
    expires_us: int | None = None


class BundleStore:
    """Bundles of all ledgers. `LedgerUnavailable` from every method when the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, job: BundleJob, *, most: int) -> bool:
        """A new one; False where `most` of its tenant wait already. Two at one instant may make it one more."""
        waiting = select(func.count()).where(bundle.c.tenant == job.tenant, bundle.c.state.in_(OPEN))
        # A crash before the commit: nothing was asked for but on record. After: whoever holds the lease builds it.
        with reachable():
            async with writing(self._engine, job.tenant) as connection:
                if int(await connection.scalar(waiting) or 0) >= most:
                    return False
                await connection.execute(insert(bundle).values(**msgspec.structs.asdict(job)))
        return True

    async def get(self, tenant: str, bundle_id: str) -> BundleJob | None:
        found = await self._some(tenant, bundle.c.id == bundle_id, limit=1)
        return found[0] if found else None

    async def newest(self, tenant: str, limit: int = MAX_LISTED) -> Sequence[BundleJob]:
        """A tenant's, the newest first."""
        return await self._some(tenant, limit=limit)

    async def next(self, tenant: str) -> BundleJob | None:
        """What is to be built next: what was begun before what was not, and the oldest of each."""
        begun = bundle.c.state == BUILDING
        query = select(bundle).where(bundle.c.tenant == tenant, bundle.c.state.in_(OPEN))
        query = query.order_by(begun.desc(), bundle.c.created_us, bundle.c.id).limit(1)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else _job(row)

    async def any(self, tenant: str) -> bool:
        """Whether there is one to build, one whose file is there, or one whose key is."""
        left = or_(bundle.c.state.in_((*OPEN, READY)), bundle.c.work_key.is_not(None))
        with reachable():
            async with reading(self._engine, tenant) as connection:
                found = await connection.scalar(select(bundle.c.id).where(bundle.c.tenant == tenant, left).limit(1))
        return found is not None

    async def over(self, tenant: str, now_us: int, limit: int = MAX_LISTED) -> Sequence[BundleJob]:
        """Those whose file has been there long enough."""
        return await self._some(tenant, bundle.c.state == READY, bundle.c.expires_us <= now_us, limit=limit)

    async def left(self, tenant: str, limit: int = MAX_LISTED) -> Sequence[BundleJob]:
        """Those that are over, and whose key is still there."""
        return await self._some(tenant, bundle.c.state.not_in(OPEN), bundle.c.work_key.is_not(None), limit=limit)

    async def before(self, tenant: str, us: int, limit: int = MAX_LISTED) -> Sequence[BundleJob]:
        """Those that are ready and were asked for until then."""
        return await self._some(tenant, bundle.c.state == READY, bundle.c.created_us <= us, limit=limit)

    async def change(self, job: BundleJob, **values: str | int | None) -> BundleJob | None:
        """Another state of a job that is as it is known here; None where it is not any more."""
        known = (bundle.c.tenant == job.tenant, bundle.c.id == job.id, bundle.c.version == job.version)
        later = {**values, "version": job.version + 1}
        with reachable():
            async with writing(self._engine, job.tenant) as connection:
                done = await connection.execute(update(bundle).where(*known).values(**later))
        return msgspec.structs.replace(job, **later) if done.rowcount == 1 else None

    async def tell(self, job: BundleJob, **values: str | int | bytes | None) -> bool:
        """How far it is and what is kept of it, which makes no other version of it; False where it is not as it is
        known here any more, and so not to be built on."""
        known = (bundle.c.tenant == job.tenant, bundle.c.id == job.id, bundle.c.version == job.version)
        with reachable():
            async with writing(self._engine, job.tenant) as connection:
                told = await connection.execute(update(bundle).where(*known).values(**values))
        return told.rowcount == 1

    async def _some(self, tenant: str, *where: ColumnElement[bool], limit: int) -> list[BundleJob]:
        query = select(bundle).where(bundle.c.tenant == tenant, *where)
        query = query.order_by(bundle.c.created_us.desc(), bundle.c.id).limit(limit)
        with reachable():
            async with reading(self._engine, tenant) as connection:
                return [_job(row) for row in (await connection.execute(query)).all()]


def changed(job: BundleJob, **values: Column) -> RowChange:
    """Another state of a job, in the transaction of the record that says so."""
    return RowChange(
        table="bundle",
        values={**values, "version": job.version + 1},
        where={"id": job.id, "version": job.version},
    )


def _job(row: Row[tuple[object, ...]]) -> BundleJob:
    values = {name: getattr(row, name) for name in BundleJob.__struct_fields__}
    return BundleJob(**{**values, "asked": bytes(values["asked"])})
