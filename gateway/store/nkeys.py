"""Keys of NATS users: ed25519, written as the server's own tools write them.

An nkey is base32 without padding (RFC 4648, section 6) of a prefix, 32 bytes and their CRC-16/XMODEM, low byte first.
A public key's prefix is one byte that says whose it is; a seed's is two, which say that it is one, and whose (the
format of nats-io/nkeys). A credentials file holds a user's token and seed between lines of their own.
"""

import base64
import binascii
import re

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.core.errors import ConfigurationError

_USER, _SEED = 20 << 3, 18 << 3
_TEXT = re.compile(r"[A-Z2-7]{58}")
"""36 bytes: a prefix of two, a seed, a checksum."""
_TOKEN = re.compile(r"-{3,}BEGIN NATS USER JWT-{3,}\r?\n([A-Za-z0-9_.-]+)\r?\n-{3,}END NATS USER JWT-{3,}")
_KEY = re.compile(r"-{3,}BEGIN USER NKEY SEED-{3,}\r?\n([A-Z2-7]+)\r?\n-{3,}END USER NKEY SEED-{3,}")


class UserKey(msgspec.Struct, frozen=True):
    """A user's key. `public` is what the server knows it by."""

    public: str
    _private: Ed25519PrivateKey

    def signed(self, nonce: str) -> bytes:
        """The signature of the server's nonce, as a CONNECT carries it."""
        return base64.urlsafe_b64encode(self._private.sign(nonce.encode())).rstrip(b"=")


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How to get in: a user and password, a token, or a key, to which a JWT may belong."""

    user: str | None = None
    password: str | None = None
    token: str | None = None
    key: UserKey | None = None
    jwt: str | None = None


class Credentials(msgspec.Struct, frozen=True):
    """What a credentials file holds."""

    token: str
    key: UserKey


def read_seed(text: str, place: str) -> UserKey:
    """The key of a user's seed (`SU…`). `ConfigurationError`, which names `place`, for anything else."""
    if _TEXT.fullmatch(text) is None:
        raise _wrong(place)
    # 58 characters are 290 bits for 288: the last two must be 0, or the same key could be written in several ways.
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise _wrong(place) from error
    kind = (data[0] & 7) << 5 | data[1] >> 3
    if base64.b32encode(data).decode().rstrip("=") != text or (data[0] & 0xF8, kind) != (_SEED, _USER):
        raise _wrong(place)
    if data[34:] != _checksum(data[:34]):
        raise _wrong(place)
    private = Ed25519PrivateKey.from_private_bytes(data[2:34])
    public = bytes([_USER]) + private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return UserKey(base64.b32encode(public + _checksum(public)).decode().rstrip("="), private)


def read_credentials(text: str, place: str) -> Credentials:
    """What a credentials file says. `ConfigurationError`, which names `place`, for anything else."""
    token, key = _TOKEN.search(text), _KEY.search(text)
    if token is None or key is None:
        raise ConfigurationError(f"{place} must stand for a NATS credentials file: a user's JWT and nkey seed")
    return Credentials(token[1], read_seed(key[1], place))


def _wrong(place: str) -> ConfigurationError:
    return ConfigurationError(f"{place} must stand for the seed of a NATS user, which begins with SU")


def _checksum(data: bytes) -> bytes:
    """CRC-16/XMODEM, low byte first."""
    return binascii.crc_hqx(data, 0).to_bytes(2, "little")
