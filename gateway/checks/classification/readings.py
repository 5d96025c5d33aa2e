"""Other readings of a text, each with the way back: what encodings stand for, and what is set apart to hide what it is.

A text is searched as it is written, and again as whoever decodes it would read it: quoted-printable (RFC 2045 §6.7),
base64 (RFC 4648 §4 and §5) and hexadecimal of text, tags in the middle of a number, control characters in between,
characters set apart one by one, and the ways to write an e-mail address around its `@`. Escapes are undone before
(`normalise.undo_escapes`).

`CODED` says, cheaply and in RE2 syntax over the shadow, where one of these may be: it is as tight as that allows, since
it is a reason to look closer. Base64 of ASCII text shows itself: the first of each four characters holds the high bits
of a letter, and so on, which words and identifiers do not have twelve times in a row.
"""

import base64
import re
import string
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import sub

from gateway.checks.classification.normalise import Mapped, refolded, shadow
from gateway.checks.classification.patterns import Pattern

_FOUR = "[I-Za-f][C-HS-Xi-ny-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_\\-]"
_BASE64 = rf"(?:{_FOUR}){{3}}[I-Za-f][C-HQS-Xg-ny-z0-3w]"
_HEX = "(?:[2-7][0-9A-Fa-f]){11}"
# Beyond ASCII a character is two octets or more, of which the second begins with 8, 9, A or B.
_QUOTED = (
    r"=[2-7][A-F]|[A-Za-z0-9]=40[A-Za-z]|=[2-7][0-9]=[2-7]|[0-9]=3[0-9][0-9\-=]|[^=\r\n]=\r?\n[^\r\n]|"
    r"=[C-F][0-9A-F]=[89AB][0-9A-F]|(?:=20[0-9A-Za-z@.\-]){2}"
)
_NAME = r"[A-Za-z][A-Za-z0-9:\-]{0,32}"
# One tag is seen whole, of a run of them its beginning or its end: there is no bound to what a run is long. What cells
# of tables hold is parted by them (`_untagged`), so that those are no reason to look.
_NO_CELL = r"(?:[A-SU-Za-su-z][A-Za-z0-9:\-]{0,32}|[Tt](?:[A-CE-GI-QS-Za-ce-gi-qs-z0-9:\-][A-Za-z0-9:\-]{0,31})?)"
_TAGGED = (
    rf"[0-9@.:\-]<[A-Za-z!]|[0-9@.:\-]</{_NAME}>[0-9A-Za-z@.\-]|[A-Za-z]</?[A-Za-z][^<>]{{0,36}}>[0-9@]|"
    rf"(?:[0-9@\-]|[0-9][.:])</{_NO_CELL}> ?<|[A-Za-z]</[A-Za-z][A-Za-z0-9:\-]{{0,16}}><[^<>]{{0,20}}>[0-9]|"
    r">[A-Za-z0-9._+\-]{0,24}@|@[A-Za-z0-9.\-]{1,24}<[/A-Za-z!]|"
    rf"[0-9]{{3}} <[A-Za-z][^<>]{{0,36}}>[0-9]{{2}}|[0-9]{{2}}</{_NO_CELL}> [0-9]{{3}}"
)
# What sets words off in Markdown (CommonMark §6.1, §6.2, and strikethrough), where it may part an identifier: between
# figures, with a group's blank or dash among them or not, and around what is before and behind `@`.
_SET_OFF = r"(?:\*{1,3}|_{1,2}|~~|`{1,2})"
_MARKED_UP = (
    rf"[0-9]{{2}}(?:\*{{2,3}}|__|~~|`{{1,2}})[0-9]{{2}}|[0-9]{{2}}{_SET_OFF}[ ./\-]{_SET_OFF}?[0-9]{{2}}|"
    rf"[0-9]{{2}}[ ./\-]{_SET_OFF}[0-9]{{2}}|[0-9A-Za-z.]{_SET_OFF}@|@{_SET_OFF}[0-9A-Za-z]"
)
_APART = (
    r"\b[0-9A-Za-z] {1,3}(?:[0-9A-Za-z@.+:\-/%&#;=] {1,3}){3}|\b[0-9A-Za-z]\.(?:[0-9A-Za-z@:\-]\.){3}|"
    r"\b[0-9A-Za-z]-(?:[0-9A-Za-z@.:]-){3}|(?:\b|\+_)[0-9A-Za-z]_(?:[0-9A-Za-z@.:\-]_){3}"
)
# `\xC0` and `\xE0` are the shadows of letters, here of those of `ät`.
_MAILED = (
    r"[\[({] ?(?i:at|[\xC0\xE0]t|arroba|arobase) ?[\])}]| @ [A-Za-z0-9]|@[A-Za-z0-9\-]{1,30}(?: \. |\xB7)[A-Za-z]|"
    r"(?i: (?:at|[\xC0\xE0]t) [a-z0-9\-]{1,24} (?:dot|punkt) [a-z])|"
    r"(?i: (?:arroba|arobase) [a-z0-9\-]{1,24} (?:punto|ponto|point) [a-z])"
)
# Not what parts words, lines, pages (9 to 13) and fields (28 to 31: X12 and pharmacy claims are written with them).
_CONTROLLED = r"[0-9A-Za-z@.\-][\x00-\x08\x0E-\x1B\x7F]{1,8}[0-9A-Za-z@.\-]"
# What colours a terminal's text (ECMA-48 §8.3.117, and EL, which grep writes beside it), as it is or as strings of
# source code and logs write it. Its last letter would touch what follows.
_COLOURED = r"(?:\x1B|\\(?:x1[Bb]|033|e|u001[Bb]))\[[0-9;:]{0,24}[mK]"
CODED = "|".join((_BASE64, _HEX, _QUOTED, _TAGGED, _MARKED_UP, _APART, _MAILED, _CONTROLLED, _COLOURED))
"""Where something may be that only another reading shows."""

