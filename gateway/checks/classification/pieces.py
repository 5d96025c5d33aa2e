"""Text in pieces that one reader joins and another sets apart: an identifier in either reading is one."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from gateway.core.finding import Finding


def pieces(text: str, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each piece. `cuts` ascend."""
    return pairwise((0, *(cut for cut in cuts if 0 < cut < len(text)), len(text)))


def shifted(finding: Finding, by: int) -> Finding:
    """A finding of a piece, with its place in the whole text."""
    return msgspec.structs.replace(finding, start=finding.start + by, end=finding.end + by) if by else finding


def unseen(alone: Iterable[Finding], joined: Iterable[Finding]) -> list[Finding]:
    """Findings of pieces, by place, that no finding of the same type covers, in the whole text or in another piece: a
    row of a table is read by itself and with its head."""
    waiting = sorted(joined, key=_start)
    reach: dict[str, int] = {}
    new: list[Finding] = []
    index = 0
    for one in sorted(alone, key=_place):
        while index < len(waiting) and waiting[index].start <= one.start:
            other = waiting[index]
            reach[other.type] = max(other.end, reach.get(other.type, 0))
            index += 1
        if reach.get(one.type, 0) < one.end:
            new.append(one)
            reach[one.type] = one.end
    return new


def _start(finding: Finding) -> int:
    return finding.start


def _place(finding: Finding) -> tuple[int, int]:
    return finding.start, -finding.end
