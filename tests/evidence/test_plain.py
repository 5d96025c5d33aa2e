"""The reader without typed decoder takes and refuses exactly what the typed one does."""

import json
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.canonical import encode
from gateway.core.errors import FormatError
from gateway.evidence import plain
from gateway.ledger import record

GOLDEN = Path(__file__).parent.parent / "golden" / "records"
RECORDS = {path.stem: path.read_bytes() for path in sorted(GOLDEN.glob("*.json")) if path.stem != "detail"}
DETAIL = (GOLDEN / "detail.json").read_bytes()
VALUES: list[Any] = [None, True, 0, -1, 1, 2**53, 600, "", "x", "é" * 64, "x" * 129, "x" * 5000, [], [0, 1], [2, 1], {}]
VALUES += [{"a": 1}, {"é": 1}, {"a": "b"}, "2026-02-30T00:00:00.000000Z", "2026-02-28T00:00:00.000000Z", ["x"] * 65]
VALUES += ["A" * 43 + "=", "A" * 42 + "B=", [[]], {"a": {"b": 1}}, 99, 100, "exchange.unknown", ["x", 1], "x" * 300]
ENCODED = [encode(value) for value in VALUES if "é" not in str(value)]


def accepts(parse: Any, data: bytes) -> bool:
    try:
        parse(data)
    except FormatError:
        return False
    return True


def same(one: Any, other: Any) -> bool:
    """Whether all that a typed record holds is in the other, too."""
    if hasattr(one, "__struct_fields__"):
        return all(same(getattr(one, field), getattr(other, field)) for field in one.__struct_fields__)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += places(inner, (*path, key))
    return found


_PLACE = "a text that no record has"


def spliced(document: Any, path: tuple[Any, ...], values: Sequence[bytes]) -> Iterator[bytes]:
    """A document with each of these values in a place, all as they are encoded: the rest is encoded once."""
    before, after = encode(replaced(document, path, _PLACE)).split(encode(_PLACE))
    return (before + value + after for value in values)


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("name", RECORDS)
def test_golden_records_are_read_to_the_same_values(name: str) -> None:
    assert same(record.parse(RECORDS[name]), plain.parse(RECORDS[name]))


@pytest.mark.parametrize("name", RECORDS)
def test_both_agree_on_any_value_in_any_place_of_a_golden_record(name: str) -> None:
    document = json.loads(RECORDS[name])
    for path in places(document):
        for data in spliced(document, path, ENCODED):
            assert accepts(plain.parse, data) == accepts(record.parse, data), (path, data)
        if path:
            parent = document
            for step in path[:-1]:
                parent = parent[step]
            if isinstance(parent, dict):
                shorter = replaced(document, path[:-1], {k: v for k, v in parent.items() if k != path[-1]})
                assert accepts(plain.parse, encode(shorter)) == accepts(record.parse, encode(shorter)), path


@st.composite
def damaged_records(draw: st.DrawFn) -> bytes:
    """A golden record, with some bytes of it gone and others in their place."""
    whole = RECORDS[draw(st.sampled_from(sorted(RECORDS)))]
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 12)))
    return whole[:start] + draw(st.binary(max_size=6) | st.sampled_from(VALUES).map(str).map(str.encode)) + whole[end:]


@settings(max_examples=300, deadline=None)
@given(damaged_records())
def test_both_agree_on_any_damaged_record(data: bytes) -> None:
    assert accepts(plain.parse, data) == accepts(record.parse, data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_both_agree_on_any_damaged_detail(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(DETAIL)))
    end = data.draw(st.integers(start, min(len(DETAIL), start + 12)))
    damaged = DETAIL[:start] + data.draw(st.binary(max_size=6)) + DETAIL[end:]
    assert accepts(plain.parse_detail, damaged) == accepts(record.parse_detail, damaged)


def test_the_golden_detail_is_read() -> None:
    assert accepts(plain.parse_detail, DETAIL)
    document = json.loads(DETAIL)
    for path in places(document):
        for data in spliced(document, path, ENCODED):
            assert accepts(plain.parse_detail, data) == accepts(record.parse_detail, data), (path, data)


def test_what_is_too_large_is_not_read() -> None:
    assert not accepts(plain.parse, b" " * 65_536)
    assert not accepts(plain.parse_detail, b" " * (1 << 20 | 1))


def test_an_envelope_can_be_handed_to_another_process() -> None:
    envelope = plain.Envelope({"seq": 5, "node": plain.Envelope({"id": "nd_1"})})
    other = pickle.loads(pickle.dumps(envelope))  # noqa: S301 - what was just written
    assert (other.seq, other.node.id, other.prev) == (5, "nd_1", None)
