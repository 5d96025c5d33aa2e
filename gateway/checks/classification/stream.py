"""Masks streamed text as it passes: the same walk as over a whole text, so the same findings and the same masked text.

Held back are at most `WINDOW` characters of a lane (below the 512 that the design allows), and about a hundred where
nothing in sight could be part of a finding. A finding longer than a window (a private key, a token) is masked from its
first character: its placeholder goes out and its text is swallowed until it ends. So is what the caller may not have
unread: a run of encoded bytes, and the text of a window that was not read to its end.
"""

from collections import deque
from collections.abc import Callable

import msgspec

from gateway.checks.classification.classes import NONE, Own, classes_of
from gateway.checks.classification.columns import Columns
from gateway.checks.classification.cursor import Cursor, Step, Unread
from gateway.checks.classification.echo import Echo
from gateway.checks.classification.json_writer import JsonWriter, writer_of
from gateway.checks.classification.labels import WHOLE, labelled, moved
from gateway.checks.classification.locator import Locator, finding_of, place_of
from gateway.checks.classification.masking import WIDE, Span, in_place, is_json, merged, placeholder
from gateway.checks.classification.normalise import appended
from gateway.checks.classification.opaque import NEAR, Opaque, Runs, explains
from gateway.checks.classification.overlaps import Hit
from gateway.checks.classification.pieces import shifted, unseen
from gateway.checks.classification.readings import LINE
from gateway.checks.classification.recognizer import CONTEXT
from gateway.core.errors import FormatError
from gateway.core.finding import Finding, Scan

Mask = Callable[[Finding], bool]
UNREAD = "[UNSCANNED]"
"""What stands for text that could not be scanned."""


class _Piece(msgspec.Struct, gc=False):
    """Text that was looked at, on its way out: the characters from `start` to `end`, and what is released for them:
    they themselves, so that it can be cut anywhere, or where they are masked `shown` (`guess` in what is no JSON)."""

    start: int
    end: int
    text: str
    shown: str | None = None
    guess: str = ""


