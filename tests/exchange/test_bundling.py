"""A bundle that was asked for is there later, whoever died in between; and what came of it is on record."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from gateway.bootstrap import open_site
from gateway.bootstrap.bundles import bundling_of
from gateway.bootstrap.site import Site
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify
from gateway.exchange import bundling as module
from gateway.exchange.attaching import Setting
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundle_files import BundleFiles, Order
from gateway.exchange.bundling import Bundling
from gateway.exchange.underway import UnderWay
from gateway.ledger.entry import Entry, RowChange
from gateway.ledger.record import NodeInfo
from gateway.settings import EvidenceSettings, Settings
from gateway.store.bundle_jobs import BUILDING, OPEN, READY, BundleJob
from gateway.store.lease import Lease
from gateway.store.subject_cases import moved as case_moved
from gateway.store.subject_cases import opened as case_opened
from tests.bootstrap.kit import configured
from tests.conftest import ManualClock
from tests.store.kit import entry
from tests.store.test_subject_cases import made as case

BY = Reader(actor="ac_1", kind="person", exchange="ex_1")
DAY_S = 86_400


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    monkeypatch.setattr(module, "BEAT_S", 0.01)


class Opened:
    """An installation, and bundles of its one tenant."""

    def __init__(self, site: Site, auditor: Auditor, clock: ManualClock) -> None:
        self.site, self.auditor, self.clock = site, auditor, clock
        self.tenant = site.tenants["default"].ledger
        self.bundling = self.node()
        self.directory = site.settings.path("bundles") / self.tenant

    def node(self, name: str | None = None, boot: str = "bt_1", **settings: Any) -> Bundling:
        """Another process, or this one."""
        found = bundling_of(self.site, {"default": self.auditor}, cast(UnderWay, None))
        if name is not None:
            found._node = NodeInfo(id=name, boot=boot)
            holder = f"{name}/{boot}/bu"
            found._lease = lambda lease: Lease(self.site.engine, lease, holder, self.clock, 30)
        if settings:
            found._settings = EvidenceSettings(**settings)
        return found

    async def ask(self, **asked: Any) -> BundleJob:
        found = await self.bundling.ask(self.tenant, BY, Order(selection=Selection(**asked)))
        assert isinstance(found, BundleJob)
        return found

    async def state(self, job: BundleJob) -> BundleJob:
        found = await self.bundling.get(self.tenant, job.id)
        assert found is not None
        return found

    async def moved(self, change: RowChange) -> None:
        """A case of a data subject, with its record."""
        await (await self.site.writer("default")).submit(Entry(draft=entry(ledger=self.tenant).draft, change=change))

    async def until(self, job: BundleJob, met: Callable[[BundleJob], bool]) -> BundleJob:
        while not met(found := await self.state(job)):  # noqa: ASYNC110 — as a client of the API waits
            await asyncio.sleep(0.01)
        return found

    async def told(self) -> list[tuple[str | None, dict[str, str]]]:
        """Of each record about bundles, the outcome and what its detail asks."""
        reader = self.site.reader("default")
        records = [one async for one in reader.records(0, await reader.size(), details=True)]
        exported = [one for one in records if b'"event":"audit.exported"' in one.envelope]
        return [
            (json.loads(one.envelope).get("outcome", {}).get("code"), json.loads(one.detail or b"{}").get("query", {}))
            for one in exported
        ]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir()) if self.directory.exists() else []

    def works(self) -> list[str]:
        """What is kept of bundles that are not there yet."""
        return sorted(path.suffix for path in self.directory.glob(".*.work/*"))

    async def tidied(self) -> None:
        """As soon as nothing lies there that is not a bundle."""
        while any(name.endswith(".work") for name in self.files()):  # noqa: ASYNC110 — nothing tells of it
            await asyncio.sleep(0.01)


def over(job: BundleJob) -> bool:
    return job.state not in OPEN


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Opened]:
    clock = ManualClock(1_900_000_000_000_000)
    async with open_site(configured(settings), clock=clock) as site, asyncio.timeout(30):
        yield Opened(site, await site.auditor("default"), clock)


@asynccontextmanager
async def running(*nodes: Bundling) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(node.run()) for node in nodes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for node in nodes:
            await node.stop()


class Hanging:
    """In place of `Auditor.write`: begins, and does not end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        self.began, self.error, self.times = asyncio.Event(), error, 0
        real, hanging = Auditor.write, self

        async def write(auditor: Auditor, *about: Any, **how: Any) -> Any:
            hanging.times += 1
            hanging.began.set()
            about[1].write(b"half a bundle")
            if hanging.error is not None:
                raise hanging.error
            while True:
                how["progress"](3, 7)
                await asyncio.sleep(0.001)

        monkeypatch.setattr(Auditor, "write", write)
        self.heal: Callable[[], None] = lambda: monkeypatch.setattr(Auditor, "write", real)


