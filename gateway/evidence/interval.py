"""The interval around a share that a sample shows: Clopper and Pearson's, 95 % (Biometrika 26, 1934).

It holds the true share in at least 95 of 100 samples, however rare what is counted is; intervals by approximation
(Wilson's among them) do so on the average alone, and promise too much just where misses are few. Bounds lie on a grid
of 1/10,000 and are rounded outward. Decimal arithmetic, so that every machine computes the same.
"""

from collections.abc import Callable
from decimal import Context, Decimal

GRID = 10_000
_TAIL = Decimal("0.025")
_REST = Decimal("0.975")
_DECIMALS = Context(prec=50)


def interval(hits: int, total: int) -> tuple[int, int]:
    """The lower and the upper bound of the share, in 1/10,000, where `hits` of `total` were it; (0, 10,000) of none.

    Exact for draws that are independent; for those without replacement from few it is wider than need be.
    """
    if not 0 <= hits <= total:
        raise ValueError("hits must be 0 to total")
    if total == 0:
        return 0, GRID
    # The lower bound: where so many hits or more are just as unlikely. The upper one: where so many or fewer are.
    low = 0 if hits == 0 else _last(lambda place: _at_most(hits - 1, total, place) >= _REST)
    high = GRID if hits == total else _last(lambda place: _at_most(hits, total, place) > _TAIL) + 1
    return low, high


def share(number: int) -> str:
    """A share on the grid as a text of four decimals: 1.0000 for all."""
    return f"{number // GRID}.{number % GRID:04d}"


def nearest(hits: int, total: int) -> int:
    """`hits` of `total` on the grid, halves up."""
    return (2 * GRID * hits + total) // (2 * total)


def _last(holds: Callable[[int], bool]) -> int:
    """The last place of the grid, which is 0 or more and less than all, at which this still holds; it holds at 0."""
    first, end = 0, GRID
    while end - first > 1:
        middle = (first + end) // 2
        first, end = (middle, end) if holds(middle) else (first, middle)
    return first


def _at_most(hits: int, total: int, place: int) -> Decimal:
    """How likely `hits` or fewer of `total` are, where each is one with a chance of `place` in 10,000 (0 < place)."""
    chance = _DECIMALS.divide(Decimal(place), Decimal(GRID))
    other = _DECIMALS.subtract(Decimal(1), chance)
    odds = _DECIMALS.divide(chance, other)
    term = _DECIMALS.power(other, Decimal(total))
    found = term
    for number in range(hits):
        factor = _DECIMALS.divide(Decimal(total - number), Decimal(number + 1))
        term = _DECIMALS.multiply(_DECIMALS.multiply(term, odds), factor)
        found = _DECIMALS.add(found, term)
    return found
