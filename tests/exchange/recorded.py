"""One record of each shape in which the gateway writes records of an event, with the fields that those hold and with no
others (`held.json`), to ask frameworks' questions of."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from gateway.evidence.figures.needs import Need
from gateway.evidence.figures.seen import Known, Seen, seen
from gateway.exchange.signing_off import REVIEWS
from gateway.ledger.record import ClassesInfo, Detail, Envelope, parse, parse_detail
from tests.exchange import held
from tests.house.tree import ROOT

GOLDEN = ROOT / "tests/golden/records"
ID = "r"
"""Of each record, and so of the incident that one of them closes."""
AT = "2026-11-24T01:02:03.000004Z"
WRITTEN: dict[str, Any] = {"seq": 0, "prev": "A" * 43 + "=", "recorded_at": AT}
"""What the writer fills in."""
CLASSES = ClassesInfo(found=("pci", "phi", "pii", "special-category"), declared=(), inherited=(), floor=())


@cache
def _values() -> dict[str, Any]:
    """Field of the envelope → a value of it, from a golden record; of a struct the one that holds most, with what only
    others hold."""
    found: dict[str, Any] = {}
    for path in sorted(GOLDEN.glob("*.*.json")):
        for name in Envelope.__struct_fields__:
            value = getattr(parse(path.read_bytes()), name)
            if value is not None:
                smaller, larger = sorted((found.get(name), value), key=_size)
                found[name] = _filled(larger, smaller)
    return {**found, "classes": CLASSES, "incident": ID}


def _filled(value: Any, other: Any) -> Any:
    if not isinstance(value, msgspec.Struct) or other is None:
        return value
    absent = [name for name in value.__struct_fields__ if getattr(value, name) is None]
    return msgspec.structs.replace(value, **{name: getattr(other, name) for name in absent})


def _size(value: Any) -> int:
    return 0 if value is None else len(msgspec.json.encode(value))


@cache
def records() -> tuple[Seen, ...]:
    """One record of each shape; of reviews that were signed off, one for each kind."""
    found = [_record(event, shape) for event, shapes in held.load().items() for shape in shapes]
    return tuple(made for one in found for made in _reviewed(one))


def _reviewed(one: Seen) -> list[Seen]:
    if one.envelope.event != "review.signed":
        return [one]
    kinds = [msgspec.structs.replace(one.envelope, action=kind) for kind in REVIEWS]
    return [msgspec.structs.replace(one, envelope=envelope) for envelope in kinds]


def of(event: str, has: str = "") -> list[Seen]:
    """The records of an event; those that hold a field, where one is named."""
    shapes = held.load()[event]
    return [_record(event, shape) for shape in shapes if not has or has in shape]


def _record(event: str, shape: held.Shape) -> Seen:
    own = {name: _values()[name] for name in shape if "." not in name}
    detail = parse_detail((GOLDEN / "detail.json").read_bytes())
    inside = {name.partition(".")[2] for name in shape if name.startswith("detail.")}
    told = Detail(**{name: getattr(detail, name) for name in inside}) if inside else None
    envelope = Envelope(id=ID, tenant="tn_1", event=event, occurred_at=AT, **own, **WRITTEN)
    if inside:
        envelope.detail = _values()["detail"]
    return _only(seen(envelope, told, Known()), shape)


def _only(one: Seen, fields: Iterable[str]) -> Seen:
    """Without the fields of parts that such records do not hold."""
    for name in ("outcome", "request", "response", "tokens"):
        part = getattr(one.envelope, name)
        if part is not None:
            gone = {each: None for each in part.__struct_fields__ if f"{name}.{each}" not in fields}
            setattr(one.envelope, name, msgspec.structs.replace(part, **gone))
    return one


def closed(one: Seen) -> Seen:
    """The record with its detail deleted."""
    return msgspec.structs.replace(one, detail=None)


def lacking(one: Seen, need: Need) -> Seen:
    """The record without any of the fields of which one is needed; all else that it holds is there."""
    for path in need.fields:
        one = _lacking(one, path)
    return one


def _lacking(one: Seen, path: str) -> Seen:
    part, _, name = path.partition(".")
    if part == "detail":
        return one if one.detail is None else msgspec.structs.replace(one, detail=_cut(one.detail, name))
    envelope = msgspec.structs.replace(one.envelope)
    inner = getattr(envelope, part)
    optional = inner is not None and name and inner.__struct_defaults__
    setattr(envelope, part, _cut(inner, name) if optional and name not in _demanded(inner) else None)
    return msgspec.structs.replace(one, envelope=envelope)


def _cut(struct: Any, name: str) -> Any:
    return msgspec.structs.replace(struct, **{name: None})


def _demanded(struct: msgspec.Struct) -> set[str]:
    """Fields that the struct cannot be without."""
    return {one.name for one in msgspec.structs.fields(struct) if one.required}
