"""What tests of NATS share: keys written as its tools write them, and who may do what."""

import base64
import binascii
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OPERATOR, ACCOUNT, USER = 14, 0, 20
"""First letters of keys: O, A, U."""


def nkey(prefix: bytes, data: bytes) -> str:
    """A prefix and data with their checksum, as text."""
    body = prefix + data
    return base64.b32encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "little")).decode().rstrip("=")


def seed_of(seed: bytes, kind: int = USER) -> str:
    """The text of a seed of 32 bytes."""
    return nkey(bytes([18 << 3 | kind << 3 >> 5, (kind << 3 & 31) << 3]), seed)


class Signer:
    """A key of one kind, that can vouch for others."""

    def __init__(self, kind: int) -> None:
        seed = secrets.token_bytes(32)
        self.seed, self._private = seed_of(seed, kind), Ed25519PrivateKey.from_private_bytes(seed)
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = nkey(bytes([kind << 3]), raw)

    def vouched(self, subject: str, **claims: Any) -> str:
        """A JWT of the server's kind, by which this key vouches for another."""
        header = {"typ": "JWT", "alg": "ed25519-nkey"}
        body = {"jti": secrets.token_hex(8), "iat": 1, "iss": self.public, "sub": subject, "name": "test"}
        signed = ".".join(_part(one) for one in (header, {**body, "nats": {**claims, "version": 2}}))
        return f"{signed}.{_text(self._private.sign(signed.encode()))}"


def _part(value: Any) -> str:
    return _text(json.dumps(value).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
