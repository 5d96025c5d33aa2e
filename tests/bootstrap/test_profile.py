"""What production asks for, as far as a program can tell."""

import socket
from pathlib import Path

import pytest

from gateway.bootstrap.gateway import open_gateway
from gateway.bootstrap.profile import demand, lacking
from gateway.core.errors import ConfigurationError
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
    ],
)
def test_a_witness_on_this_machine_is_none(url: str) -> None:
    (said,) = lacking(settings(url), [AWAY])
    assert "other machines" in said
    assert len(lacking(settings(url, "https://w.example", quorum=2), [AWAY])) == 1
    assert lacking(settings(url, "https://w.example", "https://x.example", quorum=2), [AWAY]) == ()
    assert len(lacking(settings(url, "https://w.example", quorum=1), [AWAY])) == 1, "it alone would be the quorum"


def test_all_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"\[\[witness\]\].*; and signing keys outside"):
        demand(settings(), [AWAY, HERE])
    assert len(lacking(settings("https://w.example"), [AWAY, HERE])) == 1
    assert lacking(settings("https://w.example"), [AWAY]) == ()
    assert lacking(settings(profile=None), [HERE]) == ()


async def test_nothing_is_served_without_it(sqlite_settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"ledger\.profile = production needs"):
        async with open_gateway(configured(sqlite_settings, ledger={"profile": "production"})):
            pytest.fail("it serves")
