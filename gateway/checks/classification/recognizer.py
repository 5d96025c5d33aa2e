"""What a recognizer is: data, so that it can be hashed, listed, tested and later come from an operator's file.

Patterns are in RE2 syntax over a *shadow* of the text in which every character is one byte: ASCII stands for itself,
an upper-case letter beyond ASCII is `\\xC0`, any other letter beyond ASCII `\\xE0`, a control character beyond ASCII
`\\x7F`, and everything else beyond ASCII `\\xB7`. So a letter is `[A-Za-z\\xC0\\xE0]`, and byte offsets are character
offsets.

Bounds that the windows rely on (see `cursor`): words near by are looked for at most `CONTEXT` characters before and
`CONTEXT // 2` after; the gate of a recognizer begins at most `BACKUP` characters after the start of its match, and is
at most `TRIGGER` long; a match that holds white space is at most `LOOKAHEAD` long.
"""

import unicodedata

import msgspec

BACKUP = 80
CONTEXT = BACKUP
LOOKAHEAD = 96
BESIDE = 48
"""How far before a span what clears it is looked for."""
LONGEST = 40
"""No word of a lexicon is longer."""
TRIGGER = LONGEST + 8
"""No gate is longer, nor a word with what must stand around it."""


NUMBERS = "[0-9][0-9]|[0-9][A-Za-z]{1,3}[0-9]"
"""What a value under a label holds, and text without it is not looked at for one."""
NUMBER = ".-"
DATE = ".-/"
"""What joins the parts of numbers, and of dates."""


class Near(msgspec.Struct, frozen=True, kw_only=True):
    """Words of a lexicon that make of a candidate something else, or something at all.

    The nearest group wins. `check` is the name of a check that the candidate must then pass, None for none.
    """

    lexicon: str
    type: str
    score: float
    before: int = 40
    after: int = 0
    check: str | None = None


class Recognizer(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of finding looks.

    The span is the pattern's first group, or all of it when there is none. `gate` is a cheap pattern that begins within
    every match of `pattern` that can be a finding: text in which no gate matches is not looked at any further. It may
    ask for what the check or the words near by ask for (a card has fourteen digits, whatever else its pattern takes in
    with them), and the rarer it matches where there is nothing to find, the less text is looked at. `check` names a
    function of `validators`. `joints` refuses matches that are a piece of a word or of a longer number, whose parts
    these characters join. `again` looks for another match inside of one that was refused (a number before an IBAN must
    not hide it). `near` is tried in turn; `unless` names a lexicon whose words just before clear the candidate (only
    for kinds without a checksum), `cleared` a pattern that clears it where it ends right before the span (`BESIDE`).
    `grades` are the scores of some of the check's reasons, in the
    place of `score`. Without `type` a candidate is a finding only by its `near`. `onward` matches what
    continues a match that is longer than a window. `heads` are headings, in small letters, of columns in which each
    word that passes the check is one; the gate matches where such a heading ends.
    """

    id: str
    type: str | None
    pattern: str
    gate: str
    score: float = 0.9
    reason: str = "pattern"
    check: str | None = None
    joints: str | None = None
    again: bool = False
    near: tuple[Near, ...] = ()
    unless: str | None = None
    cleared: str | None = None
    grades: tuple[tuple[str, float], ...] = ()
    onward: str = r"""[^\s"'<>]*"""
    heads: tuple[str, ...] = ()


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A value that is a finding because of the words right before it.

    After a word of `lexicon` come at most `gap` characters, none of them a digit, a semicolon or `^` (which parts what
    stands in a field of HL7), then `value` (without groups); more values may follow in a list (`,`, `and`, `/`).
    `check` and `cleared` as in `Recognizer`.
    """

    id: str
    lexicon: str
    type: str
    value: str
    gap: int = 24
    score: float = 0.9
    check: str | None = None
    cleared: str | None = None
    more: bool = True


class Lexicon(msgspec.Struct, frozen=True, kw_only=True):
    """Words and phrases in lower case, matched whole, a plural `s` allowed but behind another.

    With a `type` each is a finding; without one they are only looked up as context by `near` and `unless`.
    """

    id: str
    words: tuple[str, ...]
    type: str | None = None
    score: float = 0.8
    reason: str = "lexicon"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """What stands below a heading of a table that is one of these words, where no label says so: all of a cell as
    `value` has it (without groups), `check` as in `Recognizer`. `weak`: only beside another column that is known, or
    one of the headings `beside`, below which nothing is."""

    id: str
    words: tuple[str, ...]
    type: str
    value: str
    check: str | None = None
    score: float = 0.8
    weak: bool = False
    beside: tuple[str, ...] = ()


def entries(text: str) -> tuple[str, ...]:
    """The entries of a table, apart by white space, in order."""
    return tuple(text.split())


def names(text: str) -> frozenset[str]:
    """The comma-separated entries of a table, as they are written."""
    return frozenset(" ".join(entry.split()) for entry in text.split(",") if entry.strip())


def words(text: str) -> tuple[str, ...]:
    """The comma-separated entries of a table in the form in which text is searched (`nº` is `no`), sorted, without
    repeats."""
    entered = unicodedata.normalize("NFKC", text).split(",")
    return tuple(sorted({" ".join(entry.split()) for entry in entered if entry.strip()}))
