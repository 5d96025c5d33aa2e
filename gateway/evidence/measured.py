"""What versions of the classification find and miss in labelled text, as an evaluation has measured it.

The figures are data of the package (`measured.json`): an entry for each version that was measured, the earlier ones
kept, so that a report of old records tells the figures of the version that wrote them. Nothing is measured here.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from gateway.evidence.interval import nearest, share

FILE = "measured.json"
INTERVAL = "Wilson, 95 %"


class Share(msgspec.Struct, frozen=True, array_like=True):
    """`hits` of `total`, and the bounds of the interval in 1/10,000."""

    hits: int
    total: int
    low: int
    high: int

    def __str__(self) -> str:
        """`0.9435 (0.9397 to 0.9471)`, or that nothing was seen to take it of."""
        if not self.total:
            return "nothing to take it of"
        return f"{share(nearest(self.hits, self.total))} ({share(self.low)} to {share(self.high)})"


class Count(msgspec.Struct, frozen=True):
    """Of labels the share that was found, and of findings the share that was right: None where not every text of the
    type is labelled, so that nobody can tell."""

    recall: Share
    precision: Share | None = None

    @property
    def weakest(self) -> int:
        """The lower of both, in 1/10,000."""
        shares = [one for one in (self.recall, self.precision) if one is not None and one.total]
        return min((nearest(one.hits, one.total) for one in shares), default=10_000)


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One body of labelled text: what it is, how many texts, all fully labelled types together, and each type."""

    name: str
    texts: int
    tuned: bool = False
    """Whether the classification was made with a view to it, so that its figures promise too much."""
    all: Count
    types: Mapping[str, Count]


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One version: when it was measured (ten characters), and on what."""

    date: str
    bodies: tuple[Body, ...]


Measured = Mapping[str, Measurement]
"""Version of the classification → what was measured of it."""


@cache
def measured() -> Measured:
    """Of every version that the package has figures of."""
    return decode(files("gateway.evidence").joinpath(FILE).read_bytes())


def decode(data: bytes) -> Measured:
    """The file's content. `msgspec.MsgspecError` where it is not in its form."""
    return msgspec.json.decode(data, type=dict[str, Measurement])
