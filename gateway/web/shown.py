"""The two header forms in which proxies say what certificate their caller showed. Strict: one certificate, or None.

`Client-Cert` is a byte sequence of the structured fields (RFC 9440 §2.2, RFC 9651 §3.3.5): `:`, base64, `:`.
`X-Forwarded-Client-Cert` is Envoy's: elements with commas between, each of pairs `key=value` with semicolons between,
values quoted where they hold one of those. Taken is a header of one element that holds `Cert`, PEM in percent-encoding,
and, where it also holds `Hash`, the SHA-256 of that certificate in hex. Several elements would be of several proxies,
of which all but the last say what they were told.
"""

import base64
import binascii
import hashlib
import re
from urllib.parse import unquote_to_bytes

CERTIFICATE_HEADERS = frozenset({b"client-cert", b"client-cert-chain", b"x-forwarded-client-cert"})
"""Names of headers that say something of certificates."""
MAX_HEADER = 64 * 1024
_SEQUENCE = re.compile(rb":([A-Za-z0-9+/]+={0,2}):")
_PAIR = re.compile(rb'([A-Za-z]{1,16})=(?:"((?:[^"\\\x00-\x1f\x7f]|\\["\\])*)"|([^",;\x00-\x20\x7f]*))')
_KEYS = frozenset({b"by", b"hash", b"cert", b"chain", b"subject", b"uri", b"dns"})
_REPEATED = frozenset({b"by", b"uri", b"dns"})
_ESCAPED = re.compile(rb"(?:[^%]|%[0-9A-Fa-f]{2})*")
_PEM = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n((?:[A-Za-z0-9+/]{1,76}={0,2}\r?\n)+)-----END CERTIFICATE-----\r?\n?"
)


def client_cert(value: bytes) -> bytes | None:
    """The DER that a `Client-Cert` holds."""
    found = _SEQUENCE.fullmatch(value.strip(b" \t")) if len(value) <= MAX_HEADER else None
    return None if found is None else _base64(found[1])


def forwarded_client_cert(value: bytes) -> bytes | None:
    """The DER of the `Cert` that an `X-Forwarded-Client-Cert` of one element holds."""
    pairs = _pairs(value.strip(b" \t")) if len(value) <= MAX_HEADER else None
    if pairs is None or b"cert" not in pairs or not _ESCAPED.fullmatch(pairs[b"cert"]):
        return None
    pem = _PEM.fullmatch(unquote_to_bytes(pairs[b"cert"]))
    der = None if pem is None else _base64(re.sub(rb"\r?\n", b"", pem[1]))
    if der is None or pairs.get(b"hash", _hash(der)).lower() != _hash(der):
        return None
    return der


def _pairs(value: bytes) -> dict[bytes, bytes] | None:
    """The pairs of a header of one element; None for anything else, keys that nobody knows and repeated ones too."""
    found: dict[bytes, bytes] = {}
    place = 0
    while True:
        pair = _PAIR.match(value, place)
        key = b"" if pair is None else pair[1].lower()
        if pair is None or key not in _KEYS or (key in found and key not in _REPEATED):
            return None
        found[key] = re.sub(rb"\\(.)", rb"\1", pair[2]) if pair[2] is not None else pair[3]
        place = pair.end()
        if place == len(value):
            return found
        if value[place : place + 1] != b";":
            return None
        place += 1


def _base64(text: bytes) -> bytes | None:
    """The bytes that this is the one spelling of (RFC 4648 §3.5)."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return data if base64.b64encode(data) == text else None


def _hash(der: bytes) -> bytes:
    return hashlib.sha256(der).hexdigest().encode("ascii")
