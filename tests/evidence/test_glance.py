"""A glance says yes to nothing that the parser refuses, and sees in a record what the parser does."""

import json
import pickle
import re
from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings

from gateway.core.canonical import encode
from gateway.core.errors import FormatError
from gateway.evidence import glance
from gateway.evidence.glance import Glimpse
from gateway.ledger import record

from .test_plain import RECORDS, VALUES, accepts, damaged_records, places, replaced, same, spliced


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    inner = {key: merged(one[key], other[key]) for key in one.keys() & other.keys() if isinstance(one[key], dict)}
    return {**other, **one, **inner}


DOCUMENT: dict[str, Any] = reduce(merged, map(json.loads, RECORDS.values()))
"""A record with every member that there is."""
WHOLE = encode(DOCUMENT)
EDGES = sorted({edge for mark in re.finditer(rb"\W", WHOLE) for edge in mark.span()})
"""Where something begins or ends."""
MAPPINGS = [("found",), ("inputs",), ("missed",), ("wrong",), ("sample", "population")]
MAPPINGS += [("tokens", "sent"), ("tokens", "back"), ("tokens", "kept")]


def glimpsed(data: bytes) -> bool:
    try:
        seen = glance.parse(data)
    except FormatError:
        return False
    return isinstance(seen, Glimpse)


def agree(data: bytes) -> bool:
    return accepts(glance.parse, data) == accepts(record.parse, data)


@pytest.mark.parametrize("name", RECORDS)
def test_golden_records_are_seen_as_they_are_parsed(name: str) -> None:
    assert glimpsed(RECORDS[name])
    assert same(record.parse(RECORDS[name]), glance.parse(RECORDS[name]))


def test_what_has_every_member_is_seen_at_a_glance() -> None:
    typed = record.parse(WHOLE)
    assert None not in [getattr(typed, field) for field in typed.__struct_fields__]
    assert glimpsed(WHOLE)


def test_both_agree_on_any_value_in_any_place() -> None:
    lengths = [0, 1, 26, 27, 28, 43, 44, 45, 63, 64, 65, 127, 128, 129, 255, 256, 257]
    values = [value for value in VALUES if "é" not in str(value)] + ["x" * length for length in lengths]
    values += [{f"k{n:04}": 1 for n in range(length)} for length in (64, 65, 128, 129)]
    values += [{f"k{n:04}": "x" for n in range(length)} for length in (64, 65, 128, 129)]
    values += [["x"] * length for length in (64, 65)] + [[1] * length for length in (1_000, 1_001)]
    values += [10**15 - 1, 10**15, 2**53, 599, 1_000, False, {"": 1}, {"a": ""}, {"k" * 129: 1}, {"k": "v" * 257}]
    encoded = [encode(value) for value in values]
    for path in places(DOCUMENT):
        for data in spliced(DOCUMENT, path, encoded):
            assert agree(data), (path, data)


def test_both_agree_when_any_member_is_left_out() -> None:
    for path in places(DOCUMENT):
        parent = reduce(lambda value, step: value[step], path[:-1], DOCUMENT)
        if path and isinstance(parent, dict):
            shorter = {key: value for key, value in parent.items() if key != path[-1]}
            assert agree(encode(replaced(DOCUMENT, path[:-1], shorter))), path


def test_both_agree_on_every_single_byte_that_is_gone_doubled_or_exchanged() -> None:
    for at in range(len(WHOLE)):
        before, byte, after = WHOLE[:at], WHOLE[at : at + 1], WHOLE[at + 1 :]
        for damaged in (before + after, before + byte + byte + after, before + after[:1] + byte + after[1:]):
            assert agree(damaged), damaged


@pytest.mark.parametrize("inserted", [*'",:{}[]\\0 -.\n\x7fé', "\\n", ',"', '":', '"a":1,'])
def test_both_agree_wherever_something_is_put_in(inserted: str) -> None:
    for at in EDGES:
        assert agree(WHOLE[:at] + inserted.encode() + WHOLE[at:]), at


