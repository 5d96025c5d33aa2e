"""Texts that stand beside the joined ones of a stream: each comes whole, and several events may say one together.

Nobody knows whether clients set what stands in a place or join it. So each text must be safe by itself, and what its
place said so far must be clean with it: `AgentError("bad_answer")` where it is not. What left before that has left.
"""

from collections.abc import Callable

import msgspec

from gateway.core.errors import AgentError

TAIL = 512
"""Characters of what a place said that are looked at again with what it says next: the longest that a finding takes."""
SHORT = 4
"""What is longer and said again and again is repeated, not gone on with."""
MAX_PLACES = 4096


class _Place(msgspec.Struct, gc=False):
    text: str
    safe: str
    before: str
    """How what it said before ends."""
    times: int
    """How often it has said its text."""
    event: int


class Beside:
    """All such texts of one stream."""

    def __init__(self, whole: Callable[[str, str], str], look: Callable[[str, str], str] | None = None) -> None:
        """`whole` gives what may leave of a text under a label; `look` the same of one that does not come again."""
        self._whole, self._look = whole, look or whole
        self._places: dict[str, _Place] = {}
        self._event = self._again = 0

    def begin(self, again: int = 0) -> None:
        """Another event; the one before it came `again` times more than it was looked at."""
        self._event += 1
        self._again = again

    def take(self, place: str, text: str, label: str = "") -> str:
        """What may leave of the text that stands in this place now."""
        known = self._places.get(place)
        if known is None:
            if len(self._places) >= MAX_PLACES:
                raise AgentError("answer_too_large")
            known = self._places[place] = _Place(text, self._whole(label, text), "", 1, self._event)
            return known.safe
        if known.event == self._event - 1:
            known.times += self._again
        known.event = self._event
        if known.text == text:
            known.times += 1
            return known.safe
        times = min(known.times, TAIL) if len(known.text) <= SHORT else 1
        before = (known.before + known.safe * times)[-TAIL:]
        safe = self._whole(label, text)
        if self._look(label, before + safe) != before + safe:
            raise AgentError("bad_answer")
        self._places[place] = _Place(text, safe, before, 1, self._event)
        return safe
