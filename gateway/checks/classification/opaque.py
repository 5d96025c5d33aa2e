"""Runs that nobody can read as text: bytes in base64, base32 or hexadecimal in the middle of it.

No recognizer sees what they hold, so a text with such a run is `unscanned`. A run is made of characters of those
alphabets (RFC 4648), over line breaks too where its lines are long (RFC 2045 §6.8), each written as it is or as JSON
and web addresses escape it. It counts once `RUN` of its characters have come whose variety no words have or that show
text in base64 or hexadecimal (`readings` sees a window of it, and never the whole), or at once behind `;base64,` (RFC
2397). All of that depends on the text alone, never on how it was cut into pieces.
"""

import re
import string
from collections.abc import Callable, Iterable

import msgspec

from gateway.checks.classification.classes import QUASI
from gateway.checks.classification.cursor import WINDOW
from gateway.checks.classification.normalise import UNDER, shadow
from gateway.checks.classification.readings import IN_CODE, shows_text
from gateway.core.finding import Finding

_ESCAPE = 16
"""Characters of an escape at most, more than of any: it is held back until all of it has come."""
RUN = WINDOW - _ESCAPE
"""Characters after which a run is judged: no more than a stream holds back anyway, so none of them has left by then."""
_SHORT = 16
"""The same behind `;base64,`, where there is no doubt."""
_LINE = 60
"""Characters that a line has at least for the next one to go on with it."""
_DATA = (";base64,", ";BASE64,", ";Base64,")
_DIGESTS = frozenset({64, 96, 128})
"""Hexadecimal digits of long digests (SHA-256, -384, -512): a list of them, one a line, is no run."""
_TAIL = 8
NEAR = 64
"""Characters at the end of a text that have no run to speak of in them where a space is among them."""
_ALPHABET = frozenset(string.ascii_letters + string.digits + "+/_=-")
_PIECE = re.compile(
    r"[A-Za-z0-9+/_=-]+|[\r\n]|\\{1,8}(?:[nr/]|u00(?:0[aAdD]|2[bBfFdD]|3[dD]))|%(?:0[aAdD]|2[bBfFdD]|3[dD])|"
    r"[\\%]|[^A-Za-z0-9+/_=\r\n\\%-]+"
)
_PART = re.compile(r"(?:\\{1,8}(?:u(?:0(?:0[023]?)?)?)?|%[023]?)\Z")
"""What may be the beginning of such an escape, at the end of a piece. Eight backslashes: JSON in JSON, four deep."""
_STANDS_FOR = {"n": "\n", "r": "\r", "/": "/", "0a": "\n", "0d": "\r", "2b": "+", "2f": "/", "2d": "-", "3d": "="}
_MAY_BE = _ALPHABET | frozenset("\r\n\\%")
_TABLE = bytes(ord("a") if chr(code) in _MAY_BE | {UNDER} else ord(" ") for code in range(256))
_LONG = b"a" * RUN
_STRETCH = re.compile(b"a{%d,}" % RUN)
_BEHIND = re.compile(rf"(?<=;base64,|;BASE64,|;Base64,)[A-Za-z0-9+/_=\\%-]{{{_SHORT}}}")
_PASSED = 20
"""Characters of a piece from which on a look at the whole of it costs less than following each word."""
_SLICE = 4096
"""Characters that are followed between two looks at the clock."""
_BLOCK = RUN // 2
"""A run that counts covers one such block whole, wherever it begins."""
_LOWER, _UPPER = frozenset(string.ascii_lowercase), frozenset(string.ascii_uppercase)
_NO_BREAKS = dict.fromkeys(map(ord, "\r\n"))
_DIGITS, _HEX = frozenset(string.digits), frozenset(string.hexdigits)


class Opaque(msgspec.Struct, gc=False):
    """A run that counts: `end` is None while it goes on. `certain`: it stands behind `;base64,`."""

    start: int
    end: int | None = None
    certain: bool = False

    def after(self, findings: Iterable[Finding]) -> int:
        """Where it begins that no finding explains."""
        start = self.start
        if not self.certain:
            for finding in findings:
                if finding.start <= self.start < finding.end and explains(finding):
                    start = max(start, finding.end)
        return start


def explains(finding: Finding) -> bool:
    """Whether a finding says what the bytes in it are: a key or a token is known for what it is, and so is a field that
    its format declares. Whoever writes an address or a web address may let it go on with bytes of any kind."""
    if finding.reason == "field":
        return finding.type not in QUASI
    return finding.type.startswith("secret-") and not finding.reason.startswith(IN_CODE)