ENCODED = 14
"""Characters of the shortest run that is read as base64 or hexadecimal."""
IN_CODE = "encoded:"
"""With what the reason of a finding in such a run begins: the run is still one that nobody reads as it is written."""

# A soft line break may stand between the octets of one character.
_quoted = re.compile(r"(?:=(?:[0-9A-Fa-f]{2}|\r?\n))+")
_octet = re.compile("=[0-9A-Fa-f]{2}")
_SIGNS = "+/=_-"
MARGINS = " \t\r\n>|\"'`,.;*#&\\()[]<"
"""What stands between two lines of a run, and signs among it, as they are indented, quoted and put into source code."""
MARGIN = 48
"""Characters of it at most."""
LINE = 60
"""Characters that a line has at least for the next one to go on with it."""
_between = f"[{re.escape(MARGINS)}]"
_margin = (
    rf"(?=[^A-Za-z0-9]{{0,{MARGIN}}}[\r\n\"'`]){_between}"
    rf"(?:{_between}|[{_SIGNS}]{{1,3}}(?={_between})){{0,{MARGIN - 1}}}+"
)
# Lines of a run are long, but for its last one (RFC 2045 §6.8).
_runs = re.compile(rf"[A-Za-z0-9+/_-]{{14,}}(?:(?<=[A-Za-z0-9+/_-]{{{LINE}}}){_margin}[A-Za-z0-9+/_-]+)*={{0,2}}")
_lines = re.compile("[A-Za-z0-9+/_-]+")
_four = re.compile(rf"(?:{_FOUR}){{3}}")
_hex = re.compile(rf"(?:{_HEX})(?:[0-9A-Fa-f]{{2}})*")
_tag = "(?:<[/!]?[A-Za-z-][^<>]{0,200}>)+"
_tags = re.compile(rf"(?=[ <])(?<=[0-9A-Za-z@._+:-])(?:{_tag}(?: (?:{_tag})?)?| {_tag})(?=[0-9A-Za-z@._+-])")
# One asterisk right between two figures multiplies them, and one underscore joins words.
_set_off = re.compile(
    r"(?=[*_~`])(?:(?<=[0-9A-Za-z@./-])(?:\*{2,3}|\*(?![0-9])|__|_(?![0-9A-Za-z])|~~|`{1,2})"
    r"(?=[ ./-]?(?:\*{1,3}|_{1,2}|~~|`{1,2})?[0-9A-Za-z@])|"
    r"(?<![^ ./-])(?:\*{1,3}|_{1,2}|~~|`{1,2})(?=[0-9A-Za-z]))"
)
_cells = re.compile(r"(?i)</?(?:[a-z]+:)?(?:t[dhrc]|table|tbody|thead|tfoot)[\s/>]")
_blocks = re.compile(r"(?i)</?(?:[a-z]+:)?(?:p|div|h[1-6]|li|[uod]l|d[td]|option|section|article)[\s/>]")
# Possessive, so that a run is passed over once, whether or not it holds what is sought.
_spaced = re.compile(r"(?<![^\s\"'(\[{:=,;>])(?:\S {1,3}){4,}+")
_dotted = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Za-z+](?:\.(?:[0-9A-Za-z@:-]\.|\.\.(?=[0-9A-Za-z])){3,}+|-(?:[0-9A-Za-z@.:]-){3,}+|"
    r"_(?:[0-9A-Za-z@.:+-]_){3,}+)"
)
_gaps = re.compile(" +")
_REMEMBERED = 20_000
_WORDS = 16
_WIDE, _CHAINED, _ESCAPE = 9, 8, 32
"""Characters for one from which it is written widely, how many letters and digits in a row count, and what no escape
is longer than."""
_PARTED, _WIDEST = 96, 400
"""Over how many characters they are too far apart: where a window parts them, and where it does not."""
_TOLD = frozenset(string.ascii_letters + string.digits + "@._+:/-")
_words = re.compile(rf"[ -~]{{{_WORDS}}}")
_controls = re.compile(rf"(?:{_COLOURED}|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f])+")
_at = re.compile(
    r"(?i)\s?[\[({] ?(?:at|ät|arroba|arobase) ?[\])}]\s?|(?<=[a-z0-9]) @ (?=[a-z0-9])|"
    r"(?<=[a-z0-9]) (?:at|ät) (?=[a-z0-9-]{1,24} (?:dot|punkt) [a-z])|"
    r"(?<=[a-z0-9]) (?:arroba|arobase) (?=[a-z0-9-]{1,24} (?:punto|ponto|point) [a-z])"
)
_dot_behind = re.compile(r"(?i)[a-z0-9-]{1,24}( (?:punkt|punto|ponto|point) )(?=[a-z])")
_dot = re.compile(r"(?i)\s?[\[({] ?(?:dot|punkt|point|punto|ponto) ?[\])}]\s?|(?<=[a-z0-9])(?: \. | dot |。)(?=[a-z])")


