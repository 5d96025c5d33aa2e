"""Evidence bundles that are asked for now and there later: rows in the database, built by whichever node lives.

What was asked for, and by whom, is on record before there is a row; what came of it, with the digest of the file, in
the transaction in which its row says so. One node at a time builds for a tenant, by a lease. When that node dies, or is
stopped, whoever lives takes over what it had begun, and goes on from what was kept of it (`bundle_making`). A bundle
whose builder has ended `MAX_TRIES` times without having come further is given up, so that one that takes its node along
does not take them all.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from gateway.core.errors import GatewayError, LedgerUnavailable
from gateway.core.ids import random_id
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundle_files import ID, BundleFiles, Order, digest, order_of
from gateway.exchange.bundle_making import Made, Making
from gateway.exchange.bundle_work import GivenUp
from gateway.exchange.exchange import Exchange
from gateway.exchange.metrics import Metrics
from gateway.exchange.underway import UnderWay
from gateway.ledger.entry import Column
from gateway.ledger.record import NodeInfo, timestamp
from gateway.settings.evidence import EvidenceSettings
from gateway.store.bundle_jobs import (
    BUILDING,
    CANCELLED,
    EXPIRED,
    FAILED,
    OPEN,
    QUEUED,
    READY,
    BundleJob,
    BundleStore,
    changed,
)
from gateway.store.subject_cases import CaseStore

LOOK_S = 5.0
"""Seconds between two looks for what other nodes were asked for, or have left."""
LEASE_S = 30.0
"""Seconds after which a node that builds and says nothing more is taken for dead."""
BEAT_S = 2.0
"""Seconds between two times that a node which builds says so, and how far it is."""
GRACE_S = 5.0
"""Seconds that what is being built has, when the gateway stops, to end by itself."""
MAX_TRIES = 3
MAX_KNOWN = 1_000
"""Requests for bundles that are kept in mind, so that who may not act any more gets none."""
GIVEN_UP = "given up: its builder ended three times without having come any further"
_DAY_US = 86_400_000_000
_log = logging.getLogger("gateway.exchange")


class Held(Protocol):
    """A lease of one name (`store.lease`)."""

    async def take(self) -> bool: ...

    async def release(self) -> None: ...


class Bundling:
    """Bundles of all tenants. `auditors`: by the id of the ledger; `lease`: what holds the lease of a name."""

    def __init__(
        self,
        *,
        store: BundleStore,
        cases: CaseStore,
        files: BundleFiles,
        making: Making,
        auditors: Mapping[str, Auditor],
        lease: Callable[[str], Held],
        underway: UnderWay,
        clock: Clock,
        node: NodeInfo,
        metrics: Metrics,
        settings: EvidenceSettings,
    ) -> None:
        self._store, self._files, self._making, self._auditors, self._lease = store, files, making, auditors, lease
        self._cases = cases
        self._underway, self._clock, self._node, self._metrics = underway, clock, node, metrics
        self._settings = settings
        self._exchanges: dict[str, Exchange] = {}
        self._told: dict[str, tuple[int, int]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._building: dict[str, asyncio.Task[Any]] = {}
        self._unwanted: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        self._stopping = False
        self._wake = asyncio.Event()

    async def ask(
        self, tenant: str, by: Reader, order: Order, exchange: Exchange | None = None, bundle_id: str | None = None
    ) -> BundleJob | Refusal:
        """Have a bundle built; `exchange` is what it was asked for in, and fails it where who asked may not act any
        more while this node builds it. `bundle_id`: a new id that who asks has written down before.

        A crash before the record: nothing was asked for. Between it and the row: the record says that it was, and who
        asked finds none. After: whoever lives builds it."""
        found = await self._auditors[tenant].asked(by, order.selection, order.attach, order.recipients)
        if isinstance(found, Refusal):
            return found
        order = msgspec.structs.replace(order, recipients=tuple(one.text for one in found))
        job = BundleJob(
            tenant=tenant,
            id=bundle_id or random_id("ev"),
            state=QUEUED,
            version=0,
            created_us=self._clock.now_us(),
            asked=msgspec.json.encode(order),
            actor=by.actor,
            kind=by.kind,
            exchange=by.exchange,
            trace=by.trace,
        )
        if exchange is not None:
            self._exchanges[job.id] = exchange
            while len(self._exchanges) > MAX_KNOWN:  # others have built those
                del self._exchanges[next(iter(self._exchanges))]
        if not await self._store.add(job, most=self._settings.queue):
            self._exchanges.pop(job.id, None)
            return Refusal(code="bundle_queue_full", retry_after=60)
        self._wake.set()
        return job

    async def get(self, tenant: str, bundle_id: str) -> BundleJob | None:
        """One bundle of this tenant, None where there is none."""
        return await self._store.get(tenant, bundle_id) if ID.fullmatch(bundle_id) else None

    async def list(self, tenant: str) -> Sequence[BundleJob]:
        """A tenant's, the newest first, at most 500."""
        return await self._store.newest(tenant)

    async def cancel(self, tenant: str, bundle_id: str, by: Reader) -> BundleJob | Refusal:
        """Not wanted any more; `conflict` for what is over already."""
        ended: BundleJob | None = None
        while ended is None:  # its builder may change it at the same instant: each does so twice at most
            job = await self.get(tenant, bundle_id)
            if job is None:
                return Refusal(code="not_found")
            if job.state not in OPEN:
                return Refusal(code="conflict", hint="a bundle that is not over yet")
            values: dict[str, Column] = {"state": CANCELLED, "ended_us": self._clock.now_us()}
            # A crash before the commit: it is built. After it: it is not, and that is on record.
            change = changed(job, **values)
            if await self._auditors[tenant].scribe.bundled(by, bundle_id, None, CANCELLED, change=change):
                ended = msgspec.structs.replace(job, **values)
        if bundle_id in self._building:
            self._unwanted.add(bundle_id)
        self._ended(ended, CANCELLED)
        self._wake.set()
        return ended

    def carries(self, job: BundleJob) -> bool:
        """Whether a bundle was asked for with kept content."""
        return order_of(job).selection.contents

    async def outlived(self, job: BundleJob) -> bool:
        """Whether it tells of persons, and is over, or an erasure was under way since it was asked for: whom it tells
        of, its gateway does not know any more."""
        if not _personal(job):
            return False
        over = job.expires_us is not None and job.expires_us <= self._clock.now_us()
        return over or job.created_us <= await self._cases.last_erasing(job.tenant)

    def unfit(self, job: BundleJob) -> Refusal | None:
        """Why a bundle may not leave as it was built: it must be encrypted by now, or to others."""
        order = order_of(job)
        return self._auditors[job.tenant].unfit(order.recipients, contents=order.selection.contents)

    def file(self, job: BundleJob) -> Path | None:
        """Where a bundle that is ready lies; None where it does not lie here."""
        path = self._files.place(job)
        return path if job.state == READY and path.is_file() else None

    def shown(self, job: BundleJob) -> dict[str, Any]:
        """A bundle as the API tells of it."""
        order = order_of(job)
        found: dict[str, Any] = {
            "id": job.id,
            "status": BUILDING if job.state == QUEUED else job.state,
            "waiting": True if job.state == QUEUED else None,
            "created_at": timestamp(job.created_us),
            "selection": {key: value for key, value in msgspec.to_builtins(order.selection).items() if value != None},  # noqa: E711
            "attach": list(order.attach),
            "recipients": list(order.recipients) or None,
            "progress": {"done": job.done, "total": job.total} if job.state == BUILDING else None,
            "records": job.end - job.first if job.first is not None and job.end is not None else None,
            "bytes": job.bytes,
            "sha256": job.digest,
            "reason": job.reason,
            "expires_at": timestamp(job.expires_us) if job.expires_us is not None else None,
        }
        return {name: value for name, value in found.items() if value is not None}

    # ------------------------------------------------------------------------------------------------------- building

    async def run(self) -> None:
        """Build what is asked for, for ever, and delete what is over."""
        try:
            await asyncio.to_thread(self._files.sweep, self._node)
        except OSError as error:  # the next start removes it
            _log.error("what a former version had begun could not be removed: %s", type(error).__name__)
        while not self._stopping:
            self._wake.clear()
            self._looking = asyncio.create_task(self._look())
            await asyncio.shield(self._looking)
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        for tenant in self._auditors:
            try:
                if await self._store.any(tenant):
                    # First: a file that cannot be deleted keeps nobody's bundle from being built.
                    if tenant not in self._running and await self._store.next(tenant) is not None:
                        self._running[tenant] = asyncio.create_task(self._tenant(tenant))
                    await self._expire(tenant)
                    await self._tidy(tenant)
                else:  # as most tenants have it nearly always: one question, and not five
                    await self._clear(tenant)
            except Exception as error:  # noqa: BLE001 — whatever it was, the next look tries again
                _log.error("bundles could not be looked for: %s", type(error).__name__)

    async def stop(self) -> None:
        """Give up what is being built: whoever lives then, or starts, goes on from what is kept of it."""
        self._stopping = True
        if self._looking is not None:
            await asyncio.wait([self._looking], timeout=GRACE_S)
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tenant(self, tenant: str) -> None:
        """Build what a tenant waits for, one after another, as long as nobody else does."""
        lease = self._lease(f"bundles/{tenant}")
        try:
            try:
                while not self._stopping and await lease.take() and (job := await self._store.next(tenant)) is not None:
                    await self._one(job, lease)
                    await self._tidy(tenant)
            finally:
                await lease.release()
        except LedgerUnavailable:
            _log.error("a bundle could not be built, and will be: the database, or that of keys, does not answer")
        except OSError as error:
            _log.error("a bundle's files could not be seen to, and will be: %s", type(error).__name__)
        finally:
            del self._running[tenant]

    async def _one(self, job: BundleJob, lease: Held) -> None:
        if job.tries >= MAX_TRIES:
            await self._over(job, FAILED, GIVEN_UP)
            return
        begun = await self._store.change(job, state=BUILDING, tries=job.tries + 1, node=self._node.id)
        if begun is None:
            return
        building = asyncio.create_task(self._built(begun))
        self._building[job.id] = building
        over = asyncio.Event()
        beating = asyncio.create_task(self._beat(begun, lease, over))
        try:
            await asyncio.wait([building])
            await self._result(begun, building)
        except LedgerUnavailable:
            # However long that lasts, in the build or at its end, no builder has ended for nothing.
            await self._store.tell(begun, tries=begun.tries - 1)
            raise
        finally:
            over.set()
            building.cancel()
            for known in (self._building, self._told, self._exchanges):
                known.pop(job.id, None)
            await asyncio.gather(beating, building, return_exceptions=True)
            self._unwanted.discard(job.id)

    async def _result(self, job: BundleJob, building: "asyncio.Task[Made | Refusal]") -> None:
        """What came of it. Where the database does not answer nothing did: it is built on later."""
        exchange = self._exchanges.get(job.id)
        if building.cancelled():
            if exchange is not None and exchange.cut is not None:
                await self._over(job, FAILED, exchange.cut.code)
            return  # this node stops, and had no time
        error = building.exception()
        if isinstance(error, GivenUp):
            await self._store.tell(job, **self._far_in(job))
            return  # cancelled by somebody, taken over, or this node stops
        if isinstance(error, LedgerUnavailable):
            raise error
        if error is not None:
            _log.error("a bundle could not be built: %s", type(error).__name__)
            await self._over(job, FAILED, type(error).__name__)
            return
        found = building.result()
        if isinstance(found, Refusal):
            await self._over(job, FAILED, f"{found.code}: {found.hint or found.title}")
            return
        await self._ready(job, found)

    async def _ready(self, job: BundleJob, made: Made) -> None:
        """A crash before the commit: it is built again. After: it can be fetched, and is on record. What its row does
        not name in the end, somebody else having come first, goes with the next look (`Making.strays`)."""
        found, size = await asyncio.to_thread(digest, made.path)
        done, manifest = msgspec.structs.replace(job, digest=found), made.manifest
        await asyncio.to_thread(self._files.put, made.path, done)
        now = self._clock.now_us()
        expires = now + self._settings.keep_days * _DAY_US
        values: dict[str, Column] = {"digest": found, "bytes": size, "ended_us": now, "expires_us": expires}
        change = changed(job, state=READY, first=manifest.first, end=manifest.end, **values)
        about = (job.id, found, "ok", manifest.first, manifest.end, order_of(job).recipients)
        if await self._auditors[job.tenant].scribe.bundled(_reader(job), *about, change=change):
            self._ended(job, READY)

    async def _over(self, job: BundleJob, state: str, reason: str) -> None:
        # A crash before the commit: its next builder comes to this again. After it: it is over, and on record.
        change = changed(job, state=state, reason=reason, ended_us=self._clock.now_us())
        if await self._auditors[job.tenant].scribe.bundled(_reader(job), job.id, None, state, change=change):
            self._ended(job, state)

    async def _built(self, job: BundleJob) -> Made | Refusal:
        """In a task of its own, which is cancelled when who asked may not act any more."""
        exchange = self._exchanges.get(job.id)
        if exchange is not None:
            self._underway.opened(exchange)
        try:
            return await self._making.make(job, partial(self._far, job.id))
        finally:
            if exchange is not None:
                self._underway.over(exchange)

    def _far(self, bundle_id: str, done: int, total: int) -> None:
        if self._stopping or bundle_id in self._unwanted:
            raise GivenUp
        self._told[bundle_id] = (done, total)

    def _far_in(self, job: BundleJob) -> dict[str, int]:
        """How far it is, as the row has it: what is shown is what is there after a death too."""
        done, total = self._told.get(job.id, (job.done, job.total))
        return {"done": done, "total": total}

    async def _beat(self, job: BundleJob, lease: Held, over: asyncio.Event) -> None:
        """Say that it goes on, until it is over, and give it up where somebody else has it or nobody wants it."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await over.wait()
            if over.is_set():
                return
            try:
                ours = await lease.take() and await self._store.tell(job, **self._far_in(job))
            except GatewayError:
                continue  # it is built on; whether it counts, its last change says
            if not ours:
                self._unwanted.add(job.id)
                return

    # ---------------------------------------------------------------------------------------------------------- files

    async def _expire(self, tenant: str) -> None:
        """Delete files whose days are over: on the node that has them, and a day later on any. What tells of persons
        goes with the first erasure after it, on the node that has it; none hands it out (`outlived`)."""
        now = self._clock.now_us()
        for job in await self._store.over(tenant, now):
            if job.node == self._node.id or (job.expires_us or 0) + _DAY_US <= now:
                await self._deleted(job)
        for job in await self._store.before(tenant, await self._cases.last_erasing(tenant)):
            if job.node == self._node.id and _personal(job):
                await self._deleted(job)

    async def _deleted(self, job: BundleJob) -> None:
        await asyncio.to_thread(self._files.place(job).unlink, missing_ok=True)
        if await self._store.change(job, state=EXPIRED) is not None:
            self._ended(job, EXPIRED)

    async def _tidy(self, tenant: str) -> None:
        """Destroy what was kept of bundles that are over: the keys wherever they were built, the files of this disk."""
        for job in await self._store.left(tenant):
            await self._making.over(job)
        await self._clear(tenant)

    async def _clear(self, tenant: str) -> None:
        """Delete what is on this disk of bundles that are over, or that no row tells of."""
        for bundle_id in await asyncio.to_thread(self._files.begun, tenant):
            if bundle_id not in self._building:
                found = await self._store.get(tenant, bundle_id)
                if found is None or found.state not in OPEN:
                    await asyncio.to_thread(self._files.clear, tenant, bundle_id)
        await self._making.strays(tenant)

    def _ended(self, job: BundleJob, state: str) -> None:
        self._metrics.bundle(job.tenant, state)


def _personal(job: BundleJob) -> bool:
    """Whether a bundle was asked for with opened details or kept content. Of one that is encrypted nothing else is
    known here, so what it was asked for decides."""
    selection = order_of(job).selection
    return selection.details or selection.contents


def _reader(job: BundleJob) -> Reader:
    """Who asked, by the pseudonym: the record of the asking has the rest."""
    return Reader(actor=job.actor, kind=job.kind, exchange=job.exchange, trace=job.trace)
