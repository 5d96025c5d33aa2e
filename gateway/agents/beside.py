"""Texts that stand beside the joined ones of a stream: each comes whole, and several events may say one together.

Nobody knows whether clients set what stands in a place or join it. So each text must be safe by itself, and what its
place said so far must be clean with it: `AgentError("withheld")` where it is not, since that is the caller's to have or
not, and no fault of the agent's. What left before that has left.

What was masked by itself shows nothing any more: only what stands clear on both sides of a border can go on over it.
Otherwise two names that are each masked in one place would end the stream.

A counter says nothing new: from its third value on, each is known before it comes. The values of a place that has said
nothing else are not read as one number, which would sooner or later be somebody's.
"""

import re
from collections.abc import Callable

import msgspec

from gateway.core.errors import AgentError

TAIL = 192
"""Characters before and behind a border that are looked at together. Both are less than what counts as bytes in the
middle of a text, which random words of many events would be taken for."""
SHORT = 4
"""What is longer and said again and again is repeated, not gone on with."""
REPEATS = 8
"""How often such a text is looked at when it is said again: an identifier may end so, and says no more after it."""
MAX_PLACES = 4096
_TITLE = 16
"""Characters before what was masked that belong to it where no number is in them: `Dr. `, `name: `."""
_COUNT = re.compile("0|[1-9][0-9]{0,18}")
_LETTERS, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"
_ALPHABETS = (_LETTERS + _LETTERS.upper() + _DIGITS, _LETTERS + _DIGITS + _LETTERS.upper())


class _Place(msgspec.Struct, gc=False):
    text: str
    safe: str
    before: str
    """How what it said before ends."""
    clear: str
    """The end of that which stood in no text that was masked."""
    times: int
    """How often it has said its text."""
    event: int
    counter: int = 0
    """1 or -1 where it has said nothing but whole numbers, each by one more or less than the one before it."""


class Beside:
    """All such texts of one stream."""

    def __init__(self, whole: Callable[[str, str], str], look: Callable[[str, str], str] | None = None) -> None:
        """`whole` gives what may leave of a text under a label; `look` the same of one that does not come again."""
        self._whole, self._look = whole, look or whole
        self._places: dict[str, _Place] = {}
        self._event = self._again = 0
        self.going = False
        """Whether this event may have gone on with something by saying the same again, so that the next one may."""

    def begin(self, again: int = 0) -> None:
        """Another event; the one before it came `again` times more than it was looked at."""
        self._event += 1
        self._again, self.going = again, False

    def take(self, place: str, text: str, label: str = "") -> str:
        """What may leave of the text that stands in this place now."""
        known = self._places.get(place)
        if known is None:
            if len(self._places) >= MAX_PLACES:
                raise AgentError("answer_too_large")
            known = self._places[place] = _Place(text, self._whole(label, text), "", "", 1, self._event)
            return known.safe
        if known.event == self._event - 1:
            known.times += self._again
        known.event = self._event
        if known.text == text:
            known.times += 1
            if known.before and len(text) <= SHORT and known.times <= REPEATS:
                self._border(label, known.before, known.clear, text * known.times, known.safe * known.times)
            return known.safe
        before, clear = _gone_on(known)
        safe, counter = self._whole(label, text), _counter(known, text)
        if counter and known.counter:
            self.going = True
        else:
            self._border(label, before, clear, text, safe)
        self._places[place] = _Place(text, safe, before, clear, 1, self._event, counter)
        return safe

    def _border(self, label: str, before: str, clear: str, text: str, safe: str) -> None:
        self.going = self.going or len(text) <= SHORT * REPEATS
        # The same texts are looked at whatever became of them: a stream that is read twice opens the same lanes.
        told = self._look(label, before + safe[:TAIL])
        head = _head(text, safe)
        if clear and head and clear + head not in told:
            raise AgentError("withheld")


def is_padding(text: str) -> bool:
    """Whether this is the beginning of an alphabet, which some providers send with each event so that its length says
    nothing of what is in it."""
    return any(alphabet.startswith(text) for alphabet in _ALPHABETS)


def _counter(known: _Place, text: str) -> int:
    """As `_Place.counter`, with this text; 0 where the place has said anything else, for which it may be the end."""
    if known.times > 1 or not (_COUNT.fullmatch(known.text) and _COUNT.fullmatch(text)):
        return 0
    step = int(text) - int(known.text)
    goes_on = step == known.counter if known.before else step in (1, -1)
    return step if goes_on else 0


def _gone_on(known: _Place) -> tuple[str, str]:
    """How what a place has said ends, and how much of that end is clear."""
    times = min(known.times, TAIL) if len(known.text) <= SHORT else 1
    before = (known.before + known.safe * times)[-TAIL:]
    if known.safe == known.text:
        return before, (known.clear + known.text * times)[-TAIL:]
    return before, _common(known.text[: -TAIL - 1 : -1], known.safe[::-1])[::-1]


def _head(text: str, safe: str) -> str:
    """How much of the beginning of a text is clear, and may go on with something."""
    if text == safe:
        return text[:TAIL]
    head = _common(text[:TAIL], safe)
    belongs = len(head) <= _TITLE and not any(character.isdigit() or character == "@" for character in head)
    return "" if belongs else head


def _common(one: str, other: str) -> str:
    """What both begin with."""
    same = next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), None)
    return one[: min(len(one), len(other)) if same is None else same]
