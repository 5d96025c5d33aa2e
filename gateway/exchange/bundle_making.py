"""Makes one bundle of a row, from where another builder of it was cut off if that can be.

What decides what is in it is fixed in the row before anything is written (`exporting.Basis`), so that whoever makes it
makes the same. What was kept lies on one disk (`bundle_work`): who has that goes on from there, and who has not, or
finds anything amiss, begins anew, and says so.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec

from gateway.core.errors import VerificationError
from gateway.core.refusal import Refusal
from gateway.evidence.bundle import Progress
from gateway.evidence.kept import Kept
from gateway.evidence.manifest import Manifest
from gateway.evidence.piece import NotAsKept
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundle_files import BundleFiles, order_of
from gateway.exchange.bundle_work import GivenUp, Keys, Work, left, parse_mark
from gateway.exchange.exporting import Basis
from gateway.exchange.metrics import Metrics
from gateway.ledger.entry import DataKey
from gateway.store.bundle_jobs import OPEN, READY, BundleJob, BundleStore

_log = logging.getLogger("gateway.exchange")


class WorkKeys(Protocol):
    """What bundles on their way need of the keyring."""

    def new_data_key(self, subject: str | None) -> tuple[DataKey, bytes]: ...

    def persist(self, keys: Sequence[DataKey]) -> None: ...

    def data_key(self, key_id: str) -> bytes | None: ...

    def destroy(self, key_ids: Sequence[str]) -> int: ...


class Made(msgspec.Struct, frozen=True):
    """A bundle that is whole and durable, in the directory that it was made in."""

    manifest: Manifest
    path: Path


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A job that has what it needs."""

    job: BundleJob
    basis: Basis
    keys: Keys


class Making:
    """Of all tenants. `auditors`: by the id of the ledger."""

    def __init__(
        self,
        *,
        store: BundleStore,
        files: BundleFiles,
        auditors: Mapping[str, Auditor],
        keys: WorkKeys,
        metrics: Metrics,
    ) -> None:
        self._store, self._files, self._auditors, self._keys, self._metrics = store, files, auditors, keys, metrics
        self._named: set[Path] = set()
        """Files that rows name."""

    async def make(self, job: BundleJob, progress: Progress) -> Made | Refusal:
        """The bundle of a row that is this builder's as it is known here. `GivenUp` where it is another's by now; what
        was written stays until the bundle is over."""
        begun = await self._begun(job)
        if isinstance(begun, Refusal):
            return begun
        try:
            kept = await self._left(begun)
            if kept is not None:
                self._metrics.bundle_restarted(job.tenant, "kept")
                return await self._made(begun, kept, partial(_further, progress, job.done))
        except NotAsKept as error:
            _log.warning("a bundle begins anew: %s", error)
        if job.tries > 1:
            self._metrics.bundle_restarted(job.tenant, "anew")
        return await self._made(begun, None, progress)

    async def over(self, job: BundleJob) -> None:
        """Destroy what was kept of a bundle that is over: its key first, so that nothing opens it, wherever it lies."""
        # A crash in between: the key is gone, and the row says that it is to be destroyed, which is done again.
        await asyncio.to_thread(self._keys.destroy, [job.work_key] if job.work_key else [])
        await self._store.tell(job, basis=None, work_key=None, kept=None)

    async def strays(self, tenant: str) -> None:
        """Delete files of bundles that are over which their rows do not name: of a builder that ended between the file
        and the row, after which the bundle was built as another file, or not at all."""
        there = await asyncio.to_thread(self._files.whole, tenant)
        for bundle_id, path in there:
            if path in self._named:
                continue
            job = await self._store.get(tenant, bundle_id)
            if job is None or job.state in OPEN:
                continue  # whose it is, is not known; or not yet
            if job.state == READY and path == self._files.place(job):
                self._named.add(path)
            else:
                await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _begun(self, job: BundleJob) -> _Begun | Refusal:
        """With what is in the row, where that can be gone on with; else that is put there."""
        order, exporting = order_of(job), self._auditors[job.tenant].exporting
        basis = None if job.basis is None else msgspec.json.decode(job.basis, type=Basis)
        key = None if job.work_key is None else await asyncio.to_thread(self._key, job.work_key)
        if basis is not None and not await exporting.stands(basis, order.selection, order.attach):
            _log.warning("a bundle begins anew: it was begun by another version or configuration")
            basis = None
        if basis is None or key is None:
            found = basis or await exporting.basis(order.selection, order.attach)
            if isinstance(found, Refusal):
                return found
            basis = found
            job, key = await self._fixed(job, basis)
        return _Begun(job=job, basis=basis, keys=Keys(key, job.tenant, job.id))

    def _key(self, key_id: str) -> bytes | None:
        """None where it is not in this keyring, or does not open any more. Blocks."""
        try:
            return self._keys.data_key(key_id)
        except VerificationError as error:
            _log.warning("a bundle begins anew: %s", error)
            return None

    async def _fixed(self, job: BundleJob, basis: Basis) -> tuple[BundleJob, bytes]:
        """The job with this basis and a key of its own in its row, of which nothing is kept yet; and the key."""
        made, key = self._keys.new_data_key(None)
        await asyncio.to_thread(self._keys.persist, [made])
        # A crash before the row: a key that nothing is sealed with. After: whoever builds it does so on this basis.
        data = msgspec.json.encode(basis)
        if not await self._store.tell(job, basis=data, work_key=made.id, kept=None):
            raise GivenUp
        if job.work_key is not None:
            await asyncio.to_thread(self._keys.destroy, [job.work_key])
        return msgspec.structs.replace(job, basis=data, work_key=made.id, kept=None), key

    async def _left(self, begun: _Begun) -> Kept | None:
        """What another builder has left, where it has come as far as to leave anything."""
        job = begun.job
        if job.kept is None:
            return None
        place, encrypted = self._files.work(job.tenant, job.id), bool(order_of(job).recipients)
        return await asyncio.to_thread(left, place, begun.keys, parse_mark(job.kept), encrypted=encrypted)

    async def _made(self, begun: _Begun, kept: Kept | None, progress: Progress) -> Made | Refusal:
        job, order = begun.job, order_of(begun.job)
        encrypted = bool(order.recipients)

        async def tell(mark: str) -> bool:
            # Who goes on and comes further is no builder that was for nothing: they are counted anew from there.
            return await self._store.tell(job, kept=mark, **({} if kept is None else {"tries": 1}))

        place = self._files.work(job.tenant, job.id)
        with ExitStack() as stack:
            for file in () if kept is None else (kept.container, kept.spool):
                stack.enter_context(file)
            work = await asyncio.to_thread(Work, place, begun.keys, tell, encrypted=encrypted, kept=kept)
            stack.enter_context(work)
            found = await self._auditors[job.tenant].write(
                order.selection,
                work.sealed() if encrypted else work.file,
                attach=order.attach,
                recipients=order.recipients,
                progress=progress,
                basis=begun.basis,
                keeper=work,
                work=work.file if encrypted else None,
            )
            if isinstance(found, Refusal):
                return found
            return Made(found, await asyncio.to_thread(work.finish))


def _further(progress: Progress, least: int, done: int, total: int) -> None:
    """Who goes on is as far as was said before, at least."""
    progress(max(least, done), total)