def _spelled(*words: str) -> str:
    """Any of these words in any case, over a shadow; what case makes of a letter may be a letter beyond ASCII."""
    letters = [
        [f"[{one}{one.upper()}\xc0\xe0\xad]" if one.isascii() else "[\xc0\xe0\xad]" for one in word] for word in words
    ]
    return "|".join("".join(word) for word in letters)


_NAMED, _DOT = _spelled("at", "ät", "arroba", "arobase"), _spelled("dot", "punkt", "point", "punto", "ponto")
_AT = rf"[\[({{] ?(?:{_NAMED}) ?[\])}}]| @ | (?:{_NAMED}) "
# What is nowhere in a shadow where a finder has nothing to read: RE2 looks for it in a twentieth of the time.
_MAY_BE_ARMOURED = Pattern(r"[A-Za-z0-9+/_\-]{14}")
_MAY_BE_HEX = Pattern(_HEX)
_MAY_BE_AT = Pattern(_AT)
_MAY_BE_DOTTED = Pattern(rf"[\[({{] ?(?:{_DOT}) ?[\])}}]| \. | (?:{_spelled('dot')}) |\xb7")


_Edit = tuple[int, int, str, int]
"""First and last place of what is read, what it stands for, and how many characters each character of that stands on;
0 where all of them stand on all of it."""
Run = tuple[int, int, bool]
"""Where a run in base64 or hexadecimal begins and ends, and whether it holds text."""


def reread(mapped: Mapped, runs: list[Run] | None = None) -> Mapped | None:
    """The text with one level of such encodings read, or None where there is none; adds to `runs` as `armoured` has
    them. Never fails; linear."""
    text, shade = mapped.text, shadow(mapped.text)
    coded = list(_unarmoured(text, shade))
    if runs is not None:
        runs += _armoured(mapped, coded)
    finders = [find(text, shade) for gate, find in _FINDERS if gate.first(shade, 0) is not None]
    edits = sorted(chain(coded, *finders))
    if not edits:
        return None
    starts = mapped.starts or range(len(text))
    ends = mapped.ends or range(1, len(text) + 1)
    pieces: list[str] = []
    first: list[int] = []
    last: list[int] = []
    done = 0
    for start, end, read, step in edits:
        if start < done:
            continue
        pieces += (text[done:start], read)
        first += starts[done:start]
        last += ends[done:start]
        if step:
            first += starts[start:end:step]
            last += ends[start:end:step]
        else:
            first += [starts[start]] * len(read)
            last += [ends[end - 1]] * len(read)
        done = end
    pieces.append(text[done:])
    first += starts[done:]
    last += ends[done:]
    return refolded(Mapped("".join(pieces), first, last))


