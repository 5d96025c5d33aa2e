"""The keyring's root key (`kek`): 32 raw bytes, or wrapped by what is not in the keyring.

Wrapped, the file is a line of canonical JSON (RFC 8785): by which method, its parameters, and the root key sealed with
AES-256-GCM (NIST SP 800-38D) under a secret of 32 bytes that is new with each wrapping, the rest as associated data:

    passphrase    the secret is scrypt (RFC 7914) of the passphrase, salt and costs beside it
    provider      the secret is random, and what the operator's program made of it lies beside it (`key_provider`):
                  the program never sees the root key, and what it gives is right or opens nothing

So a wrapping is replaced by replacing one file, and data keys and records know nothing of it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from gateway.core import canonical
from gateway.core.errors import ConfigurationError, FormatError
from gateway.ledger.encoding import from_base64, to_base64
from gateway.store.data_keys import KEY_BYTES, NONCE_BYTES, fields
from gateway.store.key_files import ROOT, guarded, read

LOG_N, LEAST_LOG_N, MOST_LOG_N = 17, 14, 20
"""scrypt's cost, as a power of two: 2^17 takes 128 MiB and some tenths of a second. A file that says more than 2^20
(1 GiB) is refused: one that was changed must not exhaust the machine."""
_R, _P = 8, 1
_SALT_BYTES = 32
_ID_BYTES = 8
MAX_WRAPPED = 2_048
"""Bytes that a provider may make of a secret."""


class ByPassphrase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="passphrase"):
    """`id`: random, in hex; it stands for this wrapping on record. `salt`, `sealed`: base64."""

    v: Literal[1] = 1
    id: str
    log_n: int
    salt: str
    sealed: str = ""


class ByProvider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="provider"):
    """As above; `wrapped`: base64 of what the program made of the secret."""

    v: Literal[1] = 1
    id: str
    wrapped: str
    sealed: str = ""


Wrapped: TypeAlias = ByPassphrase | ByProvider


class Keeper(Protocol):
    """What keeps secrets of 32 bytes by wrapping them. `ConfigurationError` where it must not be used,
    `LedgerUnavailable` where it does not answer or refuses; both within seconds."""

    def wrap(self, wrapping: str, secret: bytes) -> bytes: ...

    def unwrap(self, wrapping: str, wrapped: bytes) -> bytes: ...


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What opens a root key that is wrapped. `passphrase` is asked when it is needed; `expected`: how the root key must
    be wrapped, None where it may be in any way or in the clear."""

    passphrase: Callable[[], bytes] | None = None
    provider: Keeper | None = None
    expected: Literal["passphrase", "provider"] | None = None


NO_MEANS = Means()


def kek_of(directory: Path, means: Means = NO_MEANS) -> bytes:
    """The 32 bytes of a keyring's root key. `ConfigurationError` names what is missing, open to others, wrapped in
    another way than it must be, or not opened by these means; `LedgerUnavailable` where a provider does not answer."""
    guarded(directory)
    for name in sorted(os.listdir(directory)):
        if (directory / name).exists():  # the journal of another process may be gone by now
            guarded(directory / name)
    file = directory / ROOT
    data = read(file)
    how = method_of(data, file)
    if means.expected is not None and how != means.expected:
        found = "lies in the clear" if how is None else f"is wrapped by a {how}"
        raise ConfigurationError(
            f"{file} {found}, and keys.protection says {means.expected}: run `gateway keys protect {means.expected}`"
        )
    return data if how is None else opened(data, file, means)


def method_of(data: bytes, file: Path) -> Literal["passphrase", "provider"] | None:
    """How the bytes of a root key's file wrap it; None for one that is in the clear."""
    if len(data) == KEY_BYTES:
        return None
    return "passphrase" if isinstance(parsed(data, file), ByPassphrase) else "provider"


def opened(data: bytes, file: Path, means: Means) -> bytes:
    """The root key that these bytes wrap. Errors as of `kek_of`."""
    found = parsed(data, file)
    if isinstance(found, ByPassphrase):
        if means.passphrase is None:
            raise ConfigurationError(f"{file} is wrapped by a passphrase: keys.passphrase must say where that is")
        secret = _derived(means.passphrase(), from_base64(found.salt), found.log_n)
        wrong = f"the passphrase does not open {file}: it is another one, or the file was changed"
    else:
        if means.provider is None:
            raise ConfigurationError(f"{file} is wrapped by a provider: keys.provider must name the program")
        secret = means.provider.unwrap(found.id, from_base64(found.wrapped))
        wrong = f"what keys.provider gave does not open {file}: it is another secret, or the file was changed"
    sealed = from_base64(found.sealed)
    try:
        return AESGCM(secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _associated(found))
    except (InvalidTag, ValueError):
        raise ConfigurationError(wrong) from None


def by_passphrase(root: bytes, passphrase: bytes) -> bytes:
    """The file of a root key, wrapped by a passphrase at the cost of today."""
    log_n, salt = LOG_N, os.urandom(_SALT_BYTES)
    found = ByPassphrase(id=os.urandom(_ID_BYTES).hex(), log_n=log_n, salt=to_base64(salt))
    return _sealed(found, root, _derived(passphrase, salt, log_n))


def by_provider(root: bytes, provider: Keeper) -> bytes:
    """The file of a root key, wrapped by a provider; errors as of `Keeper`."""
    wrapping, secret = os.urandom(_ID_BYTES).hex(), os.urandom(KEY_BYTES)
    found = ByProvider(id=wrapping, wrapped=to_base64(provider.wrap(wrapping, secret)))
    return _sealed(found, root, secret)


def parsed(data: bytes, file: Path) -> Wrapped:
    """Strictly: `ConfigurationError` for what is not the one form of a wrapping, or beyond its bounds."""
    try:
        found: Wrapped = msgspec.json.decode(data, type=Wrapped, strict=True)
        ok = data == _encoded(found) and len(bytes.fromhex(found.id)) == _ID_BYTES
        ok = ok and len(from_base64(found.sealed)) == NONCE_BYTES + KEY_BYTES + 16
        if isinstance(found, ByPassphrase):
            ok = ok and LEAST_LOG_N <= found.log_n <= MOST_LOG_N and len(from_base64(found.salt)) == _SALT_BYTES
        else:
            ok = ok and 0 < len(from_base64(found.wrapped)) <= MAX_WRAPPED
    except (msgspec.MsgspecError, FormatError, ValueError):
        ok = False
    if not ok:
        raise ConfigurationError(f"{file} holds neither a key nor one that is wrapped in a known form")
    return found


def _sealed(found: Wrapped, root: bytes, secret: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    sealed = to_base64(nonce + AESGCM(secret).encrypt(nonce, root, _associated(found)))
    return _encoded(msgspec.structs.replace(found, sealed=sealed))


def _associated(found: Wrapped) -> bytes:
    return fields(b"gateway/root-key/v1", _encoded(msgspec.structs.replace(found, sealed="")))


def _encoded(found: Wrapped) -> bytes:
    return canonical.encode(msgspec.to_builtins(found)) + b"\n"


def _derived(passphrase: bytes, salt: bytes, log_n: int) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, n=1 << log_n, r=_R, p=_P).derive(passphrase)
