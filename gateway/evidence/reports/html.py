"""A report as one HTML page: self-contained, without a script, for a screen of any width and for paper.

Everything that stands in it is escaped by the template engine; plots are made by `plots`, which escapes by itself.
"""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gateway.evidence.reports.document import SHOWN, Block, Document, more
from gateway.evidence.reports.plots import Plot, draw
from gateway.evidence.reports.svg import number

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{6}Z")
_ID = re.compile(r"sha256:[0-9a-f]{64}|[a-z]{2}_[0-9a-f]{20,40}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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


_environment = Environment(
    loader=PackageLoader("gateway.evidence.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_filters: dict[str, Any] = {"kind": kind, "cell": cell, "plot": plot, "more": more}
_environment.filters.update(_filters)


def render(document: Document) -> bytes:
    """The page, in UTF-8."""
    return _environment.get_template("report.html").render(document=document, shown=SHOWN).encode()