class Lane:
    """One lane of streamed text. Implements `TextFilter`.

    Text passes two stages: the walk, which masks, and after it whatever a run of encoded bytes (`opaque`) may still
    hold back. Both hold back from the same characters: together at most `WINDOW`.
    """

    def __init__(
        self, locator: Locator, mask: Mask, before: str = "", *, unread: bool = False, token: bool = False
    ) -> None:
        """`before`: words that are read before the text (its label), and are never released. `unread`, `token`: as for
        `StreamScan` and its lanes."""
        self._cursor = Cursor(locator)
        self._mask = mask
        self._before = len(before)
        self._buffer = before
        self._shade, self._fresh = b"", before
        self._offset = 0
        self.taken = 0
        """Bytes of text in UTF-8 that were taken so far."""
        self._closed = False
        self._failed = False
        self._findings: list[Finding] = []
        self._opened: Hit | None = None
        self._masked = False
        self._shown = False
        self._alone: list[Finding] = []
        self._echo = Echo()
        self._again: list[Finding] = []
        """What was found before and stands here again."""
        self._tail: int | None = None
        """Where text begins that may go on as something that was found before."""
        self._columns = Columns(locator.headings, len(before))
        self._begun = False
        """Whether more than blanks has come."""
        self._json = False
        """Whether the text begins as JSON does, and `_writer` what writes it then."""
        self._writer: JsonWriter | None = None
        self._passed = 0
        self._runs = None if token else Runs(len(before))
        self._unread = unread
        self._pieces: deque[_Piece] = deque()
        """What the walk has passed and a run still holds back."""
        self._skipped: int | None = None
        """The place up to which the text was not followed, where the last pieces were words."""
        self._limit = 0
        """The place from which on a run that is not judged yet may lie."""
        self._released: list[str] = []
        self._out = 0
        self._hidden = -1
        """Where text that could not be read to its end was last hidden up to."""
        self._told: Opaque | None = None
        """The run whose placeholder has gone out."""
        self.complete = True
        self.deep = False
        """Whether something in it is escaped too deep to be read."""

    @property
    def held(self) -> int:
        """How many characters were taken and not yet decided: at most `WINDOW`."""
        return 0 if self._failed else self._offset + len(self._buffer) - min(self._out, self._cursor.position)

    @property
    def marks(self) -> int:
        """A number that grows with all that the lane finds, and with the first of what it cannot read."""
        return (
            len(self._findings) + len(self._alone) + len(self._again) + (self._opened is not None) + (not self.complete)
        )

    @property
    def failed(self) -> bool:
        """Whether its text could not be looked at; none of it was released since."""
        return self._failed

    @property
    def closed(self) -> bool:
        """Whether it takes no more text."""
        return self._closed

    def feed(self, text: str) -> str:
        """Take a piece; the text that may leave now. `FormatError` after `finish`."""
        self.taken += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        return self._take(text, final=False)

    def finish(self) -> str:
        """The rest. The lane takes no more text after this."""
        return self._take("", final=True)

    def findings(self) -> tuple[Finding, ...]:
        """All findings so far, by place; one that is still open ends where the lane has been read to."""
        found = list(self._findings)
        if self._opened is not None:
            found.append(finding_of(self._opened, max(self._cursor.position, self._opened.start + 1)))
        found += unseen(self._alone, found)
        found += self._again
        if self._before:
            found = [finding for one in found if (finding := moved(one, self._before)) is not None]
        return tuple(sorted(found, key=place_of))

    def _take(self, text: str, final: bool) -> str:
        if self._closed:
            raise FormatError("the lane is closed")
        self._closed = final
        if self._failed:
            return ""
        self._released = released = []
        try:
            if not self._begun and text and not text.isspace():
                self._begun, self._json, self._writer = True, is_json(text), writer_of(text)
            self._buffer += text
            self._shade = appended(self._shade, self._fresh + text)
            self._fresh = ""
            self._limit = self._judged(text, final)
            self._follow(text, final)
            self._advance(final)
            if final:
                self._repeat(self._cursor.position, more=False)
            self._flush()
            if final and self._writer is not None:
                released.append(self._writer.finish())
        except Exception:  # noqa: BLE001 -- whatever fails in here, the text that was not looked at must not leave
            released.append(self._fail())
        return "".join(released)

    def _fail(self) -> str:
        """What stands for all that the lane still held, and for what will be fed to it."""
        shown = "" if self._failed else UNREAD
        self._failed, self.complete = True, False
        self._buffer, self._shade, self._tail = "", b"", None
        self._pieces.clear()
        return shown

    def _judged(self, text: str, final: bool) -> int:
        """Follow the runs of the text; the place up to which they are judged."""
        end = self._offset + len(self._buffer)
        runs = self._runs
        if runs is None or (self._says_words(text) and not final):
            return end
        if self._skipped is None:
            runs.feed(text)
        else:
            at = self._buffer.rfind(" ", 0, self._skipped - self._offset) + 1
            runs.restart(self._offset + at)
            runs.feed(self._buffer[at:])
            self._skipped = None
        if final:
            runs.finish()
        return end if runs.undecided is None else runs.undecided

    def _follow(self, text: str, final: bool) -> None:
        """What tables show besides: known before the walk can have passed it."""
        shown = self._columns.feed(text)
        if final:
            shown += self._columns.finish()
        if shown:
            self._alone += shown
            self._alone[self._passed :] = sorted(self._alone[self._passed :], key=place_of)

    def _says_words(self, text: str) -> bool:
        """What nearly all pieces are, the quick way: a few words, in which no run is long and none stands behind a mark
        of base64. They need not be followed."""
        runs, end = self._runs, self._offset + len(self._buffer)
        tail = self._buffer[-2 * NEAR :]
        if runs is None or runs.open or len(text) >= NEAR or "64," in tail:
            return False
        last = tail.rfind(" ", -NEAR)
        first = tail.rfind(" ", max(0, last - LINE), max(0, last))
        # A space may stand between two lines of a run; behind a word that is no long line, none is under way.
        if first < 0 or not any(map(str.isalnum, tail[first + 1 : last])):
            return False
        if self._skipped is None and runs.undecided is not None and end - len(text) - runs.undecided >= NEAR:
            return False  # one that was long before may have become long enough
        self._skipped = end
        return True

    # -------------------------------------------------------------------------------------------------------- the walk

    def _advance(self, final: bool) -> None:
        cursor, buffer, offset, shade = self._cursor, self._buffer, self._offset, self._shade
        while True:
            start = cursor.position
            step = cursor.step(buffer, offset, shade, final)
            if step is None:
                break
            self._release(step, start)
            if cursor.waiting:
                break
        surplus = cursor.position - CONTEXT - offset
        if surplus > 0:
            self._buffer, self._shade = buffer[surplus:], shade[surplus:]
            self._offset = offset + surplus

    def _release(self, step: Step, start: int) -> None:
        """Release the text of one step, masked, and remember what was found."""
        if not (step.findings or self._alone) and self._opened is None and step.opened is None and step.complete:
            self._write([], start, step.end)
            return
        self.complete = self.complete and step.complete
        found = [finding_of(hit, hit.end) for hit in step.findings]
        spans = [
            Span(finding.start, finding.end, finding.type, finding.end - finding.start)
            for finding in found
            if self._mask(finding)
        ]
        self._findings += found
        if self._alone:
            spans += self._beside(start, step.end)
        self._learn([*found, *(one for one in self._alone if start < one.end <= step.end)])
        if self._opened is not None:
            self._cover(self._opened, start, step.end if step.closed is None else step.closed, spans)
        if self._opened is not None and step.closed is not None:
            self._findings.append(finding_of(self._opened, step.closed))
            self._opened = None
        if step.opened is not None:
            self._opened, self._shown = step.opened, False
            self._masked = self._mask(finding_of(step.opened, step.opened.end))
            self._cover(step.opened, start, step.end, spans)
        groups = merged(spans)
        if step.unread is not None:
            self.deep = self.deep or not step.unread.torn
            if not self._unread and not (step.unread.torn and self._follows(step.unread)):
                groups = self._veiled(groups, step.unread.start, min(step.unread.end, step.end))
        self._write(groups, start, step.end)

    def _follows(self, unread: Unread) -> bool:
        """Whether this is part of a run that counts, and is hidden as that."""
        runs = () if self._runs is None else self._runs.found
        return any(run.start <= unread.start and (run.end is None or unread.end <= run.end) for run in runs)

    def _veiled(self, groups: list[tuple[int, int, str]], start: int, end: int) -> list[tuple[int, int, str]]:
        """What is masked, and all else of `[start, end)`, in which something says what could not be read."""
        veiled: list[tuple[int, int, str]] = []
        for first, last, shown in [*groups, (end, end, "")]:
            until = min(first, end)
            if start < until:
                veiled.append((start, until, "" if self._hidden == start else UNREAD))
                self._hidden = until
            veiled.append((first, last, shown))
            start = max(start, last)
        return veiled

    def _cover(self, long: Hit, start: int, end: int, spans: list[Span]) -> None:
        """Mask what a long hit takes of this step; its placeholder goes out once."""
        if self._masked and max(start, long.start) < end:
            spans.append(Span(max(start, long.start), end, long.type, WIDE, silent=self._shown))
            self._shown = True

    def _beside(self, start: int, end: int) -> list[Span]:
        """What this step shows of findings in pieces that are read by themselves."""
        while self._passed < len(self._alone) and self._alone[self._passed].end <= start:
            self._passed += 1
        return [
            Span(max(start, one.start), min(end, one.end), one.type, one.end - one.start, silent=one.start < start)
            for one in self._alone[self._passed :]
            if one.start < end and start < one.end and self._mask(one)
        ]

    def _write(self, groups: list[tuple[int, int, str]], start: int, end: int) -> None:
        position = max(start, self._before)
        if end <= position:
            return
        for first, last, shown in groups:
            if last <= self._before:
                continue
            first = max(first, position)
            self._plain(position, first)
            self._repeat(first, more=False)
            self._emit(self._piece(first, last, shown))
            position = max(position, last)
        self._plain(position, end)

    def _plain(self, start: int, end: int) -> None:
        if start < end and self._echo:
            self._tail = start if self._tail is None else self._tail
            self._repeat(end, more=True)
        elif start < end:
            self._emit(self._piece(start, end))

    def _piece(self, start: int, end: int, shown: str | None = None) -> _Piece:
        """A piece of the text, for which `shown` stands where it is masked."""
        first, last = start - self._offset, end - self._offset
        guess = in_place(self._buffer, first, last, shown) if shown is not None and self._json else shown or ""
        return _Piece(start, end, self._buffer[first:last], shown, guess)

    # ------------------------------------------------------------------------------------------------- what comes again

    def _learn(self, found: list[Finding]) -> None:
        """Look for what is masked from here on."""
        for one in sorted(found, key=_end):
            first = one.start - self._offset
            if first >= 0 and one.start >= self._before and self._mask(one):
                self._echo.learn(one, self._buffer[first : one.end - self._offset])

    def _repeat(self, end: int, *, more: bool) -> None:
        """Let go of the text that waits, up to this place, without what was found before."""
        if self._tail is None:
            return
        start, self._tail = self._tail, None
        found, certain = self._echo.find(self._buffer, start, end, begins=self._offset, more=more)
        for one in found:
            if start < one.start:
                self._emit(self._piece(start, one.start))
            self._emit(self._piece(one.start, one.end, placeholder(one.type)))
            start = one.end
        self._again += found
        if start < certain:
            self._emit(self._piece(start, certain))
        if certain < end:
            self._tail = max(start, certain)

    def _emit(self, piece: _Piece) -> None:
        if self._pieces or piece.end > self._limit or (self._runs is not None and self._runs.found):
            self._pieces.append(piece)
        else:
            self._let_go(piece)

    def _let_go(self, piece: _Piece) -> None:
        """What leaves for a piece."""
        writer = self._writer
        if piece.shown is None:
            self._released.append(piece.text if writer is None else writer.plain(piece.text))
        else:
            masked = piece.guess if writer is None else writer.masked(piece.text, piece.shown, piece.guess)
            self._released.append(masked)

    # ---------------------------------------------------------------------------------------------------- encoded bytes

    def _flush(self) -> None:
        """Let go of what the walk has passed, but for a run that is not judged yet; hide those that count."""
        limit = min(self._limit, self._cursor.position)
        while self._pieces and self._pieces[0].start < limit:
            piece = self._pieces.popleft()
            plain = piece.shown is None
            if plain and piece.end > limit:
                self._pieces.appendleft(_Piece(limit, piece.end, piece.text[limit - piece.start :]))
                piece = _Piece(piece.start, limit, piece.text[: limit - piece.start])
            if plain and self._runs is not None and self._runs.found:
                self._pass(piece, self._runs.found)
            else:
                self._let_go(piece)
        self._out = max(self._out, limit)

    def _pass(self, piece: _Piece, runs: list[Opaque]) -> None:
        """A piece of text without what of it lies in such a run, unless the caller may have that."""
        at = piece.start
        for run in runs:
            start, end = max(at, self._unexplained(run)), piece.end if run.end is None else min(piece.end, run.end)
            if start >= end:
                continue
            self.complete = False
            self._let_go(_Piece(at, start, piece.text[at - piece.start : start - piece.start]))
            run_text = piece.text[start - piece.start : end - piece.start]
            if self._unread:
                self._let_go(_Piece(start, end, run_text))
            else:
                shown = "" if self._told is run else UNREAD
                self._told = run
                self._let_go(_Piece(start, end, run_text, shown, shown))
            at = end
        self._let_go(_Piece(at, piece.end, piece.text[at - piece.start :]))
        while runs[0].end is not None and runs[0].end <= piece.end and len(runs) > 1:
            del runs[0]

    def _unexplained(self, run: Opaque) -> int:
        """Where a run begins that no finding explains."""
        opened = self._opened
        if opened is not None and not run.certain and opened.start <= run.start and explains(finding_of(opened, 0)):
            return max(self._cursor.position, run.after(self._findings))
        return run.after(self._findings)


