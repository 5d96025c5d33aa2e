"""Runs that nobody can read as text: bytes in base64, base32 or hexadecimal in the middle of it.

No recognizer sees what they hold, so a text with such a run is `unscanned`. A run is made of characters of those
alphabets (RFC 4648), over line breaks too where its lines are long (RFC 2045 §6.8), however they are indented, quoted
or written as strings one after the other, each character as it is or as JSON and web addresses escape it, whatever
nobody sees between them. It counts once `RUN` of its characters have come whose variety no words have or that show
text in base64 or hexadecimal (`readings` sees a window of it, and never the whole), once `_SEALED_RUN` have come where
it begins as what is compressed, encrypted, an archive or a picture does, or at once behind `;base64,` (RFC 2397). All
of that depends on the text alone, never on how it was cut into pieces.
"""

import re
import string
from collections.abc import Callable, Iterable

import msgspec

from gateway.checks.classification.classes import QUASI
from gateway.checks.classification.cursor import WINDOW
from gateway.checks.classification.normalise import INVISIBLE, ODD, UNDER, shadow
from gateway.checks.classification.readings import IN_CODE, LINE, MARGIN, MARGINS, shows_text
from gateway.core.finding import Finding

_ESCAPE = 16
"""Characters of an escape at most, more than of any: it is held back until all of it has come."""
RUN = WINDOW - _ESCAPE
"""Characters after which a run is judged: no more than a stream holds back anyway, so none of them has left by then."""
_SHORT = 16
"""The same behind `;base64,`, where there is no doubt."""
_DATA = (";base64,", ";BASE64,", ";Base64,")
_SEALED_RUN = 80
"""The same where its beginning says what it is. More than `NEAR`, so that no such run is taken for words."""
_SEALED_VARIED = 20
"""So many different characters are among them."""
_SEALED_BEGINS = 40
"""Among so many characters that stands, behind a name and `=` say."""
_SEALED = re.compile(
    r"(?:\A|[=/+\x00]|\A0[xX])(?:"
    # gzip, zip, 7z, xz, bzip2, zstd
    r"H4sI[A-H]|UEs[DF][BQ]|N3q8ryc|/?Td6WFo|Qlpo[MNO].FBWSZTW|KLUv/[QS]|"
    # openssl enc, Fernet, age, OpenPGP to a key and by a password, enveloped data of CMS
    r"U2FsdGVkX1|gAAAAAB|YWdlLWVuY3J5cHRpb24|hQ[EGI]M[AB]|h(?:Iw|F4)D|wc[BDF]M[AB]|wV4D|(?:jA|ww)0E[BC]|MI.{4,10}KoZIhvcNAQcD|"
    # PDF, OLE, PNG, GIF, JPEG, RIFF
    r"JVBERi0|0M8R4KGxGuE|iVBORw0KGgo|R0lGOD[dl]h|/?9j/[24]|UklGR|"
    # hexadecimal
    r"(?i:1f8b08|504b0304|377abcaf271c|fd377a585a|425a6839|53616c7465645f5f|8c0d04|25504446|89504e47|ffd8ff))|"
    # zlib, which says it in two octets: where a digest in base64 may hold the like by chance, it is none
    r"(?:\A|=)e(?:J[w-z]|N[o-r]|AE|F[4-7])"
)
"""How compressed, encrypted and other binary formats begin in base64 and in hexadecimal (RFC 1952 §2.3.1, RFC 1950
§2.2, RFC 4880 §4.2, RFC 5652 §6, and their own documents): less of them than `RUN` may be a whole record."""
_DIGESTS = frozenset({64, 96, 128})
"""Hexadecimal digits of long digests (SHA-256, -384, -512): a list of them, one a line, is no run."""
_TAIL = 8
NEAR = 64
"""Characters at the end of a text that have no run to speak of in them where a space, and a word before it, are among
them."""
_ALPHABET = frozenset(string.ascii_letters + string.digits + "+/_=-")
_SIGNS = "+/=_-"
"""Characters of an alphabet that margins have, too."""
_SEEN = r"A-Za-z0-9+/_=\r\n\\%" + re.escape(MARGINS.translate(dict.fromkeys(map(ord, "\r\n\\")))) + r"\-"
_ESCAPED = r"\\{1,8}(?:[nrt/\"]|u00(?:0[aAdD]|2[bBfFdD]|3[dD]))"
_PIECE = re.compile(
    rf"[A-Za-z0-9+/_=-][A-Za-z0-9+/_=\-{INVISIBLE}]*|[\r\n]|{_ESCAPED}|%(?:0[aAdD]|2[bBfFdD]|3[dD])|"
    rf"(?:\\(?!\\{{0,7}}[nrtu/\"]))+|[\\%]|[ \t>|\"'`,.;*#&()\[\]<]+|[{INVISIBLE}]+|[^{_SEEN}{INVISIBLE}]+"
)
_PART = re.compile(r"(?:\\{1,8}(?:u(?:0(?:0[023]?)?)?)?|%[023]?)\Z")
"""What may be the beginning of such an escape, at the end of a piece. Eight backslashes: JSON in JSON, four deep."""
_STANDS_FOR = {
    "n": "\n", "r": "\r", "t": "\t", '"': '"', "/": "/",
    "0a": "\n", "0d": "\r", "2b": "+", "2f": "/", "2d": "-", "3d": "=",
}  # fmt: skip
_UNSEEN = re.compile(f"[{INVISIBLE}]")
_AMONG = "\0"
"""Stands for what nobody sees among the characters of a run."""
_MARGIN = frozenset(MARGINS)
_ENDS = frozenset("\r\n\"'`")
"""What ends a line: a break, or the end of a string."""
_MAY_BE = _ALPHABET | frozenset("\r\n\\%")
_TABLE, _TABLE_OF_UNSEEN = (
    bytes(ord("a") if chr(code) in _MAY_BE | others else ord(" ") for code in range(256))
    for others in ({UNDER}, {UNDER, ODD})
)
_ODD = ODD.encode("latin-1")
_LONG = b"a" * LINE
_PASSED = 20
"""Characters of a piece from which on a look at the whole of it costs less than following each word."""
_SLICE = 4096
"""Characters that are followed between two looks at the clock."""
_VARIED = 40
"""Characters that bytes in base64 show in a whole run; of one of which less is seen, half as many as are seen."""
_LOWER, _UPPER = frozenset(string.ascii_lowercase), frozenset(string.ascii_uppercase)
_NO_BREAKS = dict.fromkeys(map(ord, f"\r\n{_AMONG}"))
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
        self._begun = False
        """Whether it is known how it begins."""
        self._line = 0
        self._margin: int | None = None
        """Where what may stand between two lines begins, if the last character belongs to that."""
        self._parted = False
        """Whether it holds what ends a line."""
        self._behind_data = False
        self._tail = ""
        self._rest = ""
        """The beginning of an escape that the text ended in."""

    @property
    def undecided(self) -> int | None:
        """The place from which on it is not known yet whether a run counts, or whether it goes on."""
        if self._start is not None and self.open is None:
            return self._start
        if self._margin is not None:
            return self._margin
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
        """Where no run is under way, all is passed over in which none that counts can begin."""
        at = self._walk(text, 0)
        if at == len(text):
            return
        marks = _marks(text)
        while at < len(text):
            place = marks.find(_LONG, at)
            # What ends the text may be the beginning of a line.
            stop = max(at, len(marks.rstrip(b"a"))) if place < 0 else place
            before = self._tail + text[at:stop]
            data = [found + len(mark) for mark in _DATA if (found := before.find(mark)) >= 0]
            if data:
                stop = max(at, at - len(self._tail) + min(data))
            self._at += stop - at
            self._tail = (self._tail + text[at:stop])[-_TAIL:]
            at = self._walk(text, stop)

    def _walk(self, text: str, at: int) -> int:
        """Follow the text from there on, to its end or to where no run is under way and much is left; that place."""
        for match in _PIECE.finditer(text, at):
            piece = match.group()
            shown = piece
            if piece[0] in "\\%":
                shown = _STANDS_FOR.get(piece.lstrip("\\%").removeprefix("u00").lower(), piece)
            unseen = _UNSEEN.match(piece) is not None
            if unseen:
                self._pass_over(len(piece))
            elif shown[0] in _ALPHABET:
                shown = shown if shown.isascii() else _UNSEEN.sub(_AMONG, shown)
                self._take(shown, len(piece))
                shown = shown.replace(_AMONG, "")
            elif shown[0] in _MARGIN:
                self._pass_over(len(piece), begin=True, ends=not _ENDS.isdisjoint(shown))
            else:
                self._end()
            self._at += len(piece)
            if not unseen:
                self._tail = (self._tail + shown)[-_TAIL:]
            if self._start is None and len(text) - match.end() >= _PASSED and piece[0] not in "\\%":
                return match.end()
        return len(text)

    def _take(self, shown: str, width: int) -> None:
        """Characters of an alphabet, which take so many of the text; signs at the end of a margin belong to that."""
        if self._margin is None:
            self._add(shown, width)
            return
        signs = len(shown) - len(shown.lstrip(f"{_SIGNS}{_AMONG}"))
        room = MARGIN - (self._at - self._margin)
        if signs:
            self._pass_over(min(signs, room + 1) if signs < len(shown) else width)
        if signs > room:
            signs = room + 1
        elif signs == len(shown):
            return
        elif self._parted:
            self._margin, self._line = None, 0
        else:
            self._end()
        self._at += signs
        if signs < len(shown):
            self._add(shown[signs:], width - signs)
        self._at -= signs

    def _add(self, shown: str, width: int) -> None:
        if self._start is None:
            self._start, self._behind_data, self._begun = self._at, self._tail in _DATA, False
        self._line += len(shown) - shown.count(_AMONG)
        # An escape counts as many characters as are held back for it; breaks vary nothing.
        self._grow(shown + "\n" * (width - len(shown)))

    def _pass_over(self, width: int, *, begin: bool = False, ends: bool = False) -> None:
        """Characters of a margin, or such as nobody sees."""
        if self._start is None:
            return
        if begin and self._margin is None:
            if self._line < LINE or self._is_digest():
                self._end()
                return
            self._margin, self._parted = self._at, False
        self._parted = self._parted or ends
        room = width if self._margin is None else MARGIN - (self._at - self._margin)
        self._grow("\n" * min(width, room))
        if width > room:
            self._end()

    def _is_digest(self) -> bool:
        """Whether the line is one of a list of digests."""
        line = self._line
        return line in _DIGESTS and line <= len(self._sample) and _HEX.issuperset(self._sample[-line:])

    def _grow(self, piece: str) -> None:
        """More of the run under way, judged each time that there is enough of it."""
        wanted = _SHORT if self._behind_data else RUN
        taken = 0
        while self._start is not None and self.open is None:
            more = piece[taken : taken + wanted - len(self._sample)]
            self._sample += more
            taken += len(more)
            sealed = self._is_sealed()
            if len(self._sample) < wanted and not sealed:
                return
            if self._behind_data or sealed or _dense(self._sample):
                self.found.append(Opaque(self._start, certain=self._behind_data))
            self._sample, self._start = "", self._at + taken

    def _is_sealed(self) -> bool:
        """Whether the run begins as bytes of a known format do: asked once, when enough of it has come."""
        if self._begun or len(self._sample) < _SEALED_RUN:
            return False
        self._begun = True
        plain = self._sample[:_SEALED_RUN].translate(_NO_BREAKS)
        found = _SEALED.search(plain)
        return found is not None and found.start() <= _SEALED_BEGINS and _varies(plain)

    def _end(self) -> None:
        opened = self.open
        if opened is not None:
            opened.end = self._at if self._margin is None else self._margin
        self._start, self._sample, self._line, self._behind_data = None, "", 0, False
        self._margin, self._parted = None, False


