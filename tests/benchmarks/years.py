"""A small generated year, made once for all tests that look at it."""

from functools import cache
from typing import Any

from benchmarks.year import Year, figures, truth


@cache
def a_year() -> tuple[Year, dict[str, Any], dict[str, Any]]:
    """A year, what the product says of it, and what is true."""
    year = Year(2_500)
    return year, figures(year), truth(year)