async def test_what_was_asked_for_is_built_and_its_digest_is_on_record(database: Settings, tmp_path: Path) -> None:
    async with opened(database) as site:
        job = await site.ask(filters={"event": "ledger.started"})
        assert site.bundling.shown(job)["status"] == "building"
        async with running(site.bundling):
            done = await site.until(job, over)
            await site.tidied()
        assert (done.state, done.tries, done.node) == (READY, 1, site.site.node.id)
        file = site.bundling.file(done)
        assert file is not None
        assert done.digest == hashlib.sha256(file.read_bytes()).hexdigest()
        report = verify(file, site.site.keyring.verifier_key(site.site.tenants["default"].origin))
        assert (report.first, report.end) == (done.first, done.end)
        assert site.files() == [f"{job.id}.{(done.digest or '')[:16]}.zip"]
        assert await site.told() == [
            (None, {"event": "ledger.started"}),
            ("ok", {"bundle": job.id, "sha256": done.digest}),
        ]
        shown = site.bundling.shown(done)
        assert (shown["status"], shown["sha256"], shown["records"]) == ("ready", done.digest, report.end)
        assert shown["expires_at"] > shown["created_at"]


async def test_what_a_restart_interrupts_is_built_after_it(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings) as site:
        hanging, job = Hanging(monkeypatch), await site.ask()
        async with running(site.bundling):
            await hanging.began.wait()
            told = await site.until(job, lambda found: found.done == 3)
            assert site.bundling.shown(told)["progress"] == {"done": 3, "total": 7}
        assert (await site.state(job)).state == BUILDING
        assert site.works() == []
        hanging.heal()
        async with running(site.node(site.site.node.id, "bt_2")):
            done = await site.until(job, over)
        assert (done.state, done.tries) == (READY, 2)


async def test_what_a_dead_node_had_begun_another_takes_over_when_its_lease_is_over(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database) as site:
        hanging, job = Hanging(monkeypatch), await site.ask()
        dying = site.node("nd_1")
        task = asyncio.create_task(dying.run())
        await hanging.began.wait()

        async def gone(*_: object) -> bool:
            raise LedgerUnavailable("dead")

        for held in ("take", "release"):
            monkeypatch.setattr(Lease, held, gone)
        task.cancel()
        await dying.stop()
        monkeypatch.undo()
        monkeypatch.setattr(module, "LOOK_S", 0.01)
        heir = site.node("nd_2")
        assert not await heir._lease(f"bundles/{site.tenant}").take()
        site.clock.advance(31)
        async with running(heir):
            done = await site.until(job, over)
        assert (done.state, done.tries, done.node) == (READY, 2, "nd_2")


async def test_who_is_not_the_builder_any_more_gives_up_and_leaves_nothing(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings) as site:
        hanging, job = Hanging(monkeypatch), await site.ask()
        slow = site.node("nd_1")
        async with running(slow):
            await hanging.began.wait()
            hanging.heal()
            row = await site.state(job)
            assert await site.bundling._store.change(row, tries=2) is not None
            while slow._building:  # noqa: ASYNC110 — nothing tells of it
                await asyncio.sleep(0.001)
        assert (await site.state(job)).state == BUILDING
        assert site.works() == []


async def test_one_that_never_ends_is_given_up(sqlite_settings: Settings) -> None:
    async with opened(sqlite_settings) as site:
        job = await site.ask()
        assert await site.bundling._store.change(await site.state(job), state=BUILDING, tries=3) is not None
        async with running(site.bundling):
            done = await site.until(job, over)
        assert (done.state, done.reason) == ("failed", module.GIVEN_UP)
        assert (await site.told())[-1] == ("failed", {"bundle": job.id})


