"""Canonical JSON (RFC 8785) with the standard library, under the restrictions of `core.canonical`: one text a value.

Slower than that, but it needs nothing installed.
"""

import json
import re
from typing import Any

from gateway.core.errors import FormatError

MAX_INTEGER = 2**53


def dump(value: Any) -> bytes:
    """Canonical bytes of mappings, sequences, strings, integers, booleans and None; `FormatError` for the rest."""
    _check(value)
    return _encode(value)


def load(data: bytes) -> Any:
    """The value that exactly these canonical bytes encode; `FormatError` for bytes in any other form."""
    try:
        # Bytes that are ASCII hold no key that is not, and no number without so many digits is too large; a key that is
        # there twice is gone when it is written again.
        plain = data.isascii() and _LONG.search(data) is None
        value = (_PLAIN if plain else _CAREFUL).decode(data.decode("utf-8"))
        same = _encode(value) == data
    except (ValueError, RecursionError) as error:
        raise FormatError("not JSON of the allowed kinds") from error
    if not same:
        raise FormatError("not in canonical form")
    return value


def _encode(value: Any) -> bytes:
    try:
        return _WRITER.encode(value).encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError("not representable in canonical JSON") from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs) or not all(key.isascii() for key in found):
        raise ValueError("an object key that is there twice or is not ASCII")
    return found


def _integer(text: str) -> int:
    if len(text) > 17 or not -MAX_INTEGER <= int(text) <= MAX_INTEGER:
        raise ValueError("an integer beyond 2^53")
    return int(text)


def _refuse(_: str) -> Any:
    raise ValueError("a number that is no integer")


def _check(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise FormatError("an object key that is not an ASCII string")
            _check(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item)
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise FormatError("an integer beyond 2^53")
    elif value is not None and not isinstance(value, str):
        raise FormatError("a value that canonical JSON has no form for")


_LONG = re.compile(rb"[0-9]{16}(?:[,}\]]|\Z)")
"""Every number of so many digits ends so, and no text does that ends with a quotation mark: a digest in hex is none."""
_PLAIN = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
_CAREFUL = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_refuse, parse_int=_integer, parse_constant=_refuse)
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)
"""Does not look for what holds itself: that is nested too deep."""
