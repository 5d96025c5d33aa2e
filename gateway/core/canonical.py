"""The one encoder of everything that is hashed: canonical JSON (RFC 8785, JCS), restricted so that it is unambiguous.

Restrictions, which make msgspec's sorted output byte-equal to JCS (a property test compares it with `rfc8785`): no
floats, ASCII keys, integers within ±2^53, strings that are valid Unicode, and no type that msgspec would turn into a
string on its own (bytes, dates, decimals, enumerations …), because its reader could not tell it from that string.
`encode` refuses anything else, and `decode` accepts only bytes that encode back to themselves.
"""

import threading
from collections.abc import Sequence
from typing import Any, get_args, get_type_hints

import msgspec

from gateway.core.errors import FormatError

MAX_INTEGER = 2**53
_encoder = msgspec.json.Encoder(order="sorted")
_ordered = msgspec.json.Encoder(order="deterministic")
"""Orders mappings; members of structs it writes as they are declared."""
_decoder = msgspec.json.Decoder()
_room = threading.local()
"""Where each thread encodes what is only compared."""
_plain_structs: set[type] = set()
"""Struct classes that encode as an object under ASCII names, found so once each."""


def encode(value: Any) -> bytes:
    """Canonical bytes of a struct, mapping, sequence, string, integer, boolean or None; `FormatError` for the rest.

    Every value inside is looked at. What is encoded at every request, and was checked by its own typed decoder, goes
    through `encode_unchecked`.
    """
    try:
        _check(value)
    except RecursionError as error:
        raise FormatError("nested too deep") from error
    return encode_unchecked(value)


def encode_unchecked(value: Any) -> bytes:
    """The bytes that `encode` gives, for a value that it would accept. What it would refuse, this may get wrong."""
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise FormatError("not representable in canonical JSON") from error


def encode_ordered(value: msgspec.Struct) -> bytes:
    """The same for a struct that `demand_order` has accepted the type of, in two thirds of the time: nothing is left to
    be put in order but what mappings hold."""
    try:
        return _ordered.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise FormatError("not representable in canonical JSON") from error


def is_ordered(value: msgspec.Struct, data: bytes) -> bool:
    """Whether `encode_ordered` gives these bytes; nothing is allocated for that."""
    room: bytearray | None = getattr(_room, "bytes", None)
    if room is None:
        room = _room.bytes = bytearray()
    try:
        _ordered.encode_into(value, room)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise FormatError("not representable in canonical JSON") from error
    return room == data


def are_ordered(values: Sequence[msgspec.Struct], lines: bytes) -> bool:
    """Whether `encode_ordered` gives these lines, each with its newline, one for each of the values."""
    try:
        return _ordered.encode_lines(values) == lines
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise FormatError("not representable in canonical JSON") from error


def demand_order(kind: type[msgspec.Struct]) -> None:
    """`TypeError` unless this type, and each struct type among its fields, declares fields in the order of their
    names, which is that of canonical JSON."""
    for inner in _structs(kind, set()):
        names = inner.__struct_encode_fields__
        if list(names) != sorted(names):
            raise TypeError(f"{inner.__name__} must declare its fields in the order of their names")


def _structs(kind: Any, seen: set[type[msgspec.Struct]]) -> set[type[msgspec.Struct]]:
    """The struct types that a type is made of."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind not in seen:
            seen.add(kind)
            for hint in get_type_hints(kind, include_extras=True).values():
                _structs(hint, seen)
        return seen
    for inner in get_args(kind):
        _structs(inner, seen)
    return seen


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
    """Exact types only: a subclass may encode as something else than it looks like (enumerations do)."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise FormatError("an integer beyond 2^53")
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise FormatError("an object key that is not an ASCII string")
            _check(item)
    elif kind is list or kind is tuple:
        for item in value:
            _check(item)
    elif kind in _plain_structs or _is_plain_struct(kind):
        for name in kind.__struct_fields__:
            _check(getattr(value, name))
    elif kind is float:
        raise FormatError("a float")
    else:
        raise FormatError("a value of a type that canonical JSON has no form for")


def _is_plain_struct(kind: type) -> bool:
    if not issubclass(kind, msgspec.Struct):
        return False
    config = kind.__struct_config__
    names = kind.__struct_encode_fields__
    if config.array_like or config.tag is not None or not all(name.isascii() for name in names):
        raise FormatError("a struct that does not encode as a plain object")
    _plain_structs.add(kind)
    return True