async def test_one_after_another_however_many_nodes_there_are(database: Settings) -> None:
    async with opened(database) as site:
        jobs = []
        for _ in range(3):
            jobs.append(await site.ask())
            site.clock.advance(1)
        async with running(site.node("nd_1"), site.node("nd_2")):
            done = [await site.until(job, over) for job in jobs]
        assert [(job.state, job.tries) for job in done] == [(READY, 1)] * 3
        assert [one for one in await site.told() if one[0] == "ok"] == [
            ("ok", {"bundle": job.id, "sha256": job.digest}) for job in done
        ]


@pytest.mark.parametrize("error", [RuntimeError("secret"), OSError("secret")], ids=["defect", "disk"])
async def test_what_fails_leaves_no_file_and_tells_the_kind_of_failure(
    error: Exception, sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings) as site:
        Hanging(monkeypatch, error)
        job = await site.ask()
        async with running(site.bundling):
            done = await site.until(job, over)
            await site.tidied()
        assert (done.state, done.reason, site.files()) == ("failed", type(error).__name__, [])
        assert site.bundling.file(done) is None


async def test_a_range_beyond_the_ledger_fails_and_says_why(sqlite_settings: Settings) -> None:
    async with opened(sqlite_settings) as site:
        job = await site.ask(first=1_000)
        async with running(site.bundling):
            done = await site.until(job, over)
        assert done.state == "failed"
        assert (done.reason or "").startswith(("no_checkpoint_yet", "parameter_invalid"))


async def test_while_the_database_does_not_answer_it_waits(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings) as site:
        hanging = Hanging(monkeypatch, LedgerUnavailable("down"))
        job = await site.ask()
        async with running(site.bundling):
            await hanging.began.wait()
            hanging.heal()
            done = await site.until(job, over)
        assert (done.state, done.tries) == (READY, 1), "which is no builder's end"


async def test_however_long_what_came_of_it_cannot_be_put_on_record_it_is_not_given_up(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings) as site:
        bundled, tried = site.auditor.scribe.bundled, list[int]()

        async def down(*about: Any, **how: Any) -> bool:
            tried.append(1)
            if len(tried) <= module.MAX_TRIES + 1:
                raise LedgerUnavailable("down")
            return await bundled(*about, **how)

        monkeypatch.setattr(site.auditor.scribe, "bundled", down)
        job = await site.ask()
        async with running(site.bundling):
            done = await site.until(job, over)
            await site.tidied()
        assert (done.state, done.tries, len(tried)) == (READY, 1, module.MAX_TRIES + 2)
        assert len(site.files()) == 1