def may_be_opaque(text: str) -> bool:
    """Whether it is worth asking `is_opaque`: quickly told of nearly all texts that it is not."""
    if len(text) < _SHORT + _TAIL:
        return False
    return (";" in text and any(mark in text for mark in _DATA)) or _is_long(text)


def is_opaque(text: str, findings: Iterable[Finding], late: Callable[[], bool] = lambda: False) -> bool:
    """Whether a whole text holds such a run that none of its findings explains. Linear; once it is `late`, a text in
    which one may still be counts as such."""
    known = [finding for finding in findings if explains(finding)]
    runs = Runs()
    for at in range(0, len(text), _SLICE):
        if late():
            begin = at if runs.undecided is None else runs.undecided
            if runs.open is not None or may_be_opaque(text[max(0, begin - _TAIL) :]):
                return True
            break
        runs.feed(text[at : at + _SLICE])
    runs.finish()
    return any(run.end is None or run.after(known) < run.end for run in runs.found)


def _marks(text: str) -> bytes:
    """`a` for each character that may be one of a run, or that nobody sees where there is any."""
    shade = shadow(text)
    unseen = _ODD in shade and _UNSEEN.search(text) is not None
    return shade.translate(_TABLE_OF_UNSEEN if unseen else _TABLE)


def _is_long(text: str) -> bool:
    """Whether a long line of a run may be in a text. Beyond ASCII what has no space for so long is looked at closer:
    finding that out costs less there."""
    if text.isascii():
        return len(text) >= LINE and _LONG in _marks(text)
    at, last = 0, len(text) - LINE
    while at <= last:
        space = text.rfind(" ", at, at + LINE)
        if space < 0:
            return _LONG in _marks(text)
        at = space + 1
    return False


def _varies(plain: str) -> bool:
    """Whether so short a piece varies as encoded bytes do: no word, path or name that only begins so does."""
    seen = set(plain)
    return seen <= _HEX or (bool(seen & _LOWER and seen & _UPPER and seen & _DIGITS) and len(seen) >= _SEALED_VARIED)


def _dense(sample: str) -> bool:
    """Whether these characters vary as those of encoded bytes do, or show text that is encoded."""
    plain = sample.translate(_NO_BREAKS)
    if shows_text(plain):
        return True
    seen = set(plain)
    if seen <= _HEX:
        return len(seen) >= 12
    if seen & _LOWER and seen & _UPPER and seen & _DIGITS:
        return len(seen) >= min(_VARIED, max(_SHORT, len(plain) // 2))
    return len(seen) >= 28 and not seen & _LOWER and bool(seen & _DIGITS)
