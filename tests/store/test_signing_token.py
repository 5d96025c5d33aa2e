"""A key on a token signs there and nowhere else, through lost sessions; one that hangs keeps nobody waiting twice."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass

from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable, PinRefused
from gateway.ledger import checkpoint
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.note import Signer
from gateway.ledger.rotation import Keys, Rotation, issue
from gateway.ledger.times import timestamp
from gateway.store import signing_token
from gateway.store.keyring import Keyring
from gateway.store.signing_token import Token, TokenSigner
from tests.services import SoftHsm

ORIGIN = "gateway.internal/ledger/0011"


@pytest.fixture
def token(softhsm: SoftHsm) -> Iterator[Token]:
    made = Token(softhsm.module, softhsm.label, lambda: softhsm.pin, wait_s=60.0)
    yield made
    made.close()


def test_what_it_signs_verifies_and_the_key_cannot_be_taken_out(token: Token) -> None:
    made = token.generate(ORIGIN)
    point = Checkpoint(ORIGIN, 3, b"r" * 32)
    assert checkpoint.verify(checkpoint.sign(point, made), made.verifier) == point
    assert made.sign(b"x") == made.sign(b"x")
    with pytest.raises(ConfigurationError):
        _ = made.seed
    session = token._session
    assert session is not None
    key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=made.key)
    assert (key[Attribute.EXTRACTABLE], key[Attribute.SENSITIVE]) == (False, True)
    with pytest.raises(pkcs11.PKCS11Error):
        _ = key[Attribute.VALUE]


def test_a_reference_leads_to_the_key_again_and_is_read_strictly(token: Token) -> None:
    made = token.generate(ORIGIN)
    data = made.reference
    again = token.signer(data)
    assert again.sign(b"x") == made.sign(b"x")
    for wrong in (data[:-1], data.upper(), data.replace(b"+", b"++", 1), b"PKCS11+KEY+zz+" + data[44:], b""):
        with pytest.raises(FormatError):
            token.signer(wrong)


# The library tidies up a search of the session that was taken from it, and says so on standard error.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_session_that_is_lost_is_opened_again(token: Token) -> None:
    made = token.generate(ORIGIN)
    for _ in range(2):
        assert token._session is not None
        token._session.close()
        assert made.verifier.verify(b"x", made.sign(b"x"))


def test_two_of_one_process_use_one_token_each_with_its_own_session(token: Token, softhsm: SoftHsm) -> None:
    made = token.generate(ORIGIN)
    other = Token(softhsm.module, softhsm.label, lambda: softhsm.pin, wait_s=60.0)
    again = other.signer(made.reference)
    assert again.sign(b"x") == made.sign(b"x")
    other.close()
    assert made.sign(b"y")


def test_a_key_that_is_gone_or_another_signs_nothing(token: Token) -> None:
    one, other = token.generate(ORIGIN), token.generate(ORIGIN)
    mixed = TokenSigner(one.verifier, token, other.key)
    with pytest.raises(LedgerUnavailable, match="another key"):
        mixed.sign(b"x")
    _ = one.sign(b"x")
    token.destroy(one.reference)
    token.destroy(one.reference)
    with pytest.raises(LedgerUnavailable):
        one.sign(b"x")
    assert other.sign(b"x")


def test_a_token_that_is_not_there_or_lets_nobody_in_is_told_without_the_pin(softhsm: SoftHsm) -> None:
    def unreadable() -> str:
        raise ConfigurationError("not there")

    for module, label, pin in (
        (softhsm.module, "another", lambda: softhsm.pin),
        (softhsm.module, softhsm.label, lambda: "4321"),
        ("/nowhere/libnone.so", softhsm.label, lambda: softhsm.pin),
        (softhsm.module, softhsm.label, unreadable),
    ):
        away = Token(module, label, pin)
        with pytest.raises(LedgerUnavailable) as refused:
            away.generate(ORIGIN)
        assert softhsm.pin not in str(refused.value)
        assert "4321" not in str(refused.value)
        away.close()


def pins_given(softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The PINs that the token is given from now on, in their order."""
    library, given = pkcs11.lib(softhsm.module), list[str]()

    class Counting:
        def get_token(self, **named: Any) -> Any:
            token = library.get_token(**named)

            def opened(user_pin: str, rw: bool) -> Any:
                given.append(user_pin)
                return token.open(user_pin=user_pin, rw=rw)

            return SimpleNamespace(open=opened)

    monkeypatch.setattr(pkcs11, "lib", lambda module: Counting())
    return given


