"""`repeated` for a stream: what was found, and masked, is looked for in the text that comes after it.

What left before is gone. A value that a piece of text ends with, as far as it goes, holds that much back, and so what
is found does not depend on the pieces.
"""

from ahocorasick import Automaton

from gateway.checks.classification.repeated import REPEATED, apart, is_told
from gateway.core.finding import Finding

LONGEST = 32
"""Characters of a value that is looked for in a stream: so much more than a window may be held back for it."""
_MANY = 256
"""So many different values of a lane are looked for again."""


class Echo:
    """The values of one lane, and where they stand again. Places are those of the lane's text."""

    def __init__(self) -> None:
        self._values: dict[str, Finding] = {}
        self._begun: set[str] = set()
        """All that a value begins with, but is not itself."""
        self._known = Automaton()
        self._stale = False

    def __bool__(self) -> bool:
        return bool(self._values)

    def learn(self, one: Finding, value: str) -> None:
        """Something was found, and masked: its text is looked for behind it."""
        if len(value) > LONGEST or len(self._values) == _MANY or value in self._values or not is_told(one.type, value):
            return
        self._values[value] = one
        self._begun.update([value[:size] for size in range(1, len(value))])
        self._known.add_word(value, value)
        self._stale = True

    def find(self, text: str, start: int, end: int, *, begins: int, more: bool) -> tuple[list[Finding], int]:
        """What stands between two places of a text that begins at the place `begins`, the first of what overlaps; and
        the place up to which that is certain, `end` unless `more` text may follow it there."""
        if self._stale:
            self._known.make_automaton()
            self._stale = False
        hold = self._certain(text, start, end, begins) if more else end
        hits: list[tuple[int, int, Finding]] = []
        for last, value in self._known.iter(text, start - begins, end - begins):
            first, behind = last + 1 - len(value), last + 1
            one = self._values[value]
            if first + begins < one.end or not apart(text, first, behind):
                continue
            if more and behind == len(text):
                hold = min(hold, first + begins)  # what comes next may touch it
            hits.append((first + begins, behind + begins, one))
        found: list[Finding] = []
        done = start
        for first, behind, one in sorted(hits, key=_place):
            if first >= hold:
                break
            if first >= done:
                found.append(Finding(one.type, first, behind, one.score, REPEATED))
                done = behind
        return found, max(hold, done)

    def _certain(self, text: str, start: int, end: int, begins: int) -> int:
        """The first place from which on the text, up to the end, is the beginning of a value."""
        for place in range(max(start, end - LONGEST), end):
            if text[place - begins : end - begins] in self._begun:
                return place
        return end


def _place(hit: tuple[int, int, Finding]) -> tuple[int, int]:
    return hit[0], -hit[1]
