"""A root key opens by what wrapped it, and by nothing else; what is changed in its file opens nothing."""

from pathlib import Path

import msgspec
import pytest

from gateway.core import canonical
from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.store import root_key
from gateway.store.key_files import write_new
from gateway.store.root_key import Means, by_passphrase, by_provider, kek_of, opened, parsed
from tests.store.key_kit import Mixing, by

KEY = bytes(range(32))
FILE = Path("keys/kek")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_key, "LOG_N", 14)


def test_a_passphrase_opens_what_it_wrapped_and_another_does_not() -> None:
    data = by_passphrase(KEY, b"correct horse battery")
    assert opened(data, FILE, by("correct horse battery")) == KEY
    assert KEY not in data
    assert by_passphrase(KEY, b"correct horse battery") != data, "salt and nonce are new each time"
    for wrong in (by("correct horse batterz"), by("")):
        with pytest.raises(ConfigurationError, match="the passphrase does not open"):
            opened(data, FILE, wrong)
    with pytest.raises(ConfigurationError, match=r"keys\.passphrase must say"):
        opened(data, FILE, Means())


def test_a_provider_opens_what_it_wrapped_and_never_sees_the_root_key() -> None:
    seen: list[bytes] = []

    class Watching(Mixing):
        def wrap(self, wrapping: str, secret: bytes) -> bytes:
            seen.append(secret)
            return super().wrap(wrapping, secret)

    data = by_provider(KEY, Watching())
    assert opened(data, FILE, Means(provider=Mixing())) == KEY
    assert seen != [KEY]
    with pytest.raises(ConfigurationError, match="another secret"):
        opened(data, FILE, Means(provider=Mixing(2)))
    with pytest.raises(ConfigurationError, match=r"keys\.provider must name"):
        opened(data, FILE, by("correct horse battery"))

    class Away(Mixing):
        def unwrap(self, wrapping: str, wrapped: bytes) -> bytes:
            raise LedgerUnavailable("away")

    with pytest.raises(LedgerUnavailable):
        opened(data, FILE, Means(provider=Away()))


@pytest.mark.parametrize("data", [by_provider(KEY, Mixing()), by_passphrase(KEY, b"x")])
def test_whatever_is_changed_in_the_file_opens_nothing(data: bytes) -> None:
    means = Means(passphrase=lambda: b"x", provider=Mixing())
    found = msgspec.json.decode(data)
    changed = [
        data[:-1],
        data + b" ",
        b"",
        b"null",
        data.replace(b'"v":1', b'"v":2'),
        *(canonical.encode({**found, name: value}) + b"\n" for name in found for value in ("", 1, "AAAA", None)),
        canonical.encode({**found, "id": "00" * 8}) + b"\n",
        canonical.encode({**found, "log_n": 60}) + b"\n",
        canonical.encode({**found, "log_n": 13}) + b"\n",
        canonical.encode({**found, "more": 1}) + b"\n",
    ]
    for wrong in changed:
        if wrong != data:
            with pytest.raises(ConfigurationError):
                opened(wrong, FILE, means)


def test_a_keyring_is_opened_as_it_must_be_wrapped(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    write_new(tmp_path / "kek", KEY)
    assert kek_of(tmp_path) == KEY
    with pytest.raises(ConfigurationError, match=r"lies in the clear, and keys\.protection says passphrase"):
        kek_of(tmp_path, Means(expected="passphrase"))
    (tmp_path / "kek").unlink()
    write_new(tmp_path / "kek", by_passphrase(KEY, b"x"))
    assert kek_of(tmp_path, Means(expected="passphrase", passphrase=lambda: b"x")) == KEY
    with pytest.raises(ConfigurationError, match=r"is wrapped by a passphrase, and keys\.protection says provider"):
        kek_of(tmp_path, Means(expected="provider", passphrase=lambda: b"x"))


def test_the_cost_of_today_is_within_what_is_read() -> None:
    assert root_key.LEAST_LOG_N <= 17 <= root_key.MOST_LOG_N
    assert parsed(by_passphrase(KEY, b"x"), FILE).id != parsed(by_passphrase(KEY, b"x"), FILE).id
