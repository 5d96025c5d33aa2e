"""What production asks for, as far as a program can tell."""

import socket
from pathlib import Path

import pytest

from gateway.bootstrap import profile
from gateway.bootstrap.gateway import open_gateway
from gateway.bootstrap.profile import demand, lacking
from gateway.core.errors import ConfigurationError, LedgerUnavailable, PinRefused
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.note import Signer
from gateway.settings import Settings, parse
from tests.bootstrap.kit import configured

HERE = Signer("gateway.internal/ledger/1", b"h" * 32)


class Away(Signer):
    """A key that is elsewhere."""

    @property
    def reference(self) -> bytes:
        return b"elsewhere"


AWAY = Away("gateway.internal/ledger/2", b"a" * 32)


def settings(*urls: str, quorum: int | None = None, profile: str | None = "production") -> Settings:
    keys = [Cosigner(f"w{number}.example/w", number.to_bytes(32)).witness.vkey for number in range(len(urls))]
    ledger = {"profile": profile, "witness_quorum": quorum}
    return parse(
        {
            "ledger": {name: value for name, value in ledger.items() if value is not None},
            "witness": [{"vkey": key, "url": url} for key, url in zip(keys, urls, strict=True)],
        },
        {},
        Path(),
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost:8450",
        "https://w.localhost",
        "https://127.0.0.2",
        "https://[::1]:8450",
        "https://0.0.0.0",
        "http://witness.example",
        f"https://{socket.gethostname().lower()}",
        "https://127.1:8450",
        "https://0x7f000001",
        "https://2130706433",
        "https://0177.0.0.1",
        "https://0",
        "https://[::ffff:127.0.0.1]",
        "https://ip6-localhost",
        "https://localhost.localdomain",
    ],
)
def test_a_witness_on_this_machine_is_none(url: str) -> None:
    (said,) = lacking(settings(url), [AWAY])
    assert "other machines" in said
    assert len(lacking(settings(url, "https://w.example", quorum=2), [AWAY])) == 1
    assert lacking(settings(url, "https://w.example", "https://x.example", quorum=2), [AWAY]) == ()
    assert len(lacking(settings(url, "https://w.example", quorum=1), [AWAY])) == 1, "it alone would be the quorum"


def test_an_address_of_this_machine_is_none_whatever_its_name_stands_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("203.0.113.1", 9))  # from where it would be sent; nothing is
        except OSError:
            pytest.skip("ADDRESS: this machine has no address but those of itself")
        own = asking.getsockname()[0]
    assert len(lacking(settings(f"https://{own}:8450"), [AWAY])) == 1
    assert len(lacking(settings(f"https://[::ffff:{own}]:8450"), [AWAY])) == 1
    assert lacking(settings("https://203.0.113.1"), [AWAY]) == ()
    monkeypatch.setattr(profile, "_HOSTS", tmp_path / "hosts")
    assert lacking(settings("https://w.example"), [AWAY]) == ()
    (tmp_path / "hosts").write_text(f"# of its own\n203.0.113.1 w.example\n\n{own} x.example W.Example. # too\n")
    assert len(lacking(settings("https://w.example"), [AWAY])) == 1
    assert lacking(settings("https://y.example"), [AWAY]) == ()


def test_all_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"\[\[witness\]\].*; and signing keys outside"):
        demand(settings(), [AWAY, HERE])
    assert len(lacking(settings("https://w.example"), [AWAY, HERE])) == 1
    assert lacking(settings("https://w.example"), [AWAY]) == ()
    assert lacking(settings(profile=None), [HERE]) == ()


class Failing(Away):
    def __init__(self, error: Exception) -> None:
        super().__init__("gateway.internal/ledger/3", b"f" * 32)
        self._error = error

    def sign(self, message: bytes) -> bytes:
        raise self._error


def test_each_key_on_a_token_signs_before_anybody_is_served(caplog: pytest.LogCaptureFixture) -> None:
    refused, away = Failing(PinRefused("keys.pkcs11_pin was refused")), Failing(LedgerUnavailable("it is away"))
    for found in (settings(), settings(profile=None)):
        profile.prove(found, [AWAY, HERE])
        with pytest.raises(ConfigurationError, match=r"keys\.pkcs11_pin was refused"):
            profile.prove(found, [AWAY, refused])
    with pytest.raises(LedgerUnavailable, match="it is away"):
        profile.prove(settings(), [away])
    assert caplog.messages == []
    profile.prove(settings(profile=None), [away])
    assert caplog.messages == ["it is away"]


async def test_nothing_is_served_without_it(sqlite_settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"ledger\.profile = production needs"):
        async with open_gateway(configured(sqlite_settings, ledger={"profile": "production"})):
            pytest.fail("it serves")
