"""One form for characters that look or mean alike, with the way back to where they stood.

NFKC (Unicode Standard Annex 15), all decimal digits and dashes to their ASCII forms, invisible characters dropped, and
with them marks that make no letter (struck through, circled, on a digit), lone surrogates replaced. `undo_escapes`
reads JSON string escapes (RFC 8259 §7), percent-encoding (RFC 3986 §2.1) and character references (XML 1.0 §4.1, WHATWG
HTML §13.5) wherever they stand.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable
from html.entities import html5

import msgspec

_DASHES = "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_OVERLAYS = frozenset(map(chr, (*range(0x334, 0x339), *range(0x20D0, 0x20F1))))
"""Marks that strike a character through or stand around it (a keycap): what is beneath reads as it did without."""
_LOOSE = re.compile("(?<=[\x00-@\\[-`{-\x7f])[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f]+")
"""Marks of Latin letters on what is no letter."""
_BREAKS = frozenset("\x85\u2028\u2029")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_REMEMBERED = 20_000
_CLUSTER = 32
_MARKS_BEGIN = "\u02ff"
_SPARSE = 8
"""With more than one character in so many to be changed, all are looked at."""
_SCATTERED = 16
"""With more than one character in so many beyond Latin-1, they are no longer dealt with one by one."""
_WIDEST = 4
"""No character becomes more than this many (a few Arabic phrases in one character would become 18)."""
_HEX = frozenset("0123456789abcdefABCDEF")
_MARK = re.compile(r"[\\%&]")
_OCTETS = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_REFERENCE = re.compile(r"&(?:#0*([0-9]{1,7});?|#[xX]0*([0-9A-Fa-f]{1,6});?|([A-Za-z][A-Za-z0-9]{1,31};))")
"""Zeros before the number are without limit in both standards."""
ESCAPED = r"\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|&(?:#|[A-Za-z][A-Za-z0-9]{1,31};)"
"""In RE2 syntax: where something may be escaped that no recognizer sees."""

# Each stands for itself, so that a shadow's shadow is the same.
UPPER, LETTER, OTHER, ODD, CONTROL, UNDER = "\xc0", "\xe0", "\xb7", "\xad", "\x7f", "\x1f"
"""`UNDER` stands for `_`. To RE2 `_` is part of a word, so that no border is beside it, and `card_4111…`, as names of
files, keys and tools are written, would show nothing."""
_UNDER = UNDER.encode("latin-1")
_ODD = ODD.encode("latin-1")


class Mapped(msgspec.Struct, frozen=True, gc=False):
    """Normalised text; character i came from `source[starts[i]:ends[i]]`. Both are None when nothing moved."""

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a span (not empty) of the normalised text stood in the source."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def is_one(self, start: int, end: int) -> bool:
        """Whether several characters all come from the same piece of the source."""
        return self.starts is not None and end - start > 1 and self.starts[start] == self.starts[end - 1]


class _Folds(dict[int, str]):
    """Code point → its plain form, worked out when first met; bounded."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        if 0xD800 <= point <= 0xDFFF:
            folded = "\ufffd"
        elif _invisible(character):
            folded = ""
        elif character in _DASHES:
            folded = "-"
        elif character in _BREAKS:
            folded = "\n"
        elif unicodedata.category(character) == "Nd":
            folded = str(unicodedata.decimal(character))
        elif unicodedata.category(character) == "Zs":
            folded = " "
        else:
            folded = _LOOSE.sub("", unicodedata.normalize("NFKC", character))
            if len(folded) > _WIDEST:
                folded = character
        if len(self) < _REMEMBERED:
            self[point] = folded
        return folded


