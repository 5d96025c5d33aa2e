"""A bundle whose builder was cut off: gone on with on its disk, begun anew on another, the same to the byte."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest

from gateway.core.errors import LedgerUnavailable, VerificationError
from gateway.core.refusal import Refusal
from gateway.evidence import bundle as bundles
from gateway.evidence import checking, walking
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify
from gateway.exchange import bundling
from gateway.exchange.bundle_files import BundleFiles, Order
from gateway.exchange.bundle_making import Made, Making
from gateway.exchange.bundle_work import GivenUp, Work
from gateway.exchange.bundling import MAX_TRIES
from gateway.settings import Settings
from gateway.store import reader
from gateway.store.bundle_jobs import BUILDING, READY, BundleJob
from tests.exchange import bundle_child
from tests.exchange.test_bundling import BY, Opened, opened, over, running
from tests.forked import forked

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())
RECORDS = 20
BORDERS = 5
"""Within the records twice, at their end, at that of the details, and at that of the one attachment."""


class Cut(Exception):
    pass


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK", 4)
    monkeypatch.setattr(walking, "CHUNK", 4)
    monkeypatch.setattr(walking, "SEGMENT", 8)
    monkeypatch.setattr(bundling, "LOOK_S", 0.05)


class Bench:
    """An installation with some records, and one bundle that was asked for and begun."""

    def __init__(self, site: Opened, job: BundleJob) -> None:
        self.site, self.job = site, job
        self.told: list[int] = []

    def making(self, directory: Path | None = None) -> Making:
        """On the disk that bundles lie on, or on another."""
        found = self.site.bundling._making
        files = found._files if directory is None else BundleFiles(directory)
        return Making(
            store=found._store,
            files=files,
            auditors=found._auditors,
            keys=self.site.site.keyring,
            metrics=self.site.site.metrics,
        )

    async def begin(self) -> BundleJob:
        """As a builder takes the job: it is the builder's from then on."""
        row = await self.site.state(self.job)
        begun = await self.site.bundling._store.change(row, state=BUILDING, tries=row.tries + 1)
        assert begun is not None
        return begun

    async def make(self, directory: Path | None = None) -> bytes:
        self.told.clear()
        made = await self.making(directory).make(await self.begin(), lambda done, total: self.told.append(done))
        assert isinstance(made, Made), made
        return made.path.read_bytes()

    async def cut(self, border: int, monkeypatch: pytest.MonkeyPatch, *, further: bool = False) -> BundleJob:
        """A builder that ends as soon as it has kept what it has at this border, counted from the beginning or, going
        on `further`, from where another has come to; the row as it leaves it."""
        real, left = Work.keep, border
        if not further:
            await self.site.bundling._store.tell(await self.site.state(self.job), kept=None)

        async def keep(work: Work, state: Any) -> None:
            nonlocal left
            await real(work, state)
            left -= 1
            if not left:
                raise Cut

        monkeypatch.setattr(Work, "keep", keep)
        with pytest.raises(Cut):
            await self.making().make(await self.begin(), lambda done, total: None)
        monkeypatch.setattr(Work, "keep", real)
        return await self.site.state(self.job)

    def place(self) -> Path:
        return self.site.directory / f".{self.job.id}.work"

    def begins(self, how: str) -> float:
        labels = {"tenant": self.site.tenant, "begins": how}
        return self.site.site.metrics.registry.get_sample_value("gateway_bundle_restarts_total", labels) or 0


@asynccontextmanager
async def bench(
    settings: Settings, *, recipients: tuple[str, ...] = (), attach: tuple[str, ...] = ("csv",)
) -> AsyncIterator[Bench]:
    async with opened(settings) as site:
        while (missing := RECORDS - await site.site.reader("default").size()) > 1:
            await site.auditor.scribe.record("audit.read", BY, {"page": f"canary {missing}"})
        order = Order(selection=Selection(), recipients=recipients, attach=attach)
        job = await site.bundling.ask(site.tenant, BY, order)
        assert isinstance(job, BundleJob)
        yield Bench(site, job)


async def test_cut_off_at_any_border_it_is_the_same_on_this_disk_and_on_another(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings) as one:
        expected = b""
        for border in range(1, BORDERS + 1):
            row = await one.cut(border, monkeypatch)
            assert row.kept is not None
            await one.site.bundling._store.tell(row, done=11)
            found = await one.make()
            assert min(one.told) >= 11, "what was shown never goes back"
            expected = expected or found
            assert found == expected, f"border {border}"
            assert len([path for path in one.place().iterdir() if path.suffix == ".bundle"]) <= 2
        assert (one.begins("kept"), one.begins("anew")) == (BORDERS, BORDERS - 1)
        assert await one.make(tmp_path / "elsewhere") == expected, "and who has not got that disk makes the same"
        assert (one.begins("kept"), min(one.told)) == (BORDERS, 4)
        path = tmp_path / "a.zip"
        path.write_bytes(expected)
        assert verify(path, one.site.site.keyring.verifier_key(one.site.site.tenants["default"].origin)).end == RECORDS


