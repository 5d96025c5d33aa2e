"""Public keys of token issuers, and those from files: read once at start, checked whole, never fetched.

A key that could not be used rightly stops the start: a private or symmetric key where a public one should lie (with
which the HS/RS confusion begins), a weak one, a curve that none of the issuer's algorithms uses.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.agents.bodies import Json, read_json
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Bounds
from gateway.settings import Issuer, Settings

MAX_FILE = 1 << 20
MIN_RSA_BITS = 2048
MAX_PUBLISHED = 64
MAX_KEY_ID = 256
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_COORDINATE = {"P-256": 32, "P-384": 48, "P-521": 66}
_RSA = frozenset({"RS256", "RS384", "RS512"})
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_TEXTS = ("kid", "use", "alg", "kty", "crv")
_KEPT = ("kty", "kid", "use", "alg", "key_ops", "crv", "x", "y", "n", "e")
_REQUIRED = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class FileKeys:
    """The keys of all configured issuers that have a `jwks_file`: a `KeySource` (see `core.ports`)."""

    generation = 0

    def __init__(self, settings: Settings) -> None:
        """`ConfigurationError` names the issuer's place, the key's position and what would be right."""
        self._keys: dict[str, tuple[Mapping[str, object], ...]] = {}
        for index, issuer in enumerate(settings.issuer):
            place = f"issuer[{index}]"
            if not issuer.algorithms or not set(issuer.algorithms) <= _RSA | _CURVES.keys():
                known = ", ".join(sorted(_RSA | _CURVES.keys()))
                raise ConfigurationError(f"{place}.algorithms must be some of {known}: public keys only")
            if issuer.jwks_file is None:
                continue
            keys = _load(settings.path(issuer.jwks_file), place)
            for position, key in enumerate(keys):
                _check(key, issuer, f"{place}.jwks_file: keys[{position}]")
            names = [key.get("kid") for key in keys]
            if len(keys) > 1 and (None in names or len(set(names)) < len(names)):
                raise ConfigurationError(f"{place}.jwks_file: more than one key needs a kid for each, all different")
            self._keys[issuer.issuer] = tuple(keys)

    def __repr__(self) -> str:
        return f"FileKeys({len(self._keys)} issuers)"

    def keys(self, issuer: str) -> Sequence[Mapping[str, object]]:
        """The issuer's keys as JWK objects; empty for an issuer that is not configured."""
        return self._keys.get(issuer, ())

    async def renewed(self, issuer: str, key_id: str | None = None) -> bool:
        """Never: a file is read at start alone."""
        return False

    def unsettled_s(self, issuer: str, key_id: str) -> int | None:
        """What is not in the file is not the issuer's."""
        return None


def usable_keys(document: Mapping[str, object], issuer: Issuer) -> tuple[Mapping[str, object], ...]:
    """Of a JWK Set that an issuer publishes, the keys that its tokens may be verified with; the first `MAX_PUBLISHED`.

    A set may hold keys for other purposes, which are left out: it is not the gateway's to say what an issuer publishes.
    So is a private key, which by that is one no more. What is kept are the members that verifying needs.
    """
    found = document.get("keys")
    usable: list[Mapping[str, object]] = []
    for key in found if type(found) is list else []:
        if type(key) is not dict or len(str(key.get("kid", ""))) > MAX_KEY_ID:
            continue
        try:
            _check(key, issuer, "keys")
        except ConfigurationError:
            continue
        usable.append({name: key[name] for name in _KEPT if name in key})
        if len(usable) == MAX_PUBLISHED:
            break
    return tuple(usable)


def thumbprint(key: Mapping[str, object]) -> str:
    """The SHA-256 thumbprint of a public key (RFC 7638 §3), in hex."""
    members = {name: key[name] for name in _REQUIRED[str(key["kty"])]}
    return hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode("utf-8")).hexdigest()


def _load(file: Path, place: str) -> list[dict[str, Any]]:
    try:
        body = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{place}.jwks_file cannot be read: {error.strerror}") from error
    read = (
        read_json(body, Bounds(body_bytes=MAX_FILE, answer_bytes=MAX_FILE, depth=8)) if len(body) <= MAX_FILE else None
    )
    keys = read.value.get("keys") if isinstance(read, Json) and type(read.value) is dict else None
    if type(keys) is not list or not keys or any(type(key) is not dict for key in keys):
        raise ConfigurationError(f"{place}.jwks_file must be a JWK Set (RFC 7517 §5) with at least one key")
    return keys


def _check(key: dict[str, Any], issuer: Issuer, place: str) -> None:
    if any(type(key[name]) is not str for name in _TEXTS if name in key) or "kty" not in key:
        raise ConfigurationError(f"{place}: kty must be there; {', '.join(_TEXTS)} must be strings")
    uses = key.get("key_ops", ["verify"])
    if key.get("use", "sig") != "sig" or type(uses) is not list or "verify" not in uses:
        raise ConfigurationError(f"{place} must be meant for verifying signatures (use sig, key_ops verify)")
    if "alg" in key and key["alg"] not in issuer.algorithms:
        raise ConfigurationError(f"{place}.alg must be one of the issuer's algorithms")
    if any(name in key for name in _PRIVATE):
        raise ConfigurationError(f"{place} holds a private or symmetric key; only public keys belong here")
    if key["kty"] == "RSA" and _RSA & set(issuer.algorithms):
        _rsa(key, place)
    elif key["kty"] == "EC" and key.get("crv") in {_CURVES.get(algorithm) for algorithm in issuer.algorithms}:
        size = _COORDINATE[key["crv"]]
        if any(len(_octets(key, name, place)) != size for name in ("x", "y")):
            raise ConfigurationError(f"{place}: x and y must have {size} bytes each")
    else:
        raise ConfigurationError(f"{place}: kty (and crv) must fit one of the issuer's algorithms")


def _rsa(key: dict[str, Any], place: str) -> None:
    modulus = int.from_bytes(_octets(key, "n", place))
    exponent = int.from_bytes(_octets(key, "e", place))
    if modulus.bit_length() < MIN_RSA_BITS or modulus % 2 == 0 or exponent < 3 or exponent % 2 == 0:
        raise ConfigurationError(f"{place} must be an RSA key of at least {MIN_RSA_BITS} bits with an odd exponent ≥ 3")


def _octets(key: dict[str, Any], name: str, place: str) -> bytes:
    """A member in base64url without padding (RFC 7515 §2)."""
    value = key.get(name)
    if type(value) is str and _BASE64URL.fullmatch(value):
        try:
            return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except (binascii.Error, ValueError):
            pass
    raise ConfigurationError(f"{place}.{name} must be base64url without padding")
