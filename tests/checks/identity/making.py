"""Tokens, keys and clocks for the tests: real signatures, made-up everything else."""

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.core.ports import KeyRecord
from gateway.settings import Issuer

NOW = 1_800_000_000
ISSUER = "https://login.example"
AUDIENCE = "gateway"


class FakeClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.us = NOW * 1_000_000
        self.ns = 5_000_000_000

    def now_us(self) -> int:
        return self.us

    def monotonic_ns(self) -> int:
        return self.ns

    def thread_ns(self) -> int:
        return self.ns

    def pass_seconds(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)
        self.ns += int(seconds * 1_000_000_000)


class FakeSource:
    """Keys from memory; counts how often it was asked. `newer`: what it has fetched once it is asked to."""

    def __init__(
        self, keys: Sequence[Mapping[str, object]], newer: Sequence[Mapping[str, object]] | None = None
    ) -> None:
        self.published = list(keys)
        self.newer = newer
        self.asked = 0
        self.renewals = 0
        self.unsettled: int | None = None
        self.generation = 0

    def unsettled_s(self, issuer: str, key_id: str) -> int | None:
        return self.unsettled

    async def renewed(self, issuer: str, key_id: str | None = None) -> bool:
        self.renewals += 1
        if self.newer is None:
            return False
        self.published, self.newer = list(self.newer), None
        self.generation += 1
        return True

    def keys(self, issuer: str) -> Sequence[Mapping[str, object]]:
        self.asked += 1
        return self.published if issuer == ISSUER else []


class FakeLookup:
    def __init__(self, *records: KeyRecord) -> None:
        self.records = {record.prefix: record for record in records}
        self.lately: set[str] = set()
        """Prefixes that nobody needs to be asked for."""
        self.asked = 0
        self.uses: list[tuple[str, int]] = []

    def used(self, record: KeyRecord, now_us: int) -> None:
        self.uses.append((record.id, now_us))

    def known(self, prefix: str) -> KeyRecord | None:
        return self.records.get(prefix) if prefix in self.lately else None

    async def find(self, prefix: str) -> KeyRecord | None:
        self.asked += 1
        return self.records.get(prefix)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))


@cache
def rsa_key(name: str = "r1", bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str = "e1", curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def rsa_jwk(key: rsa.RSAPrivateKey, kid: str = "r1", **more: object) -> dict[str, object]:
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "use": "sig", "n": number(public.n), "e": number(public.e), **more}


def ec_jwk(key: ec.EllipticCurvePrivateKey, kid: str = "e1", **more: object) -> dict[str, object]:
    public = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    names = {"secp256r1": "P-256", "secp384r1": "P-384"}
    x, y = (b64(value.to_bytes(size)) for value in (public.x, public.y))
    return {"kty": "EC", "kid": kid, "crv": names[key.curve.name], "x": x, "y": y, **more}


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def claims(**changes: object) -> dict[str, Any]:
    """Good claims, changed: a value of `...` takes the claim out."""
    good: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "dr.lovelace",
        "exp": NOW + 600,
        "iat": NOW - 5,
        "roles": ["clinician"],
    }
    good.update(changes)
    return {name: value for name, value in good.items() if value is not ...}


def signing_input(header: Mapping[str, object] | bytes, payload: Mapping[str, object] | bytes) -> str:
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload))
    return ".".join(b64(part) for part in parts)


def rs256(
    payload: Mapping[str, object] | bytes,
    key: rsa.RSAPrivateKey | None = None,
    header: Mapping[str, object] | bytes | None = None,
) -> str:
    start = signing_input({"alg": "RS256", "typ": "JWT", "kid": "r1"} if header is None else header, payload)
    return f"{start}.{b64((key or rsa_key()).sign(start.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def es256(
    payload: Mapping[str, object],
    key: ec.EllipticCurvePrivateKey | None = None,
    header: Mapping[str, object] | None = None,
) -> str:
    signer = key or ec_key()
    start = signing_input({"alg": "ES256", "kid": "e1"} if header is None else header, payload)
    r, s = decode_dss_signature(signer.sign(start.encode(), ec.ECDSA(hashes.SHA256())))
    size = (signer.curve.key_size + 7) // 8
    return f"{start}.{b64(r.to_bytes(size) + s.to_bytes(size))}"


def issuer(**changes: Any) -> Issuer:
    settings: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "algorithms": ("RS256", "ES256"),
        "jwks_file": "jwks.json",
        "roles": ("clinician", "auditor"),
        "purposes": ("TREAT",),
        "zone": "in-house",
    }
    return Issuer(**{**settings, **changes})


def source() -> FakeSource:
    return FakeSource([rsa_jwk(rsa_key()), ec_jwk(ec_key())])
