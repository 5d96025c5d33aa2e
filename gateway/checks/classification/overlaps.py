"""What was found in a window, and which of findings that overlap are told."""

from functools import lru_cache
from operator import attrgetter

import msgspec

from gateway.checks.classification.classes import OWN, weight
from gateway.checks.classification.people import LISTED
from gateway.checks.classification.readings import IN_CODE

WORD = 1_000_000
"""The rank of hits that are words of a lexicon."""


_WHOLE = frozenset({("iban", "card")})
"""What is told alone although what lies in it matters more: of an account whose form and check digits hold, one in some
thirty holds digits that pass for a card."""


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A finding in a window. `reach` is where the text that made it begins (a label before it); `rank` orders
    recognizers among equals; `onward` is the rank of the recognizer whose match ran into the end of the window."""

    type: str
    start: int
    end: int
    score: float
    reason: str
    reach: int
    rank: int
    onward: int | None = None


def resolve(hits: list[Hit]) -> list[Hit]:
    """By place. A hit inside of another goes when the other matters as much; words of a lexicon stay beside anything
    but their own kind, since a class may hang on them."""
    if len(hits) < 2:
        return hits
    told: list[Hit] = []
    cluster: list[Hit] = []
    end = -1
    for hit in sorted(hits, key=attrgetter("start")):
        if hit.start >= end:
            if cluster:
                told[-1:] = _resolve([told[-1], *cluster])
                cluster = []
            told.append(hit)
            end = hit.end
        else:
            cluster.append(hit)
            if hit.end > end:
                end = hit.end
    if cluster:
        told[-1:] = _resolve([told[-1], *cluster])
    return told


def _resolve(hits: list[Hit]) -> list[Hit]:
    if len(hits) == 2:
        first, second = hits
        if (second.start, -second.end) <= (first.start, -first.end) and _order(second) < _order(first):
            first, second = second, first
        if _goes_over(first, second) or (second.end <= first.end and _covers(first, second)):
            return [first]
        return [first, second]
    kept: list[Hit] = []
    around: list[Hit] = []
    for hit in sorted(hits, key=_order):
        around = [other for other in around if other.end > hit.start]
        for other in around:
            if _goes_over(other, hit) or (other.end >= hit.end and _covers(other, hit)):
                break
        else:
            kept.append(hit)
            around.append(hit)
    return kept


def _goes_over(other: Hit, hit: Hit) -> bool:
    """Whether a name of a list is two names' (`Anna Brandt, Paul Weber`): its family name ends the one before. Its
    given name is found by itself, too."""
    return hit.reason == LISTED and other.type == hit.type and other.start < hit.start < other.end


def _covers(other: Hit, hit: Hit) -> bool:
    if other.type == hit.type:
        return True
    if hit.type.startswith(OWN) or other.type.startswith(OWN):
        # Which classes hang on an operator's type says nothing of another's: neither may hide the other.
        return False
    if (other.type, hit.type) in _WHOLE:
        return True
    if hit.reason.startswith(IN_CODE):
        # All that is found in an encoded run has the same place, and each kind may make a class.
        return False
    return hit.rank != WORD and other.rank != WORD and _weight(other.type) >= _weight(hit.type)


_weight = lru_cache(maxsize=1024)(weight)


def _order(hit: Hit) -> tuple[int, int, int, float, int, str]:
    return (hit.start, -hit.end, -_weight(hit.type), -hit.score, hit.rank, hit.type)
