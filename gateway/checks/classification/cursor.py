"""Walks a text window by window, the same way whether it is all there or comes in pieces.

What is found is *defined* by this walk, so a stream and the whole text give the same findings by construction:

1. From the position reached, find the next *trigger* (any gate of any recognizer, any word that is a finding). What
   lies before it, less `BACKUP` characters, holds nothing.
2. The window starts there and is `WINDOW` characters long, with `CONTEXT` characters before it as context.
3. Locate all hits in the window. Choose a cut: white space at least `LOOKAHEAD` characters before the window's end, so
   that every match that holds white space is either wholly before it or is seen again; moved left to the start of a
   hit that lies across it.
4. Hits before the cut are findings; the walk goes on from the cut.
5. A hit that begins the window and runs past its end is *long* (a private key, a token): it stays open while the
   windows go on, until what continues its pattern ends.

Every choice depends only on characters before the position plus `WINDOW`, never on how the text was cut into chunks.
Each window costs a bounded amount and moves the position on: linear.
"""

import msgspec

from gateway.checks.classification.locator import Hit, Locator
from gateway.checks.classification.recognizer import BACKUP, CONTEXT, LONGEST, LOOKAHEAD

WINDOW = 480
_TRIGGER = LONGEST + 8
"""No trigger is longer."""
HELD = BACKUP + _TRIGGER
"""What must be held back of a text without a trigger, as one may be beginning in it."""
_SPACES = frozenset(" \t\r\n\x0b\x0c\x85\xa0\u1680\u2000\u2028\u2029\u202f\u205f\u3000")
_CUTS = " \n\t\r\u3000"
_MARKS = ",;{}[]()<>\"'|、。，；"


class Step(msgspec.Struct, frozen=True, gc=False):
    """One move of the walk: the text up to `end` is decided. `findings` are hits with absolute places, by place.

    `closed` is where the long hit that was open ended, at or before `end`; `opened` is a long hit that began in this
    step. `complete` is False when something could not be read.
    """

    end: int
    findings: tuple[Hit, ...] = ()
    opened: Hit | None = None
    closed: int | None = None
    complete: bool = True


class Cursor:
    """The walk's state. Places are absolute in the text, of which the caller keeps `CONTEXT` behind `position`."""

    def __init__(self, locator: Locator) -> None:
        self._locator = locator
        self._hot = False
        self._long: Hit | None = None
        self._stop: int | None = None
        self.position = 0
        self.waiting = False
        """Whether the last step went as far as a search can go in the text there is: another one needs more of it."""

    @property
    def searching(self) -> bool:
        """Whether the next step looks for a trigger, and so needs the text's shadow."""
        return not self._hot and self._long is None

    def step(self, text: str, offset: int, shade: bytes, final: bool) -> Step | None:
        """The next move over `text`, whose first character is number `offset`; None when it needs more, or is done.

        `shade` is the shadow of `text` (only looked at when `searching`); `final` says that no more text comes.
        """
        length = offset + len(text)
        if self.position >= length:
            return None
        if self.searching:
            skipped = self._skip(text, offset, shade, final)
            if skipped is not None or not self._hot:
                return skipped
        end = self.position + WINDOW
        if end < length:
            return self._window(text, offset, end, last=False)
        return self._window(text, offset, length, last=True) if final else None

    def _skip(self, text: str, offset: int, shade: bytes, final: bool) -> Step | None:
        """Pass over what holds no trigger. Becomes hot at the place where the next window starts."""
        length = offset + len(text)
        found = self._locator.trigger(shade, self.position - offset)
        if found is None or (not final and offset + found + _TRIGGER > length):
            end = length if final and found is None else max(self.position, length - HELD)
            self.waiting = True
        else:
            end = self._back(text, offset, found)
            self._hot, self.waiting = True, False
        if end == self.position:
            return None
        self.position = end
        return Step(end)

    def _back(self, text: str, offset: int, found: int) -> int:
        """Where the window for a trigger starts: `BACKUP` before it, there after the first white space, but not before
        the place reached."""
        first = found - BACKUP
        if offset + first <= self.position:
            return self.position
        for index in range(first, found):
            if text[index] in _SPACES:
                return offset + index + 1
        return offset + first

    def _window(self, text: str, offset: int, end: int, last: bool) -> Step:
        start = self.position
        before = max(offset, start - CONTEXT)
        located = self._locator.locate(text[before - offset : end - offset], start - before)
        hits = [_shifted(hit, before) for hit in located.hits]
        complete, opened, cut = located.complete, None, end
        if not last:
            cut = _left(hits, _space(text, offset, start, end - LOOKAHEAD))
            if cut <= start:
                cut, opened = _right(hits, _space(text, offset, start, end - LOOKAHEAD), end)
        closed = self._ended(text, offset, end, cut, last)
        accepted = tuple(hit for hit in hits if hit.end <= cut and hit is not opened)
        if opened is not None and self._long is not None:
            # Two at once: the second is told as far as it was seen, and the text counts as not fully read.
            accepted, opened, complete = (*accepted, _cut_off(opened, cut)), None, False
        self._long = opened or self._long
        self._hot = False
        self.position = cut
        return Step(cut, accepted, opened, closed, complete)

    def _ended(self, text: str, offset: int, end: int, cut: int, last: bool) -> int | None:
        """Where the long hit that is open ended, once the walk is there."""
        if self._long is None:
            return None
        if self._stop is None:
            piece = text[self.position - offset : end - offset]
            stop = self.position + self._locator.continuation(self._long, piece)
            # What ends near the end of the window may go on (a key's last line): looked at again from the cut.
            self._stop = stop if last or stop < end - _TRIGGER else None
        if self._stop is None or self._stop > cut:
            return None
        stop, self._stop, self._long = self._stop, None, None
        return stop


def _space(text: str, offset: int, start: int, target: int) -> int:
    """The last place to cut in (start, target]: after white space, else after punctuation, else the target itself."""
    for kind in (_CUTS, _MARKS):
        last = max(text.rfind(character, start - offset, target - offset) for character in kind)
        if last >= 0:
            return last + 1 + offset
    return target


def _left(hits: list[Hit], cut: int) -> int:
    """The cut, moved left to where no hit lies across it."""
    across = [hit for hit in hits if hit.reach < cut < hit.end]
    while across:
        cut = min(hit.reach for hit in across)
        across = [hit for hit in hits if hit.reach < cut < hit.end]
    return cut


def _right(hits: list[Hit], cut: int, end: int) -> tuple[int, Hit | None]:
    """Hits reach from the window's first character across every place to cut: the cut goes to the right of them. One
    that runs into the window's end stays open; with a second such the cut is the window's end."""
    opened: Hit | None = None
    for hit in sorted(hits, key=_reach):
        if hit.reach < cut < hit.end:
            if hit.onward is None:
                cut = hit.end
            elif opened is None:
                opened = hit
                cut = max(cut, hit.start + 1)
            else:
                cut = end
    return cut, opened


def _reach(hit: Hit) -> tuple[int, int]:
    return hit.reach, hit.end


def _shifted(hit: Hit, by: int) -> Hit:
    if not by:
        return hit
    return Hit(hit.type, hit.start + by, hit.end + by, hit.score, hit.reason, hit.reach + by, hit.rank, hit.onward)


def _cut_off(hit: Hit, end: int) -> Hit:
    return Hit(hit.type, hit.start, max(end, hit.start + 1), hit.score, hit.reason, hit.reach, hit.rank)
