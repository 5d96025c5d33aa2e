"""Postings say at which places of a block a value is, in one form and no other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.store.postings import (
    BLOCK,
    FIELDS,
    Postings,
    Tally,
    ascending,
    decode,
    descending,
    encode,
    from_place,
    ones,
    put,
    to_place,
)

PLACES = st.sets(st.integers(0, BLOCK - 1), min_size=1, max_size=40)


def bits_of(places: set[int]) -> int:
    return sum(1 << place for place in places)


@settings(max_examples=150, deadline=None)
@given(PLACES, st.booleans())
def test_what_was_encoded_is_decoded_and_walked_in_both_directions(places: set[int], nearly_all: bool) -> None:
    bits = ones(BLOCK) ^ bits_of(places) if nearly_all else bits_of(places)
    expected = sorted(set(range(BLOCK)) - places if nearly_all else places)
    assert decode(encode(bits)) == bits
    assert list(ascending(bits)) == expected
    assert list(descending(bits)) == expected[::-1]


@pytest.mark.parametrize("count", [1, 255, 256, BLOCK])
def test_the_shorter_form_is_taken(count: int) -> None:
    assert len(encode(ones(count))) == min(2 * count, 512)
    assert decode(encode(ones(count))) == ones(count)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x00\x01\x00\x01",
        b"\x00\x02\x00\x01",
        b"\x10\x00",
        b"\xff\xff",
        b"\x01" + bytes(511),
        bytes(512),
        bytes(514),
    ],
    ids=["nothing", "half", "twice", "not ascending", "beyond", "far beyond", "few as bitmap", "none", "long"],
)
def test_any_other_form_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600))
def test_no_bytes_are_read_as_anything_but_what_encodes_to_them(data: bytes) -> None:
    try:
        bits = decode(data)
    except FormatError:
        return
    assert encode(bits) == data


def test_places_from_one_on_and_up_to_one_include_it() -> None:
    assert list(ascending(from_place(4_094))) == [4_094, 4_095]
    assert list(ascending(to_place(1))) == [0, 1]
    assert from_place(0) == to_place(BLOCK - 1) == ones(BLOCK)


def test_each_column_and_each_class_of_a_record_is_posted_and_what_is_absent_is_not() -> None:
    postings: Postings = {}
    row: dict[str, str | None] = {**dict.fromkeys(FIELDS), "classes": None}
    put(postings, 0, row)
    assert postings == {}
    put(postings, 1, {**row, "agent": "a", "event": "e", "classes": "|phi|pii|"})
    put(postings, 3, {**row, "agent": "a", "classes": ""})
    assert postings == {("agent", "a"): 0b1010, ("event", "e"): 2, ("data_class", "phi"): 2, ("data_class", "pii"): 2}


def test_a_tally_finds_the_block_that_is_another_whatever_the_order() -> None:
    one, other = Tally(), Tally()
    one.add_all(0, {("agent", "a"): 1, ("agent", "b"): 2})
    one.add_all(1, {("agent", "a"): 3})
    other.add(1, "agent", "a", encode(3))
    other.add(0, "agent", "b", encode(2))
    assert one.other(other, range(2)) == 0
    other.add(0, "agent", "a", encode(1))
    assert one.other(other, range(2)) is None
    other.add(1, "agentx", "", encode(3))
    assert one.other(other, range(2)) == 1
