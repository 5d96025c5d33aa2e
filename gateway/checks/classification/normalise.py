"""One form for characters that look or mean alike, with the way back to where they stood.

NFKC (Unicode Standard Annex 15), all decimal digits and dashes to their ASCII forms, characters dropped that nobody
sees (the whole property Default_Ignorable_Code_Point), and with them marks that make no letter (struck through,
circled, on a digit), lone surrogates replaced. What is written in tag characters is told beside it, as text of its own.
`undo_escapes` reads JSON string escapes (RFC 8259 §7), punctuation behind a backslash (CommonMark §2.4, as LaTeX has
it), percent-encoding (RFC 3986 §2.1) and character references (XML
1.0 §4.1, WHATWG HTML §13.5) wherever they stand.
"""

import codecs
import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from html.entities import html5

import msgspec

_DASHES = "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
IGNORABLE = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""First and last code points of Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties.txt): shown as nothing,
whether they are assigned or not. `unicodedata` does not know the property."""
INVISIBLE = "".join(f"{chr(first)}-{chr(last)}" for first, last in IGNORABLE)
"""The same within the brackets of `re`."""
_OVERLAYS = frozenset(
    map(
        chr,
        (
            *range(0x334, 0x339), 0x488, 0x489, 0x1ABE, *range(0x20D0, 0x20F1), *range(0xA670, 0xA673),
            *range(0x1D165, 0x1D16A), *range(0x1D16D, 0x1D173), *range(0x1D17B, 0x1D183), *range(0x1D185, 0x1D18C),
            *range(0x1D1AA, 0x1D1AE),
        ),
    )
)  # fmt: skip
"""Marks that strike a character through or stand around it (a keycap), or are of notes: what is beneath reads as it
did without."""
_MARKED = (
    (0x300, 0x36F), (0x483, 0x487), (0x591, 0x8FF), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0xFB1E, 0xFB1E),
    (0xFE20, 0xFE2F),
)  # fmt: skip
_MARKS = "".join(
    chr(point) for first, last in _MARKED for point in range(first, last + 1) if unicodedata.combining(chr(point))
)
_LOOSE = re.compile(f"(?<=[\x00-@\\[-`{{-\x7f])[{_MARKS}]+")
"""Marks of Latin, Cyrillic, Hebrew, Arabic and Syriac letters on what is no letter. Beyond U+FFFF a set costs
`re` a look at each of its characters."""
_BLANK = "\u2800"
"""A Braille cell without dots: shown as a space."""
_TAGS = re.compile("[\U000e0020-\U000e007f]+")
"""Tag characters: ASCII that nobody sees, and CANCEL TAG, which ends what a flag is written with."""
_TO_ASCII = {0xE0000 + code: chr(code) for code in range(0x20, 0x7F)} | {0xE007F: " "}
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0000\U000e0002-\U000e001f\U000e0080-\U000e0fff"
_CARRIES = re.compile(f"[{_SELECTORS}](?:(?:(?![{_SELECTORS}])[{INVISIBLE}])*+[{_SELECTORS}]){{4,}}")
"""So many variation selectors, or code points of their plane that are none, with nothing to be seen between them: what
they select from has one, so these are bytes that are written with them."""
_DRAWN, _WIDE, _CHAINED, _PARTED, _FAR = 49, 9, 8, 96, 400
"""From how many characters on, a letter or digit with what is dropped behind it, one is drawn away from the next, and
from how many on, where so many in a row are drawn apart that way, they are over so many characters: where those reach
the end of so long a text, which is a window then, and wherever they do."""
_TOLD = frozenset("@._+:/-")
_BREAKS = frozenset("\x85\u2028\u2029")
_ESCAPES = {mark: mark for mark in f"{string.punctuation}\r\n"} | {
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
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
_MARK = re.compile(
    rf"\\(?:([{re.escape(''.join(_ESCAPES))}])|u[0-9A-Fa-f]{{4}})|%[0-9A-Fa-f]{{2}}|&(?:#[0-9xX]|[A-Za-z])"
)
"""Where an escape may begin: nothing else is one. Its group is what stands behind a backslash alone."""
_OCTETS = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_REFERENCE = re.compile(r"&(?:#0*([0-9]{1,7});?|#[xX]0*([0-9A-Fa-f]{1,6});?|([A-Za-z][A-Za-z0-9]{1,31};|nbsp|shy))")
"""Zeros before the number are without limit in both standards. HTML knows a hundred names without their semicolon:
those of what is seen part nothing."""
ESCAPED = r"\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|&(?:#|[A-Za-z][A-Za-z0-9]{1,31};|nbsp|shy)"
"""In RE2 syntax: where something may be escaped that no recognizer sees."""

MARKED = r"[0-9A-Za-z]\\[_.\-@:+=]"
"""The same of punctuation with a backslash before it, where it may part an identifier: no escape that must be read."""

# Each stands for itself, so that a shadow's shadow is the same.
UPPER, LETTER, OTHER, ODD, CONTROL, UNDER = "\xc0", "\xe0", "\xb7", "\xad", "\x7f", "\x1f"
"""`UNDER` stands for `_`. To RE2 `_` is part of a word, so that no border is beside it, and `card_4111…`, as names of
files, keys and tools are written, would show nothing."""
_UNDER = UNDER.encode("latin-1")
_ODD = ODD.encode("latin-1")
_BLANKED = (b"\\n", b"\\t", b"\\r", b"\\f", b"\\b")
"""What JSON writes for a blank."""


class Mapped(msgspec.Struct, frozen=True, gc=False):
    """Normalised text; character i came from `source[starts[i]:ends[i]]`. Both are None when nothing moved.

    `hidden`: what was written in tag characters, which are dropped, each reading of it a text of its own. `unread`:
    where the last run of variation selectors ends that holds what nobody can read, or of characters drawn so far apart
    by what nobody sees that no window holds them together; 0 where there is none.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None
    hidden: "tuple[Mapped, ...]" = ()
    unread: int = 0

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
        elif unicodedata.category(character) == "Zs" or character == _BLANK:
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
        character in _OVERLAYS
        or unicodedata.category(character) == "Cf"
        or any(first <= ord(character) <= last for first, last in IGNORABLE)
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
_outline = _codec("gateway.classification.outline", _OUTLINES)