@settings(max_examples=300, deadline=None)
@given(damaged_records())
def test_both_agree_on_any_damaged_record(data: bytes) -> None:
    assert agree(data)


@pytest.mark.parametrize("path", MAPPINGS)
@pytest.mark.parametrize("keys", ["ab", "aab", "ba", "aa", "acb", "abb"])
def test_keys_of_mappings_must_be_in_order_and_each_there_once(path: tuple[str, ...], keys: str) -> None:
    value = dict.fromkeys("xy", "1" if path == ("inputs",) else 1)
    marked, written = encode(replaced(DOCUMENT, path, value)), encode(value)
    one = written[len(b'{"x":') : written.index(b",")]
    other = b"{" + b",".join(b'"%s":%s' % (key.encode(), one) for key in keys) + b"}"
    data = marked.replace(written, other)
    assert glimpsed(data) == accepts(record.parse, data) == (keys == "ab")


def test_a_key_is_no_part_of_a_value() -> None:
    for key, value in ((":k", ","), (",", ":"), ("b", '","c":')):
        data = encode(replaced(DOCUMENT, ("inputs",), {"a": value, key: "x"}))
        assert agree(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("action",), "déjà"),
        (("action",), 'a "b"'),
        (("action",), "a\\b"),
        (("action",), "\n"),
        (("zone",), "a,"),
        (("count",), 2**53),
        (("found",), {"a\\": 1}),
    ],
)
def test_what_a_glance_does_not_know_is_parsed(path: tuple[str, ...], value: Any) -> None:
    data = encode(replaced(DOCUMENT, path, value))
    assert not glimpsed(data)
    assert same(record.parse(data), glance.parse(data))


def test_what_does_not_hold_is_told_by_the_parser() -> None:
    for path, value, said in (
        (("range",), [2, 1], "range must not end before it starts"),
        (("event",), "exchange.unknown", "event must be one of the known events"),
        (("recorded_at",), "2026-02-30T00:00:00.000000Z", "a date that the calendar does not have"),
        (("v",), 2, "v must be 1"),
    ):
        with pytest.raises(FormatError, match=said):
            glance.parse(encode(replaced(DOCUMENT, path, value)))
    with pytest.raises(FormatError, match="must have seq, prev and recorded_at"):
        glance.parse(encode({key: value for key, value in DOCUMENT.items() if key != "prev"}))
    with pytest.raises(FormatError, match="65,535 bytes"):
        glance.parse(b" " * 65_536)


def test_a_glimpse_has_the_members_of_a_record_and_no_others() -> None:
    seen = glance.parse(RECORDS["exchange.denied"])
    with pytest.raises(AttributeError):
        _ = seen.nothing


def test_it_can_be_handed_to_another_process() -> None:
    other = pickle.loads(pickle.dumps(glance.parse(WHOLE)))  # noqa: S301 - what was just written
    assert isinstance(other, Glimpse)
    assert same(record.parse(WHOLE), other)


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "number"},
        {"type": "boolean", "const": True},
        {"type": "string", "format": "date"},
        {"type": "string", "pattern": "x"},
        {"type": "string", "pattern": r"^(x)\Z"},
        {"type": "integer", "minimum": 1},
        {"type": "integer", "multipleOf": 2},
        {"type": "array"},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 1},
        {"type": "array", "items": {"type": "boolean"}, "maxItems": 0},
        {"type": "array", "prefixItems": [{"type": "boolean"}], "minItems": 1, "maxItems": 2},
        {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "integer"}}},
        {"type": "object", "additionalProperties": {"type": "array"}},
        {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
        {"type": "object", "properties": {}, "additionalProperties": True},
        {"type": "object", "properties": {}, "minProperties": 1},
    ],
)
def test_a_shape_that_it_cannot_say_is_found_at_once(shape: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="place has a form that a glance does not know"):
        glance._expression(shape, "place", [])
