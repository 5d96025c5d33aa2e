"""Whom the gateway trusts and who it is stand in files that must hold what they should; the handshakes themselves are
in tests/agents/test_client.py."""

import hashlib
import ssl
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from gateway.agents.http1.tls import context, fits, pin_of, told
from gateway.core.errors import ConfigurationError

from ..support import route
from ..wire import certificates


class Peer:
    """What TLS tells of the other side."""

    def __init__(self, certificate: bytes | None = None, protocol: str | None = None) -> None:
        self._certificate, self._protocol = certificate, protocol

    def selected_alpn_protocol(self) -> str | None:
        return self._protocol

    def getpeercert(self, binary_form: bool) -> bytes | None:
        assert binary_form
        return self._certificate


def fitting(peer: Peer, *pins: str) -> bool:
    return fits(cast(ssl.SSLObject, peer), pins)


def test_trust_is_strict() -> None:
    made = context(route())
    assert (made.verify_mode, made.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert made.minimum_version == ssl.TLSVersion.TLSv1_2


def test_an_authority_that_is_given_is_the_only_one(tmp_path: Path) -> None:
    certificates(tmp_path)
    made = context(route(ca=str(tmp_path / "root.pem")))
    assert [root["subject"] for root in made.get_ca_certs()] == [((("commonName", "root"),),)]


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_files_that_are_not_there_or_hold_nothing_are_refused(tmp_path: Path, content: bytes | None) -> None:
    good, key = certificates(tmp_path)
    file = tmp_path / "given.pem"
    if content is not None:
        file.write_bytes(content)
    for more in (
        {"ca": str(file)},
        {"client_certificate": str(file), "client_key": str(key)},
        {"client_certificate": str(good), "client_key": str(file)},
    ):
        with pytest.raises(ConfigurationError, match="scribe"):
            context(route(**cast(dict[str, Any], more)))


def test_another_certificates_key_is_refused(tmp_path: Path) -> None:
    good, _ = certificates(tmp_path)
    _, other = certificates(tmp_path, "other-")
    with pytest.raises(ConfigurationError):
        context(route(client_certificate=str(good), client_key=str(other)))


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    good, plain = certificates(tmp_path)
    locked = tmp_path / "locked.key"
    key = serialization.load_pem_private_key(plain.read_bytes(), None)
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ConfigurationError, match="password"):
        context(route(client_certificate=str(good), client_key=str(locked)))


@pytest.mark.parametrize(("protocol", "good"), [(None, True), ("http/1.1", True), ("h2", False)])
def test_who_would_rather_speak_something_else_does_not_fit(protocol: str | None, good: bool) -> None:
    assert fitting(Peer(protocol=protocol)) is good


def test_a_pin_is_the_digest_of_the_key_alone(tmp_path: Path) -> None:
    """So that it outlives the certificate, which is renewed."""
    file, key_file = certificates(tmp_path)
    key = serialization.load_pem_private_key(key_file.read_bytes(), None).public_key()
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = x509.load_pem_x509_certificate(file.read_bytes()).public_bytes(serialization.Encoding.DER)
    pin = f"sha256:{hashlib.sha256(spki).hexdigest()}"
    assert pin_of(der) == pin
    assert fitting(Peer(der), "sha256:" + "0" * 64, pin)
    assert not fitting(Peer(der), "sha256:" + "0" * 64)
    assert not fitting(Peer(None), pin)


@pytest.mark.parametrize(
    ("cipher", "words"), [(("AES", "TLSv1.3", 256), "TLSv1.3 AES"), (None, "unknown")], ids=["told", "not told"]
)
def test_a_connection_is_told_by_version_and_cipher(cipher: tuple[str, str, int] | None, words: str) -> None:
    class Told:
        def cipher(self) -> tuple[str, str, int] | None:
            return cipher

        def version(self) -> str:
            return "TLSv1.3"

    assert told(cast(ssl.SSLObject, Told())) == words