def outline(text: str) -> bytes:
    """The shadow of what each character becomes; `ODD` for each that becomes more or less than one, or combines with
    others. Where there is none of these, it is the shadow of the normalised text.

    An escape that JSON writes for a blank (a backslash and `n`) is blank in it, or the words behind it would touch its
    letter. What is found is found in what such text stands for, so this only has it looked at."""
    shade = _outline(text)
    return _blanked(shade) if b"\\" in shade else shade


def appended(shade: bytes, text: str) -> bytes:
    """The outline of a text that has this one so far, and goes on so."""
    more = _outline(text)
    if b"\\" in more or shade[-1:] == b"\\":
        more = _blanked(shade[-1:] + more)[len(shade[-1:]) :]
    return shade + more


def _blanked(shade: bytes) -> bytes:
    for letter in _BLANKED:
        shade = shade.replace(letter, b"\\ ")
    return shade


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
    if _LOOSE.search(mapped.text) is not None:
        mapped = _loosened(mapped)
    return mapped if mapped.starts is None else _unveiled(text, mapped)


def _unveiled(text: str, mapped: Mapped) -> Mapped:
    """With what tag characters of the text say, and where its selectors say what nobody can read."""
    unread = _drawn_out(mapped, len(text)) if len(text) - len(mapped.text) >= _DRAWN - 1 else 0
    for match in _CARRIES.finditer(text):
        unread = max(unread, match.end())
    if _TAGS.search(text) is None:
        return Mapped(mapped.text, mapped.starts, mapped.ends, (), unread) if unread else mapped
    # Read where it stands, for what is seen may name it, and by itself, for what is seen may part it.
    places = [place for match in _TAGS.finditer(text) for place in range(match.start(), match.end())]
    alone = "".join([_TO_ASCII[ord(text[place])] for place in places])
    hidden = (normalise(text.translate(_TO_ASCII)), Mapped(alone, places, [place + 1 for place in places]))
    return Mapped(mapped.text, mapped.starts, mapped.ends, hidden, unread)


def _drawn_out(mapped: Mapped, length: int) -> int:
    """Where the last characters of one word or number end that are drawn apart by what was dropped between them,
    further than a window reaches; 0 where there are none. `length`: of the text as it came."""
    text, starts = mapped.text, mapped.starts or ()
    last = begin = count = 0
    for at, character in enumerate(text):
        following = starts[at + 1] if at + 1 < len(text) else length
        wide = following - starts[at]
        if wide < _WIDE or not (character.isalnum() or character in _TOLD):
            count = 0
            continue
        if not count:
            begin = starts[at]
        count += 1
        cut = following == length >= _FAR
        goes_on = cut if at + 1 == len(text) else text[at + 1].isalnum() or text[at + 1] in _TOLD
        widest = _PARTED if cut else _FAR
        if (wide >= _DRAWN and goes_on) or (count >= _CHAINED and following - begin >= widest):
            last = following
    return last


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
    origins: Sequence[int] = mapped.starts or range(len(text))
    limits: Sequence[int] = mapped.ends or range(1, len(text) + 1)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    while found is not None:
        position, marked = found.start(), found[1]
        read = [(_ESCAPES[marked], 2)] if marked else _ESCAPE_AT[text[position]](text, position)
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
    starts += origins[done:]
    ends += limits[done:]
    return refolded(Mapped("".join(pieces), starts, ends))


def _code_unit(text: str, position: int) -> list[tuple[str, int]]:
    """The character of a JSON escape by its number (`\\u` and four digits), or by two (RFC 8259 §7), with the length of
    that."""
    point = int(text[position + 2 : position + 6], 16)
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
        # Blanks of source code are shown as one space.
        character = " " if name in {"Tab;", "NewLine;"} else html5.get(name, "")
        return [(character, found.end() - position)] if len(character) == 1 else []
    point = int(decimal) if decimal else int(hexadecimal, 16)
    return [(chr(point), found.end() - position)] if point <= 0x10FFFF else []


_ESCAPE_AT = {"\\": _code_unit, "%": _percent, "&": _reference}


def refolded(mapped: Mapped) -> Mapped:
    """What escapes and codes stood for may itself want normalising. Never fails; linear."""
    inner = normalise(mapped.text)
    if mapped.starts is None or mapped.ends is None:
        return inner
    hidden = tuple([_within(one, mapped.starts, mapped.ends) for one in inner.hidden])
    unread = mapped.ends[inner.unread - 1] if inner.unread else 0
    outer = _within(inner, mapped.starts, mapped.ends)
    return Mapped(outer.text, outer.starts, outer.ends, hidden, unread)


def _within(inner: Mapped, starts: list[int], ends: list[int]) -> Mapped:
    """With places of the text in which what `inner` is of has these."""
    if inner.starts is None or inner.ends is None:
        return Mapped(inner.text, starts, ends)
    return Mapped(inner.text, [starts[at] for at in inner.starts], [ends[at - 1] for at in inner.ends])
