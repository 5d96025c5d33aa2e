"""Tables in text: what stands in a column whose heading is a word that names it.

A heading is a line of short cells of which one is a word of a label (`name,dob,mrn`, `| MRN | Date of Birth |`), alone
or with what stands above it in the line before (`Hospital` over `Number`); the lines below it with the same separator
are its rows, up to one without, or to another heading; between bars, lines that are drawn (`+---+`) part rows and end
nothing. A cell is a finding when all of it is a value as the label has it and the label's check holds; of names,
streets and towns, which no label knows, as the column has it (`Column`). Set apart are cells by tabs, bars, semicolons,
commas, or two spaces and more. Lines end with a line feed, a carriage return, or both.

Text is followed as it comes, and a cell is judged as soon as it ends. None of more than `WIDEST` characters is a
finding, so that what streams is known before the walk, which stays `LOOKAHEAD` behind, can have passed it (`stream`).
Lines of more than `LONGEST_LINE` are no table. Linear: each character is looked at a bounded number of times.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.classes import SOMEBODY
from gateway.checks.classification.headed import LINES, LONGEST_HEADING, WHOSE, last_word, may_end, readings
from gateway.checks.classification.labels import WORD
from gateway.checks.classification.named import likely
from gateway.checks.classification.normalise import normalise, shadow, undo_escapes
from gateway.checks.classification.patterns import Pattern, needed_by, quoted
from gateway.checks.classification.recognizer import LOOKAHEAD, NUMBERS
from gateway.checks.classification.registry import Registry
from gateway.checks.classification.rolls import HEADINGS, Roll
from gateway.checks.classification.validators import Check
from gateway.core.finding import Finding

WIDEST = LOOKAHEAD - 32
"""Characters of the widest cell that is judged: less than what the walk stays behind a text's end."""
LONGEST_LINE = 1000
_MOST = 64
"""Cells of a heading; what stands further right is not read."""
_BARS = "|\u2506\u2502\u2551\u2503"
_SEPARATORS: tuple[str, ...] = ("\t", *_BARS, ";", ",", "  ")
_RULES = "+-=:| \t\r" + "".join(map(chr, range(0x2500, 0x2580)))
"""What lines between rows are drawn with: ASCII, as databases print tables, and box-drawing characters."""
_NAMES = ("name", "nm", "naam", "namn", "navn", "nom", "cognome", "apellido", "apellidos", "nazwisko", "imi\u0119")
_UNPAIRED = ("", "  ")
_PAIR = 3
"""Of these the most in a line of two cells: Markdown has one before, between and behind them."""
_BLANK = " \t\r\u2502\u2551\u2503"
"""What a cell may stand between, beside its separator: some draw the edges of a table with other bars."""
_RETURN = re.compile(r"\r(?!\n)")
_SPACED = re.compile(r"[^ \r\n]+(?: [^ \r\n]+)*")
_DASHES = re.compile(r" {0,64}[-=]{2,64}(?: [-=]{2,128}){1,63}\r?")
"""A line under a heading that draws how wide each column is, with one blank between them (sqlcmd, SQL*Plus, DB2)."""
_GROUP = re.compile("[-=]+")
_DIGITS = b"0123456789"
_FEW = 4
"""Digits that a heading has at most, which is read as words: rows have more."""
_LEAST = 2
"""Characters of the shortest value."""
_MARKS = {point: None for point in (*range(128), *map(ord, _BARS)) if not chr(point).isalnum()}
_ASCII_MARKS = bytes(point for point in _MARKS if point < 128)


