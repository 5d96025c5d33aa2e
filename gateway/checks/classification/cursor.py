"""Walks a text window by window, the same way whether it is all there or comes in pieces.

What is found is *defined* by this walk, so a stream and the whole text give the same findings by construction:

1. From the position reached, find the next *trigger* (any gate of any recognizer, any word that is a finding). What
   lies before it, less `BACKUP` characters, holds nothing.
2. The window starts there and is `WINDOW` characters long, with `CONTEXT` characters before it as context.
3. Locate all hits in the window. Choose a cut: white space at least `LOOKAHEAD` characters before the window's end, so
   that every match that holds white space is either wholly before it or is seen again; moved left to the start of a
   hit, or of a run in base64 or hexadecimal, that lies across it. Text in such a run that began before the window and
   goes on in it was read by no window whole: the text counts as not fully read.
4. Hits before the cut are findings; the walk goes on from the cut.
5. A hit that begins the window and runs past its end is *long* (a private key, a token): it stays open while the
   windows go on, until what continues its pattern ends.

Every choice depends only on characters before the position plus `WINDOW`, never on how the text was cut into chunks.
Each window costs a bounded amount and moves the position on: linear.

Most windows hold one cluster of triggers and then nothing. So it is found out from where on there is no trigger, a few
searches at most, and what locates looks no further; where the next trigger then is, the walk need not search again.
None of this changes what is found.
"""

import msgspec

from gateway.checks.classification.locator import Located, Locator, Sight
from gateway.checks.classification.overlaps import Hit
from gateway.checks.classification.recognizer import BACKUP, CONTEXT, LOOKAHEAD, TRIGGER

WINDOW = 480
HELD = BACKUP + TRIGGER
"""What must be held back of a text without a trigger, as one may be beginning in it."""
_STRIDE = 64
BRIEF = min(_STRIDE, CONTEXT)
"""Characters of a text that has no more than one window, all of which is looked at."""
_STRIDES = 3
"""How many characters of a cluster of triggers are passed over before the next is searched for, and how often; once
only after a window that they were all over."""
_SPACES = frozenset(" \t\r\n\x0b\x0c\x85\xa0\u1680\u2000\u2028\u2029\u202f\u205f\u3000")
_CUTS = " \n\t\r\u3000"
_MARKS = ",;{}[]()<>\"'|、。，；"


class Unread(msgspec.Struct, frozen=True, gc=False):
    """Text in which something says what could not be read. `torn`: a run too long for a window, and nothing else."""

    start: int
    end: int
    torn: bool


class Step(msgspec.Struct, frozen=True, gc=False):
    """One move of the walk: the text up to `end` is decided. `findings` are hits with absolute places, by place.

    `closed` is where the long hit that was open ended, at or before `end`; `opened` is a long hit that began in this
    step. `complete` is False when something could not be read; where it is not known what that says, it lies
    in `unread`.
    """

    end: int
    findings: tuple[Hit, ...] = ()
    opened: Hit | None = None
    closed: int | None = None
    complete: bool = True
    unread: Unread | None = None


