"""What limits are counted with: wants, levels and changes of counters, and the port of whoever keeps them.

A counter counts either amounts within a sliding window, or requests that are under way. A window has sixty slices; an
amount counts until the whole window has passed since the *end* of the slice that it was put into: so never more than
the count fits into any span of the window, and what was used is free again a sixtieth of it late at most.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

SLICES = 60
RENEW, AGAIN = -1, -2
"""Windows of changes that are none: a lease that goes on, if it is still there; and one that is put there anew."""


class Want(msgspec.Struct, frozen=True):
    """So much more of one counter, which must not exceed `count` where it is `hard`.

    `key` begins with the tenant's random id: a counter belongs to one. `window_us` is 0 where requests under way are
    counted. A soft want is counted always, and told of by its `Level`.
    """

    key: str
    count: int
    amount: int
    window_us: int
    hard: bool = True


class Level(msgspec.Struct, frozen=True):
    """A counter after it has grown: `used` of it, in which `slice` of its window, and the seconds until some of that
    is free again. `here`: the slice that this process counted it in too, where somebody else keeps the counter; -1
    where it did not."""

    used: int
    slice: int
    reset_s: int
    here: int = -1


class Exceeded(msgspec.Struct, frozen=True):
    """Nothing was counted, because of the want at `index`: it would fit after `retry_after` seconds, as things are."""

    index: int
    retry_after: int


class Change(msgspec.Struct, frozen=True):
    """What becomes of something that was counted.

    In a window, `amount` below 0 is given back to the slice that it was taken from, if that still counts; above 0 it is
    used beyond what was reserved, from now on. Of what is under way (`window_us` 0), `lease` has ended. `slice` and
    `here` are those of its `Level`.
    """

    key: str
    window_us: int
    amount: int
    slice: int
    lease: str
    here: int = -1


class Counters(Protocol):
    """Keeps counters. What `reserve` grants is granted to all of its wants at once or to none, whoever else asks at the
    same time; what is never given back expires (windows by themselves, requests under way when who holds them is gone).
    """

    async def reserve(self, lease: str, wants: Sequence[Want]) -> tuple[Level, ...] | Exceeded:
        """Count all of it, or say what stands against it. `lease` is unique to what is under way. Never raises for what
        becomes of a server that keeps the counters: there is always an answer, if need be a stricter one."""
        ...

    def settle(self, changes: Sequence[Change]) -> None:
        """Change what was counted: at once, or soon. Nobody waits for it."""
        ...


def step_us(window_us: int) -> int:
    """The length of a slice: a sixtieth of the window, rounded up."""
    return -(-window_us // SLICES)
