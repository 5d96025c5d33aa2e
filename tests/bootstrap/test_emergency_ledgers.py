"""Emergency ledgers on the disk: prepared once, and nothing that does not hold is stitched in."""

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from gateway.bootstrap import emergency as entering
from gateway.bootstrap import emergency_ledgers
from gateway.bootstrap.emergency_ledgers import EmergencyLedgers
from gateway.core.errors import VerificationError
from gateway.exchange.audit_scribe import Reader
from gateway.ledger.record import Detail
from gateway.settings import Settings
from gateway.store.emergencies import STITCHED, Emergency
from gateway.store.engine import sqlite_engine, writing
from tests.store.revisions import moved
from tests.system.emergencies import AGENTS, away, care, copied, emergency, until
from tests.system.site import system


async def test_what_was_prepared_and_not_used_is_there_at_the_next_start(sqlite_settings: Settings) -> None:
    directory = Path(sqlite_settings.base) / "emergency"
    seen = []
    for _ in range(2):
        async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
            await until(site, "standing")
            prepared = [one for one in await site.records() if one["event"] == "emergency.prepared"]
            seen.append([one["emergency"] for one in prepared])
            assert (directory / "copy.db").stat().st_mode & 0o777 == 0o600
    assert seen[0] == seen[1]
    assert len(seen[0]) == 1