class Value(msgspec.Struct, frozen=True, gc=False):
    """What a cell of a column may be: a pattern that must take all of it, and a check that must hold."""

    pattern: Pattern
    check: Check | None
    type: str
    score: float
    reason: str
    trigger: Pattern | None
    """What must be in it besides: that for which a text is looked at, where the pattern does not say so itself."""

    digits: bool
    """Whether there is none without a digit."""
    weak: bool = False
    """Whether there is none but beside a column of another kind."""

    def judged(self, cell: str, shade: bytes, place: int, size: int) -> Finding | None:
        """The finding that this cell is, in its plain form. `place`, `size`: where it stands in the text."""
        if self.pattern.prefix(shade) != len(shade):
            return None
        if self.trigger is not None and self.trigger.first(shade, 0) is None:
            return None
        verdict = None if self.check is None else self.check(cell)
        if self.check is not None and verdict is None:
            return None
        # What is told of an age that identifies makes classes.
        reason = verdict[0] if verdict is not None and verdict[0] in SOMEBODY else self.reason
        return Finding(self.type, place, place + size, self.score, reason)


HEADING = "heading"
"""The reason of a cell that a heading alone names."""


class Headings(dict[str, tuple[Value, ...]]):
    """What a heading says, letters and digits alone → what stands below it; nothing where it must be written as it is
    known, and then so again behind `EXACT`. `ends`: the words that any of them ends with (`headed`). `beside`: keys of
    headings that have one believed which is weak."""

    ends: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()


EXACT = "="
_WRITTEN = re.compile('[ \t"*`]*([a-z]+(?:[ _-][a-z]+)*)["*`]{0,3}[ \t\r]*')
"""A heading as a recognizer's gate knows it, in small letters."""


def headings(registry: Registry) -> Headings:
    """The headings that the labels of a registry, and the words that make something of a candidate, know."""
    by_lexicon: dict[str, list[Value]] = {}
    digits = Pattern(NUMBERS)
    for label in registry.labels:
        check = CHECKS[label.check] if label.check else None
        value = Value(_whole(label.value), check, label.type, label.score, f"keyword:{label.lexicon}", digits, True)
        by_lexicon.setdefault(label.lexicon, []).append(value)
    for item in registry.recognizers:
        for near in item.near:
            # Of words that stand behind what they name, none is a heading.
            name = near.check or item.check
            if near.before and item.type != near.type and not Pattern(item.pattern).grouped:
                check = CHECKS[name] if name else None
                some = needed_by(item.gate)
                digital = bool(some) and set(some) <= set(b"0123456789")
                value = Value(
                    _whole(item.pattern), check, near.type, near.score, f"keyword:{near.lexicon}", None, digital
                )
                by_lexicon.setdefault(near.lexicon, []).append(value)
    found = Headings()
    said: list[str] = []
    for item in registry.recognizers:
        for head in item.heads:
            value = Value(_whole(r"\S+"), CHECKS[item.check or ""], item.type or "", item.score, "heading", None, False)
            found.setdefault(_key(head), ())
            found[EXACT + head] = (value,)
    for lexicon in registry.lexicons:
        for word in lexicon.words:
            values = by_lexicon.get(lexicon.id)
            if values and (key := _key(word)):
                said.append(word)
                have = found.get(key, ())
                found[key] = (*have, *(value for value in values if value not in have))
    for column in registry.columns:
        check = CHECKS[column.check] if column.check else None
        one = Value(_whole(column.value), check, column.type, column.score, HEADING, None, False, column.weak)
        for word in column.words:
            said.append(word)
            found[_key(word)] = (*found.get(_key(word), ()), one)
    found.ends = may_end(said)
    found.beside = frozenset([_key(word) for column in registry.columns for word in column.beside])
    return found


def naming(known: Headings) -> frozenset[str]:
    """Those that name a value wherever they stand before it, no columns alone."""
    return frozenset(key for key, values in known.items() if any(value.reason != HEADING for value in values))


def heads(registry: Registry) -> str:
    """Where a heading that no digit need stand below may be: a word of a column beside what parts cells, as it hardly
    stands in prose."""
    words = sorted({_either(word) for column in registry.columns for word in column.words})
    some = f"(?i:{'|'.join(words)})"
    behind = r"""["']?(?:,["']?[0-9A-Za-z\xC0\xE0_]| {0,2}[|;\t]| \xB7|  )"""
    return rf"""\b{some}{behind}|(?:[,;|\t\xB7]["' ]?|  ["']?){some}["' ]{{0,2}}[\r\n]""" if words else ""