def is_spread(mapped: Mapped, start: int, length: int) -> bool:
    """Whether letters and digits that follow each other are written so widely, by codes, or figures by tags between
    them, that the window may not hold what they are together: they fill it, or one of its ends is among them. It begins
    at `start`, with context before it, and ends at `length`."""
    starts = mapped.starts
    if not starts or not mapped.ends or not _may_be_spread(starts, length):
        return False
    begin, end, count = 0, -1, 0
    for character, first, stop, following in zip(mapped.text, starts, mapped.ends, (*starts[1:], length), strict=True):
        # Of letters it is no reason: each glyph of a drawn page may have an element of its own.
        last = max(stop, following) if character.isdigit() else stop
        if last - first < _WIDE or character not in _TOLD:
            end = -1
            continue
        if first != end:
            begin, count = first, 0
        end, count = last, count + character.isalnum()
        if count < _CHAINED or end <= start:
            continue
        parted = end == length or (start > 0 and begin < _ESCAPE)
        if end - begin >= (_PARTED if parted else _WIDEST):
            return True
    return False


def _may_be_spread(starts: list[int], length: int) -> bool:
    """Whether enough characters stand as widely in a text of this length as `is_spread` asks: of those in a row that
    count, each but the last ends where the next one begins."""
    places = list(dict.fromkeys(starts))
    if len(places) < _CHAINED or length - places[0] - len(places) < (_WIDE - 1) * (_CHAINED - 1):
        return False
    widths = map(sub, places[1:], places)
    return sum(map((_WIDE - 1).__lt__, widths)) >= _CHAINED - 1


def _unquoted(text: str, shade: bytes) -> Iterator[_Edit]:
    """Quoted-printable, where the text shows that it is."""
    for match in _quoted.finditer(text):
        yield from _octets(text, match.start(), match.end())


def _octets(text: str, start: int, end: int) -> Iterator[_Edit]:
    """The characters of octets that follow each other, and nothing for soft line breaks: UTF-8, else as Latin-1 has
    them."""
    places = [found.start() for found in _octet.finditer(text, start, end)]
    data = bytes(int(text[place + 1 : place + 3], 16) for place in places)
    try:
        read = data.decode()
    except UnicodeDecodeError:
        read = data.decode("latin-1")
        sizes = [1] * len(read)
    else:
        sizes = [len(character.encode()) for character in read]
    done, first = start, 0
    for character, size in zip(read, sizes, strict=True):
        if done < places[first]:
            yield done, places[first], "", 0
        done = places[first + size - 1] + 3
        yield places[first], done, character, 0
        first += size
    if done < end:
        yield done, end, "", 0


def shows_text(run: str) -> bool:
    """Whether characters without line breaks show text in base64 or hexadecimal. Letters of one case alone are a gene
    or a path: base64 of any text has both."""
    mixed = not run.isupper() and not run.islower()
    return (mixed and _four.search(run) is not None) or _hex.search(run) is not None


def armoured(mapped: Mapped) -> list[Run]:
    """Where in the source the runs of base64 and hexadecimal stand that are read, and whether each holds `_WORDS`
    characters of text in a row: no bytes at random do."""
    return _armoured(mapped, _unarmoured(mapped.text, shadow(mapped.text)))


def _armoured(mapped: Mapped, coded: Iterable[_Edit]) -> list[Run]:
    starts = mapped.starts or range(len(mapped.text))
    ends = mapped.ends or range(1, len(mapped.text) + 1)
    return [(starts[start], ends[end - 1], _words.search(read) is not None) for start, end, read, _ in coded]


def _unarmoured(text: str, shade: bytes) -> Iterator[_Edit]:
    """Base64 and hexadecimal of text. What is found in it is found in all of the run: half of one is no text."""
    if _MAY_BE_ARMOURED.first(shade, 0) is None:
        return
    for run in _runs.finditer(text):
        code = "".join([line for line in _lines.findall(run.group()) if line.strip(_SIGNS)])
        shown = _four.search(code)
        if shown is not None:
            offset = shown.start() % 4
            yield run.start(), run.end(), _readable(_decoded(code[offset:])), 0
    if _MAY_BE_HEX.first(shade, 0) is None:
        return
    for run in _hex.finditer(text):
        yield run.start(), run.end(), _readable(bytes.fromhex(run.group())), 0


def _decoded(run: str) -> bytes:
    """Base64 of either alphabet, its padding there or not."""
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