class Runs:
    """Follows one text as it comes. Places are absolute, from `start` on."""

    def __init__(self, start: int = 0) -> None:
        self.found: list[Opaque] = []
        self._at = start
        self._start: int | None = None
        """Where the run under way begins, or what of it was not judged yet."""
        self._sample = ""
        self._line = 0
        self._behind_data = False
        self._tail = ""
        self._rest = ""
        """The beginning of an escape that the text ended in."""

    @property
    def undecided(self) -> int | None:
        """The place from which on it is not known yet whether a run counts, or whether it goes on."""
        if self._start is not None and self.open is None:
            return self._start
        return self._at if self._rest else None

    @property
    def open(self) -> Opaque | None:
        """The run under way, if it counts."""
        return self.found[-1] if self.found and self.found[-1].end is None else None

    def feed(self, text: str) -> None:
        """The next piece of the text."""
        if self._rest:
            text, self._rest = self._rest + text, ""
        part = _PART.search(text, max(0, len(text) - _ESCAPE)) if text else None
        if part is not None:
            text, self._rest = text[: part.start()], part.group()
        self._follow(text)

    def restart(self, at: int, tail: str = " ") -> None:
        """Go on at a later place, where no run is under way, right behind `tail`; what was left out holds nothing that
        counts."""
        self._end()
        self._at, self._tail, self._rest = at, tail, ""

    def finish(self) -> None:
        """The text has ended, and the run with it."""
        rest, self._rest = self._rest, ""
        self._follow(rest)
        self._end()

    def _follow(self, text: str) -> None:
        """What lies between two characters that end a run is passed over, where nothing in it can count."""
        if len(text) >= _PASSED:
            marks = shadow(text).translate(_TABLE)
            first, last = marks.find(b" "), marks.rfind(b" ")
            if first < last and marks.find(_LONG, first, last) < 0:
                before = self._tail + text[:last]
                if not any(data in before for data in _DATA):
                    self._walk(text[: first + 1])
                    self._at += last - first
                    self._tail = (self._tail + text[first + 1 : last + 1])[-_TAIL:]
                    text = text[last + 1 :]
        self._walk(text)

    def _walk(self, text: str) -> None:
        for piece in _PIECE.findall(text):
            shown = piece
            if piece[0] in "\\%":
                shown = _STANDS_FOR.get(piece.lstrip("\\%").removeprefix("u00").lower(), piece)
            if shown[0] in _ALPHABET:
                self._begin()
                self._line += len(shown)
            elif shown in "\r\n" and self._goes_on(shown):
                self._line = 0
            else:
                self._end()
            if self._start is not None:
                # An escape counts as many characters as are held back for it; breaks vary nothing.
                self._grow(shown + "\n" * (len(piece) - len(shown)))
            self._at += len(piece)
            self._tail = (self._tail + shown)[-_TAIL:]

    def _begin(self) -> None:
        if self._start is None:
            self._start, self._behind_data = self._at, self._tail in _DATA

    def _goes_on(self, mark: str) -> bool:
        """Whether the run goes on after this line break: its line was long and is no digest, or it is the second half
        of one."""
        if self._line in _DIGESTS and self._line <= len(self._sample) and _HEX.issuperset(self._sample[-self._line :]):
            return False
        return self._line >= _LINE or (mark == "\n" and self._tail[-1:] == "\r" and self._start is not None)

    def _grow(self, piece: str) -> None:
        """More of the run under way, judged each time that there is enough of it."""
        wanted = _SHORT if self._behind_data else RUN
        taken = 0
        while self._start is not None and self.open is None:
            more = piece[taken : taken + wanted - len(self._sample)]
            self._sample += more
            taken += len(more)
            if len(self._sample) < wanted:
                return
            if self._behind_data or _dense(self._sample):
                self.found.append(Opaque(self._start, certain=self._behind_data))
            self._sample, self._start = "", self._at + taken

    def _end(self) -> None:
        opened = self.open
        if opened is not None:
            opened.end = self._at
        self._start, self._sample, self._line, self._behind_data = None, "", 0, False


def may_be_opaque(text: str) -> bool:
    """Whether it is worth asking `is_opaque`: quickly told of nearly all texts that it is not."""
    if len(text) < _SHORT + _TAIL:
        return False
    return (";" in text and any(mark in text for mark in _DATA)) or _is_long(text)


def is_opaque(text: str, findings: Iterable[Finding], late: Callable[[], bool] = lambda: False) -> bool:
    """Whether a whole text holds such a run that none of its findings explains. Linear; once it is `late`, a text in
    which one may still be counts as such."""
    for behind in _BEHIND.finditer(text):
        if _certain(text, behind.start()):
            return True
        if late():
            return True
    known = [finding for finding in findings if explains(finding)]
    for stretch in _STRETCH.finditer(shadow(text).translate(_TABLE)):
        runs = Runs(stretch.start())
        for at in range(stretch.start(), stretch.end(), _SLICE):
            if late():
                return True
            runs.feed(text[at : min(at + _SLICE, stretch.end())])
        runs.finish()
        if any(run.end is None or run.after(known) < run.end for run in runs.found):
            return True
    return False


def _certain(text: str, at: int) -> bool:
    """Whether what stands at a place behind `;base64,` is enough of it."""
    runs = Runs()
    runs.restart(at, text[at - _TAIL : at])
    runs.feed(text[at : at + 2 * _SHORT])  # the last of them may be an escape
    runs.finish()
    return bool(runs.found)


def _is_long(text: str) -> bool:
    """Whether a run of that length may be in a text: one without a space in a whole block is looked at closer."""
    for at in range(0, len(text) - _BLOCK + 1, _BLOCK):
        if text.find(" ", at, at + _BLOCK) < 0:
            return _LONG in shadow(text).translate(_TABLE)
    return False


def _dense(sample: str) -> bool:
    """Whether these characters vary as those of encoded bytes do, or show text that is encoded."""
    plain = sample.translate(_NO_BREAKS)
    if shows_text(plain):
        return True
    seen = set(plain)
    if seen <= _HEX:
        return len(seen) >= 12
    if seen & _LOWER and seen & _UPPER and seen & _DIGITS:
        return len(seen) >= 40
    return len(seen) >= 28 and not seen & _LOWER and bool(seen & _DIGITS)
