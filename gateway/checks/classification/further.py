"""What a slow back end finds beside the engine, joined with what the engine found: the same types, the same classes.

It is never in the path of a request: who reclassifies what was kept asks it, when told to. Its findings add to the
engine's and take nothing away, so that it can show a miss and clear none.
"""

from collections.abc import Sequence
from typing import Protocol

from gateway.checks.classification.classes import CLASS_TYPES, QUASI
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.locator import place_of
from gateway.core.finding import Finding, Scan

TYPES = frozenset().union(*CLASS_TYPES.values(), QUASI)
"""What a back end may say: types that ship, which all have classes or are known to have none."""


class Further(Protocol):
    """Finds what it finds in texts. `name`: what it is, with its revision, as the operator calls it; goes on record."""

    @property
    def name(self) -> str: ...

    async def read(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        """The findings of each text, of `TYPES`, at code points that lie within it. `GatewayError` where it has not
        said so of all of them: then nothing is known of any."""
        ...


def joined(engine: Engine, scan: Scan, more: Sequence[tuple[Finding, ...]], *, health_context: bool) -> Scan:
    """The scan with these findings too, one tuple for each part. One that lies over another of its type is that one.
    What could not be scanned stays so."""
    parts = tuple(_both(found, further) for found, further in zip(scan.parts, more, strict=True))
    classes = engine.classes([one for found in parts for one in found], health_context=health_context)
    return Scan(parts=parts, classes=scan.classes | classes, scanned=scan.scanned)


def version(engine: Engine, further: Further | None) -> str:
    """What a record names as the engine."""
    return engine.version if further is None else f"{engine.version}+{further.name}"


def _both(found: tuple[Finding, ...], more: tuple[Finding, ...]) -> tuple[Finding, ...]:
    kept = list(found)
    for one in more:
        if not any(one.type == other.type and one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=place_of))
