"""Records and details read with the standard library alone: what `ledger.record` is to a program without msgspec.

It accepts and refuses exactly what `ledger.record.parse` and `parse_detail` do (a test compares them); in a bundle's
`verify.py` it stands in their place.
"""

import re
from typing import Any

from gateway.core.errors import FormatError
from gateway.evidence.shapes import EVENTS, MAX_BYTES, SHAPES, VERSION
from gateway.evidence.shapes import GENESIS as GENESIS
from gateway.evidence.strict_json import load
from gateway.ledger.times import day

_DETAIL_BYTES = 1 << 20
_TYPES: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}


class Envelope:
    """An object of a record by its attributes: those that are absent are None."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, _: str) -> Any:
        return None


def parse(record: bytes) -> Envelope:
    """The envelope of exactly these canonical bytes, with every field within its bounds; `FormatError` otherwise."""
    if len(record) > MAX_BYTES:
        raise FormatError("a record must not exceed 65,535 bytes")
    envelope: Envelope = _read(load(record), SHAPES["Envelope"], "a record")
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


def parse_detail(data: bytes) -> Envelope:
    """The detail of exactly these canonical bytes; `FormatError` otherwise."""
    if len(data) > _DETAIL_BYTES:
        raise FormatError("a detail must not exceed 1 MiB")
    detail: Envelope = _read(load(data), SHAPES["Detail"], "a detail")
    return detail


def _read(value: Any, shape: dict[str, Any], place: str) -> Any:
    shape = SHAPES[shape["$ref"]] if "$ref" in shape else shape
    if type(value) is not _TYPES[shape["type"]]:
        raise FormatError(f"{place} must be of type {shape['type']}")
    if isinstance(value, str):
        _within(len(value), shape, "minLength", "maxLength", place)
        if "pattern" in shape and not re.search(shape["pattern"], value):
            raise FormatError(f"{place} must have its fixed form")
        return value
    if isinstance(value, list):
        _within(len(value), shape, "minItems", "maxItems", place)
        shapes = shape.get("prefixItems") or [shape["items"]] * len(value)
        return tuple(_read(item, inner, place) for item, inner in zip(value, shapes, strict=True))
    if isinstance(value, dict):
        return _members(value, shape, place)
    if isinstance(value, int):
        _within(value, shape, "minimum", "maximum", place)
    return value


def _members(value: dict[str, Any], shape: dict[str, Any], place: str) -> Any:
    if "properties" not in shape:
        _within(len(value), shape, "minProperties", "maxProperties", place)
        names = {"type": "string", **shape.get("propertyNames", {})}
        return {
            _read(key, names, place): _read(item, shape["additionalProperties"], place) for key, item in value.items()
        }
    properties = shape["properties"]
    if not set(shape.get("required", ())) | ({"v"} & set(properties)) <= set(value) <= set(properties):
        raise FormatError(f"{place} must have the fields of its form and no others")
    return Envelope({key: _read(item, properties[key], key) for key, item in value.items()})


def _within(number: int, shape: dict[str, Any], low: str, high: str, place: str) -> None:
    if not shape.get(low, number) <= number <= shape.get(high, number):
        raise FormatError(f"{place} must be within its bounds")