class _Shadows(dict[int, str]):
    """Code point → the one byte that stands for it in the shadow; `ODD` where normalising would change something."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        if point < 128:
            shade = UNDER if character == "_" else character
        elif _FOLDS[point] != character or unicodedata.combining(character):
            shade = ODD
        elif unicodedata.category(character) == "Cc":
            shade = CONTROL
        elif character.isupper() or character.istitle():
            shade = UPPER
        else:
            shade = LETTER if character.isalpha() else OTHER
        if len(self) < _REMEMBERED:
            self[point] = shade
        return shade


class _Outlines(dict[int, str]):
    """Code point → the byte that stands for what it becomes; `ODD` where that is not just one character."""

    def __missing__(self, point: int) -> str:
        folded = _FOLDS[point]
        shade = ODD if len(folded) != 1 or unicodedata.combining(chr(point)) else _SHADOWS[ord(folded)]
        if len(self) < _REMEMBERED:
            self[point] = shade
        return shade


def _invisible(character: str) -> bool:
    return (
        character in _INVISIBLE
        or character in _OVERLAYS
        or unicodedata.category(character) == "Cf"
        or 0xFE00 <= ord(character) <= 0xFE0F
    )


_FOLDS = _Folds()
_SHADOWS = _Shadows()
_OUTLINES = _Outlines()


def _codec(name: str, table: dict[int, str]) -> Callable[[str], bytes]:
    """Writes a text by a table, one byte a character. Most characters of most texts are of Latin-1, whose codec is many
    times faster than a table of all characters, so that only the others are looked up, run by run."""
    # Of the bytes that stand for characters, each stands for the Latin-1 character that it is the code of.
    latin = "".join(map(chr, range(256))).translate(table).encode("latin-1")

    def beyond(error: UnicodeError) -> tuple[bytes, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return error.object[error.start : error.end].translate(table).encode("latin-1"), error.end

    codecs.register_error(name, beyond)

    def write(text: str) -> bytes:
        if text.isascii():
            return text.encode("ascii").replace(b"_", _UNDER)
        if (len(text) - len(text.encode("latin-1", "ignore"))) * _SCATTERED > len(text):
            return text.translate(table).encode("latin-1")
        return text.encode("latin-1", name).translate(latin)

    return write


shadow = _codec("gateway.classification.shadow", _SHADOWS)
"""One byte for each character, as `recognizer` describes; `ODD` for each that normalising would change."""
outline = _codec("gateway.classification.outline", _OUTLINES)
"""The shadow of what each character becomes; `ODD` for each that becomes more or less than one, or combines with
others. Where there is none of these, it is the shadow of the normalised text."""


def normalise(text: str, shade: bytes | None = None) -> Mapped:
    """The normalised text and its map; `shade` is the text's shadow, where it is at hand. Never fails; linear."""
    if text.isascii():
        return Mapped(text)
    if shade is None:
        shade = shadow(text)
    odd = shade.count(_ODD)
    if not odd:
        return Mapped(text)
    mapped = _folded(text) if odd * _SPARSE > len(text) else _sparse(text, shade)
    return mapped if _LOOSE.search(mapped.text) is None else _loosened(mapped)


def _sparse(text: str, shade: bytes) -> Mapped:
    """As `normalise`, from one odd character to the next."""
    pieces: list[str] = []
    starts: list[int] = []
    done, moved = 0, False
    place = shade.find(_ODD)
    while place >= 0:
        fold = _FOLDS[ord(text[place])]
        pieces += (text[done:place], fold)
        starts += range(done, place)
        starts += [place] * len(fold)
        moved = moved or len(fold) != 1
        done = place + 1
        place = shade.find(_ODD, done)
    pieces.append(text[done:])
    plain = "".join(pieces)
    if not unicodedata.is_normalized("NFC", plain):
        return _folded(text)
    if not moved:
        return Mapped(plain)
    starts += range(done, len(text))
    return Mapped(plain, starts, [start + 1 for start in starts])


def _loosened(mapped: Mapped) -> Mapped:
    """Without marks on what is no letter."""
    text = mapped.text
    starts = mapped.starts or list(range(len(text)))
    ends = mapped.ends or list(range(1, len(text) + 1))
    kept: list[int] = []
    done = 0
    for match in _LOOSE.finditer(text):
        kept += range(done, match.start())
        done = match.end()
    kept += range(done, len(text))
    return Mapped("".join(map(text.__getitem__, kept)), [starts[at] for at in kept], [ends[at] for at in kept])


def _folded(text: str) -> Mapped:
    """As `normalise`, character by character."""
    folds = [_FOLDS[ord(character)] for character in text]
    plain = "".join(folds)
    if not unicodedata.is_normalized("NFC", plain):
        return _composed(text, folds)
    if len(plain) == len(folds) and all(folds):
        return Mapped(plain)
    starts = [index for index, fold in enumerate(folds) for _ in fold]
    return Mapped(plain, starts, [start + 1 for start in starts])


