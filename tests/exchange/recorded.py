"""One record of each event with the fields that the gateway's own records hold, and with no others
(`held.json`), to ask frameworks' questions of."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from gateway.evidence.figures.provisions import event_of
from gateway.evidence.figures.seen import Known, Seen, seen
from gateway.ledger.record import ClassesInfo, Detail, Envelope, parse, parse_detail
from tests.exchange import held
from tests.house.tree import ROOT

GOLDEN = ROOT / "tests/golden/records"
CLASSES = ClassesInfo(found=("pci", "phi", "pii", "special-category"), declared=(), inherited=(), floor=())


@cache
def _values() -> dict[str, Any]:
    """Field of the envelope → a value of it, from a golden record; of a struct the one that holds most."""
    found: dict[str, Any] = {}
    for path in sorted(GOLDEN.glob("*.*.json")):
        for name in Envelope.__struct_fields__:
            value = getattr(parse(path.read_bytes()), name)
            if value is not None and _size(value) > _size(found.get(name)):
                found[name] = value
    return {**found, "classes": CLASSES}


def _size(value: Any) -> int:
    return 0 if value is None else len(msgspec.json.encode(value))


@cache
def records() -> dict[str, Seen]:
    """Event → its record."""
    detail = parse_detail((GOLDEN / "detail.json").read_bytes())
    made = {}
    for event, fields in held.load().items():
        own = {name: _values()[name] for name in fields if "." not in name}
        envelope = Envelope(id="r", tenant="tn_1", event=event, occurred_at="2026-11-24T01:02:03.000004Z", seq=0, **own)
        inside = {name.partition(".")[2] for name in fields if name.startswith("detail.")}
        told = Detail(**{name: getattr(detail, name) for name in inside}) if inside else None
        made[event] = _only(seen(envelope, told, Known()), fields)
    return made


def _only(one: Seen, fields: Iterable[str]) -> Seen:
    """Without the fields of parts that such records do not hold."""
    for name in ("outcome", "request", "response", "tokens"):
        part = getattr(one.envelope, name)
        if part is not None:
            gone = {each: None for each in part.__struct_fields__ if f"{name}.{each}" not in fields}
            setattr(one.envelope, name, msgspec.structs.replace(part, **gone))
    return one


def without(need: str) -> list[Seen]:
    """The records, of which none holds what is needed; all else that they hold is there."""
    event, path = event_of(need), need.rpartition(": ")[2]
    return [_lacking(one, path) if event in (None, name) else one for name, one in records().items()]


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
