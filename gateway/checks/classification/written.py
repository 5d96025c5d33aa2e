r"""Tables that stand in text otherwise than line by line: in strings of JSON, whose line ends are written `\n`, and in
the statements of SQL (`INSERT INTO … (id, ssn) VALUES (…)`, `COPY … FROM stdin`).

Each is read as the table that it stands for, by `columns`; what is found there stands where it was written.
"""

import re
from collections.abc import Callable, Iterator

from gateway.checks.classification.columns import Columns, Headings
from gateway.checks.classification.masking import is_json
from gateway.checks.classification.normalise import Mapped, undo_escapes
from gateway.checks.classification.patterns import Anywhere
from gateway.core.finding import Finding

LONGEST = 32_768
"""Characters of a text, or of a statement, that is read so."""
_SHORTEST = 12
"""Characters of the shortest such text (`ssn,x\n123456789`)."""
_SAID = Anywhere("nsert|NSERT|eplace|EPLACE|psert|PSERT|stdin|STDIN")
"""What any such statement says, in one search: each of these by itself costs as much, and more than all else where text
holds nothing."""
_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_INTO = re.compile(
    r"\b(?:insert|replace|upsert)\s{1,9}(?:ignore\s{1,9}|or\s{1,9}[a-z]{1,9}\s{1,9})?into\s{1,9}"
    r"[^\s(]{1,128}\s{0,9}\(([^()]{1,1000})\)\s{0,9}(?:overriding [a-z ]{1,20})?values\s{0,9}",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"\bcopy\s{1,9}[^\s(]{1,128}\s{0,9}\(([^()]{1,1000})\)\s{0,9}from\s{1,9}stdin[^\n]{0,99}\n", re.IGNORECASE
)
_CELL = re.compile(
    r"\s*+(?:[NnEeBb]?'((?:[^'\\]|''|\\.)*+)'|\"([^\"]*+)\"|([^\s,()'\"][^,()']*+(?:\([^()]*+\)[^,()]*+)?))\s*+([,)])",
    re.DOTALL,
)
_OPEN = re.compile(r"\s*+,?\s*+\(")
_NAME = re.compile(r"[^\s,\"'`\[\]]+")


def tables(text: str, known: Headings, late: Callable[[], bool]) -> Iterator[Finding | None]:
    """What cells of such tables are, with their places in the text; None at last where it was `late` before all were
    read. Linear."""
    for table in _tables(text):
        if late():
            yield None
            return
        columns = Columns(known)
        for one in (*columns.feed(table.text), *columns.finish()):
            start, end = table.span(one.start, one.end)
            yield Finding(one.type, start, end, one.score, one.reason)


def _tables(text: str) -> Iterator[Mapped]:
    if len(text) < _SHORTEST:
        return
    if "\\" in text and ("\\n" in text or "\\r" in text):
        yield from _escaped(text)
    if not _SAID.stands_in(text):
        return
    # To look for a letter in either case costs as much as all the rest.
    if "nsert" in text or "NSERT" in text or "eplace" in text or "EPLACE" in text or "psert" in text or "PSERT" in text:
        for found in _INTO.finditer(text):
            yield _inserted(text, found)
    if "stdin" in text or "STDIN" in text:
        for found in _COPY.finditer(text):
            yield _copied(text, found)


def _escaped(text: str) -> Iterator[Mapped]:
    """The strings of a text that have escaped line ends as what they stand for; one that is no JSON as a whole, too."""
    if not is_json(text):
        level = undo_escapes(Mapped(text)) if len(text) <= LONGEST else None
        if level is not None:
            yield level
    for string in _STRING.finditer(text):
        inside = string[1]
        if len(inside) > LONGEST or ("\\n" not in inside and "\\r" not in inside):
            continue
        level = undo_escapes(Mapped(inside))
        if level is not None and level.starts is not None and level.ends is not None:
            begin = string.start(1)
            yield Mapped(level.text, [begin + at for at in level.starts], [begin + at for at in level.ends])


def _inserted(text: str, statement: "re.Match[str]") -> Mapped:
    """The names and the rows of a statement as lines of cells between tabs, behind a first cell that says nothing, so
    that there are two at least."""
    table = _Table()
    table.row(_names(statement), text)
    place, limit = statement.end(), statement.end() + LONGEST
    while place < limit and (opened := _OPEN.match(text, place, limit)) is not None:
        place = opened.end()
        cells: list[tuple[int, int]] = []
        while (cell := _CELL.match(text, place, limit)) is not None:
            cells.append(next(cell.span(group) for group in (1, 2, 3) if cell[group] is not None))
            place = cell.end()
            if cell[4] == ")":
                break
        table.row(cells, text)
        if text[place - 1 : place] != ")":
            break
    return table.read()


def _copied(text: str, statement: "re.Match[str]") -> Mapped:
    """The names and the lines of a statement, as `_inserted` has them."""
    table = _Table()
    table.row(_names(statement), text)
    place, limit = statement.end(), min(len(text), statement.end() + LONGEST)
    while place < limit:
        end = text.find("\n", place, limit)
        end = limit if end < 0 else end
        line = text[place:end]
        if line.startswith("\\."):
            break
        cells: list[tuple[int, int]] = []
        for cell in re.finditer(r"[^\t]*", line):
            if cell.end() > cell.start() or not cells or place + cell.start() > cells[-1][1]:
                cells.append((place + cell.start(), place + cell.end()))
        table.row(cells, text)
        place = end + 1
    return table.read()


def _names(statement: "re.Match[str]") -> list[tuple[int, int]]:
    """Where the names of its columns stand."""
    begin = statement.start(1)
    return [(begin + name.start(), begin + name.end()) for name in _NAME.finditer(statement[1])]


class _Table:
    """Lines of cells, and where each of their characters was written."""

    def __init__(self) -> None:
        self._characters: list[str] = []
        self._starts: list[int] = []

    def row(self, cells: list[tuple[int, int]], text: str) -> None:
        place = cells[0][0] if cells else 0
        self._put("-", place)
        for start, end in cells:
            self._put("\t", start)
            for at in range(start, end):
                character = text[at]
                self._put(" " if character in "\t\r\n" else character, at)
            place = end
        self._put("\n", place)

    def _put(self, character: str, place: int) -> None:
        self._characters.append(character)
        self._starts.append(place)

    def read(self) -> Mapped:
        """The table as a text."""
        return Mapped("".join(self._characters), self._starts, [place + 1 for place in self._starts])
