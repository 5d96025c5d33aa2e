"""Issuers' keys are checked at start, so that no token is ever verified with a key that should not verify it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.jwks import FileKeys
from gateway.core.errors import ConfigurationError
from gateway.settings import Issuer, Settings


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def modulus(bits: int) -> str:
    number = rsa.generate_private_key(65537, bits).public_key().public_numbers().n
    return b64(number.to_bytes(bits // 8))


RSA = {"kty": "RSA", "kid": "r", "n": modulus(2048), "e": "AQAB", "alg": "RS256", "use": "sig"}
EC = {"kty": "EC", "kid": "e", "crv": "P-256", "x": b64(b"\1" * 32), "y": b64(b"\2" * 32)}
OCT = {"kty": "oct", "kid": "o", "k": b64(b"\3" * 32)}


def load(directory: Path, document: Any, *algorithms: str) -> FileKeys:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    (directory / "jwks.json").write_bytes(body)
    issuer = Issuer(issuer="https://i.test", audience="g", algorithms=algorithms or ("RS256",), jwks_file="jwks.json")
    return FileKeys(Settings(base=str(directory), issuer=(issuer,)))


def test_an_issuers_keys_are_its_own(tmp_path: Path) -> None:
    source = load(tmp_path, {"keys": [RSA, EC]}, "RS256", "ES256")
    assert list(source.keys("https://i.test")) == [RSA, EC]
    assert source.keys("https://other.test") == ()


def test_keys_are_not_printed(tmp_path: Path) -> None:
    assert RSA["n"] not in repr(load(tmp_path, {"keys": [RSA]}))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----",
        b"x" * (1 << 20) + b"x",
        [],
        {},
        {"keys": []},
        {"keys": {}},
        {"keys": ["x"]},
        RSA,
        b'{"keys": [], "keys": []}',
    ],
)
def test_a_file_that_is_no_key_set_stops_the_start(tmp_path: Path, document: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"issuer\[0\]\.jwks_file must be a JWK Set"):
        load(tmp_path, document)


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    issuer = Issuer(issuer="i", audience="g", algorithms=("RS256",), jwks_file="none.json")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        FileKeys(Settings(base=str(tmp_path), issuer=(issuer,)))


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [
        ({**RSA, "d": "AQAB"}, ("RS256",)),
        ({**RSA, "p": "AQAB"}, ("RS256",)),
        ({**RSA, "k": "AQAB"}, ("RS256",)),
        ({**RSA, "alg": "none"}, ("RS256",)),
        ({**RSA, "alg": "HS256"}, ("RS256",)),
        ({**RSA, "use": "enc"}, ("RS256",)),
        ({**RSA, "key_ops": ["sign"]}, ("RS256",)),
        ({**RSA, "kid": 5}, ("RS256",)),
        ({**RSA, "n": modulus(1024)}, ("RS256",)),
        ({**RSA, "n": b64(b"\2" * 256)}, ("RS256",)),
        ({**RSA, "e": "AQ"}, ("RS256",)),
        ({**RSA, "n": None}, ("RS256",)),
        ({**RSA, "n": RSA["n"] + "="}, ("RS256",)),
        ({**RSA, "n": RSA["n"] + "\n"}, ("RS256",)),
        ({key: value for key, value in RSA.items() if key != "kty"}, ("RS256",)),
        (RSA, ("ES256",)),
        (EC, ("RS256",)),
        ({**EC, "crv": "P-384"}, ("ES256",)),
        ({**EC, "x": b64(b"\1" * 31)}, ("ES256",)),
        ({**EC, "crv": None}, ("ES256",)),
        ({"kty": "OKP", "crv": "Ed25519", "x": b64(b"\1" * 32)}, ("ES256",)),
        (OCT, ("RS256",)),
        ({**RSA, "key_ops": None}, ("RS256",)),
    ],
)
def test_a_key_that_could_be_used_wrongly_stops_the_start(
    tmp_path: Path, key: dict[str, Any], algorithms: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigurationError, match=r"issuer\[0\]\.(jwks_file|algorithms)") as caught:
        load(tmp_path, {"keys": [key]}, *algorithms)
    for value in (OCT["k"], RSA["n"]):
        assert value not in str(caught.value)


@pytest.mark.parametrize("algorithms", [("none",), ("HS256",), ("HS256", "RS256"), ("EdDSA",), ("RS256", "none")])
def test_algorithms_that_are_unknown_or_confusable_stop_the_start(tmp_path: Path, algorithms: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match=r"issuer\[0\]\.algorithms"):
        load(tmp_path, {"keys": [RSA]}, *algorithms)


@pytest.mark.parametrize("other", [{**EC, "kid": "r"}, {key: value for key, value in EC.items() if key != "kid"}])
def test_keys_that_cannot_be_told_apart_stop_the_start(tmp_path: Path, other: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="kid"):
        load(tmp_path, {"keys": [RSA, other]}, "RS256", "ES256")


values = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
members = st.sampled_from(["kty", "kid", "use", "alg", "crv", "n", "e", "x", "y", "k", "key_ops"])


@settings(max_examples=100)
@given(st.sampled_from([RSA, EC, OCT]), st.dictionaries(members, values, max_size=3))
def test_any_key_is_taken_or_a_configuration_error(
    tmp_path_factory: pytest.TempPathFactory, key: dict[str, Any], changes: dict[str, Any]
) -> None:
    try:
        load(tmp_path_factory.mktemp("jwks"), {"keys": [{**key, **changes}]}, "RS256", "ES256")
    except ConfigurationError as error:
        assert "issuer[0]" in str(error)  # noqa: PT017 - both ends are right here
