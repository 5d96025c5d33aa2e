"""Records and details read with the standard library alone: what `ledger.record` is to a program without msgspec.

It accepts and refuses exactly what `ledger.record.parse` and `parse_detail` do (a test compares them). In a bundle's
`verify.py`, `glance` stands in their place, and this reads what a glance is not enough for.
"""

import re
from collections.abc import Callable
from typing import Any

from gateway.core.errors import FormatError
from gateway.evidence.shapes import EVENTS, MAX_BYTES, SHAPES, VERSION
from gateway.evidence.shapes import GENESIS as GENESIS
from gateway.evidence.strict_json import MAX_INTEGER, load
from gateway.ledger.times import day

_DETAIL_BYTES = 1 << 20
_TYPES: dict[str, type] = {"integer": int, "boolean": bool}


class Envelope:
    """An object of a record by its attributes: those that are absent are None."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__ = fields

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # no field: how a copy is made of it, say
            raise AttributeError(name)
        return None


def parse(record: bytes) -> Envelope:
    """The envelope of exactly these canonical bytes, with every field within its bounds; `FormatError` otherwise."""
    if len(record) > MAX_BYTES:
        raise FormatError("a record must not exceed 65,535 bytes")
    envelope: Envelope = _envelope(load(record))
    if envelope.seq is None or envelope.prev is None or envelope.recorded_at is None:
        raise FormatError("a record must have seq, prev and recorded_at")
    if envelope.v != VERSION:
        raise FormatError("v must be 1")
    if envelope.event not in EVENTS:
        raise FormatError("event must be one of the known events")
    day(envelope.occurred_at[:10])
    day(envelope.recorded_at[:10])
    if envelope.range is not None and envelope.range[0] > envelope.range[1]:
        raise FormatError("range must not end before it starts")
    return envelope


def member(name: str, text: str) -> Any:
    """What one member of a record is, from its own canonical text; `FormatError` for one that is not of its type."""
    return _member[name](load(text.encode("utf-8")))


def parse_detail(data: bytes) -> Envelope:
    """The detail of exactly these canonical bytes; `FormatError` otherwise."""
    if len(data) > _DETAIL_BYTES:
        raise FormatError("a detail must not exceed 1 MiB")
    detail: Envelope = _detail(load(data))
    return detail


# ------------------------------------------------------------------------------------- shapes made into functions, once


_Read = Callable[[Any], Any]


def _reader(shape: dict[str, Any], place: str) -> _Read:
    """What reads a value of this shape, or raises `FormatError` with the place's name."""
    if "$ref" in shape:
        return _reader(SHAPES[shape["$ref"]], place)
    kind = shape["type"]
    if kind == "string":
        return _string(shape, place)
    if kind == "array":
        return _array(shape, place)
    if kind == "object":
        return _object(shape, place) if "properties" in shape else _mapping(shape, place)
    return _scalar(shape, place, _TYPES[kind])


def _string(shape: dict[str, Any], place: str) -> _Read:
    low, high = shape.get("minLength", 0), shape.get("maxLength", MAX_BYTES)
    search = re.compile(shape["pattern"]).search if "pattern" in shape else None

    def read(value: Any) -> str:
        if type(value) is not str:
            raise FormatError(f"{place} must be of type string")
        if not low <= len(value) <= high:
            raise FormatError(f"{place} must be within its bounds")
        if search is not None and search(value) is None:
            raise FormatError(f"{place} must have its fixed form")
        return value

    return read


def _scalar(shape: dict[str, Any], place: str, kind: type) -> _Read:
    low, high = shape.get("minimum", -MAX_INTEGER), shape.get("maximum", MAX_INTEGER)

    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise FormatError(f"{place} must be of type {shape['type']}")
        if not low <= value <= high:
            raise FormatError(f"{place} must be within its bounds")
        return value

    return read


def _array(shape: dict[str, Any], place: str) -> _Read:
    low, high = shape.get("minItems", 0), shape.get("maxItems", MAX_BYTES)
    fixed = [_reader(inner, place) for inner in shape.get("prefixItems", ())]
    each = None if fixed else _reader(shape["items"], place)

    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise FormatError(f"{place} must be of type array")
        if not low <= len(value) <= high or (fixed and len(value) != len(fixed)):
            raise FormatError(f"{place} must be within its bounds")
        if each is not None:
            return tuple([each(item) for item in value])
        return tuple([inner(item) for inner, item in zip(fixed, value, strict=True)])

    return read


def _mapping(shape: dict[str, Any], place: str) -> _Read:
    low, high = shape.get("minProperties", 0), shape.get("maxProperties", MAX_BYTES)
    name = _string(shape.get("propertyNames", {}), place)
    each = _reader(shape["additionalProperties"], place)

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise FormatError(f"{place} must be of type object")
        if not low <= len(value) <= high:
            raise FormatError(f"{place} must be within its bounds")
        return {name(key): each(item) for key, item in value.items()}

    return read


def _object(shape: dict[str, Any], place: str) -> _Read:
    fields = {key: _reader(inner, key) for key, inner in shape["properties"].items()}
    needed = frozenset(shape.get("required", ())) | (frozenset({"v"}) & fields.keys())

    def read(value: Any) -> Envelope:
        if type(value) is not dict:
            raise FormatError(f"{place} must be of type object")
        if not needed <= value.keys() <= fields.keys():
            raise FormatError(f"{place} must have the fields of its form and no others")
        return Envelope({key: fields[key](item) for key, item in value.items()})

    return read


_envelope = _reader(SHAPES["Envelope"], "a record")
_detail = _reader(SHAPES["Detail"], "a detail")
_member = {name: _reader(shape, name) for name, shape in SHAPES["Envelope"]["properties"].items()}