def test_a_pin_that_was_refused_is_given_to_the_token_no_more(
    softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By nobody in this process: a token counts wrong ones, and locks itself. Another PIN is tried."""
    given = pins_given(softhsm, monkeypatch)
    said = ["987654"]
    one, other = (Token(softhsm.module, softhsm.label, lambda: said[0]) for _ in range(2))
    for token in (one, one, other):
        with pytest.raises(PinRefused, match=r"keys\.pkcs11_pin") as refused:
            token.generate(ORIGIN)
        assert "987654" not in str(refused.value)
    assert given == ["987654"]
    said[0] = softhsm.pin
    signer = one.generate(ORIGIN)
    signer.demand()
    said[0] = "987654"
    with pytest.raises(PinRefused):
        signer.demand()
    assert given == ["987654", softhsm.pin]
    one.close()
    other.close()


def test_a_start_after_the_one_that_was_refused_does_not_ask_the_token(
    softhsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supervisor starts again and again what ends: the token would lock itself."""
    given = pins_given(softhsm, monkeypatch)

    def started(pin: str) -> Token:
        monkeypatch.setattr(signing_token, "_refused", set())  # what a process knows ends with it
        monkeypatch.setattr(signing_token, "_SALT", os.urandom(16))
        return Token(softhsm.module, softhsm.label, lambda: pin, wait_s=60.0, beside=tmp_path)

    for _ in range(4):
        with pytest.raises(PinRefused, match=r"keys\.pkcs11_pin"):
            started("987654").generate(ORIGIN)
    assert given == ["987654"]
    right = started(softhsm.pin)
    right.generate(ORIGIN)
    right.close()
    assert given == ["987654", softhsm.pin]
    for path in tmp_path.glob("pin-*.refused"):  # as who says that it is to be tried again
        path.unlink()
    with pytest.raises(PinRefused):
        started("987654").generate(ORIGIN)
    assert given == ["987654", softhsm.pin, "987654"]


def test_a_file_of_refused_pins_that_is_none_is_named(softhsm: SoftHsm, tmp_path: Path) -> None:
    """Nothing is signed until somebody has seen to it, who must be told what to see to."""
    (tmp_path / "pin-1.refused").write_bytes(b"cut")
    (tmp_path / "pin-1.refused").chmod(0o600)
    token = Token(softhsm.module, softhsm.label, lambda: "987656", wait_s=60.0, beside=tmp_path)
    with pytest.raises(LedgerUnavailable, match=r"pin-1\.refused") as stopped:
        token.generate(ORIGIN)
    assert "987656" not in str(stopped.value)
    token.close()


def test_where_a_refusal_cannot_be_kept_that_is_told_without_the_pin(
    softhsm: SoftHsm, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = Token(softhsm.module, softhsm.label, lambda: "987655", wait_s=60.0, beside=tmp_path / "none")
    with pytest.raises(PinRefused):
        away.generate(ORIGIN)
    assert "could not be kept" in caplog.text
    assert "987655" not in caplog.text


def test_while_a_use_hangs_all_others_fail_at_once_and_afterwards_it_goes_on(softhsm: SoftHsm) -> None:
    token = Token(softhsm.module, softhsm.label, lambda: softhsm.pin, wait_s=60.0)
    made = token.generate(ORIGIN)
    token._wait_s = 0.05
    free = threading.Event()
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        token._used(lambda session: free.wait(60))
    token._wait_s = 60.0
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        made.sign(b"x")
    assert token._hung is not None
    free.set()
    token._hung.join(60)
    assert made.verifier.verify(b"x", made.sign(b"x"))
    token.close()


def test_who_stops_waits_neither_for_a_use_that_hangs_nor_for_a_session_that_cannot_be_closed() -> None:
    """A stop in order ends by letting go of the token: one that hung at the last checkpoint held it for ever."""
    free, closed = threading.Event(), threading.Event()

    class Session:
        def close(self) -> None:
            closed.set()
            free.wait(60)

    def opened() -> Token:
        made = Token("/none", "none", lambda: "", wait_s=0.05)
        made._session = Session()  # type: ignore[assignment]
        return made

    hanging = opened()
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        hanging._used(lambda session: free.wait(60))
    hanging.close()
    assert not closed.is_set(), "the token is not asked for one thing more"
    opened().close()
    assert (closed.is_set(), free.is_set()) == (True, False)
    free.set()


def test_a_keyring_with_a_token_makes_keys_there_and_a_ledger_moves_to_it_by_a_rotation(
    token: Token, tmp_path: Path
) -> None:
    Keyring.create(tmp_path / "keys").close()
    before = Keyring.open(tmp_path / "keys")
    before.create_ledger_key(ORIGIN)
    old = before.signer(ORIGIN)
    before.close()
    keyring = Keyring.open(tmp_path / "keys", token=token)
    new = keyring.create_next_ledger_key(ORIGIN)
    assert isinstance(new, TokenSigner)
    rotation = Rotation(
        origin=ORIGIN, old=old.verifier.vkey, new=new.verifier.vkey, after=0, at=timestamp(1_795_482_123_000_004)
    )
    keys = Keys(old.verifier, [issue(rotation, keyring.signer(ORIGIN), new)])
    assert keys.vkey == new.verifier.vkey
    assert keyring.signer(ORIGIN, new.verifier.vkey).sign(b"x") == new.sign(b"x")
    assert [one.verifier.vkey for one in keyring.next_ledger_keys(ORIGIN, [old.verifier])] == [new.verifier.vkey]
    files = b"".join(file.read_bytes() for file in (tmp_path / "keys").glob("ledger-*.*.key"))
    assert files == new.reference, "nothing of the private key is in a file"
    without = Keyring.open(tmp_path / "keys")
    with pytest.raises(ConfigurationError, match=r"keys\.pkcs11_module"):
        without.signer(ORIGIN, new.verifier.vkey)
    without.close()
    assert keyring.destroy_signer(ORIGIN, new.verifier.vkey)
    with pytest.raises(LedgerUnavailable):
        new.sign(b"x")
    keyring.create_ledger_key("gateway.internal/ledger/0022")
    assert isinstance(keyring.signer("gateway.internal/ledger/0022"), TokenSigner)
    assert isinstance(keyring.signer(ORIGIN), Signer)
    keyring.close()
