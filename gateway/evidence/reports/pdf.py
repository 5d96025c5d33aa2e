"""A report as PDF (PDF/UA-1: tagged, with headings, table headers and texts for its plots), by the extra `pdf`.

The typesetter gets a fixed template and the report as data: no text of a report is ever read as markup. It reads no
file and asks nothing over the network.
"""

import re
from functools import cache
from importlib.resources import files
from types import ModuleType
from typing import Any

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.evidence.reports.document import SHOWN, Block, Document, Fields, Form, Table, Text, more
from gateway.evidence.reports.html import written
from gateway.evidence.reports.plots import draw, summary
from gateway.evidence.reports.svg import Face
from gateway.ledger.times import parse_timestamp

_typst: ModuleType | None
try:
    import typst
except ImportError:
    _typst = None
else:
    _typst = typst

MISSING = (
    "PDF needs the extra pdf: make pdf in a clone, else pip install 'agent-compliance-gateway[pdf]'. HTML and JSON "
    "need nothing more"
)
_FACE = Face("Libertinus Serif", 13)
_WIDTH = 640
_TIGHT, _FEW = 19, 3
"""Letters up to which a column is as wide as what stands in it; of so few columns each gets the same room."""
_ROOMS = ((80, 3), (48, 2))
"""Letters from which on a text needs room to be read, and how many times as much as another column it gets: a reason
first, then a digest."""
_NAME, _JOINT = re.compile("[a-z]+(?:[._-][a-z]+)+"), re.compile("[._-]")
"""A name of several words, as of an event, and where it may be broken."""
_BREAK = 24
"""Letters of a word without a space after which a table may break it."""


def available() -> bool:
    """Whether the extra is installed."""
    return _typst is not None


def render(document: Document) -> bytes:
    """The file. The same report is the same bytes. `ConfigurationError` where the extra is not installed."""
    if _typst is None:
        raise ConfigurationError(MISSING)
    made: bytes = _typst.compile(
        _template(),
        sys_inputs={"report": msgspec.json.encode(_data(document)).decode()},
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=parse_timestamp(document.created) // 1_000_000,
        ignore_system_fonts=True,
    )
    return made


@cache
def _template() -> bytes:
    return files("gateway.evidence.reports").joinpath("templates/report.typ").read_bytes()


def _data(document: Document) -> dict[str, Any]:
    """The report as the template reads it: every value a text."""
    since, until = written(document.since), written(document.until)
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "generator": document.generator,
        "footer": f"{document.generator} · records {document.first:,} to {document.end:,} · supports evidence, "
        "does not say that anybody complies",
        "meta": [
            ("Period (UTC)", f"{since} to {until}"),
            ("Records", f"{document.first:,} to {document.end:,} (exclusive)"),
            ("Ledger", _broken(document.ledger)),
            ("Made", written(document.created)),
        ],
        "sections": [
            {"title": section.title, "blocks": [part for block in section.blocks for part in _part(block)]}
            for section in document.sections
        ],
    }


def _part(block: Block) -> list[dict[str, Any]]:
    if isinstance(block, Text):
        return [{"kind": "text", "text": block.text, "tone": block.tone}]
    if isinstance(block, Fields):
        rows = [(name, _broken(written(value))) for name, value in block.rows]
        return [{"kind": "fields", "rows": rows}]
    if isinstance(block, Table):
        return [_table(block)]
    if isinstance(block, Form):
        return [{"kind": "form", "title": block.title, "lines": block.lines, "sentence": block.sentence}]
    if not getattr(block, "rows", True):
        return []
    return [{"kind": "plot", "title": block.title, "svg": draw(block, _WIDTH, _FACE), "alt": summary(block)}]


def _table(block: Table) -> dict[str, Any]:
    first = block.rows[0] if block.rows else ()
    rows = [[_broken(written(value)) for value in row] for row in block.rows[:SHOWN]]
    longest = [max(map(len, column)) for column in zip(*rows, strict=True)] or [0] * len(block.columns)
    return {
        "kind": "table",
        "caption": block.caption,
        "columns": block.columns,
        "rows": rows,
        "rooms": [next((room for most, room in _ROOMS if length > most), 1) for length in longest],
        "tight": [length <= _TIGHT and len(block.columns) > _FEW for length in longest],
        "numbers": [isinstance(value, int) for value in first] or [False] * len(block.columns),
        "empty": block.empty,
        "more": more(block),
    }


def _broken(text: str) -> str:
    """Long words with places where a line may end (U+200B, which the template takes out), so that an id or an event
    stays within its column."""
    return " ".join(map(_parted, text.split(" ")))


def _parted(word: str) -> str:
    if len(word) > _TIGHT and _NAME.fullmatch(word):
        return _JOINT.sub("\\g<0>\u200b", word)
    return word if len(word) <= _BREAK else "\u200b".join(word[place : place + 8] for place in range(0, len(word), 8))
