"""The one encoder of everything that is hashed: canonical JSON (RFC 8785, JCS), restricted so that it is unambiguous.

Restrictions, which make msgspec's sorted output byte-equal to JCS (a property test compares it with `rfc8785`): no
floats, ASCII keys, integers within ±2^53, strings that are valid Unicode. `encode` refuses anything else, and `decode`
accepts only bytes that encode back to themselves.
"""

import re
from typing import Any

import msgspec

from gateway.core.errors import FormatError

MAX_INTEGER = 2**53
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="string")
_decoder = msgspec.json.Decoder()
# A number that may be a float or out of range. It may also stand inside a string: then the slow walk clears it.
_suspicious = re.compile(rb"[:\[,]-?(?:[0-9]{16}|[0-9]+[.eE])")


def encode(value: Any) -> bytes:
    """Canonical bytes of a struct, mapping, sequence, string, integer, boolean or None; `FormatError` for the rest."""
    try:
        data = _encoder.encode(value)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise FormatError("not representable in canonical JSON") from error
    if not data.isascii() or _suspicious.search(data) or not data.startswith((b"{", b"[")):
        _check(msgspec.to_builtins(value))
    return data


def decode(data: bytes) -> Any:
    """The value that exactly these canonical bytes encode; `FormatError` for bytes in any other form."""
    try:
        value = _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FormatError("not JSON") from error
    if encode(value) != data:
        raise FormatError("not in canonical form")
    return value


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise FormatError("an object key that is not ASCII")
            _check(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item)
    elif isinstance(value, float):
        raise FormatError("a float")
    elif isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise FormatError("an integer beyond 2^53")
