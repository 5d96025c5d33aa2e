"""The file of data keys: durable when it says so, opened under its own id only, and gone when destroyed."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigurationError, LedgerUnavailable, VerificationError
from gateway.ledger.entry import DataKey
from gateway.store.data_keys import DataKeys, fields, holds_keys

KEK = bytes(range(32))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data-keys.db"
    DataKeys.create(path)
    return path


@pytest.fixture
def keys(file: Path) -> Iterator[DataKeys]:
    opened = DataKeys(file, KEK)
    yield opened
    opened.close()


def test_a_persisted_key_is_read_back_by_another_process_s_connection(keys: DataKeys, file: Path) -> None:
    key, plain = keys.new("su_1")
    keys.persist([key])
    other = DataKeys(file, KEK)
    assert other.get(key.id) == plain
    assert other.of_subject("su_1") == (key.id, plain)
    other.close()


def test_a_new_key_is_nowhere_before_it_is_persisted(keys: DataKeys) -> None:
    key, _ = keys.new("su_1")
    assert keys.get(key.id) is None
    assert keys.of_subject("su_1") is None


def test_the_plain_key_never_stands_in_the_file(keys: DataKeys, file: Path) -> None:
    key, plain = keys.new(None)
    keys.persist([key])
    assert plain not in key.wrapped
    for part in file.parent.iterdir():
        assert plain not in part.read_bytes()


def test_persisting_twice_and_persisting_nothing_change_nothing(keys: DataKeys) -> None:
    key, plain = keys.new(None)
    keys.persist([key])
    keys.persist([key])
    keys.persist([])
    assert keys.get(key.id) == plain


def test_a_subject_with_several_keys_keeps_one_current_and_lists_them_all(keys: DataKeys) -> None:
    made = [keys.new("su_1") for _ in range(3)]
    keys.persist([key for key, _ in made])
    first = min(made, key=lambda item: item[0].id)
    assert keys.of_subject("su_1") == (first[0].id, first[1])
    assert keys.ids_of_subject("su_1") == tuple(sorted(key.id for key, _ in made))


def test_a_destroyed_key_is_gone_at_once_for_everyone_and_does_not_come_back(keys: DataKeys, file: Path) -> None:
    key, _ = keys.new("su_1")
    keys.persist([key])
    other = DataKeys(file, KEK)
    assert other.get(key.id) is not None
    assert (other.unknown(key.id), other.unknown("dk_nobody")) == (False, True)
    assert keys.destroy([key.id]) == 1
    assert other.get(key.id) is None
    assert other.of_subject("su_1") is None
    other.persist([key])
    assert other.get(key.id) is None
    assert keys.destroy([key.id]) == 0
    assert not other.unknown(key.id), "it was here"
    other.close()


def test_for_a_subject_that_was_destroyed_by_name_no_key_is_made_durable_again(keys: DataKeys) -> None:
    made, others = keys.new("su_1")[0], [keys.new(one)[0] for one in ("su_2", None)]
    keys.destroy(["su_1"])
    keys.persist([made, *others])
    assert [keys.get(key.id) is not None for key in (made, *others)] == [False, True, True]
    assert keys.of_subject("su_1") is None


def test_who_was_destroyed_by_name_is_told_apart_from_keys(keys: DataKeys) -> None:
    key, _ = keys.new("su_1")
    keys.persist([key])
    keys.destroy([key.id, "su_1", "su_0", "sv_1", "st_1"])
    assert (keys.destroyed("su_"), keys.destroyed("dk_")) == (("su_0", "su_1"), (key.id,))


def test_destroying_leaves_no_wrapped_byte_and_no_pseudonym_in_file_or_journal(keys: DataKeys, file: Path) -> None:
    key, _ = keys.new("su_canary")
    kept, plain = keys.new("su_kept")
    keys.persist([key, kept])
    keys.destroy([key.id])
    for part in file.parent.iterdir():
        assert key.wrapped not in part.read_bytes()
        assert b"su_canary" not in part.read_bytes()
    assert keys.get(kept.id) == plain


def test_destroying_says_so_when_a_reader_still_holds_the_journal(
    keys: DataKeys, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = keys.new(None)
    keys.persist([key])
    keys._writer.execute("PRAGMA busy_timeout = 0")
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM data_key").fetchone()
    with pytest.raises(LedgerUnavailable, match="repeat"):
        keys.destroy([key.id])
    assert keys.get(key.id) is None
    reader.close()
    assert keys.destroy([key.id]) == 0


def test_a_key_moved_to_another_id_or_subject_does_not_open(keys: DataKeys, file: Path) -> None:
    key, _ = keys.new("su_1")
    keys.persist([key])
    with closing(sqlite3.connect(file)) as editor, editor:
        editor.execute("UPDATE data_key SET subject = 'su_2'")
    editor.close()
    with pytest.raises(VerificationError):
        keys.of_subject("su_2")
    with closing(sqlite3.connect(file)) as editor, editor:
        editor.execute("UPDATE data_key SET subject = 'su_1', id = 'dk_other'")
    editor.close()
    with pytest.raises(VerificationError):
        keys.get("dk_other")


@pytest.mark.parametrize("wrapped", [b"", b"\x01", b"\x02" + bytes(60), b"\x01" + bytes(5), b"\x01" + bytes(60)])
def test_a_damaged_row_is_refused_by_our_own_error(keys: DataKeys, file: Path, wrapped: bytes) -> None:
    with closing(sqlite3.connect(file)) as editor, editor:
        editor.execute("INSERT INTO data_key VALUES ('dk_bad', NULL, ?)", (wrapped,))
    editor.close()
    with pytest.raises(VerificationError):
        keys.get("dk_bad")


def test_another_key_encryption_key_opens_nothing(keys: DataKeys, file: Path) -> None:
    key, _ = keys.new(None)
    keys.persist([key])
    other = DataKeys(file, bytes(32))
    with pytest.raises(VerificationError):
        other.get(key.id)
    other.close()


def test_a_file_is_never_made_over_another_or_by_opening_it(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="exists"):
        DataKeys.create(file)
    with pytest.raises(LedgerUnavailable):
        DataKeys(tmp_path / "missing.db", KEK)
    assert not (tmp_path / "missing.db").exists()


def test_a_file_that_is_no_database_or_of_no_known_version_is_refused(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(os.urandom(4096))
    with pytest.raises(LedgerUnavailable):
        DataKeys(garbage, KEK)
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(ConfigurationError, match="version"):
        DataKeys(empty, KEK)


def test_the_settings_that_make_it_durable_and_forgetful_are_on(keys: DataKeys) -> None:
    for connection in (keys._reader, keys._writer):
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_a_lock_held_too_long_is_an_error_not_a_hang_and_nothing_is_half_written(keys: DataKeys, file: Path) -> None:
    key, _ = keys.new(None)
    keys._writer.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable):
        keys.persist([key])
    other.execute("ROLLBACK")
    other.close()
    assert keys.get(key.id) is None
    keys.persist([key])
    assert keys.get(key.id) is not None


def _count(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM data_key").fetchone()[0])


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        pytest.param("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", id="full"),
        pytest.param("PRAGMA query_only = ON", "PRAGMA query_only = OFF", id="read-only"),
    ],
)
def test_that_keys_cannot_be_written_is_proved_by_trying_and_that_they_can_again(
    keys: DataKeys, file: Path, fault: str, cure: str
) -> None:
    keys.prove()
    assert _count(file) == 0, "nothing is left of what was only tried"
    keys._writer.execute("VACUUM")  # no page to spare
    keys._writer.execute(fault)
    for attempt in (keys.prove, lambda: keys.persist([keys.new(None)[0] for _ in range(64)])):
        with pytest.raises(LedgerUnavailable):
            attempt()
    keys._writer.execute(cure)
    keys.prove()
    keys.persist([keys.new(None)[0]])
    assert _count(file) == 1


@pytest.mark.parametrize("taken", ["data-keys.db", "data-keys.db-wal"])
def test_what_is_moved_away_while_it_is_open_keeps_nothing_that_the_next_start_would_not_find(
    keys: DataKeys, file: Path, taken: str
) -> None:
    key, plain = keys.new(None)
    keys.persist([key])
    moved = file.with_name(taken)
    away = moved.rename(file.with_name("away"))
    for attempt in (keys.prove, lambda: keys.persist([keys.new(None)[0]]), lambda: keys.destroy([key.id])):
        with pytest.raises(LedgerUnavailable, match="put it back"):
            attempt()
    moved.write_bytes(away.read_bytes())
    with pytest.raises(LedgerUnavailable, match="replaced"):
        keys.persist([keys.new(None)[0]])
    away.rename(moved)
    keys.prove()
    assert keys.get(key.id) == plain


def test_a_process_killed_after_persist_returned_has_lost_no_key(file: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from gateway.store.data_keys import DataKeys\n"
        "keys = DataKeys(pathlib.Path(sys.argv[1]), bytes(range(32)))\n"
        "key, plain = keys.new(None)\n"
        "keys.persist([key])\n"
        "print(key.id, plain.hex(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    key_id, plain = done.stdout.split()
    keys = DataKeys(file, KEK)
    assert keys.get(key_id) == bytes.fromhex(plain)
    keys.close()


def test_keys_that_are_handed_over_are_all_given_and_none_is_left(keys: DataKeys, file: Path) -> None:
    assert not holds_keys(file)
    assert not holds_keys(file.with_name("missing.db"))
    made = [keys.new(f"su_{number}")[0] for number in range(3)]
    keys.persist(made)
    keys.destroy([made[0].id])
    assert holds_keys(file)
    running = DataKeys(file, KEK)
    taken: list[DataKey] = []
    gone: list[str] = []

    def broken(given: Sequence[DataKey], destroyed: Sequence[str]) -> None:
        raise LedgerUnavailable("away")

    with pytest.raises(LedgerUnavailable):
        keys.hand_over(broken)
    assert keys.get(made[1].id) is not None

    def take(given: Sequence[DataKey], destroyed: Sequence[str]) -> None:
        taken.extend(given)
        gone.extend(destroyed)

    assert keys.hand_over(take) == 2
    assert (sorted(taken, key=lambda key: key.id), gone) == (made[1:], [made[0].id])
    assert not holds_keys(file)
    for part in file.parent.iterdir():
        assert made[1].wrapped not in part.read_bytes()
    with pytest.raises(LedgerUnavailable):
        running.persist([made[1]])
    with pytest.raises(LedgerUnavailable):
        running.get(made[1].id)
    running.close()
    with pytest.raises(ConfigurationError, match=r"name that in keys\.data_keys"):
        DataKeys(file, KEK)


def test_what_lies_where_nothing_can_be_written_is_looked_at_all_the_same(
    keys: DataKeys, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.persist([keys.new(None)[0]])
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert holds_keys(file), "by its log, which is not in the file yet"
    keys.close()
    asked, opened = list[str](), sqlite3.connect

    def connect(place: str, **given: Any) -> sqlite3.Connection:
        asked.append(place)
        made: sqlite3.Connection = opened(place, **given)
        return made

    monkeypatch.setattr(sqlite3, "connect", connect)
    assert holds_keys(file)
    assert [place.partition("?")[2] for place in asked] == ["immutable=1"], "which makes no file and takes no lock"


def test_a_reader_in_the_way_of_a_handing_over_is_told_of(keys: DataKeys, file: Path) -> None:
    keys.persist([keys.new(None)[0]])
    keys._writer.execute("PRAGMA busy_timeout = 0")
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM data_key").fetchone()
    with pytest.raises(LedgerUnavailable, match="end it"):
        keys.hand_over(lambda given, destroyed: None)
    reader.close()
    assert not holds_keys(file)


def test_fields_cannot_be_shifted_into_one_another() -> None:
    assert fields(b"ab", b"c") != fields(b"a", b"bc")
    assert fields(b"a") != fields(b"a", b"")
