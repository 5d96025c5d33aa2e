"""Evidence bundles: asked for and made, by people and by the calendar."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from gateway.bootstrap import open_site
from gateway.bootstrap.site import Site
from gateway.core.errors import LedgerUnavailable
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundling import GIVEN_UP
from gateway.exchange.directory_delivery import DirectoryDelivery
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.scheduling import MOST_WAIT_S
from gateway.store.bundle_jobs import FAILED, OPEN, QUEUED, READY, BundleJob
from gateway.store.scheduled import DELIVERED, WAITING, Scheduled
from gateway.store.scheduled import OPEN as NOT_OVER
from gateway.store.writer_base import LedgerWriter
from tests.bootstrap.kit import configured
from tests.exchange.durable_base import ALL, Given, OfLedger, Scene
from tests.exchange.durable_kit import Steps
from tests.exchange.test_bundling import Opened
from tests.exchange.test_scheduling import Case
from tests.store.kit import Store


class _OfSite(OfLedger):
    """Of an installation's one tenant."""

    def __init__(self, store: Store, writer: LedgerWriter, site: Site) -> None:
        super().__init__(store, writer)
        self.site, tenant = site, site.tenants["default"]
        self.ledger, self.keys = tenant.ledger, site.keyring.signer(tenant.origin).verifier


class Bundles(_OfSite):
    """Asked for by a person, who asks again for what has failed."""

    def __init__(self, store: Store, writer: LedgerWriter, site: Site, auditor: Auditor) -> None:
        super().__init__(store, writer, site)
        self.case, self._wanted = Opened(site, auditor, store.clock), 0

    async def work(self) -> None:
        self._wanted += 1

    async def round(self) -> None:
        if len([one for one in await self._jobs() if one.state != FAILED]) < self._wanted:
            await self.case.ask()
        await self.case.bundling._look()
        await asyncio.gather(*self.case.bundling._running.values())
        jobs = [one for one in await self._jobs() if one.state != FAILED]
        left = any(one.state in OPEN or one.work_key for one in jobs) or self.case.works()
        if left or len(jobs) < self._wanted:
            raise LedgerUnavailable("a bundle is not there yet")

    async def _jobs(self) -> list[BundleJob]:
        return list(await self.case.bundling.list(self.ledger))

    async def done(self) -> None:
        jobs = await self._jobs()
        ready = [one for one in jobs if one.state == READY]
        assert len(ready) == self._wanted
        # Where a fault lasts, a builder that has come no further three times gives it up, as is said.
        reasons = {"OSError", GIVEN_UP} if ALL else {"OSError"}
        assert {one.reason for one in jobs if one not in ready} <= reasons, "nothing else was given up"
        files = [self.case.bundling.file(one) for one in ready]
        assert self.case.files() == sorted(file.name for file in files if file is not None), "and none half written"
        for one, file in zip(ready, files, strict=True):
            assert file is not None
            assert one.digest == hashlib.sha256(file.read_bytes()).hexdigest()
        told = {(asked["bundle"], asked["sha256"]) for code, asked in await self.case.told() if code == "ok"}
        assert told == {(one.id, one.digest) for one in ready}, "on record as they are"


class Schedules(_OfSite):
    """A bundle of each month, delivered into a directory. That it is made is of the scene above."""

    def __init__(
        self, store: Store, writer: LedgerWriter, site: Site, auditor: Auditor, ledgers: Ledgers, steps: Steps
    ) -> None:
        super().__init__(store, writer, site)
        self.case, self._steps, self._months = Case(site, auditor, ledgers, store.clock), steps, 0
        self._out = store.directory / "out"
        self._out.mkdir()
        self.delivery = DirectoryDelivery(self._out, 30)
        self.node = self.case.node()
        self.node._delivery = self.delivery

    async def work(self) -> None:
        if not self._months:
            await self.node.round()
        (running,) = [one for one in await self._rows() if one.state == WAITING]
        self.store.clock.advance((running.until_us - self.store.clock.now_us()) / 1e6 + 1)
        self._months += 1

    async def round(self) -> None:
        for _ in range(3):  # it is over, its bundle is asked for, and is there
            before = await self._tries()
            self.store.clock.advance(MOST_WAIT_S)
            await self.node.round()
            with self._steps.quiet():
                await self._made()
            if not await self._over():
                return
            if await self._tries() > before:
                break
        raise LedgerUnavailable("a month's bundle is not delivered yet")

    async def _rows(self) -> list[Scheduled]:
        return list(await self.case.store.newest(self.ledger))

    async def _tries(self) -> int:
        return sum(one.tries for one in await self._rows())

    async def _over(self) -> list[Scheduled]:
        now = self.store.clock.now_us()
        return [one for one in await self._rows() if one.state in NOT_OVER and one.until_us <= now]

    async def _made(self) -> None:
        bundling = self.case.bundling
        for job in await bundling.list(self.ledger):
            if job.state == QUEUED:
                digest = hashlib.sha256(job.id.encode()).hexdigest()
                file = bundling._files.place(msgspec.structs.replace(job, digest=digest))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(job.id.encode())
                node = self.site.node.id
                assert await bundling._store.change(job, state=READY, digest=digest, node=node, first=0, end=1)

    async def done(self) -> None:
        rows = [one for one in await self._rows() if one.state != WAITING]
        assert [one.state for one in rows] == [DELIVERED] * self._months
        names = {f"default~monthly~{one.period}.zip" for one in rows}
        assert {path.name for path in self._out.iterdir()} == names, "and none half written"
        asked = Counter(one.id for one in await self.case.bundling.list(self.ledger))
        assert asked == Counter(one.bundle for one in rows), "one for each month"
        told = Counter((outcome, asked["period"]) for outcome, asked, _ in await self.case.records())
        for row in rows:
            assert (told["due", row.period], told["delivered", row.period]) == (1, 1)


@asynccontextmanager
async def _opened(store: Store, failing: Steps, given: Given) -> AsyncIterator[Site]:
    async with open_site(configured(given.settings), clock=store.clock) as site:
        failing.of_engine(site.engine)
        failing.of_keys(given.patch, site.keyring)
        failing.of_writer(await site.writer("default"))
        yield site


@asynccontextmanager
async def bundling(store: Store, failing: Steps, given: Given) -> AsyncIterator[Scene]:
    async with _opened(store, failing, given) as site:
        yield Bundles(store, await site.writer("default"), site, await site.auditor("default"))


@asynccontextmanager
async def scheduling(store: Store, failing: Steps, given: Given) -> AsyncIterator[Scene]:
    async with _opened(store, failing, given) as site:
        writers = {entry.ledger: await site.writer(name) for name, entry in site.tenants.items()}
        writer, auditor = await site.writer("default"), await site.auditor("default")
        scene = Schedules(store, writer, site, auditor, Ledgers(writers), failing)
        try:
            yield scene
        finally:
            scene.delivery.close()