class _Prints(dict[int, str]):
    """Code point → itself where it prints or parts words and lines, else a space; bounded."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        shown = character if character.isprintable() or character in "\t\n" else " "
        if len(self) < _REMEMBERED:
            self[point] = shown
        return shown


_PRINTS = _Prints()


def _readable(data: bytes) -> str:
    """Text in UTF-8, a space for whatever is none."""
    shown = data.decode("utf-8", "replace")
    return shown if shown.isprintable() else shown.translate(_PRINTS)


def _untagged(text: str, shade: bytes) -> Iterator[_Edit]:
    """Markup in the middle of a word or number. Elements that are shown apart part what is in them: cells as a tab
    does, paragraphs as a space."""
    if ">" in text:
        for match in _tags.finditer(text):
            run = match.group()
            if _cells.search(run) is not None:
                yield match.start(), match.end(), "\t", 0
            else:
                apart = run[0] == " " or run[-1] == " " or "> <" in run or _blocks.search(run) is not None
                yield match.start(), match.end(), " " if apart else "", 0


def _plain(text: str, shade: bytes) -> Iterator[_Edit]:
    """Text without what sets words off in Markdown, which whoever sees it written out does not see."""
    if "*" in text or "`" in text or "~~" in text or "__" in text or " _" in text or "_ " in text:
        for match in _set_off.finditer(text):
            yield match.start(), match.end(), "", 0


def _uncontrolled(text: str, shade: bytes) -> Iterator[_Edit]:
    """Control characters and what sets colours, which nobody sees."""
    for match in _controls.finditer(text):
        yield match.start(), match.end(), "", 0


def _together(text: str, shade: bytes) -> Iterator[_Edit]:
    """Characters set apart one by one: by a space (more than one is a space again), a dot or a dash each."""
    for match in _spaced.finditer(text):
        start, last = match.start(), _end(text, match.end())
        if "  " not in match.group():
            yield start, last, text[start:last:2], 2
            continue
        for gap in _gaps.finditer(text, start, last):
            yield gap.start(), gap.end(), " " if gap.end() - gap.start() > 1 else "", 0
    for match in _dotted.finditer(text):
        start, last = match.start(), _end(text, match.end())
        yield start, last, text[start:last:2], 2


def _end(text: str, place: int) -> int:
    """Where a run ends whose last separator is before this place: after the letter or digit here, unless a word begins
    with it."""
    alone = text[place : place + 1].isalnum() and not text[place + 1 : place + 2].isalnum()
    return place + 1 if alone else place - 1


def _mailed(text: str, shade: bytes) -> Iterator[_Edit]:
    """`bob at example dot com`, in the ways that people write it."""
    found = "@" in text
    if _MAY_BE_AT.first(shade, 0) is not None:
        for match in _at.finditer(text):
            found = True
            yield match.start(), match.end(), "@", 0
            dot = _dot_behind.match(text, match.end())
            if dot is not None:
                yield dot.start(1), dot.end(1), ".", 0
    if found and _MAY_BE_DOTTED.first(shade, 0) is not None:
        for match in _dot.finditer(text):
            yield match.start(), match.end(), ".", 0


_FINDERS = (
    (Pattern(r"=(?:[0-9A-Fa-f]{2}|\r?\n)"), _unquoted),
    (Pattern(r"[0-9A-Za-z@._+:\-] ?<[/!]?[A-Za-z\-]"), _untagged),
    (
        Pattern(
            r"[0-9A-Za-z@./\-](?:[*_][A-Za-z@]|(?:\*\*|__|~~|`|[*_][*_~` ./\-])[*_~` ./\-]{0,8}[0-9A-Za-z@])|"
            r"(?:^|[ ./\-])(?:[*_`]|~~)[*_~`]{0,2}[0-9A-Za-z]"
        ),
        _plain,
    ),
    (Pattern(r"[\x00-\x08\x0e-\x1b\x7f]|\\(?:x1|033|e|u001)"), _uncontrolled),
    (
        Pattern(
            r"(?:[^ ] {1,3}){3}[^ ] |[0-9A-Za-z+](?:\.(?:[0-9A-Za-z@:.\-]\.){3}|-(?:[0-9A-Za-z@.:]-){3}|"
            r"_(?:[0-9A-Za-z@.:+\-]_){3})"
        ),
        _together,
    ),
    (Pattern(f"{_AT}|@"), _mailed),
)
"""What tells, where it is nowhere in a shadow, that its finder has nothing to read."""
