"""A JWT in its compact form (RFC 7515 §7.1, RFC 7519 §3), taken apart strictly. Nothing here is verified yet.

Everything is bounded, base64url must be canonical, JSON must be UTF-8 and free of repeated names (RFC 7515 §4 leaves
that choice to the reader; two readers that choose differently are a hole).
"""

import base64
import binascii
import json
import re
from typing import Any

import msgspec

from gateway.core.refusal import Refusal

MAX_TOKEN = 16 * 1024
"""Characters of a whole token."""
_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY_IN_TOKEN = ("jwk", "jku", "x5u")
_TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token's header and claims as they were written, believed by nobody yet."""

    compact: str
    algorithm: str
    key_id: str | None
    claims: dict[str, Any]


class _Bad(Exception):
    """Inside this file only: becomes a refusal at its border."""


def parse(compact: str) -> Token | Refusal:
    """Take a compact JWS apart; `credential_invalid` or `credential_algorithm` for what is not one we would verify.

    Not checked here: signature, issuer, audience, time, and what the claims say.
    """
    if len(compact) > MAX_TOKEN:
        return invalid(f"a token of at most {MAX_TOKEN} characters")
    segments = _SEGMENTS.fullmatch(compact)
    if segments is None:
        return invalid("three base64url segments with dots between them")
    try:
        header = _object(segments[1])
        claims = _object(segments[2])
        _decode(segments[3])
    except _Bad:
        return invalid("canonical base64url of JSON objects in UTF-8, without repeated names")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        return invalid("an `alg` in the token's header")
    if algorithm.lower() == "none" or not segments[3]:
        return Refusal(code="credential_algorithm", field="authorization", hint="a token that is signed")
    refusal = _header(header)
    if refusal is not None:
        return refusal
    return Token(compact=compact, algorithm=algorithm, key_id=header.get("kid"), claims=claims)


def _header(header: dict[str, Any]) -> Refusal | None:
    if "crit" in header:  # RFC 7515 §4.1.11: what is critical and not understood must be rejected
        return invalid("a token without critical header parameters")
    if any(name in header for name in _KEY_IN_TOKEN):  # a token must not bring or point to the key it is verified with
        return invalid("a token that names its key by `kid` alone")
    if "zip" in header or "enc" in header or header.get("b64") is not None:
        return invalid("a signed token, neither encrypted nor compressed nor detached")
    kind = header.get("typ")
    if kind is not None and (not isinstance(kind, str) or kind.lower() not in _TYPES):  # RFC 8725 §3.11
        return invalid("a token of type JWT or at+jwt")
    key_id = header.get("kid")
    if key_id is not None and (not isinstance(key_id, str) or not 0 < len(key_id) <= 256):
        return invalid("a `kid` of 1 to 256 characters")
    return None


def invalid(hint: str) -> Refusal:
    """`credential_invalid` for the one header it came in, saying what would be right."""
    return Refusal(code="credential_invalid", field="authorization", hint=hint)


def thumbprint(text: str) -> bytes | None:
    """A SHA-256 in its one spelling in base64url; None for anything else."""
    if _THUMBPRINT.fullmatch(text) is None:
        return None
    try:
        return _decode(text)
    except _Bad:
        return None


def _object(segment: str) -> dict[str, Any]:
    try:
        value = json.loads(
            _decode(segment).decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise _Bad from error
    if not isinstance(value, dict):
        raise _Bad
    return value


def _decode(segment: str) -> bytes:
    """Unpadded base64url (RFC 7515 §2); the one spelling of these bytes, so that a token has one hash."""
    try:
        data = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise _Bad from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != segment.encode("ascii"):
        raise _Bad
    return data


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Bad
    return found


def _refuse_constant(_: str) -> Any:
    raise _Bad
