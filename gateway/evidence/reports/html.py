"""A report as one HTML page: self-contained, without a script, for a screen of any width and for paper.

Everything that stands in it is escaped by the template engine; plots are made by `plots`, which escapes by itself.
"""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gateway.evidence.reports.document import SHOWN, Block, Cell, Document, Table, more
from gateway.evidence.reports.plots import Plot, draw
from gateway.evidence.reports.svg import number

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{6}Z")
_ID = re.compile(r"sha256:[0-9a-f]{64}|[a-z]{2}_[0-9a-f]{20,40}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONG = 60
"""Letters from which on words are prose, which needs room to be read."""
_PHONE, _GAP, _WORD = 48, 2, 19
"""Letters in a line of a table on a phone (390 px), between its columns, and of a word that is not broken."""
_FEW = 50
"""Rows of which each cell has a line of its own on a phone; of more, the cells of a row follow each other."""


def kind(block: Block) -> str:
    """What a block is (`text`, `fields`, `table`, …)."""
    return str(block.__struct_config__.tag)


def written(value: str | int) -> str:
    """A cell as people read it: thousands apart, times to the second."""
    if isinstance(value, int):
        return number(value)
    found = _TIME.fullmatch(value)
    return value if found is None else f"{found[1]} {found[2]}"


def cell(value: str | int) -> Markup:
    """The same as HTML, times and ids marked as what they are."""
    shown = escape(written(value))
    if isinstance(value, int):
        return shown
    if _TIME.fullmatch(value):
        return Markup('<time datetime="{}">{}</time>').format(value, shown)
    return Markup('<span class="id">{}</span>').format(shown) if _ID.fullmatch(value) else shown


def plot(block: Plot, width: int) -> Markup:
    """A plot as inline SVG."""
    return Markup(draw(block, width))  # noqa: S704  # made of shapes and escaped texts alone


def long(value: Cell) -> bool:
    """Whether a cell is prose: a sentence, or several."""
    return isinstance(value, str) and len(value) > _LONG and " " in value


def stacked(table: Table) -> bool:
    """Whether a phone shows each cell after its column's name: a table that is too wide for it, and whose last columns
    would be out of sight."""
    columns = zip(table.columns, *table.rows, strict=True)
    return sum(_room(head, *map(written, cells)) for head, *cells in columns) > _PHONE


def close(table: Table) -> bool:
    """Whether the cells of a row follow each other there, since a line for each would make too long a page."""
    return len(table.rows) > _FEW


def _room(head: str, *cells: str) -> int:
    """Letters that a column needs at least: its head does not wrap, cells do so between words, and ids anywhere."""
    words = max((len(word) for cell in cells for word in cell.split()), default=0)
    return max(len(head), min(words, _WORD)) + _GAP


def role(lines: bool, name: str) -> Markup:
    """The role of a part of a table, said where it is shown as lines: laid out as blocks, elements lose their own."""
    return Markup(' role="{}"').format(name) if lines else Markup("")


_environment = Environment(
    loader=PackageLoader("gateway.evidence.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_filters: dict[str, Any] = {
    "kind": kind,
    "cell": cell,
    "plot": plot,
    "more": more,
    "long": long,
    "stacked": stacked,
    "close": close,
    "role": role,
}
_environment.filters.update(_filters)


def render(document: Document) -> bytes:
    """The page, in UTF-8."""
    return _environment.get_template("report.html").render(document=document, shown=SHOWN).encode()