def rows(registry: Registry) -> str:
    """Where a line may be the heading of a table below which no digit need stand: a cell of nothing but words that such
    a heading may have (`headed`), the last of one among them; empty where there is no such heading. More is told of
    than there is: what is beyond ASCII may be anything, and a bar is a question mark (`Anywhere`)."""
    said = [WORD.findall(word) for column in registry.columns for word in column.words]
    said += [WORD.findall(head) for item in registry.recognizers for head in item.heads]
    if not said:
        return ""
    roll = rf"(?:^|[\r\n])[ \t>#*_]*(?i:{HEADINGS})[^A-Za-z\r\n]*[\r\n]"
    last = _any_of({[one for one in words if not one.isdigit()][-1] for words in said})
    every = _any_of({*WHOSE, *(word for words in said for word in words)})
    parts, mark = r"(?:[,;|\t?]|  )", r"[^A-Za-z,;|\t\r\n?]"
    cell = rf"(?:{mark}|{every})*{last}(?:{mark}|{_any_of(LINES)}|[(\[][^()\[\]\r\n]*[)\]])*"
    return rf"{parts}{cell}(?:{parts}|[\r\n]|$)|(?:^|[\r\n]){cell}{parts}|{roll}"


def _any_of(words: Iterable[str]) -> str:
    """A pattern for each of the words; of a letter beyond ASCII for what may stand in its place."""
    return f"(?i:{'|'.join(sorted(''.join(one if one.isascii() else '.{1,2}' for one in word) for word in words))})"