class Cursor:
    """The walk's state. Places are absolute in the text, of which the caller keeps `CONTEXT` behind `position`."""

    def __init__(self, locator: Locator, first: int = 0, *, sure: bool = False) -> None:
        """`first`: a place before which no trigger begins; `sure`: whether one begins there."""
        self._locator = locator
        self._hot = False
        self._first = 0
        self._long: Hit | None = None
        self._stop: int | None = None
        # No trigger begins at or after `_quiet` before `_next`, or before the text's end where that is None; whether
        # one begins at `_next` is only known if `_sure`.
        self._quiet = 0
        self._next: int | None = first
        self._sure = sure
        self._strides = _STRIDES
        self.position = 0
        self.waiting = False
        """Whether the last step went as far as a search can go in the text there is: another one needs more of it."""

    def step(self, text: str, offset: int, shade: bytes, final: bool) -> Step | None:
        """The next move over `text`, whose first character is number `offset`; None when it needs more, or is done.

        `shade` is the outline of `text`; `final` says that no more text comes.
        """
        length = offset + len(text)
        start = self.position
        if start >= length:
            return None
        if not self._hot and self._long is None:
            self._skip(text, offset, shade, final)
        if self._hot or self._long is not None:
            end = self.position + WINDOW
            if end < length or final:
                return self._window(text, offset, shade, min(end, length), final)
        return Step(self.position) if self.position > start else None

    def _skip(self, text: str, offset: int, shade: bytes, final: bool) -> None:
        """Pass over what holds no trigger. Becomes hot at the place where the next window starts."""
        length = offset + len(text)
        found = self._search(shade, offset)
        if found is None or (not final and found + TRIGGER > length):
            self.position = length if final and found is None else max(self.position, length - HELD)
            self.waiting = True
        else:
            self.position = self._back(text, offset, found - offset)
            self._hot, self._first, self.waiting = True, found, False

    def _search(self, shade: bytes, offset: int) -> int | None:
        """Where the next trigger begins."""
        place, following = self.position, self._next
        if self._quiet <= place:
            if self._sure and (following is None or following >= place):
                return following
            if following is not None and following > place:
                place = following
        found = self._locator.trigger(shade, place - offset)
        if found is not None:
            return found + offset
        # Whatever follows, no trigger begins before the last few characters: the next search need not look there again.
        self._quiet, self._next, self._sure = self.position, offset + len(shade) - TRIGGER, False
        return None

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

    def _window(self, text: str, offset: int, shade: bytes, end: int, final: bool) -> Step:
        start = self.position
        before = max(offset, start - CONTEXT)
        last = final and end == offset + len(text)
        # What begins after every place to cut at is found again from there.
        limit = end if last else end - LOOKAHEAD
        first, quiet = start, end
        if self._hot:
            self._hot = False
            first, quiet = self._first, self._calm(shade, offset, end, final)
        piece, dark = text[before - offset : end - offset], shade[before - offset : end - offset]
        sight = Sight(first - before, quiet - before, limit - before)
        located = self._locator.locate(piece, start - before, dark, sight)
        hits = _moved(located, before)
        torn = self._torn(located, start - before)
        unread: Unread | None = None
        if not located.complete:
            unread = Unread(start, end, torn=False)
        elif torn is not None:
            unread = Unread(start, before + torn, torn=True)
        if self._long is None:
            if last:
                self.position = end
                return Step(end, tuple(hits), None, None, unread is None, unread)
            if quiet < end and self._leap(text, offset, hits, quiet, limit):
                return Step(self.position, tuple(hits), None, None, unread is None, unread)
        cut, opened = end, None
        if not last:
            space = _space(text, offset, start, limit)
            runs = [(first + before, stop + before) for first, stop, _ in located.runs]
            cut = _left(hits, runs, space)
            if cut <= start:
                hits = _moved(self._locator.locate(piece, start - before, dark), before)
                space = max([space, *[stop for first, stop in runs if first < space < stop < end]])
                cut, opened = _right(hits, space, end)
        return self._cut(hits, cut, opened, self._ended(text, offset, end, cut, last), unread)

    def _torn(self, located: Located, start: int) -> int | None:
        """Where a run that holds text ends, if one began before the window and goes on in it, in no secret that is
        open."""
        if self._long is not None and self._long.type.startswith("secret-"):
            return None
        return max([stop for first, stop, text in located.runs if text and first < start < stop], default=None)

    def _cut(self, hits: list[Hit], cut: int, opened: Hit | None, closed: int | None, unread: Unread | None) -> Step:
        """Go on from the cut: the findings before it are told."""
        complete, accepted = unread is None, tuple([hit for hit in hits if hit.end <= cut and hit is not opened])
        if opened is not None and self._long is not None:
            # Two at once: the second is told as far as it was seen, and the text counts as not fully read.
            accepted, opened, complete = (*accepted, _cut_off(opened, cut)), None, False
        self._long = opened or self._long
        self.position = cut
        return Step(cut, accepted, opened, closed, complete, unread)

    def _leap(self, text: str, offset: int, hits: list[Hit], quiet: int, target: int) -> bool:
        """Go on from a window to where the next one starts, or the text ends, if all hits are before the cut, wherever
        that is, and nothing is between the cut and there."""
        following = self._next
        if not self._sure or self._quiet != quiet or (following is not None and following - BACKUP < target):
            return False
        least = max([quiet, *[hit.end for hit in hits]])
        if text.rfind(" ", least - offset, target - offset) < 0:
            return False
        if following is None:
            self.position = offset + len(text)
        else:
            self.position = self._back(text, offset, following - offset)
            self._hot, self._first = True, following
        return True

    def _calm(self, shade: bytes, offset: int, end: int, final: bool) -> int:
        """From where on no trigger begins in the window that ends at `end`; its end where that is not soon known."""
        place = self._first
        for _ in range(self._strides):
            place += _STRIDE
            if place >= end:
                break
            found = self._locator.trigger(shade, place - offset)
            following = None if found is None else found + offset
            if final or (following is not None and following + TRIGGER <= offset + len(shade)):
                # In a text that goes on, only what lies well before its end stays as it is.
                self._quiet, self._next, self._sure = place, following, True
            if following is None or following >= end:
                self._strides = _STRIDES
                return place
            place = following
        self._strides = 1
        return end

    def _ended(self, text: str, offset: int, end: int, cut: int, last: bool) -> int | None:
        """Where the long hit that is open ended, once the walk is there."""
        if self._long is None:
            return None
        if self._stop is None:
            piece = text[self.position - offset : end - offset]
            stop = self.position + self._locator.continuation(self._long, piece)
            # What ends near the end of the window may go on (a key's last line): looked at again from the cut.
            self._stop = stop if last or stop < end - TRIGGER else None
        if self._stop is None or self._stop > cut:
            return None
        stop, self._stop, self._long = self._stop, None, None
        return stop


