"""Records read at a glance: one regular expression in place of a parser, wherever that is enough.

A record is canonical JSON of fixed members in a fixed order, each of a kind and within bounds. Nearly all of that is
regular, so that one expression, made from `shapes`, says it in one pass over the bytes; parsing them, holding each
member to its bounds, encoding it all again and comparing are four. Three steps, of which the expression is the first:

    1. members, their order, kinds, lengths and fixed forms, and no byte between them
    2. the event, days that the calendar has, a range that does not end before it starts
    3. keys of each mapping, in order and each there once

A glance can only say yes. The expression knows no text with an escape or beyond ASCII and no integer of more than 15
digits, which are rare; these, and whatever does not hold, go through `plain.parse`, which alone says what is wrong.
So what has to be shown is that no yes is said too often: tests hold each answer against that of `ledger.record.parse`.

In a bundle's `verify.py` this stands in the place of `ledger.record`; a typed decoder, where there is one, is as fast.

Hostile bytes cost no more than others: each member is matched or not, once and for all (atomic groups), so that there
is nothing to go back to.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from operator import lt
from typing import Any

from gateway.core.errors import FormatError
from gateway.evidence import plain
from gateway.evidence.plain import Envelope, member
from gateway.evidence.plain import parse_detail as parse_detail
from gateway.evidence.shapes import EVENTS, SHAPES, VERSION
from gateway.evidence.shapes import GENESIS as GENESIS
from gateway.evidence.shapes import MAX_BYTES as MAX_BYTES
from gateway.evidence.strict_json import MAX_INTEGER
from gateway.ledger.times import day

Detail = Envelope
_Match = re.Match[str]
_LOOKED_AT = ("event", "occurred_at", "prev", "recorded_at", "seq", "tenant", "range")
"""Members that are looked at in every record, by step 2 or by whoever verifies it."""
_PLACED = frozenset({"prev", "recorded_at", "seq"})
"""Members that only a record which has its place in the ledger has; here all have it."""
_PLAIN = r"[ !#-\[\]-~]"
"""Characters that stand for themselves in JSON: ASCII without controls, the quotation mark and the backslash."""
_COUNT = "(?:0|[1-9][0-9]{0,14}+)"
_MEMBER = re.compile(r'"([^"]*)":(?:"[^"]*"|[0-9]+)')
"""Of a mapping that the expression has matched, one key and its value."""
_KEPT, _SHORT = 256, 2_048
"""Of each member that is no text or number so many are kept, of at most so many characters."""


class Glimpse(Envelope):
    """An envelope that was looked at: its members are read when they are asked for.

    Nobody may change what a member is: other records may have the same one."""

    _match: _Match

    def __getattr__(self, name: str) -> Any:
        if name not in _read:  # no member: how a copy is made of it, say
            raise AttributeError(name)
        text = self._match[name]
        found = self.__dict__[name] = None if text is None else _read[name](text)
        return found

    def __reduce__(self) -> tuple[Callable[[bytes], Envelope], tuple[bytes]]:
        return parse, (self._match.string.encode("ascii"),)


def parse(data: bytes) -> Envelope:
    """The envelope of exactly these canonical bytes, with every field within its bounds; `FormatError` otherwise."""
    if len(data) <= MAX_BYTES and data.isascii():
        # 1.
        match = _form().fullmatch(data.decode("ascii"))
        members = None if match is None else _members(match)
        if members is not None:
            return Glimpse(members)
    return plain.parse(data)


def _members(match: _Match) -> dict[str, Any] | None:
    """Steps 2 and 3, and the members that everybody wants; None for a record that has to be parsed."""
    event, occurred_at, prev, recorded_at, seq, tenant, span, *mappings = match.group(*_GROUPS)
    # 2.
    if event not in _EVENTS or not _in_calendar(occurred_at[:10]) or not _in_calendar(recorded_at[:10]):
        return None
    if span is not None:
        first, end = member("range", span)
        if first > end:
            return None
    # 3.
    for mapping in mappings:
        if mapping is not None and "," in mapping and not _in_order(mapping):
            return None
    return {
        "event": event,
        "occurred_at": occurred_at,
        "prev": prev,
        "recorded_at": recorded_at,
        "seq": int(seq),
        "tenant": tenant,
        "_match": match,
    }


@lru_cache(_KEPT)
def _in_calendar(date: str) -> bool:
    try:
        day(date)
    except FormatError:
        return False
    return True


@lru_cache(_KEPT)
def _in_order(mapping: str) -> bool:
    keys = _MEMBER.findall(mapping)
    return all(map(lt, keys, keys[1:]))


# ------------------------------------------------------------------------------ shapes made into one expression, once


class _Unknown(TypeError):
    """A shape that cannot be said here: whoever adds one finds out at once."""

    def __init__(self, place: str) -> None:
        super().__init__(f"{place} has a form that a glance does not know")


def _expression(shape: dict[str, Any], place: str, mappings: list[str] | None) -> str:
    """What matches just the canonical forms of this shape, or some of them. `place` names it; `mappings` is where each
    mapping's group is told, None within what repeats, of which a group would have but the last."""
    if "$ref" in shape:
        return _expression(SHAPES[shape["$ref"]], place, mappings)
    kind, rest = shape["type"], {key: value for key, value in shape.items() if key != "type"}
    if kind == "boolean" and not rest:
        return "(?:true|false)"
    if kind == "string":
        return f'"{_text(rest, place)}"'
    if kind == "integer":
        return _integer(rest, place)
    if kind == "array":
        return _array(rest, place)
    if kind == "object":
        return _object(rest, place, mappings) if "properties" in rest else _mapping(rest, place, mappings)
    raise _Unknown(place)