class Columns:
    """Follows one text. `feed` and `finish` answer with what the cells that ended are, by place."""

    def __init__(self, known: Headings, place: int = 0) -> None:
        """`place`: where the text that is fed begins."""
        self._known = known
        self._separator = ""
        self._columns: tuple[tuple[Value, ...], ...] = ()
        self._line = ""
        self._begin = place
        self._done = self._index = 0
        self._indent = 0
        """Blanks before a heading that spaces part: a row that begins before them begins with a number that no heading
        has, as data frames are printed."""
        self._over = False
        """Whether the line has become too long to be one of a table."""
        self._spans: tuple[tuple[int, int], ...] = ()
        """Where columns begin and end whose widths are drawn under their heading; of others none."""
        self._above = ""
        """The line before, where it may be the upper half of a heading: short, without a digit."""
        self._last = ""
        """The line before."""
        self._return = False
        """Whether a carriage return came last."""
        self._roll = Roll()
        self._listed = False
        """Whether the line is a row of a table, or was taken for one of a roll."""

    def feed(self, text: str) -> list[Finding]:
        """What the text that comes next shows."""
        text = f"\r{text}" if self._return else text
        self._return = text[-1:] == "\r"
        if self._return:  # which a line feed may follow
            text = text[:-1]
        return self._feed(_RETURN.sub("\n", text) if "\r" in text else text)

    def _feed(self, text: str) -> list[Finding]:
        found: list[Finding] = []
        *lines, rest = text.split("\n")
        for line in lines:
            if self._line or self._over or len(line) > LONGEST_LINE:
                self._take(line, found)
            else:
                self._line = line
            self._end(found)
            self._begin += len(self._line) + 1
            self._line, self._done, self._index, self._over = "", 0, 0, False
            self._listed = bool(self._columns or self._spans)
        if rest:
            self._take(rest, found)
        return found

    def finish(self) -> list[Finding]:
        """What the last line shows, now that nothing follows it."""
        found = self._feed("\n") if self._return else []
        self._return = False
        self._end(found)
        self._columns, self._spans, self._above, self._last = (), (), "", ""
        self._roll.over()
        return found

    def _take(self, piece: str, found: list[Finding]) -> None:
        """More of a line."""
        if self._over:
            self._begin += len(piece)
            return
        self._line += piece
        if self._spans:
            self._drawn(found, self._line[:LONGEST_LINE], ended=False)
        elif self._columns:
            self._cells(found, self._line[:LONGEST_LINE], ended=False)
        if self._roll.open and len(self._line) > WIDEST and not self._listed:
            self._list(found, whole=False)
        if len(self._line) > LONGEST_LINE:
            self._over, self._columns, self._spans = True, (), ()
            self._begin += len(self._line)
            self._line = ""

    def _list(self, found: list[Finding], *, whole: bool) -> None:
        """Judge a line of a roll."""
        self._listed = True
        one = self._roll.row(self._line[:WIDEST], self._begin, whole=whole)
        if one is not None:
            found.append(one)

    def _end(self, found: list[Finding]) -> None:
        """The line is over: it was a row, or is a heading."""
        line = self._line
        if self._roll.open and not self._listed:
            self._list(found, whole=len(line) <= WIDEST)
        self._roll.head(line)
        above, self._above = self._above, ""
        last, self._last = self._last, "" if self._over or len(line) > LONGEST_LINE else line
        if self._over:
            return
        code = line.encode(errors="replace")
        digits = len(code) - len(code.translate(None, _DIGITS))
        bare = not digits
        if bare and len(line) <= LONGEST_LINE and not (line.isspace() or _is_rule(line)):
            self._above = line
        if self._spans:
            self._drawn(found, line, ended=True)
            if not line.strip():
                self._columns, self._spans = (), ()
        elif self._columns:
            self._cells(found, line, ended=True)
            if self._separator not in line and not (self._separator in _BARS and _is_rule(line)):
                self._columns = ()
        if len(line) <= _LEAST:
            return
        separator = _parting(line)
        if last and separator not in _UNPAIRED:
            self._pair(found, line, separator, last)
        if line.lstrip(" ")[:2] in ("--", "==") and last and _DASHES.fullmatch(line) is not None:
            self._widths(line, last)
        elif separator and (bare or not self._columns):
            self._head(line, separator, above, last, spoken=digits <= _FEW)

    def _pair(self, found: list[Finding], line: str, separator: str, last: str) -> None:
        """Take a line of two cells for a heading and what it names, where another line of the table stands before it:
        as what lists one record does."""
        if line.count(separator) > (_PAIR if separator in _BARS else 1):
            return
        if separator not in last and not last.startswith("-[") and not _is_rule(last):
            return
        places = [one for one in _places(line, separator) if one[1] > one[0]]
        if len(places) != 2 or len(line) - places[1][0] > WIDEST:
            return
        (start, end), (first, stop) = places
        cell = line[first:stop]
        values = self._paired(line[start:end], cell, marked=start > 0)
        if values:
            self._judge(cell, self._begin + first, values, found)

    def _paired(self, heading: str, cell: str, *, marked: bool) -> tuple[Value, ...]:
        """What may stand beside a heading: of names where it speaks of one (`Doctor` has much else beside it), and one
        word that no dictionary knows not in Markdown (`marked`), whose tables tell what columns hold, too."""
        named = self._known.get(_key(heading))
        values = named or worded(heading, self._known)
        written = _WRITTEN.fullmatch(heading.lower()) if named == () and "(" not in cell else None
        if written is not None:
            values = self._known.get(EXACT + written[1], ())
        person = _key(heading).endswith(_NAMES) and (not marked or " " in cell or likely(cell) is not None)
        return tuple([one for one in values if not one.weak and (person or one.type != "person")])

    def _widths(self, line: str, heading: str) -> None:
        """Take a line for one that draws the widths of columns, whose headings the line before has."""
        spans = tuple([one.span() for one in _GROUP.finditer(line)])
        if any(heading[start - 1 : start].strip() for start, _ in spans if start):
            return
        cells = [heading[start:end].strip(_BLANK) for start, end in (*spans[:-1], (spans[-1][0], len(heading)))]
        columns = tuple([self._known.get(_key(cell)) or worded(cell, self._known) for cell in cells])
        if any(columns) and self._believes(columns, cells):
            self._separator, self._columns, self._spans, self._indent = "  ", columns, spans, 0

    def _head(self, line: str, separator: str, above: str, last: str, *, spoken: bool) -> None:
        """Take a line for a heading that says no less than the last one; one that is `spoken`, by its words, too."""
        cells = line.split(separator)
        indent = 0
        if separator == "  ":
            cells = [cell for cell in cells if cell]
            indent = len(line) - len(line.lstrip(" "))
        if not (1 if indent < 2 else 0) < len(cells) <= _MOST or (widest := max(map(len, cells))) > WIDEST:
            return
        # One that must be written as it is known is one of a table's first line alone: further down it is a cell of a
        # table about such things, and between brackets an argument.
        exact = "(" not in line and last.count(separator) != line.count(separator)
        spoken = spoken and widest <= LONGEST_HEADING
        columns = tuple([self._below(cell, exact=exact, spoken=spoken) for cell in cells])
        if above:
            uppers = _uppers(above, line, separator, len(cells))
            columns = tuple(
                [
                    have or (self._known.get(_key(upper + cell), ()) if upper else ())
                    for have, upper, cell in zip(columns, uppers, cells, strict=True)
                ]
            )
        if not any(columns) or sum(map(bool, columns)) < sum(map(bool, self._columns)):
            return
        if self._believes(columns, cells):
            self._separator, self._columns, self._indent, self._spans = separator, columns, indent, ()

    def _believes(self, columns: tuple[tuple[Value, ...], ...], cells: Iterable[str]) -> bool:
        """Whether more is known of a table than what is weak, or it says that somebody is in it."""
        return any(not value.weak for values in columns for value in values) or any(
            _key(cell) in self._known.beside for cell in cells
        )

    def _below(self, heading: str, *, exact: bool, spoken: bool) -> tuple[Value, ...]:
        """What stands below a heading."""
        values = self._known.get(_key(heading))
        if values:
            return values
        if values is not None and exact and (written := _WRITTEN.fullmatch(heading.lower())) is not None:
            values = self._known.get(EXACT + written[1], ())
        return values or (worded(heading, self._known) if spoken else ())

    def _cells(self, found: list[Finding], line: str, *, ended: bool) -> None:
        """Judge the cells of a row that are over. Between quotes a comma parts nothing (RFC 4180 §2)."""
        separator, length = self._separator, len(line)
        if self._indent > 1 and not self._done and line[:1].strip():
            first = line.find(separator)
            if first < 0:
                return
            self._done = first
        while self._index < len(self._columns):
            start = self._done
            if separator == "  ":
                while start < length and line[start] == " ":
                    start += 1
                if start == length:
                    return
            search = start
            if line[start : start + 1] == '"':
                search = line.find('"', start + 1) + 1
                if not search and not ended:
                    return
            stop = line.find(separator, search or start)
            if stop < 0:
                if not ended:
                    return
                stop = length
            values = self._columns[self._index]
            if values and _LEAST <= stop - start <= WIDEST:
                self._judge(line[start:stop], self._begin + start, values, found)
            if stop == length:
                self._index = len(self._columns)
            self._done, self._index = stop + len(separator), self._index + 1

    def _drawn(self, found: list[Finding], line: str, *, ended: bool) -> None:
        """As `_cells`, of columns whose widths are drawn: a line that keeps no blank between them is no row, and ends
        them."""
        length = len(line)
        while self._index < len(self._spans):
            start, stop = self._spans[self._index]
            if start >= length:
                return
            if start and line[start - 1] != " ":
                self._columns, self._spans = (), ()
                return
            last = self._index + 1 == len(self._spans)
            stop = length if last else min(stop, length)
            text = line[start:stop]
            lead = len(text) - len(text.lstrip(" "))
            over = text.find("  ", lead)
            if over < 0 and not ended and (last or stop == length):
                return
            if over < 0 and stop < length and line[stop] != " ":
                self._columns, self._spans = (), ()
                return
            text = text[lead:] if over < 0 else text[lead:over]
            values = self._columns[self._index]
            if values and _LEAST <= len(text) <= WIDEST:
                self._judge(text, self._begin + start + lead, values, found)
            self._index += 1

    def _judge(self, text: str, place: int, values: Iterable[Value], found: list[Finding]) -> None:
        cell = text.strip(_BLANK)
        place += len(text) - len(text.lstrip(_BLANK))
        if len(cell) > 2 and cell[0] == cell[-1] == '"':
            cell, place = cell[1:-1], place + 1
        if not cell:
            return
        plain = normalise(cell)
        plain = undo_escapes(plain) or plain
        shade = shadow(plain.text)
        bare = len(shade.translate(None, b"0123456789")) == len(shade)
        for value in values:
            if bare and value.digits:
                continue
            finding = value.judged(plain.text, shade, place, len(cell))
            if finding is not None:
                found.append(finding)
                return


