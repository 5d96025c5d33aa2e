"""The interval holds the true share as often as it says, and is the same on every machine."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.interval import GRID, interval, nearest, share


@pytest.mark.parametrize(
    ("hits", "total", "bounds"),
    [
        # Published values of Clopper and Pearson's interval, rounded outward.
        (0, 10, (0, 3_085)),
        (10, 10, (6_915, 10_000)),
        (1, 10, (25, 4_451)),
        (5, 10, (1_870, 8_130)),
        (0, 100, (0, 363)),
        (3, 100, (62, 852)),
        (0, 300, (0, 123)),
        (0, 1_000, (0, 37)),
        (0, 0, (0, 10_000)),
        (1, 1, (250, 10_000)),
    ],
)
def test_bounds_are_the_published_ones_rounded_outward(hits: int, total: int, bounds: tuple[int, int]) -> None:
    assert interval(hits, total) == bounds


def _tail(hits: range, total: int, place: int) -> Fraction:
    chance = Fraction(place, GRID)
    return sum((comb(total, k) * chance**k * (1 - chance) ** (total - k) for k in hits), Fraction(0))


@given(st.integers(1, 25).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_beyond_the_bounds_what_was_seen_is_unlikely_and_just_within_it_is_not(drawn: tuple[int, int]) -> None:
    """By exact fractions: each tail at a bound is at most 2.5 %, and one step within it more."""
    hits, total = drawn
    low, high = interval(hits, total)
    limit = Fraction(1, 40)
    assert 0 <= low <= nearest(hits, total) <= high <= GRID
    if hits:
        assert _tail(range(hits, total + 1), total, low) <= limit < _tail(range(hits, total + 1), total, low + 1)
    if hits < total:
        assert _tail(range(hits + 1), total, high) <= limit < _tail(range(hits + 1), total, high - 1)


def test_of_large_samples_the_bounds_come_soon_and_close_in() -> None:
    low, high = interval(500, 1_000)
    assert (4_680 < low < 4_690, 5_310 < high < 5_320) == (True, True)


@pytest.mark.parametrize(("hits", "total"), [(-1, 3), (4, 3)])
def test_more_than_all_is_a_mistake(hits: int, total: int) -> None:
    with pytest.raises(ValueError, match="hits"):
        interval(hits, total)


def test_shares_are_told_with_four_decimals() -> None:
    assert [share(number) for number in (0, 37, 10_000)] == ["0.0000", "0.0037", "1.0000"]
    assert (nearest(1, 3), nearest(1, 2), nearest(0, 7), nearest(7, 7)) == (3_333, 5_000, 0, 10_000)
