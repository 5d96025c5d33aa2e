"""The tree before a range, from the path of its last leaf."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.evidence.edge import encode_hashes, frontier_before, parse_hashes
from gateway.ledger.merkle import Frontier, inclusion_path

from .making import ledger

LEDGER = ledger(70)


@pytest.mark.parametrize("first", range(1, 70))
def test_the_frontier_is_that_of_the_tree_that_the_range_continues(first: int) -> None:
    expected = Frontier()
    for record in LEDGER.stored[:first]:
        expected.append(record.hash)
    path = inclusion_path(first - 1, first, LEDGER.node)
    found = frontier_before(first, LEDGER.stored[first - 1].hash, path)
    assert (found.size, found.peaks) == (first, expected.peaks)


@pytest.mark.parametrize(("first", "length"), [(0, 0), (1, 1), (6, 1), (6, 3), (7, 1), (8, 2)])
def test_a_path_of_another_length_is_refused(first: int, length: int) -> None:
    with pytest.raises(FormatError):
        frontier_before(first, bytes(32), [bytes(32)] * length)


def test_a_hash_of_another_length_is_refused() -> None:
    with pytest.raises(FormatError):
        frontier_before(6, bytes(32), [bytes(32), bytes(31)])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_hashes_are_read_back_as_they_were_written(hashes: list[bytes]) -> None:
    assert parse_hashes(encode_hashes(hashes)) == hashes


@pytest.mark.parametrize(
    "data", [b"\n", b"AAAA\n", b"x", b"\xff\n", encode_hashes([bytes(32)])[:-1], encode_hashes([bytes(32)] * 129)]
)
def test_other_texts_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_hashes(data)