def _text(rest: dict[str, Any], place: str) -> str:
    """What is between the quotation marks."""
    low, high = rest.pop("minLength", 0), rest.pop("maxLength", MAX_BYTES)
    form = rest.pop("pattern", None)
    if rest:
        raise _Unknown(place)
    if form is None:
        return f"{_PLAIN}{{{low},{high}}}+"
    inner = form.removeprefix("^").removesuffix(r"\Z")
    if form != rf"^{inner}\Z" or re.compile(form).groups:
        raise _Unknown(place)
    return f'(?={_PLAIN}{{{low},{high}}}+")(?:{inner})'


def _integer(rest: dict[str, Any], place: str) -> str:
    low, high = rest.pop("minimum", 0), rest.pop("maximum", MAX_INTEGER)
    if rest:
        raise _Unknown(place)
    if (low, high) == (0, MAX_INTEGER):
        return _COUNT
    # From a hundred to one less than another, which an HTTP status is.
    if low % 100 or (high + 1) % 100 or not 100 <= low < high < 1_000:
        raise _Unknown(place)
    return f"[{low // 100}-{high // 100}][0-9][0-9]"


def _array(rest: dict[str, Any], place: str) -> str:
    fixed, low, high = rest.pop("prefixItems", ()), rest.pop("minItems", 0), rest.pop("maxItems", MAX_BYTES)
    each = rest.pop("items", False)
    if rest or high < 1:
        raise _Unknown(place)
    if fixed:
        if each or (low, high) != (len(fixed), len(fixed)):
            raise _Unknown(place)
        return rf"\[{','.join(_expression(inner, place, None) for inner in fixed)}\]"
    if not each or low:
        raise _Unknown(place)
    return rf"\[{_several(_expression(each, place, None), high)}\]"


def _mapping(rest: dict[str, Any], place: str, mappings: list[str] | None) -> str:
    most, each = rest.pop("maxProperties", MAX_BYTES), rest.pop("additionalProperties", {})
    names = {"type": "string", **rest.pop("propertyNames", {})}
    if rest or mappings is None or most < 1 or each.get("type") not in ("string", "integer"):
        raise _Unknown(place)
    mappings.append(place)
    one = f"{_expression(names, place, None)}:{_expression(each, place, None)}"
    return rf"(?P<{place}>\{{{_several(one, most)}\}})"


def _several(one: str, most: int) -> str:
    return f"(?:{one}(?:,{one}){{0,{most - 1}}}+)?+"


def _object(rest: dict[str, Any], place: str, mappings: list[str] | None) -> str:
    properties, needed = rest.pop("properties"), {"v", *rest.pop("required", ())}
    if rest.pop("additionalProperties", False) or rest:
        raise _Unknown(place)
    inner = {name: _expression(shape, f"{place}_{name}", mappings) for name, shape in properties.items()}
    return _put_together(inner, needed)


def _put_together(inner: dict[str, str], needed: set[str]) -> str:
    """Each member that matches takes along what is behind it: the quotation mark before the next one's name, after a
    comma, or nothing before the end. So a member that is absent shows by its first letter. At the end no quotation mark
    may have been taken along for a member that did not come (nor can a glance tell one from a text's that ends so)."""
    found = [r'\{(?:"|(?=\}))']
    for name in sorted(inner):
        absent = "" if name in needed else "|"
        found.append(rf'(?>{re.escape(name)}":{inner[name]}(?:,"|(?=\}})){absent})')
    return "".join((*found, r'(?<![,{]")\}'))


def _record_expression() -> tuple[str, tuple[str, ...]]:
    """Of a record, with a group for each member, without a text's quotation marks; and the groups of its mappings."""
    shape = SHAPES["Envelope"]
    mappings: list[str] = []
    inner: dict[str, str] = {}
    for name, one in shape["properties"].items():
        told = _expression(one, name, mappings)
        if one.get("type") == "string":
            inner[name] = f'"(?P<{name}>{told[1:-1]})"'
        else:
            inner[name] = told if name in mappings else f"(?P<{name}>{told})"
    inner["v"] = f"(?P<v>{VERSION})"
    return _put_together(inner, {"v", *_PLACED, *shape["required"]}), tuple(mappings)


@lru_cache(maxsize=1)
def _form() -> re.Pattern[str]:
    """Made when the first record is read: it takes a tenth of a second, and most who import this read none."""
    return re.compile(_RECORD)


def _reader(name: str) -> Callable[[str], Any]:
    kind = SHAPES["Envelope"]["properties"][name].get("type")
    if kind == "string":
        return str
    if kind == "integer":
        return int
    read = partial(member, name)
    kept = lru_cache(_KEPT)(read)
    return lambda text: kept(text) if len(text) <= _SHORT else read(text)


_EVENTS = frozenset(EVENTS)
_RECORD, _MAPPINGS = _record_expression()
_GROUPS = (*_LOOKED_AT, *_MAPPINGS)
_read = {name: _reader(name) for name in SHAPES["Envelope"]["properties"]}
