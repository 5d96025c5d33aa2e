"""A report as data: what is told, before anybody decides how it looks."""

from typing import TypeAlias

import msgspec

Cell: TypeAlias = str | int
SHOWN = 200
"""Rows of one table that a page or a PDF shows; how many more there are is told."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A paragraph. `tone`: `note` for what limits what is told, `warning` for what must not be overlooked."""

    text: str
    tone: str = "plain"


class Fields(msgspec.Struct, frozen=True, tag="fields"):
    """Names and values: the few figures of a section, the largest thing on the page."""

    rows: tuple[tuple[str, Cell], ...]


class Table(msgspec.Struct, frozen=True, tag="table"):
    """Rows under named columns, the first cell of each row its head. Page and PDF show the first `SHOWN` of them.
    `left_out`: how many there are that are not even here, because nobody holds so many in memory."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = "None on record."
    """What an empty one says."""
    left_out: int = 0


def more(table: Table) -> str:
    """What is said under a table that does not show all of its rows; empty where it does."""
    hidden = max(len(table.rows) - SHOWN, 0)
    said = [
        f"{hidden:,} more are in the report as data." if hidden else "",
        f"{table.left_out:,} more are in a bundle of these records." if table.left_out else "",
    ]
    return " ".join(one for one in said if one)


class Bars(msgspec.Struct, frozen=True, tag="bars"):
    """Labels with numbers, drawn as bars."""

    title: str
    rows: tuple[tuple[str, int], ...]


class Stacks(msgspec.Struct, frozen=True, tag="stacks"):
    """Numbers over time: `rows` are a label and a number for each of `series`."""

    title: str
    series: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Streams(msgspec.Struct, frozen=True, tag="streams"):
    """How much flows from each of the left names to each of the right: (left, right, number)."""

    title: str
    rows: tuple[tuple[str, str, int], ...]


class Strip(msgspec.Struct, frozen=True, tag="strip"):
    """A range from 0 to `size` with marks at places, and pieces of it that are missing."""

    title: str
    size: int
    labels: tuple[str, str]
    """At its two ends."""
    missing: tuple[tuple[int, int], ...] = ()
    """First place and end of each."""
    covered: int = 0
    """Up to where it is covered by a checkpoint that was signed."""
    witnessed: int = 0


class Form(msgspec.Struct, frozen=True, tag="form"):
    """Lines that a person fills in, by hand or otherwise, each with what belongs there."""

    title: str
    lines: tuple[str, ...]
    sentence: str = ""
    """What whoever signs it says by that."""


Block: TypeAlias = Text | Fields | Table | Bars | Stacks | Streams | Strip | Form
PLOTS = (Bars, Stacks, Streams, Strip)


class Section(msgspec.Struct, frozen=True):
    """A part of a report. `id`: for links to it."""

    id: str
    title: str
    blocks: tuple[Block, ...]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A whole report."""

    kind: str
    title: str
    subtitle: str
    ledger: str
    """The ledger's origin, as checkpoints name it."""
    since: str
    until: str
    """The period, in the form of records."""
    first: int
    end: int
    """The records told of: `first` ≤ number < `end`."""
    created: str
    generator: str
    sections: tuple[Section, ...]


def encode(document: Document) -> bytes:
    """The report as JSON: each block says by `type` what it is."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