def at_once(locator: Locator, text: str, shade: bytes, first: int, *, sure: bool) -> tuple[list[Hit], bool]:
    """The walk over the whole of a text of at most `BRIEF` characters, which is one window from its first trigger on:
    the hits by place, and whether it was read to its end. The rest as for `Cursor`."""
    found = first if sure else locator.trigger(shade, first)
    if found is None:
        return [], True
    start, length = max(0, found - BACKUP), len(text)
    if start:
        start = next((index + 1 for index in range(start, found) if text[index] in _SPACES), start)
    located = locator.locate(text, start, shade, Sight(found, length, length))
    torn = located.runs and any(told and begin < start < stop for begin, stop, told in located.runs)
    return located.hits, located.complete and not torn


def _space(text: str, offset: int, start: int, target: int) -> int:
    """The last place to cut in (start, target]: after white space, else after punctuation, else the target itself."""
    for kind in (_CUTS, _MARKS):
        first = start - offset
        for character in kind:
            first = text.rfind(character, first, target - offset) + 1 or first
        if first > start - offset:
            return first + offset
    return target


def _left(hits: list[Hit], runs: list[tuple[int, int]], cut: int) -> int:
    """The cut, moved left to where no hit and no run lies across it."""
    while True:
        across = [hit.reach for hit in hits if hit.reach < cut < hit.end]
        if runs:
            across += [first for first, stop in runs if first < cut < stop]
        if not across:
            return cut
        cut = min(across)


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


def _moved(located: Located, by: int) -> list[Hit]:
    if not by:
        return located.hits
    return [
        Hit(hit.type, hit.start + by, hit.end + by, hit.score, hit.reason, hit.reach + by, hit.rank, hit.onward)
        for hit in located.hits
    ]


def _cut_off(hit: Hit, end: int) -> Hit:
    return Hit(hit.type, hit.start, max(end, hit.start + 1), hit.score, hit.reason, hit.reach, hit.rank)
