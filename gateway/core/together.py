"""Several things at once, none of which outlives whoever waits for them."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def together(all_of: Iterable[Awaitable[T]]) -> list[T]:
    """What each gives, in order, once all have ended, also where one fails or this is cancelled; then the first error
    is raised. `asyncio.gather` raises at once and leaves the others to go on alone, with what is closed meanwhile."""
    found: list[T] = []
    for one in await asyncio.gather(*all_of, return_exceptions=True):
        if isinstance(one, BaseException):
            raise one
        found.append(one)
    return found
