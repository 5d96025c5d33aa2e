"""One append beside a bare commit, and several processes on one ledger: measured, counted, and judged."""

import time
from pathlib import Path

import pytest

from benchmarks import databases, durable
from benchmarks.children import Unmeasured
from benchmarks.databases import Databases
from benchmarks.durable import Report
from gateway.store import migrate


@pytest.fixture
async def migrated(tmp_path: Path) -> Path:
    await migrate.upgrade(databases.settings("sqlite:///gateway.db", tmp_path))
    return tmp_path


async def test_an_append_and_a_bare_commit_are_timed_on_sqlite(migrated: Path) -> None:
    appended, bare = await durable._idle(databases.settings("sqlite:///gateway.db", migrated), None, 6)
    assert min(appended, bare) > 0


@pytest.mark.postgres
async def test_an_append_and_a_bare_commit_are_timed_on_postgresql(
    postgres_database: tuple[str, str], tmp_path: Path
) -> None:
    settings = databases.settings(postgres_database[1], tmp_path)
    appended, bare = await durable._idle(settings, postgres_database, 6)
    assert min(appended, bare) > 0


async def test_a_process_of_a_crowd_says_how_many_records_are_there(migrated: Path) -> None:
    settings = databases.settings("sqlite:///gateway.db", migrated)
    count = await durable.append_until(settings, "tn_0000000000000000000000crowd", 0.05, lambda: time.time() + 0.01)
    assert count >= durable.UNDER_WAY
    assert await durable._there(settings, "tn_0000000000000000000000crowd") == count
    with pytest.raises(Unmeasured):
        await durable.append_until(settings, "tn_0000000000000000000000crowd", 0.05, lambda: time.time() - 1)


@pytest.mark.instrument
def test_records_that_are_not_there_are_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Databases(None)
    url = found.make("sqlite", tmp_path)

    async def fewer(*_: object) -> int:
        return 0

    monkeypatch.setattr(durable, "_there", fewer)
    with pytest.raises(Unmeasured, match="acknowledged"):
        durable._crowd(url, tmp_path, 1, 0.05)


def test_what_takes_longer_or_is_less_than_wanted_is_missed() -> None:
    good = Report(
        append_ms={"sqlite": 1.4}, bare_ms={"sqlite": 1.0}, one_per_s={"sqlite": 100}, crowd_per_s={"sqlite": 75}
    )
    assert durable.misses(good) == []
    bad = Report(
        append_ms={"sqlite": 1.6}, bare_ms={"sqlite": 1.0}, one_per_s={"sqlite": 100}, crowd_per_s={"sqlite": 74}
    )
    assert durable.misses(bad) == [
        "sqlite: one append takes 1.60 bare commits, 1.5 wanted",
        "sqlite: 4 processes append 0.74 of what one does, 0.75 wanted",
    ]
    assert "1.40 times" in durable.lines(good)[0]
