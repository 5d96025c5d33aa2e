"""Authorities and revocation lists from files: read whole, looked at again, never passed over."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.agents.authorities import FileTrust
from gateway.agents.watched import LOOK_S
from gateway.core.errors import ConfigurationError
from gateway.settings import parse
from tests.checks.identity.certifying import SPIFFE, Authority
from tests.conftest import ManualClock

AUTHORITY = Authority()
LEAF = AUTHORITY.issue(uris=[SPIFFE])


@pytest.fixture
def trusting(tmp_path: Path, clock: ManualClock) -> Callable[..., FileTrust]:
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.pem + Authority("second").pem)
    (tmp_path / "list.crl").write_bytes(AUTHORITY.revoking(encoding=Encoding.PEM))

    def made(**server: Any) -> FileTrust:
        given = {"tls_certificate": "a", "tls_key": "b", "client_ca": "ca.pem", **server}
        return FileTrust(parse({"server": given}, {}, tmp_path), clock)

    return made


def test_without_a_bundle_nobody_is_trusted(tmp_path: Path, clock: ManualClock) -> None:
    trust = FileTrust(parse({}, {}, tmp_path), clock).trust()
    assert (trust.authorities, trust.lists, trust.revocation) == ((), (), False)


def test_a_bundle_holds_all_its_certificates(trusting: Callable[..., FileTrust]) -> None:
    trust = trusting().trust()
    assert trust.authorities[0] == AUTHORITY.der
    assert len(trust.authorities) == 2
    assert not trust.revocation


def test_lists_are_read_in_pem_and_in_der(trusting: Callable[..., FileTrust], tmp_path: Path) -> None:
    (tmp_path / "der.crl").write_bytes(AUTHORITY.revoking(LEAF))
    trust = trusting(client_crl=["list.crl", "der.crl"]).trust()
    assert trust.lists is not None
    assert trust.lists[1] == (tmp_path / "der.crl").read_bytes()
    assert trust.revocation


def test_a_list_that_has_changed_is_read_again_and_not_looked_at_in_between(
    trusting: Callable[..., FileTrust], tmp_path: Path, clock: ManualClock
) -> None:
    held = trusting(client_crl=["list.crl"])
    first = held.trust()
    clock.advance(LOOK_S)
    assert held.trust() is first
    (tmp_path / "list.crl").write_bytes(AUTHORITY.revoking(LEAF))
    assert held.trust() is first
    clock.advance(LOOK_S)
    second = held.trust()
    assert second is not first
    assert second.lists == ((tmp_path / "list.crl").read_bytes(),)
    assert held.trust() is second


@pytest.mark.parametrize("broken", [b"", b"half a list", None])
def test_a_list_that_cannot_be_read_any_more_is_told_and_tried_again(
    trusting: Callable[..., FileTrust], tmp_path: Path, clock: ManualClock, broken: bytes | None,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    held = trusting(client_crl=["list.crl"])
    file = tmp_path / "list.crl"
    good, stamp = file.read_bytes(), file.stat().st_mtime_ns
    file.unlink()
    if broken is not None:
        file.write_bytes(broken)
    clock.advance(LOOK_S)
    assert held.trust().lists is None
    assert "cannot be read" in caplog.text
    file.write_bytes(good)
    os.utime(file, ns=(stamp, stamp))
    clock.advance(LOOK_S)
    assert held.trust().lists is not None


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ({"client_ca": "none.pem"}, "server.client_ca must be a PEM file"),
        ({"client_ca": "list.crl"}, "server.client_ca must be a PEM file"),
        ({"client_crl": ["none.crl"]}, "server.client_crl must be"),
        ({"client_crl": ["ca.pem"]}, "server.client_crl must be"),
    ],
)
def test_what_cannot_be_started_with_says_what_it_should_be(
    trusting: Callable[..., FileTrust], server: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        trusting(**server)