def _parting(line: str) -> str:
    """What parts the cells of a line; empty where nothing does."""
    for separator in _SEPARATORS:
        if separator in line:
            return separator
    return ""


def _places(line: str, separator: str) -> list[tuple[int, int]]:
    """Where the cells of a line stand, without the blanks around them."""
    places: list[tuple[int, int]] = []
    start = 0
    for cell in line.split(separator):
        begin = start + len(cell) - len(cell.lstrip(_BLANK))
        places.append((begin, max(begin, start + len(cell.rstrip(_BLANK)))))
        start += len(cell) + len(separator)
    return places


def worded(heading: str, known: Headings) -> tuple[Value, ...]:
    """What stands below a heading by the words that it is made of."""
    if last_word(heading) not in known.ends:
        return ()
    for reading in readings(heading):
        values = known.get(reading.key)
        if values:
            allowed = tuple([one for one in values if reading.allows(one.type, heading=one.reason == HEADING)])
            if allowed:
                return allowed
    return ()


def _either(word: str) -> str:
    """A pattern for a word of a heading as programs write it, too: `last name`, `last_name`, `lastName`."""
    return r"[ _\-]?".join(quoted(shadow(one).decode("latin-1")) for one in word.split(" "))


def _is_rule(line: str) -> bool:
    """Whether a line parts rows: it is drawn, and says nothing."""
    return len(line) > 1 and not line.isspace() and not line.strip(_RULES)


