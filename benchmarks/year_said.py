"""What a report says, block by block, in a plain form that an account of the truth can be written in; and where two
differ.

`said` takes a composed report apart, and leaves nothing out that holds a figure: of paragraphs the numbers in them, and
of warnings every word. Who writes an account makes the same blocks by hand: `fields`, `table`, `bars`, `stacks`,
`streams`, `strip`, `text`, `warning`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.evidence.reports.document import (
    Bars,
    Block,
    Document,
    Fields,
    Form,
    Section,
    Stacks,
    Streams,
    Strip,
    Table,
    Text,
)

Cells = tuple[str | int, ...]
_NUMBER = re.compile(r"\d+(?:,\d{3})*")


class Said(NamedTuple):
    """One block: its kind, its caption and heads, and its rows."""

    kind: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[Cells, ...]


class Part(NamedTuple):
    """A section, by its id, with its blocks in order."""

    name: str
    blocks: tuple[Said, ...]


def fields(*rows: tuple[str, str | int]) -> Said:
    """The few figures of a section."""
    return Said("fields", "", (), rows)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str | int]], left_out: int = 0) -> Said:
    """A table, which may say how many more rows there are."""
    more: tuple[Cells, ...] = (("left out", left_out),) if left_out else ()
    return Said("table", caption, tuple(heads), (*map(tuple, rows), *more))


def bars(title: str, rows: Iterable[Sequence[str | int]]) -> Said:
    return Said("bars", title, (), tuple(map(tuple, rows)))


def stacks(title: str, series: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Said:
    return Said("stacks", title, tuple(series), tuple(map(tuple, rows)))


def streams(title: str, rows: Iterable[Sequence[str | int]]) -> Said:
    return Said("streams", title, (), tuple(map(tuple, rows)))


def strip(title: str, ends: tuple[str, str], size: int, missing: Iterable[Cells], covered: Cells) -> Said:
    """A range: its size, the pieces that are missing, and up to where a checkpoint and a witness cover it."""
    return Said("strip", title, ends, ((size,), *missing, covered))


def text(*numbers: int) -> Said:
    """A paragraph, by the numbers in it."""
    return Said("text", "", (), (numbers,))


def warning(words: str) -> Said:
    """What must not be overlooked, word by word."""
    return Said("warning", "", (), ((words,),))


def numbers(*words: str) -> tuple[int, ...]:
    """Every number in these words, thousands joined."""
    return tuple(int(found.replace(",", "")) for one in words for found in _NUMBER.findall(one))


def said(document: Document) -> tuple[Part, ...]:
    """A report, taken apart: its head, then its sections. Paragraphs without a number and forms to fill in hold no
    figure, and are left out."""
    period, records = (document.since, document.until), (document.first, document.end)
    return (head(document.title, document.ledger, period, records), *map(part, document.sections))


def part(section: Section) -> Part:
    """One section, taken apart."""
    return Part(section.id, tuple(_blocks(section.blocks)))


def head(title: str, ledger: str, period: tuple[str, str], records: tuple[int, int]) -> Part:
    """What stands above everything: the end of period and records exclusive."""
    rows = fields(("Title", title), ("Ledger", ledger), ("From", period[0]), ("Until", period[1]))
    return Part("head", (rows, fields(("First", records[0]), ("End", records[1]))))


def _blocks(blocks: Iterable[Block]) -> Iterable[Said]:
    for block in blocks:
        match block:
            case Text(text=words, tone="warning"):
                yield warning(words)
            case Text(text=words):
                if found := numbers(words):
                    yield text(*found)
            case Fields(rows=pairs):
                yield fields(*pairs)
            case Table(caption=caption, columns=columns, rows=rows, left_out=left_out):
                yield table(caption, columns, rows, left_out)
            case Bars(title=title, rows=labelled):
                yield bars(title, labelled)
            case Stacks(title=title, series=series, rows=rows):
                yield stacks(title, series, rows)
            case Streams(title=title, rows=flowing):
                yield streams(title, flowing)
            case Strip():
                yield strip(block.title, block.labels, block.size, block.missing, (block.covered, block.witnessed))
            case Form():
                continue


def differing(found: Sequence[Part], expected: Sequence[Part]) -> list[str]:
    """Where a report is not as the account says: section, caption, row and column."""
    if [one.name for one in found] != [one.name for one in expected]:
        return ["other sections"]
    faults: list[str] = []
    for mine, theirs in zip(found, expected, strict=True):
        if [one[:3] for one in mine.blocks] != [one[:3] for one in theirs.blocks]:
            faults.append(f"{mine.name}: other blocks")
            continue
        for block, other in zip(mine.blocks, theirs.blocks, strict=True):
            faults += [f"{mine.name}: {block.caption or block.kind}: {where}" for where in _rows(block, other)]
    return faults


def _rows(block: Said, other: Said) -> Iterable[str]:
    if len(block.rows) != len(other.rows):
        yield "other rows"
        return
    for number, (row, wanted) in enumerate(zip(block.rows, other.rows, strict=True)):
        if len(row) != len(wanted):
            yield f"row {number}: other cells"
            continue
        for column, (cell, told) in enumerate(zip(row, wanted, strict=True)):
            if cell != told or type(cell) is not type(told):
                yield f"row {number}, column {column}"
