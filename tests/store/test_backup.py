"""A backup is whole or none, and takes the database's place in one step, whatever kills the process before or after."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.settings import Settings
from gateway.store import backup
from gateway.store.backup import FILE, LedgerState, Manifest
from gateway.store.engine import sqlite_engine, target
from tests.store.kit import LEDGER, Store, entry, opened

STATE = LedgerState(tenant="default", ledger=LEDGER, origin="o", size=2, hash="a" * 64)


def _copied(settings: Settings, directory: Path) -> Manifest:
    backup.new_directory(directory)
    file = backup.copy_sqlite(target(settings).path, directory)
    manifest = Manifest(
        made_at="2026-11-24T01:02:03.000004Z", database="sqlite", revision="1", ledgers=(STATE,), files=(file,)
    )
    backup.write_manifest(directory, manifest)
    return manifest


async def test_a_copy_is_as_of_one_instant_while_others_write(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with opened(sqlite_settings, tmp_path) as store, store.writer() as writer:
        await writer.append(entry())
        await writer.append(entry())
        manifest = _copied(sqlite_settings, tmp_path / "b")
        await writer.append(entry())
        assert backup.read_manifest(tmp_path / "b") == manifest
        engine = sqlite_engine(tmp_path / "b" / FILE, mode="ro")
        (state,) = await backup.states(engine, [("default", LEDGER, "o"), ("other", "tn_other", "p")])
        await engine.dispose()
        assert (state.size, state.checkpoint) == (2, "")
        assert [seq for seq, _ in backup.records_of(tmp_path / "b" / FILE, LEDGER, 1)] == [1]
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["ledger.db", "manifest.json"]
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "b").iterdir()} == {"0o600"}


def test_nothing_is_written_over(sqlite_settings: Settings, tmp_path: Path) -> None:
    _copied(sqlite_settings, tmp_path / "b")
    with pytest.raises(ConfigurationError, match="is not empty"):
        backup.new_directory(tmp_path / "b")


@pytest.mark.parametrize("name", [".manifest.json.new", "manifest.json"])
def test_of_two_who_write_one_manifest_the_later_changes_nothing(tmp_path: Path, name: str) -> None:
    manifest = Manifest(made_at="2026-11-24T01:02:03.000004Z", database="postgresql", revision="1", ledgers=())
    (tmp_path / name).write_bytes(b"another's")
    with pytest.raises(ConfigurationError, match="holds another backup"):
        backup.write_manifest(tmp_path, manifest)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: b"another's"}


def _changed(manifest: dict[str, Any], **values: Any) -> bytes:
    return msgspec.json.encode({**manifest, **values})


def test_what_is_no_whole_backup_is_refused(sqlite_settings: Settings, tmp_path: Path) -> None:
    directory = tmp_path / "b"
    document = msgspec.to_builtins(_copied(sqlite_settings, directory))
    file = directory / backup.MANIFEST
    outside = {**document["files"][0], "name": "../gateway.db"}
    for data in (
        b"",
        b"[]",
        b"[" * 100_000,
        _changed(document, form="gateway-backup/2"),
        _changed(document, more=1),
        _changed(document, files=[]),
        _changed(document, files=[outside]),
        _changed(document, database="postgresql"),
        _changed(document, ledgers=[{**document["ledgers"][0], "hash": "x"}]),
    ):
        file.write_bytes(data)
        with pytest.raises(ConfigurationError, match=r"manifest\.json"):
            backup.read_manifest(directory)
    file.unlink()
    with pytest.raises(ConfigurationError, match="holds no whole backup"):
        backup.read_manifest(directory)


def test_a_copy_that_was_changed_is_refused(sqlite_settings: Settings, tmp_path: Path) -> None:
    _copied(sqlite_settings, tmp_path / "b")
    with (tmp_path / "b" / FILE).open("r+b") as file:
        file.seek(5000)
        file.write(b"changed")
    with pytest.raises(VerificationError, match=r"ledger\.db of the backup has not the size and SHA-256"):
        backup.read_manifest(tmp_path / "b")
    (tmp_path / "b" / FILE).unlink()
    with pytest.raises(VerificationError, match="cannot be read"):
        backup.read_manifest(tmp_path / "b")


def test_what_cannot_be_copied_is_our_own_error(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(LedgerUnavailable):
        backup.copy_sqlite(tmp_path / "none.db", tmp_path / "b")
    (tmp_path / "damaged.db").write_bytes(b"SQLite format 3\x00" + bytes(2000))
    assert backup.is_sqlite(tmp_path / "damaged.db")
    with pytest.raises(VerificationError, match="cannot be read as a database"):
        list(backup.records_of(tmp_path / "damaged.db", LEDGER, 0))
    assert not backup.is_sqlite(tmp_path / "none.db")


async def _two_histories(settings: Settings, tmp_path: Path) -> Path:
    """A database with three records, and a backup of its first two staged beside it."""
    async with opened(settings, tmp_path) as store:
        await store.append([entry(), entry()])
        _copied(settings, tmp_path / "b")
        await store.append([entry()])
    path = target(settings).path
    backup.stage(tmp_path / "b", path)
    backup.stage(tmp_path / "b", path)  # twice is once
    return path


def _size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM record").fetchone()[0])


async def test_it_takes_the_databases_place_and_that_is_kept_aside(sqlite_settings: Settings, tmp_path: Path) -> None:
    path = await _two_histories(sqlite_settings, tmp_path)
    aside = backup.put_in_place(path, "1")
    assert aside == path.with_name("gateway.db.replaced-1")
    assert (_size(path), _size(aside)) == (2, 3)
    assert not backup.staged(path).exists()
    async with opened(sqlite_settings, tmp_path / "other") as store:
        store = Store(store.engine, store.where, store.keyring, store.clock, tmp_path)
        (appended,) = await store.append([entry()])
    assert appended.seq == 2


@pytest.mark.parametrize("renames", range(3))
async def test_killed_between_two_steps_the_next_run_goes_on(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    path = await _two_histories(sqlite_settings, tmp_path)
    log = path.with_name("gateway.db-wal")
    log.write_bytes(b"the log of the database that was there")
    rename, left = os.rename, [renames]

    def dying(one: Any, other: Any) -> None:
        if not left[0]:
            raise OSError("killed")
        left[0] -= 1
        rename(one, other)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", dying)
        with pytest.raises(LedgerUnavailable):
            backup.put_in_place(path, "1")
    assert path.exists() == (renames == 0), "never the copy beside a log that is not its own"
    backup.stage(tmp_path / "b", path)
    backup.put_in_place(path, "2")
    assert _size(path) == 2
    assert not log.exists()
