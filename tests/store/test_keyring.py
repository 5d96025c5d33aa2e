"""A keyring holds what must not be lost and must not be read: it opens only whole, and only for its owner."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError, FormatError
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.note import Signer, Verifier
from gateway.settings import parse
from gateway.store import keyring as module
from gateway.store.keyring import Keyring, open_keyring, share
from gateway.store.root_key import kek_of
from gateway.store.shared_keys import SharedDataKeys
from tests.services import Postgres
from tests.store.shared_keys_kit import data_keys_database

ORIGIN = "gateway.internal/ledger/0011"


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    ring = Keyring.create(tmp_path / "keys")
    yield ring
    ring.close()


def test_directory_and_files_are_their_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ring = Keyring.create(tmp_path / "keys")
        ring.create_ledger_key(ORIGIN)
        ring.create_search_key("tn_1")
        key, _ = ring.new_data_key(None)
        ring.persist([key])
        assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
        assert {"kek", "data-keys.db", "data-keys.db-wal", "ledger-0011.key", "search-tn_1.key"} <= set(modes)
        assert set(modes.values()) == {0o600}
        ring.close()
    finally:
        os.umask(before)


def test_a_keyring_opened_again_has_the_same_keys(keyring: Keyring, tmp_path: Path) -> None:
    keyring.create_ledger_key(ORIGIN)
    keyring.create_search_key("tn_1")
    key, plain = keyring.new_data_key("su_1")
    keyring.persist([key])
    again = Keyring.open(tmp_path / "keys")
    assert again.search_key("tn_1") == keyring.search_key("tn_1")
    assert again.verifier_key(ORIGIN) == keyring.verifier_key(ORIGIN)
    assert again.data_key(key.id) == plain
    assert again.subject_key("su_1") == (key.id, plain)
    assert again.subject_keys("su_1") == (key.id,)
    again.close()


def test_a_destroyed_key_is_gone_in_another_open_keyring(keyring: Keyring, tmp_path: Path) -> None:
    key, _ = keyring.new_data_key("su_1")
    keyring.persist([key])
    other = Keyring.open(tmp_path / "keys")
    assert other.destroy([key.id]) == 1
    assert keyring.data_key(key.id) is None
    assert (keyring.unknown(key.id), keyring.unknown("dk_nobody")) == (False, True)
    assert keyring.subject_key("su_1") is None
    other.close()


def test_what_the_signer_signs_the_verifier_key_verifies(keyring: Keyring) -> None:
    keyring.create_ledger_key(ORIGIN)
    verifier = Verifier.parse(keyring.verifier_key(ORIGIN))
    assert verifier.name == ORIGIN
    assert verifier.verify(b"text\n", keyring.signer(ORIGIN).sign(b"text\n"))


def test_search_keys_are_32_bytes_and_differ_between_tenants(keyring: Keyring) -> None:
    keyring.create_search_key("tn_1")
    keyring.create_search_key("_system")
    assert len(keyring.search_key("tn_1")) == 32
    assert keyring.search_key("tn_1") != keyring.search_key("_system")


def test_nothing_is_made_by_being_asked_for(keyring: Keyring, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"ledger-0011\.key is missing"):
        keyring.signer(ORIGIN)
    with pytest.raises(ConfigurationError, match=r"search-tn_1\.key is missing"):
        keyring.search_key("tn_1")
    assert not list((tmp_path / "keys").glob("*-*.key"))


def test_nothing_is_ever_made_over_another(keyring: Keyring, tmp_path: Path) -> None:
    keyring.create_ledger_key(ORIGIN)
    keyring.create_search_key("tn_1")
    before = {path: path.read_bytes() for path in (tmp_path / "keys").glob("*key*")}
    keyring.create_search_key("tn_1")
    for attempt in (
        lambda: keyring.create_ledger_key(ORIGIN),
        lambda: Keyring.create(tmp_path / "keys"),
    ):
        with pytest.raises(ConfigurationError, match="exists"):
            attempt()
    assert {path: path.read_bytes() for path in (tmp_path / "keys").glob("*key*")} == before
    assert not list((tmp_path / "keys").glob("*.new"))


def test_the_key_of_another_origin_is_not_used(keyring: Keyring) -> None:
    keyring.create_ledger_key(ORIGIN)
    with pytest.raises(ConfigurationError, match="origin"):
        keyring.signer("other.internal/ledger/0011")


@pytest.mark.parametrize("name", ["kek", "data-keys.db", "search-tn_1.key"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_file_that_others_may_read_or_write_is_refused_by_name(
    keyring: Keyring, tmp_path: Path, name: str, mode: int
) -> None:
    keyring.create_search_key("tn_1")
    (tmp_path / "keys" / name).chmod(mode)
    with pytest.raises(ConfigurationError, match=f"{name} is open to others"):
        Keyring.open(tmp_path / "keys")


def test_a_directory_that_others_may_enter_is_refused(keyring: Keyring, tmp_path: Path) -> None:
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(ConfigurationError, match="must be 0700"):
        Keyring.open(tmp_path / "keys")


@pytest.mark.parametrize("name", ["kek", "data-keys.db"])
def test_a_missing_file_is_named(keyring: Keyring, tmp_path: Path, name: str) -> None:
    keyring.close()
    (tmp_path / "keys" / name).unlink()
    with pytest.raises(ConfigurationError, match=f"{name} is missing"):
        Keyring.open(tmp_path / "keys")


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="keys is missing"):
        Keyring.open(tmp_path / "keys")


@pytest.mark.parametrize("content", [b"", b"short", bytes(33), bytes(100_000)])
def test_a_key_of_another_length_is_refused(keyring: Keyring, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys" / "kek").write_bytes(content)
    with pytest.raises(ConfigurationError, match="length"):
        Keyring.open(tmp_path / "keys")


def test_a_ledger_id_cannot_leave_the_directory(keyring: Keyring) -> None:
    for name in ("../x", "a/b", "", "A", "a" * 65):
        with pytest.raises(ConfigurationError, match="ledger id"):
            keyring.search_key(name)


def test_a_damaged_signing_key_is_refused_without_showing_it(keyring: Keyring, tmp_path: Path) -> None:
    keyring.create_ledger_key(ORIGIN)
    file = tmp_path / "keys" / "ledger-0011.key"
    whole = file.read_text()
    for damaged in (
        "",
        whole[:-3],
        whole + "\n",
        whole.replace("+0", "+1", 1)[:-2],
        whole.replace("PRIVATE", "PUBLIC"),
    ):
        file.write_text(damaged)
        with pytest.raises(ConfigurationError) as caught:
            keyring.signer(ORIGIN)
        assert whole.split("+", 4)[-1].strip() not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_signing_key_is_written_in_the_form_that_other_implementations_read() -> None:
    signer = Signer("example.com/log", bytes(range(32)))
    text = module._private_key(signer.verifier, signer.seed)
    assert text.startswith(f"PRIVATE+KEY+example.com/log+{signer.verifier.key_id.hex()}+A".encode())
    assert module._parse_private_key(text).seed == signer.seed


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120) | st.text(alphabet="PRIVATE+KY/=abA01\n", max_size=120).map("PRIVATE+KEY+".__add__))
def test_any_text_is_a_private_key_in_its_one_form_or_a_format_error(text: str) -> None:
    try:
        signer = module._parse_private_key(text.encode("utf-8", "surrogatepass"))
    except (FormatError, UnicodeDecodeError):
        return
    assert module._private_key(signer.verifier, signer.seed) == text.encode()


def test_a_witnesss_key_is_kept_apart_by_its_type_and_never_overwritten(tmp_path: Path) -> None:
    cosigner, file = Cosigner("example.com/witness", bytes(range(32))), tmp_path / "witness.key"
    module.write_cosigner(file, cosigner)
    assert file.stat().st_mode & 0o777 == 0o600
    assert module.read_cosigner(file).witness.vkey == cosigner.witness.vkey
    with pytest.raises(ConfigurationError, match="not overwritten"):
        module.write_cosigner(file, cosigner)
    plain = Signer("example.com/witness", bytes(range(32)))
    for wrong in (module._private_key(plain.verifier, plain.seed), b"", b"\xff", file.read_bytes()[:-3]):
        file.write_bytes(wrong)
        with pytest.raises(ConfigurationError, match="does not hold") as caught:
            module.read_cosigner(file)
        assert caught.value.__suppress_context__


def test_discarding_removes_the_keys_of_a_ledger_and_only_those(keyring: Keyring, tmp_path: Path) -> None:
    for number in ("1", "2"):
        keyring.create_ledger_key(f"gateway.internal/ledger/{number}")
        keyring.create_search_key(f"tn_{number}")
    keyring.discard("gateway.internal/ledger/1")
    assert {path.name for path in (tmp_path / "keys").glob("*-?.key")} == {"ledger-2.key"}
    keyring.discard("gateway.internal/ledger/1", "tn_1")
    assert {path.name for path in (tmp_path / "keys").glob("*.key")} == {"ledger-2.key", "search-tn_2.key"}


def test_a_file_left_by_a_crash_is_not_read_and_does_not_stop_the_keyring(keyring: Keyring, tmp_path: Path) -> None:
    left = tmp_path / "keys" / ".search-tn_1.key.abc.new"
    left.touch(mode=0o600)
    left.write_bytes(b"half")
    with pytest.raises(ConfigurationError, match="missing"):
        keyring.search_key("tn_1")
    Keyring.open(tmp_path / "keys").close()


def test_a_full_disk_leaves_no_half_key(keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.store.keyring.os.fsync", full)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        keyring.create_search_key("tn_1")
    assert not list((tmp_path / "keys").glob("*search*"))


def test_the_key_of_assertions_is_made_once_and_kept(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path / "keys")
    with pytest.raises(ConfigurationError, match="missing"):
        keyring.assertion_key()
    keyring.create_assertion_key()
    seed = keyring.assertion_key()
    keyring.create_assertion_key()
    assert (len(seed), keyring.assertion_key()) == (32, seed)
    keyring.close()
    again = Keyring.open(tmp_path / "keys")
    assert again.assertion_key() == seed
    again.close()


def test_the_kek_is_read_only_from_a_keyring_that_is_its_owner_s_alone(keyring: Keyring, tmp_path: Path) -> None:
    assert kek_of(tmp_path / "keys") == (tmp_path / "keys" / "kek").read_bytes()
    (tmp_path / "keys" / "kek").chmod(0o640)
    with pytest.raises(ConfigurationError, match="open to others"):
        kek_of(tmp_path / "keys")


@pytest.mark.postgres
def test_data_keys_move_from_the_file_to_a_database_and_none_is_lost(
    keyring: Keyring, tmp_path: Path, postgres_server: Postgres
) -> None:
    directory = tmp_path / "keys"
    (first, plain), (second, _) = keyring.new_data_key("su_1"), keyring.new_data_key(None)
    keyring.persist([first, second])
    keyring.destroy([second.id])
    assert keyring.shared is None
    with data_keys_database(postgres_server) as url:
        settings = parse({"keys": {"data_keys": url}}, {}, tmp_path)
        with pytest.raises(ConfigurationError, match="gateway migrate"):
            share(directory, url)
        assert SharedDataKeys.create(url, kek_of(directory))
        with pytest.raises(ConfigurationError, match="gateway keys share"):
            open_keyring(settings)
        assert (share(directory, url), share(directory, url)) == (1, 0)
        with pytest.raises(ConfigurationError, match=r"name that in keys\.data_keys"):
            Keyring.open(directory)
        moved = open_keyring(settings)
        try:
            assert moved.shared is not None
            assert moved.data_key(first.id) == plain
            assert moved.subject_key("su_1") == (first.id, plain)
            moved.persist([second])
            assert (moved.data_key(second.id), moved.unknown(second.id)) == (None, False)
        finally:
            moved.close()
