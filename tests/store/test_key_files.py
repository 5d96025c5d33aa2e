"""Secret files beside a wrapped root key open under it, each in its own place, and nothing in the clear is believed."""

import os
import time
from pathlib import Path

import pytest

from gateway.core.errors import ConfigurationError
from gateway.store import key_files
from gateway.store.key_files import REFERENCE, SEALED, KeyFiles, alone, read, replace, wrapped, write_new

KEY = bytes(range(32))


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir(mode=0o700)
    write_new(tmp_path / "keys" / "kek", KEY)
    return tmp_path / "keys"


def wrap(keys: Path) -> None:
    replace(keys / "kek", b"wrapped by something else")


def test_files_are_sealed_where_the_root_key_is_wrapped_and_open_in_both_states(keys: Path) -> None:
    files = KeyFiles(keys, KEY)
    first, second = keys / "search-tn_1.key", keys / "search-tn_2.key"
    assert files.write_new(first, b"a" * 32)
    assert read(first) == b"a" * 32
    assert files.seal() == 1
    assert files.seal() == 0
    wrap(keys)
    assert wrapped(keys)
    assert files.write_new(second, b"b" * 32)
    assert not files.write_new(second, b"c" * 32)
    assert all(read(path).startswith(SEALED) for path in (first, second))
    assert (files.read(first, 32), files.read(second, 32)) == (b"a" * 32, b"b" * 32)
    replace(keys / "kek", KEY)
    assert files.read(first) == b"a" * 32
    assert files.unseal() == 2
    assert (read(first), read(second)) == (b"a" * 32, b"b" * 32)


def test_what_a_try_before_may_have_left_in_doubt_is_made_durable_first(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing is left to be done: what is found done would be taken for done."""
    files = KeyFiles(keys, KEY)
    assert files.write_new(keys / "assertion.key", b"a" * 32)

    def fails(_: Path) -> None:
        raise OSError(5, "Input/output error")

    for done in (files.seal, files.unseal):
        with monkeypatch.context() as patch:
            patch.setattr(key_files, "sync", fails)
            for _ in range(2):
                with pytest.raises(ConfigurationError, match="keys cannot be written"):
                    done()
        assert done() == 1
        with monkeypatch.context() as patch:
            patch.setattr(key_files, "sync", fails)
            with pytest.raises(ConfigurationError, match="keys cannot be written"):
                done()


def test_what_lies_in_the_clear_beside_a_wrapped_root_key_is_refused(keys: Path) -> None:
    files, path = KeyFiles(keys, KEY), keys / "assertion.key"
    write_new(path, b"known to who wrote it, 32 bytes..")
    wrap(keys)
    with pytest.raises(ConfigurationError, match=r"assertion\.key lies in the clear"):
        files.read(path)


def test_a_reference_to_a_token_is_no_secret(keys: Path) -> None:
    files, path = KeyFiles(keys, KEY), keys / "ledger-1.key"
    wrap(keys)
    files.write_new(path, REFERENCE + b"00+name")
    assert read(path) == files.read(path) == REFERENCE + b"00+name"
    assert files.seal() == files.unseal() == 0


def test_nothing_sealed_opens_in_anothers_place_changed_or_under_another_key(keys: Path) -> None:
    files, path, other = KeyFiles(keys, KEY), keys / "search-tn_1.key", keys / "search-tn_2.key"
    wrap(keys)
    files.write_new(path, b"a" * 32)
    data = read(path)
    write_new(other, data)
    with pytest.raises(ConfigurationError, match="does not open"):
        files.read(other)
    with pytest.raises(ConfigurationError, match="does not open"):
        KeyFiles(keys, bytes(32)).read(path)
    for wrong in (data[:-6] + b"AAA=\n", SEALED, SEALED + b"\xff\n", SEALED + b"Ag==\n", data[: len(SEALED) + 8]):
        replace(path, wrong)
        with pytest.raises(ConfigurationError, match="does not open"):
            files.read(path)
    replace(path, data)
    with pytest.raises(ConfigurationError, match="length"):
        files.read(path, 31)


def test_a_disk_that_fails_leaves_the_old_file(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("full")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os if step == "fsync" else Path, step, fails)
            with pytest.raises(ConfigurationError, match="cannot be written"):
                replace(keys / "kek", b"new")
        assert read(keys / "kek") == KEY
        assert [path.name for path in keys.iterdir()] == ["kek"]


def test_two_do_not_change_it_at_once_and_what_a_crash_left_is_removed(keys: Path) -> None:
    for name, age in ((".kek.1.new", 0), (".ledger-1.key.1.new", 100), (".search-1.key.1.new", 0)):
        (keys / name).touch(0o600)
        os.utime(keys / name, (time.time() - age,) * 2)
    with alone(keys):
        assert {path.name for path in keys.iterdir()} == {"kek", ".search-1.key.1.new"}, "a node may be writing that"
        with pytest.raises(ConfigurationError, match="another process"), alone(keys):
            pass
    with alone(keys):
        pass