async def test_what_leaves_encrypted_is_gone_on_with_and_never_lies_in_clear(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings, recipients=(RECIPIENT,)) as one:
        await one.cut(4, monkeypatch)
        for path in one.place().iterdir():
            held = path.read_bytes()
            assert b"canary" not in held
            assert b'"event"' not in held
            assert b"data/" not in held
        found = await one.make()
        assert (one.begins("kept"), one.begins("anew")) == (1, 0)
        other = await one.make(tmp_path / "elsewhere")
        assert found != other, "under a key of its own"
        assert pyrage.decrypt(found, [IDENTITY]) == pyrage.decrypt(other, [IDENTITY])


def _flip(path: Path, place: int | None = -1) -> None:
    """Change a byte, or one of the records for None."""
    data = bytearray(path.read_bytes())
    place = data.rindex(b'"event"') if place is None else place
    data[place] ^= 1
    path.write_bytes(data)


AMISS: dict[str, Callable[[Path], None]] = {
    "bundle changed": lambda place: _flip(next(place.glob("*.bundle")), None),
    "bundle cut": lambda place: os.truncate(next(place.glob("*.bundle")), 100),
    "bundle gone": lambda place: next(place.glob("*.bundle")).unlink(),
    "spool changed": lambda place: _flip(next(place.glob("*.spool")), 0),
    "spool gone": lambda place: next(place.glob("*.spool")).unlink(),
    "state changed": lambda place: _flip(next(place.glob("*.state"))),
    "state torn": lambda place: os.truncate(next(place.glob("*.state")), 20),
    "state gone": lambda place: next(place.glob("*.state")).unlink(),
}


