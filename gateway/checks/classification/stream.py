"""Masks streamed text as it passes: the same walk as over a whole text, so the same findings and the same masked text.

Held back are at most `WINDOW` characters of a lane (below the 512 that the design allows), and about a hundred where
nothing in sight could be part of a finding. A finding longer than a window (a private key, a token) is masked from its
first character: its placeholder goes out and its text is swallowed until it ends.
"""

from collections.abc import Callable

from gateway.checks.classification.classes import classes_of
from gateway.checks.classification.cursor import Cursor, Step
from gateway.checks.classification.labels import labelled, moved
from gateway.checks.classification.locator import Locator, finding_of, place_of
from gateway.checks.classification.masking import WIDE, Span, merged
from gateway.checks.classification.normalise import outline
from gateway.checks.classification.overlaps import Hit
from gateway.checks.classification.pieces import shifted, unseen
from gateway.checks.classification.recognizer import CONTEXT
from gateway.core.errors import FormatError
from gateway.core.finding import Finding, Scan

Mask = Callable[[Finding], bool]
UNREAD = "[UNSCANNED]"
"""What stands for text that could not be scanned."""


class Lane:
    """One lane of streamed text. Implements `TextFilter`."""

    def __init__(self, locator: Locator, mask: Mask, before: str = "") -> None:
        """`before`: words that are read before the text (its label), and are never released."""
        self._cursor = Cursor(locator)
        self._mask = mask
        self._before = len(before)
        self._buffer = before
        self._shade, self._fresh = b"", before
        self._offset = 0
        self._closed = False
        self._failed = False
        self._findings: list[Finding] = []
        self._opened: Hit | None = None
        self._masked = False
        self._shown = False
        self._alone: list[Finding] = []
        self._passed = 0
        self.complete = True

    @property
    def held(self) -> int:
        """How many characters were taken and not yet decided: at most `WINDOW`."""
        return 0 if self._failed else self._offset + len(self._buffer) - self._cursor.position

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
        if self._before:
            found = [finding for one in found if (finding := moved(one, self._before)) is not None]
        return tuple(sorted(found, key=place_of))

    def _take(self, text: str, final: bool) -> str:
        if self._closed:
            raise FormatError("the lane is closed")
        self._closed = final
        if self._failed:
            return ""
        released: list[str] = []
        try:
            self._buffer += text
            self._shade += outline(self._fresh + text)
            self._fresh = ""
            self._advance(released, final)
        except Exception:  # noqa: BLE001 -- whatever fails in here, the text that was not looked at must not leave
            released.append(self._fail())
        return "".join(released)

    def _fail(self) -> str:
        """What stands for all that the lane still held, and for what will be fed to it."""
        shown = "" if self._failed else UNREAD
        self._failed, self.complete = True, False
        self._buffer, self._shade = "", b""
        return shown

    def _advance(self, released: list[str], final: bool) -> None:
        cursor, buffer, offset, shade = self._cursor, self._buffer, self._offset, self._shade
        while True:
            start = cursor.position
            step = cursor.step(buffer, offset, shade, final)
            if step is None:
                break
            self._release(step, start, released)
            if cursor.waiting:
                break
        surplus = cursor.position - CONTEXT - offset
        if surplus > 0:
            self._buffer, self._shade = buffer[surplus:], shade[surplus:]
            self._offset = offset + surplus

    def _release(self, step: Step, start: int, released: list[str]) -> None:
        """Release the text of one step, masked, and remember what was found."""
        if not (step.findings or self._alone) and self._opened is None and step.opened is None and step.complete:
            self._write([], start, step.end, released)
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
        if self._opened is not None:
            self._cover(self._opened, start, step.end if step.closed is None else step.closed, spans)
        if self._opened is not None and step.closed is not None:
            self._findings.append(finding_of(self._opened, step.closed))
            self._opened = None
        if step.opened is not None:
            self._opened, self._shown = step.opened, False
            self._masked = self._mask(finding_of(step.opened, step.opened.end))
            self._cover(step.opened, start, step.end, spans)
        self._write(merged(spans), start, step.end, released)

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

    def _write(self, groups: list[tuple[int, int, str]], start: int, end: int, released: list[str]) -> None:
        position = max(start, self._before)
        if end <= position:
            return
        for first, last, shown in groups:
            if last <= self._before:
                continue
            released.append(self._buffer[position - self._offset : max(first, position) - self._offset])
            released.append(shown)
            position = max(position, last)
        released.append(self._buffer[position - self._offset : end - self._offset])


class Apart(Lane):
    """A lane whose pieces may also be read by themselves: what either reading shows is found and masked."""

    def __init__(self, locator: Locator, mask: Mask, before: str = "") -> None:
        super().__init__(locator, mask, before)
        self._locator = locator
        self._fed = len(before)

    def feed(self, text: str) -> str:
        alone = Lane(self._locator, _never)
        alone.feed(text)
        alone.finish()
        self.complete = self.complete and alone.complete
        self._alone += [shifted(finding, self._fed) for finding in alone.findings()]
        self._fed += len(text)
        return self._fail() if alone.failed else super().feed(text)


def _never(finding: Finding) -> bool:
    return False


def _by_type(types: frozenset[str]) -> Mask:
    def masked(finding: Finding) -> bool:
        return finding.type in types

    return masked


class StreamScan:
    """All lanes of one streamed answer. Implements `Lanes`.

    Streams and `Engine.scan_text` find the same: both are the walk of `cursor`, whatever the chunks.
    """

    def __init__(
        self, locator: Locator, mask: Mask | frozenset[str], *, health_context: bool = False, unread: bool = False
    ) -> None:
        """`unread`: whether what cannot be scanned may be released."""
        self._locator = locator
        self._mask = mask if callable(mask) else _by_type(mask)
        self._health_context = health_context
        self._lanes: dict[str, Lane] = {}
        self._opened: list[Lane] = []
        self._unread = unread
        self._complete = True

    def lane(self, pointer: str, label: str = "", *, apart: bool = False) -> Lane:
        """The lane of a place in the answer; the same one each time it is asked for, until it was finished: texts that
        each stand for themselves may follow each other in one place."""
        lane = self._lanes.get(pointer)
        if lane is None or lane.closed:
            kind = Apart if apart else Lane
            lane = self._lanes[pointer] = kind(self._locator, self._mask, labelled(label))
            self._opened.append(lane)
        return lane

    def unreadable(self, pointer: str, text: str) -> str:
        """What may leave in the place of something that cannot be scanned."""
        self._complete = False
        return text if self._unread else UNREAD

    def scan(self) -> Scan:
        """What was found so far: parts are lanes in the order in which they were opened; places are in the text as it
        was received, not as released."""
        parts = tuple(lane.findings() for lane in self._opened)
        classes = classes_of((finding for findings in parts for finding in findings), self._health_context)
        if self._complete and all(lane.complete for lane in self._opened):
            return Scan(parts=parts, classes=classes, scanned="full")
        return Scan(parts=parts, classes=classes | {"unscanned"}, scanned="partial")
