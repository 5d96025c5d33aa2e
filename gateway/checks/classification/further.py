"""What a slow back end finds beside the engine, joined with what the engine found: the same types, the same classes.

It is never in the path of a request: who reclassifies what was kept asks it, when told to. Its findings add to the
engine's and take nothing away, so that it can show a miss and clear none. What masking wrote is no finding: many a
model takes `[PERSON]` for a name.
"""

from collections.abc import Sequence
from typing import Protocol

from gateway.checks.classification.engine import Engine
from gateway.checks.classification.locator import place_of
from gateway.checks.classification.masking import masks
from gateway.core.finding import Finding, Scan


class Further(Protocol):
    """Finds what it finds in texts. `name`: what it is, with its revision, as the operator calls it; goes on record."""

    @property
    def name(self) -> str: ...

    async def read(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
        """The findings of each text, of the types that ship (`masking.TYPES`), at code points that lie within it.
        `GatewayError` where it has not said so of all of them: then nothing is known of any."""
        ...


def joined(
    engine: Engine, scan: Scan, texts: Sequence[str], more: Sequence[tuple[Finding, ...]], *, health_context: bool
) -> Scan:
    """The scan of these texts with these findings too, one tuple for each. One that lies over another of its type is
    that one; one that says nothing but what masking wrote is none. What could not be scanned stays so."""
    parts = tuple(
        _both(found, _said(text, further)) for text, found, further in zip(texts, scan.parts, more, strict=True)
    )
    classes = engine.classes([one for found in parts for one in found], health_context=health_context)
    return Scan(parts=parts, classes=scan.classes | classes, scanned=scan.scanned)


def version(engine: Engine, further: Further | None) -> str:
    """What a record names as the engine."""
    return engine.version if further is None else f"{engine.version}+{further.name}"


def _said(text: str, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those in which a letter or digit stands that is not of a placeholder or a token."""
    written = masks(text) if findings else []
    return tuple(one for one in findings if not written or _beside(text, one.start, one.end, written))


def _beside(text: str, start: int, end: int, written: list[tuple[int, int]]) -> bool:
    position = start
    for first, last in written:
        if last <= start or first >= end:
            continue
        if any(map(str.isalnum, text[position:first])):
            return True
        position = max(position, last)
    return any(map(str.isalnum, text[position:end]))


def _both(found: tuple[Finding, ...], more: tuple[Finding, ...]) -> tuple[Finding, ...]:
    kept = list(found)
    for one in more:
        if not any(one.type == other.type and one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=place_of))