class Apart(Lane):
    """A lane whose pieces may also be read by themselves: what either reading shows is found and masked."""

    def __init__(
        self, locator: Locator, mask: Mask, before: str = "", *, unread: bool = False, token: bool = False
    ) -> None:
        super().__init__(locator, mask, before, unread=unread, token=token)
        self._locator = locator
        self._fed = len(before)

    def feed(self, text: str) -> str:
        # Runs of encoded bytes are followed in the joined text alone: no border makes one. Escapes may be others there.
        alone = Lane(self._locator, _never, token=True)
        alone.feed(text)
        alone.finish()
        self.complete = self.complete and alone.complete
        self._alone += [shifted(finding, self._fed) for finding in alone.findings()]
        self._fed += len(text)
        illegible = alone.failed or (alone.deep and not self._unread)
        return self._fail() if illegible else super().feed(text)


def _end(finding: Finding) -> tuple[int, int, str]:
    return finding.end, finding.start, finding.type


def _never(finding: Finding) -> bool:
    return False


def _by_type(types: frozenset[str]) -> Mask:
    def masked(finding: Finding) -> bool:
        return finding.type in types

    return masked


class _Over:
    """What is left of a lane that is finished, once another one has its place."""

    __slots__ = ("_findings", "complete", "taken")

    def __init__(self, lane: Lane) -> None:
        self._findings, self.complete, self.taken = lane.findings(), lane.complete, lane.taken

    def findings(self) -> tuple[Finding, ...]:
        return self._findings