def _composed(text: str, folds: list[str]) -> Mapped:
    """As `normalise`, where marks combine with letters before them; `folds` is what each character becomes alone."""
    combining = unicodedata.combining
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position, length = 0, len(text)
    while position < length:
        end = position + 1
        while end < length and text[end] > _MARKS_BEGIN and end - position < _CLUSTER and combining(text[end]):
            end += 1
        plain = folds[position]
        if end > position + 1:
            plain = unicodedata.normalize("NFKC", "".join(folds[position:end]))
        characters.append(plain)
        if len(plain) == 1:
            starts.append(position)
            ends.append(end)
        else:
            starts += [position] * len(plain)
            ends += [end] * len(plain)
        position = end
    return Mapped("".join(characters), starts, ends)


def undo_escapes(mapped: Mapped) -> Mapped | None:
    """The text with one level of escapes read, or None when there is none to read."""
    text = mapped.text
    found = _MARK.search(text)
    if found is None:
        return None
    origins = mapped.starts or list(range(len(text)))
    limits = mapped.ends or list(range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    while found is not None:
        position = found.start()
        read = _ESCAPE_AT[text[position]](text, position)
        if read and done < position:
            pieces.append(text[done:position])
            starts += origins[done:position]
            ends += limits[done:position]
        for character, width in read:
            pieces.append(character)
            starts.append(origins[position])
            position += width
            ends.append(limits[position - 1])
            done = position
        found = _MARK.search(text, position if read else position + 1)
    if not pieces:
        return None
    pieces.append(text[done:])
    return _refold(Mapped("".join(pieces), starts + origins[done:], ends + limits[done:]))


def _backslash(text: str, position: int) -> list[tuple[str, int]]:
    """The character of a JSON escape, with the length of the escape."""
    following = text[position + 1 : position + 2]
    if following in _ESCAPES:
        return [(_ESCAPES[following], 2)]
    if following != "u":
        return []
    digits = text[position + 2 : position + 6]
    if len(digits) < 4 or not _HEX.issuperset(digits):
        return []
    point = int(digits, 16)
    low = text[position + 8 : position + 12]
    if (
        0xD800 <= point < 0xDC00
        and text[position + 6 : position + 8] == "\\u"
        and len(low) == 4
        and _HEX.issuperset(low)
    ):
        second = int(low, 16)
        if 0xDC00 <= second < 0xE000:
            return [(chr(0x10000 + ((point - 0xD800) << 10) + (second - 0xDC00)), 12)]
    return [(chr(point), 6)]


def _percent(text: str, position: int) -> list[tuple[str, int]]:
    """The characters of percent-encoded octets that follow each other: UTF-8, else as Latin-1 has them."""
    found = _OCTETS.match(text, position)
    if found is None:
        return []
    octets = bytes.fromhex(found.group().replace("%", ""))
    try:
        return [(character, 3 * len(character.encode())) for character in octets.decode()]
    except UnicodeDecodeError:
        return [(character, 3) for character in octets.decode("latin-1")]


def _reference(text: str, position: int) -> list[tuple[str, int]]:
    """The character of a reference, by its number or its name."""
    found = _REFERENCE.match(text, position)
    if found is None:
        return []
    decimal, hexadecimal, name = found.groups()
    if name:
        character = html5.get(name, "")
        return [(character, found.end() - position)] if len(character) == 1 else []
    point = int(decimal) if decimal else int(hexadecimal, 16)
    return [(chr(point), found.end() - position)] if point <= 0x10FFFF else []


_ESCAPE_AT = {"\\": _backslash, "%": _percent, "&": _reference}


def _refold(mapped: Mapped) -> Mapped:
    """What the escapes stood for may itself want normalising."""
    inner = normalise(mapped.text)
    if inner.starts is None or inner.ends is None or mapped.starts is None or mapped.ends is None:
        return Mapped(inner.text, mapped.starts, mapped.ends)
    starts = [mapped.starts[index] for index in inner.starts]
    ends = [mapped.ends[index - 1] for index in inner.ends]
    return Mapped(inner.text, starts, ends)
