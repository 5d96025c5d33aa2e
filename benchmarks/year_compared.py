"""A composed report against what must stand in it, block by block: whatever differs is named by its place."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

import msgspec

from benchmarks.year_written import NUMBER, Part, Prose, Report, Sheet, Wanted, same
from gateway.evidence.reports.document import Block, Document, Fields, Form, Section, Table, Text


def faults(found: Document, wanted: Report, head: dict[str, Any]) -> Iterator[str]:
    """Every difference. `head`: what must stand above the sections, by its name there."""
    place = wanted.title
    for name, value in {"kind": wanted.kind, "title": wanted.title, "subtitle": wanted.subtitle, **head}.items():
        yield from _one(f"{place}: {name}", getattr(found, name), value)
    for section, part in zip_longest(found.sections, wanted.parts):
        yield from _section(place, section, part)


def _section(place: str, found: Section | None, wanted: Part | None) -> Iterator[str]:
    if found is None or wanted is None:
        yield f"{place}: section {found.id if found else wanted.id if wanted else ''} {_extra(found is None)}"
        return
    yield from _one(f"{place}: section {wanted.id}: id", found.id, wanted.id)
    yield from _one(f"{place}: section {wanted.id}: title", found.title, wanted.title)
    for number, (block, want) in enumerate(zip_longest(found.blocks, wanted.blocks)):
        yield from block_faults(f"{place}: {wanted.id}: block {number}", block, want)


def block_faults(place: str, found: Block | None, wanted: Wanted | None) -> Iterator[str]:
    """What is wrong with one block."""
    if found is None or wanted is None:
        yield f"{place} ({type(found or wanted).__name__}) {_extra(found is None)}"
    elif isinstance(wanted, Prose) and isinstance(found, Text):
        yield from _prose(place, found, wanted)
    elif isinstance(wanted, Sheet) and isinstance(found, Form):
        yield from _one(f"{place}: title", found.title, wanted.title)
        yield from _one(f"{place}: lines", len(found.lines), wanted.lines)
    elif type(found) is not type(wanted):
        yield f"{place}: a {type(found).__name__} where a {type(wanted).__name__} must stand"
    elif isinstance(found, Table) and isinstance(wanted, Table):
        yield from _table(f"{place}: {wanted.caption}", found, wanted)
    elif isinstance(found, Fields) and isinstance(wanted, Fields):
        yield from _rows(place, found.rows, wanted.rows, ("name", "value"))
    elif isinstance(wanted, msgspec.Struct):
        yield from _plot(place, found, wanted)


def _prose(place: str, found: Text, wanted: Prose) -> Iterator[str]:
    yield from _one(f"{place}: tone", found.tone, wanted.tone)
    yield from _one(f"{place}: text", found.text[: len(wanted.begins)], wanted.begins)
    yield from _one(f"{place}: “{wanted.begins}”: numbers", NUMBER.findall(found.text), list(wanted.numbers))
    for words in wanted.holds:
        if words not in found.text:
            yield f"{place}: “{wanted.begins}” does not say {words}"


def _table(place: str, found: Table, wanted: Table) -> Iterator[str]:
    yield from _one(f"{place}: caption", found.caption, wanted.caption)
    yield from _one(f"{place}: columns", found.columns, wanted.columns)
    yield from _one(f"{place}: left out", found.left_out, wanted.left_out)
    yield from _one(f"{place}: what an empty one says", found.empty, wanted.empty)
    yield from _rows(place, found.rows, wanted.rows, wanted.columns)


def _plot(place: str, found: Block, wanted: msgspec.Struct) -> Iterator[str]:
    for name in wanted.__struct_fields__:
        mine, theirs = getattr(found, name), getattr(wanted, name)
        if name == "rows":
            yield from _rows(place, mine, theirs, ())
        else:
            yield from _one(f"{place}: {name}", mine, theirs)


def _rows(place: str, found: Sequence[Any], wanted: Sequence[Any], columns: Sequence[str]) -> Iterator[str]:
    yield from _one(f"{place}: rows", len(found), len(wanted))
    for number, (mine, theirs) in enumerate(zip(found, wanted, strict=False)):
        if len(mine) != len(theirs):
            yield f"{place}: row {number} has {len(mine)} cells, must have {len(theirs)}"
            continue
        for at, (cell, want) in enumerate(zip(mine, theirs, strict=True)):
            if not same(cell, want):
                column = columns[at] if at < len(columns) else str(at)
                yield f"{place}: row {number} ({theirs[0]}), {column}: {cell!r}, must be {want!r}"


def _one(place: str, found: Any, wanted: Any) -> Iterator[str]:
    if not same(found, wanted):
        yield f"{place}: {found!r}, must be {wanted!r}"


def _extra(missing: bool) -> str:
    return "is not there" if missing else "is one that nobody accounts for"


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """The figures that are not what they should be, by their place."""
    faults = []
    for section in sorted({*found, *expected}):
        mine, theirs = found.get(section), expected.get(section)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            places = [f"{section}.{name}" for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]
            faults += places
        elif section == "provisions" and mine and theirs and len(mine) == len(theirs):
            pairs = zip(mine, theirs, strict=True)
            faults += [f"{section}.{one['framework']} {one['id']}" for one, other in pairs if one != other]
        elif mine != theirs:
            faults.append(section)
    return faults