class StreamScan:
    """All lanes of one streamed answer. Implements `Lanes`.

    Streams and `Engine.scan_text` find the same: both are the walk of `cursor`, whatever the chunks.
    """

    def __init__(
        self,
        locator: Locator,
        mask: Mask | frozenset[str],
        *,
        health_context: bool = False,
        unread: bool = False,
        own: Own = NONE,
    ) -> None:
        """`unread`: whether what cannot be scanned may be released; `own` as in `classes_of`."""
        self._locator = locator
        self._own = own
        self._mask = mask if callable(mask) else _by_type(mask)
        self._health_context = health_context
        self._lanes: dict[str, tuple[int, Lane]] = {}
        """With the place of each among those that were opened."""
        self._opened: list[Lane | _Over] = []
        self._unread = unread
        self._complete = True
        self._live: list[Lane] = []
        """Lanes whose marks may still grow."""
        self._past = 0
        """The marks of the others."""
        self._told: list[Finding] = []
        """What was found before any lane was given its text."""

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> Lane:
        """The lane of a place in the answer; the same one each time it is asked for, until it was finished: texts that
        each stand for themselves may follow each other in one place."""
        place, known = self._lanes.get(pointer, (0, None))
        if known is not None and not known.closed:
            return known
        if known is not None:  # of thousands that follow each other in one place what they found is kept, and no more
            self._opened[place] = _Over(known)
        # Where all may be a password is not known before the text's end: what else it says must not be hidden by that.
        before = labelled(label).rstrip(WHOLE) + after
        kind = Apart if apart else Lane
        lane = kind(self._locator, self._mask, before, unread=self._unread, token=token)
        self._lanes[pointer] = len(self._opened), lane
        self._opened.append(lane)
        self._live.append(lane)
        return lane

    def last(self) -> None:
        """No text is read here with what another goes on with."""

    def unreadable(self, pointer: str, text: str) -> str:
        """What may leave in the place of something that cannot be scanned."""
        self._complete = False
        return text if self._unread else UNREAD

    def marks(self) -> int:
        """As of a lane, of all: where it is what it was, `scan` gives the classes that it gave. Looks at each lane that
        still takes text."""
        total, closed = 0, False
        for lane in self._live:
            total += lane.marks
            closed = closed or lane.closed
        total += self._past
        if closed:
            self._live = [lane for lane in self._live if not lane.closed]
            self._past = total - sum(lane.marks for lane in self._live)
        return total + (not self._complete) + len(self._told)

    def tell(self, finding: Finding) -> None:
        """Something was found, and masked, before a lane was given its text: it counts as found in no part."""
        self._told.append(finding)

    @property
    def taken(self) -> int:
        """Bytes of text in UTF-8 that all lanes took so far."""
        return sum(lane.taken for lane in self._opened)

    def scan(self) -> Scan:
        """What was found so far: parts are lanes in the order in which they were opened; places are in the text as it
        was received, not as released."""
        parts = tuple(lane.findings() for lane in self._opened)
        if self._told:
            parts = (*parts, tuple(self._told))
        classes = classes_of((finding for findings in parts for finding in findings), self._health_context, self._own)
        if self._complete and all(lane.complete for lane in self._opened):
            return Scan(parts=parts, classes=classes, scanned="full")
        return Scan(parts=parts, classes=classes | {"unscanned"}, scanned="partial")