def _uppers(above: str, line: str, separator: str, count: int) -> list[str]:
    """What stands above each of the cells of a line, the first half of its heading: in the cells of the line before, in
    what stands over it where spaces part both, or, where nothing parts that line, above the first."""
    if separator == "  ":
        tops = [(part.start(), part.end(), part[0]) for part in _SPACED.finditer(above)]
        cells = [(part.start(), part.end()) for part in _SPACED.finditer(line)]
        if len(cells) == count and len(tops) <= _MOST:
            return [" ".join(top for first, last, top in tops if first < end and start < last) for start, end in cells]
        return [""] * count
    halves = above.split(separator)
    if len(halves) == count:
        return halves
    return [above if len(halves) == 1 and len(above) <= WIDEST else "", *[""] * (count - 1)]


@lru_cache(maxsize=512)
def _whole(source: str) -> Pattern:
    """A pattern that takes all of a cell, as `Value` asks."""
    return Pattern(f"(?:{source})$")


def _key(heading: str) -> str:
    """A heading's letters and digits: `Date of Birth`, `date_of_birth` and `dateOfBirth` are one."""
    if heading.isascii():  # four times as quick, and nearly all are
        return heading.lower().encode().translate(None, _ASCII_MARKS).decode()
    return heading.lower().translate(_MARKS)