async def test_where_anything_is_amiss_it_begins_anew_and_says_so(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench(sqlite_settings) as one:
        expected = await one.make()
        for what, damage in AMISS.items():
            await one.cut(2, monkeypatch)
            caplog.clear()
            before = one.begins("anew")
            damage(one.place())
            assert await one.make() == expected, what
            assert one.begins("anew") == before + 1, what
            assert "a bundle begins anew: kept: " in caplog.text, what
        row = await one.cut(2, monkeypatch)
        assert await one.site.bundling._store.tell(row, kept="../../etc/passwd.1:00")
        assert await one.make() == expected


async def test_begun_by_another_version_it_begins_anew_on_what_holds_now(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings) as one:
        row = await one.cut(2, monkeypatch)
        monkeypatch.setattr(bundles, "GENERATOR", "agent-compliance-gateway next")
        assert b"agent-compliance-gateway next" in await one.make()
        later = await one.site.state(one.job)
        assert later.work_key != row.work_key
        assert one.site.site.keyring.data_key(row.work_key or "") is None
        assert (one.begins("kept"), one.begins("anew")) == (0, 1)


async def test_without_its_key_what_was_kept_is_noise_and_is_not_used(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings) as one:
        expected = await one.make()
        row = await one.cut(3, monkeypatch)
        one.site.site.keyring.destroy([row.work_key or ""])
        assert await one.make() == expected
        assert one.begins("kept") == 0


async def test_a_key_that_does_not_open_is_one_that_is_gone(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings) as one:
        expected, keyring = await one.make(), one.site.site.keyring
        row = await one.cut(2, monkeypatch)

        def changed(self: object, key_id: str) -> bytes:
            raise VerificationError("a data key in the keyring does not open")

        with monkeypatch.context() as patch:
            patch.setattr(type(keyring), "data_key", changed)
            assert await one.make() == expected
        assert (await one.site.state(one.job)).work_key != row.work_key


async def test_while_the_keys_cannot_be_asked_it_waits_however_often(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings) as one:
        times, healed = 0, asyncio.Event()
        real, loop = type(one.site.site.keyring).persist, asyncio.get_running_loop()

        def away(self: Any, keys: Any) -> None:
            nonlocal times
            times += 1
            if times == MAX_TRIES + 2:
                monkeypatch.setattr(type(self), "persist", real)
                loop.call_soon_threadsafe(healed.set)
            raise LedgerUnavailable("down")

        monkeypatch.setattr(type(one.site.site.keyring), "persist", away)
        async with running(one.site.bundling):
            await healed.wait()
            done = await one.site.until(one.job, over)
        assert (done.state, done.tries) == (READY, 1)


async def test_who_is_not_the_builder_any_more_keeps_nothing(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings) as one:
        slow, row = one.making(), await one.begin()
        await one.begin()
        with pytest.raises(GivenUp):
            await slow.make(row, lambda done, total: None)
        assert (await one.site.state(one.job)).basis is None
        real = Work._written

        def taken(work: Work, state: Any) -> Any:
            asyncio.run_coroutine_threadsafe(one.begin(), loop).result()
            return real(work, state)

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(Work, "_written", taken)
        with pytest.raises(GivenUp):
            await slow.make(await one.begin(), lambda done, total: None)
        assert (await one.site.state(one.job)).kept is None


async def test_a_refusal_is_one_before_anything_is_written(sqlite_settings: Settings) -> None:
    async with bench(sqlite_settings) as one:
        order = Order(selection=Selection(first=1_000))
        job = await one.site.bundling.ask(one.site.tenant, BY, order)
        assert isinstance(job, BundleJob)
        begun = await one.site.bundling._store.change(job, state=BUILDING, tries=1)
        assert begun is not None
        assert isinstance(await one.making().make(begun, lambda done, total: None), Refusal)


async def test_who_comes_further_each_time_is_never_given_up_and_nothing_is_left(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings) as one:
        for _ in range(BORDERS):
            assert (await one.cut(1, monkeypatch, further=True)).tries <= 2
        row = await one.site.state(one.job)
        async with running(one.site.bundling):
            done = await one.site.until(one.job, over)
            await one.site.tidied()
        assert (done.state, len(one.site.files())) == (READY, 1)
        done = await one.site.until(one.job, lambda found: found.work_key is None)
        assert (done.basis, done.kept) == (None, None)
        assert one.site.site.keyring.data_key(row.work_key or "") is None


async def test_what_is_cancelled_while_nobody_builds_it_is_cleared(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(sqlite_settings) as one:
        row = await one.cut(2, monkeypatch)
        assert one.site.works()
        await one.site.bundling.cancel(one.site.tenant, one.job.id, BY)
        await one.site.bundling._look()
        assert one.site.files() == []
        assert one.site.site.keyring.data_key(row.work_key or "") is None


async def test_what_cannot_be_cleared_is_cleared_later(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench(sqlite_settings) as one:
        real, times = BundleFiles.clear, 0

        def busy(self: BundleFiles, tenant: str, bundle_id: str) -> None:
            nonlocal times
            times += 1
            if times < 3:
                raise OSError(16, "busy")
            real(self, tenant, bundle_id)

        monkeypatch.setattr(BundleFiles, "clear", busy)
        async with running(one.site.bundling):
            assert (await one.site.until(one.job, over)).state == READY
            await one.site.tidied()
        assert times == 3
        assert "OSError" in caplog.text


async def test_cleared_under_its_builder_by_who_knows_that_it_is_cancelled_it_ends_quietly(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes that share a directory: the one that was asked to cancel clears before the one that builds knows."""
    async with bench(sqlite_settings) as one:
        real, cancelled = Work._written, False

        def cleared(work: Work, state: Any) -> Any:
            nonlocal cancelled
            if not cancelled:
                cancelled = True
                other = one.site.node("nd_2")
                for step in (other.cancel(one.site.tenant, one.job.id, BY), other._tidy(one.site.tenant)):
                    asyncio.run_coroutine_threadsafe(step, loop).result()
            return real(work, state)

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(Work, "_written", cleared)
        async with running(one.site.bundling):
            while not cancelled or one.site.bundling._building:  # noqa: ASYNC110 — nothing tells of it
                await asyncio.sleep(0.001)
        assert ((await one.site.state(one.job)).state, one.site.files()) == ("cancelled", [])


async def test_killed_in_the_middle_it_goes_on_after_the_restart(sqlite_settings: Settings, tmp_path: Path) -> None:
    """A real process on a real disk, dead within the records when two borders are behind it."""
    async with bench(sqlite_settings, attach=()) as one:
        arguments = [sqlite_settings.base, one.site.tenant, one.job.id]
        with forked(bundle_child.main, arguments, tmp_path) as process:
            assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
        row = await one.site.state(one.job)
        assert row.kept is not None
        assert ".2:" in row.kept
        found = await one.make()
        assert one.begins("kept") == 1
        assert min(one.told) >= row.done
        assert found == await one.make(tmp_path / "elsewhere")
        basis = json.loads(row.basis or b"{}")
        assert msgspec.json.decode((await one.site.state(one.job)).basis or b"{}") == basis


async def test_a_bundle_that_is_written_without_the_process_beside_it_is_counted(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "WORTH", 1)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with bench(sqlite_settings, attach=()) as one:
        await one.make()
        labels = {"tenant": one.site.tenant, "why": "not_started"}
        assert one.site.site.metrics.registry.get_sample_value("gateway_bundles_alone_total", labels) == 1