async def test_a_copy_that_was_taken_into_use_and_not_durably_is_taken_again(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away there is no other: nobody would be cared for until it is back."""
    section = emergency(sqlite_settings, copy_s=60, max_copy_age_s=600)
    async with system(sqlite_settings, agents=AGENTS, emergency=section) as site:
        await until(site, "standing")
        found = site.gateway.emergency
        assert found is not None
        assert found._standing is not None

        def fails(_: Path) -> None:
            raise OSError(5, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(emergency_ledgers, "sync", fails)
            with pytest.raises(OSError, match="Input/output"):
                await found._ledgers.take(found._standing)
        path = await found._ledgers.take(found._standing)
        assert path.exists()
        with pytest.raises(FileNotFoundError):
            await found._ledgers.take("em_other")


async def test_an_emergency_that_did_not_begin_is_not_stood_on_again(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stitched in once the database is back, and its keys are gone: the next one stands on another."""
    monkeypatch.setattr(entering, "LOOK_S", 0.05)
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        await until(site, "standing")
        found = site.gateway.emergency
        assert found is not None
        standing = found._standing
        assert standing is not None
        await found._ledgers.take(standing)
        async with asyncio.timeout(30):
            while found._ledgers.left(None) or found._standing in (None, standing):  # noqa: ASYNC110 — nobody tells
                await asyncio.sleep(0.02)
        rows = found._ledgers.rows(found._standing or "")
        assert rows
        assert all(found._ledgers._signs(row) for row in rows.values())


async def test_an_emergency_that_is_over_for_one_tenant_is_over_for_all(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id is on record: stood on again it could never be stitched in, and every try would make another key."""
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        await until(site, "standing")
        found = site.gateway.emergency
        assert found is not None
        ledgers, standing = found._ledgers, found._standing
        assert await ledgers.prepare() == standing
        asked, mine = ledgers._store.of_node, site.gateway.site.tenants["default"].ledger

        async def of_node(ledger: str, node: str) -> list[Emergency]:
            rows = await asked(ledger, node)
            return [msgspec.structs.replace(one, state=STITCHED) for one in rows] if ledger == mine else list(rows)

        monkeypatch.setattr(ledgers._store, "of_node", of_node)
        assert await ledgers.prepare() != standing


async def test_an_emergency_that_an_older_version_left_is_stitched_in(sqlite_settings: Settings) -> None:
    directory = Path(sqlite_settings.base) / "emergency"
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        key = await site.key("clerk")
        await care(site, key)
        await copied(site)
        async with away(sqlite_settings):
            await until(site, "serving", lambda: care(site, key))
            cared = await care(site, key)
            exchange = cared.headers["x-exchange-id"]
            assert (cared.status_code, cared.headers["x-ledger"]) == (200, "emergency")
            (directory / "closed").write_text("no directory")  # as a disk that takes nothing
        await until(site, "standing")
    (directory / "closed").unlink()
    (left,) = directory.glob("em_*.db")
    engine = sqlite_engine(left)
    async with writing(engine, None) as connection:
        await connection.run_sync(moved, "0033")
    await engine.dispose()
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        found = site.gateway.emergency
        assert found is not None
        async with asyncio.timeout(60):
            while found.figures().left or found.state != "standing":  # noqa: ASYNC110 — nobody tells of it
                await asyncio.sleep(0.02)
        stitched = [one["emergency"] for one in await site.records() if one["event"] == "emergency.stitched"]
        assert stitched == [left.stem]
        auditor = await site.key("auditor")
        found_again = await site.http.get(
            f"/audit/exchanges/{exchange}", headers={"authorization": f"Bearer {auditor}"}
        )
        assert "exchange.completed" in found_again.text
    assert not left.exists()


async def test_an_emergency_that_is_not_on_record_stays_where_it_is_and_is_told(
    sqlite_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    directory = Path(sqlite_settings.base) / "emergency"
    directory.mkdir()
    strange = directory / "em_strange.db"
    strange.write_bytes(b"no database")
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        assert site.gateway.emergency is not None
        figures = site.gateway.emergency.figures()
        assert (figures.state, figures.left) == ("standing", 1), "nor does it keep the next from being prepared"
        assert "an emergency ledger is here that is not on record" in caplog.text
        ledgers = site.gateway.emergency._ledgers
        assert isinstance(ledgers, EmergencyLedgers)
        with pytest.raises(VerificationError):
            await ledgers.stitch_left("em_strange")
    assert strange.read_bytes() == b"no database"


@pytest.mark.parametrize("keys", [False, True], ids=["keys-of-today", "keys-of-then"])
async def test_what_was_stitched_in_on_a_ledger_that_was_restored_since_is_stitched_in_again(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, keys: bool
) -> None:
    """From its file, before another is stood on: with the keys of then that would be the same, whose file is there."""
    monkeypatch.setattr(entering, "LOOK_S", 0.05)
    base, section = Path(sqlite_settings.base), emergency(sqlite_settings)
    async with system(sqlite_settings, agents=AGENTS, emergency=section) as site:
        key = await site.key("clerk")
        await care(site, key)
        await until(site, "standing")
    shutil.copy(base / "gateway.db", base / "saved.db")
    shutil.copytree(base / "keys", base / "keys-of-then")
    async with system(sqlite_settings, agents=AGENTS, emergency=section) as site:
        await until(site, "standing")
        async with away(sqlite_settings):
            await until(site, "serving", lambda: care(site, key))
            cared = (await care(site, key)).headers["x-exchange-id"]
        await until(site, "standing")
        (first,) = [one for one in await site.records() if one["event"] == "emergency.stitched"]
    for name in ("gateway.db-wal", "gateway.db-shm"):
        (base / name).unlink(missing_ok=True)
    shutil.copy(base / "saved.db", base / "gateway.db")
    if keys:
        shutil.rmtree(base / "keys")
        (base / "keys-of-then").rename(base / "keys")
    async with system(sqlite_settings, agents=AGENTS, emergency=section) as site:
        await until(site, "standing")
        found = site.gateway.emergency
        assert found is not None
        assert found._standing not in (None, first["emergency"])
        (again,) = [one for one in await site.records() if one["event"] == "emergency.stitched"]
        same = ("emergency", "key", "archive", "digest", "range", "checkpoint", "began", "ended", "count")
        assert [again[name] for name in same] == [first[name] for name in same]
        auditor = site.gateway.auditors["default"]
        seen = await auditor.exchange(Reader(actor="ac_1", kind="person", detail=Detail()), cared)
        assert seen is not None


async def test_a_file_that_is_not_what_was_prepared_is_told_and_not_stood_on(
    sqlite_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    section = emergency(sqlite_settings)
    async with system(sqlite_settings, agents=AGENTS, emergency=section) as site:
        await until(site, "standing")
        found = site.gateway.emergency
        assert found is not None
        assert found._standing is not None
        before, ledger = found._standing, site.gateway.site.tenants["default"].ledger
        path = found._ledgers.file(ledger, before)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no archive")
    async with system(sqlite_settings, agents=AGENTS, emergency=section) as site:
        await until(site, "standing")
        found = site.gateway.emergency
        assert found is not None
        assert found._standing not in (None, before)
        assert f"the emergency ledger {before} is over and cannot be stitched in again" in caplog.text
    assert path.read_bytes() == b"no archive"