@pytest.mark.parametrize("error", [OSError(5, "x"), RuntimeError("x")], ids=["disk", "defect"])
async def test_what_cannot_be_removed_or_looked_at_keeps_no_bundle_from_being_built(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A former version's file, one that is over, or one that no row names."""

    def fails(*_: object) -> None:
        raise error

    async def over_anyway(*_: object) -> None:
        raise error

    async with opened(sqlite_settings) as site:
        if isinstance(error, OSError):
            monkeypatch.setattr(BundleFiles, "sweep", fails)
        monkeypatch.setattr(Bundling, "_expire", over_anyway)
        async with running(site.bundling):
            for _ in range(2):
                done = await site.until(await site.ask(), over)
                assert done.state == READY


@pytest.mark.parametrize("how", ["failed", "cancelled"])
async def test_without_a_record_of_how_it_ended_a_bundle_is_not_over(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async with opened(sqlite_settings) as site:
        hanging, record, tried = Hanging(monkeypatch, RuntimeError("x")), site.auditor.scribe.record, list[int]()
        job = await site.ask()

        async def down(*about: Any, **more: Any) -> None:
            tried.append(1)
            if len(tried) == 1:
                raise LedgerUnavailable("down")
            await record(*about, **more)

        monkeypatch.setattr(site.auditor.scribe, "record", down)
        if how == "cancelled":
            with pytest.raises(LedgerUnavailable):
                await site.bundling.cancel(site.tenant, job.id, BY)
            assert (await site.state(job)).state in OPEN
            assert isinstance(await site.bundling.cancel(site.tenant, job.id, BY), BundleJob)
        async with running(site.bundling):
            done = await site.until(job, over)
        assert (done.state, hanging.times) == (how, 0 if how == "cancelled" else 2)
        assert [code for code, _ in await site.told() if code] == [how]


async def test_who_comes_second_with_the_same_bundle_takes_nothing_from_who_came_first(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two builders in one directory, one of which had stood still and lost its lease: the file is named by its digest,
    and is the same."""
    async with opened(sqlite_settings) as site:
        job, bundled = await site.ask(), site.auditor.scribe.bundled

        async def ahead(*about: Any, **how: Any) -> bool:
            """Somebody else is ready a moment before."""
            monkeypatch.setattr(site.auditor.scribe, "bundled", bundled)
            row = await site.state(job)
            digest, manifest = about[2], {"first": about[4], "end": about[5]}
            assert await site.bundling._store.change(row, state=READY, digest=digest, node="nd_2", **manifest)
            return await bundled(*about, **how)

        monkeypatch.setattr(site.auditor.scribe, "bundled", ahead)
        async with running(site.node("nd_1")):
            done = await site.until(job, over)
            await site.tidied()
        assert (done.state, done.node) == (READY, "nd_2")
        assert len(site.files()) == 1
        assert site.bundling.file(done) is not None
        assert [code for code, _ in await site.told() if code] == [], "and says nothing"


async def test_a_file_that_no_row_names_in_the_end_is_deleted_and_no_other(sqlite_settings: Settings) -> None:
    """A builder that ends between the file and its row leaves one, and the next makes another where an erasure came in
    between, or where it is encrypted."""
    async with opened(sqlite_settings) as site:
        job = await site.ask()
        async with running(site.bundling):
            done = await site.until(job, over)
            await site.tidied()
        site.clock.advance(1)
        waiting, unknown = await site.ask(), "ev_" + "0" * 26
        (mine,) = site.files()
        strays = [f"{done.id}.{'0' * 16}.zip", f"{done.id}.{'1' * 16}.zip.age"]
        others = [f"{waiting.id}.{'0' * 16}.zip", f"{unknown}.{'0' * 16}.zip"]
        for name in (*strays, *others):
            (site.directory / name).write_bytes(b"left")
        for _ in range(2):
            await site.bundling._tidy(site.tenant)
            assert site.files() == sorted([mine, *others]), "of what is not over, or not known, nothing is said"
        await site.bundling.cancel(site.tenant, waiting.id, BY)
        await site.bundling._tidy(site.tenant)
        assert site.files() == sorted([mine, others[1]])


async def test_what_nobody_wants_any_more_is_given_up(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings) as site:
        hanging, job = Hanging(monkeypatch), await site.ask()
        site.clock.advance(1)
        waiting = await site.ask()
        async with running(site.bundling):
            await hanging.began.wait()
            for one in (waiting, job):
                ended = await site.bundling.cancel(site.tenant, one.id, BY)
                assert isinstance(ended, BundleJob)
                assert ended.state == "cancelled"
            await site.tidied()
        assert (hanging.times, site.files()) == (1, [])
        assert [one for one in await site.told() if one[0]] == [
            ("cancelled", {"bundle": waiting.id}),
            ("cancelled", {"bundle": job.id}),
        ]
        again = await site.bundling.cancel(site.tenant, job.id, BY)
        assert isinstance(again, Refusal)
        assert again.code == "conflict"
        for name in ("ev_x", "../ev", "ev_" + "0" * 26):
            missing = await site.bundling.cancel(site.tenant, name, BY)
            assert isinstance(missing, Refusal)
            assert missing.code == "not_found"


async def test_a_file_is_deleted_when_its_days_are_over(sqlite_settings: Settings) -> None:
    async with opened(sqlite_settings) as site:
        job = await site.ask()
        async with running(site.bundling):
            done = await site.until(job, lambda found: found.state == READY)
            site.clock.advance(30 * DAY_S)
            done = await site.until(job, lambda found: found.state == "expired")
        assert (site.files(), site.bundling.file(done)) == ([], None)


async def test_a_file_that_tells_of_persons_goes_with_the_first_erasure_after_it(sqlite_settings: Settings) -> None:
    """Opened details as well as kept content. Also where its node does not look any more nobody is given it; one of
    commitments alone stays, and so does what is asked for once the erasure is over."""
    async with opened(sqlite_settings) as site:
        site.auditor._setting = _unencrypted(site.auditor._setting)
        asked = [await site.ask(details=False), await site.ask(), await site.ask(contents=True)]
        async with running(site.bundling):
            ready = [await site.until(job, lambda found: found.state == READY) for job in asked]
        assert [site.bundling.carries(job) for job in ready] == [False, False, True]
        assert [await site.bundling.outlived(job) for job in ready] == [False, False, False]
        begun = case("sc_1", tenant=site.tenant, kind="erasure", state="erasing", ripe_us=site.clock.now_us())
        await site.moved(case_opened(begun))
        assert [await site.bundling.outlived(job) for job in ready] == [False, True, True]
        await site.node("nd_other")._expire(site.tenant)
        assert len(site.files()) == 3, "what another node has is left to it"
        await site.bundling._expire(site.tenant)
        assert [(await site.state(job)).state for job in ready] == [READY, "expired", "expired"]
        assert [site.bundling.file(await site.state(job)) is None for job in ready] == [False, True, True]
        assert len(site.files()) == 1


async def test_a_bundle_that_tells_of_persons_is_given_to_nobody_after_its_days(sqlite_settings: Settings) -> None:
    """Also before a node deletes its file."""
    async with opened(sqlite_settings) as site:
        site.auditor._setting = _unencrypted(site.auditor._setting)
        async with running(site.bundling):
            ready = await site.until(await site.ask(), lambda found: found.state == READY)
        over = msgspec.structs.replace(ready, expires_us=site.clock.now_us())
        assert [await site.bundling.outlived(one) for one in (ready, over)] == [False, True]


async def test_a_bundle_that_was_asked_for_while_somebody_was_being_erased_goes_when_that_is_over(
    sqlite_settings: Settings,
) -> None:
    async with opened(sqlite_settings) as site:
        begun = case("sc_1", tenant=site.tenant, kind="erasure", state="erasing", ripe_us=site.clock.now_us())
        await site.moved(case_opened(begun))
        site.clock.advance(60)
        between = await site.ask()
        assert not await site.bundling.outlived(between)
        site.clock.advance(60)
        erased = msgspec.structs.replace(begun, state="erased", ended_us=site.clock.now_us())
        await site.moved(case_moved(begun, erased))
        site.clock.advance(60)
        after = await site.ask()
        assert [await site.bundling.outlived(job) for job in (between, after)] == [True, False]


def _unencrypted(setting: Setting) -> Setting:
    evidence = msgspec.structs.replace(setting.settings.evidence, contents="asked")
    return msgspec.structs.replace(setting, settings=msgspec.structs.replace(setting.settings, evidence=evidence))


async def test_another_nodes_file_is_left_to_it_for_a_day(sqlite_settings: Settings) -> None:
    async with opened(sqlite_settings) as site:
        job = await site.ask()
        async with running(site.node("nd_1")):
            await site.until(job, over)
        site.clock.advance(30 * DAY_S)
        await site.bundling._expire(site.tenant)
        assert (await site.state(job)).state == READY
        site.clock.advance(DAY_S)
        await site.bundling._expire(site.tenant)
        assert (await site.state(job)).state == "expired"


async def test_more_than_may_wait_are_refused(sqlite_settings: Settings) -> None:
    async with opened(sqlite_settings) as site:
        site.bundling = site.node(queue=1)
        await site.ask()
        refused = await site.bundling.ask(site.tenant, BY, Order(selection=Selection()))
        assert isinstance(refused, Refusal)
        assert (refused.code, refused.status) == ("bundle_queue_full", 429)


async def test_what_cannot_be_recorded_is_not_asked_for(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_settings) as site:

        async def down(*_: object, **__: object) -> None:
            raise LedgerUnavailable("down")

        monkeypatch.setattr(site.auditor.scribe, "record", down)
        with pytest.raises(LedgerUnavailable):
            await site.ask()
        assert await site.bundling.list(site.tenant) == []
