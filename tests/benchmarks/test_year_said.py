"""Reports taken apart: nothing that holds a figure is left out, and each difference has its place."""

import pytest

from benchmarks.year_said import (
    Part,
    Said,
    bars,
    differing,
    fields,
    numbers,
    part,
    stacks,
    streams,
    strip,
    table,
    text,
    warning,
)
from gateway.evidence.reports import document as made
from gateway.evidence.reports.document import Block, Section

BLOCKS: tuple[tuple[Block, Said | None], ...] = (
    (made.Text("Nothing is counted here."), None),
    (made.Text("There were 1,234 of 5 kinds."), text(1_234, 5)),
    (made.Text("Mind this.", "warning"), warning("Mind this.")),
    (made.Fields((("Sent", 3),)), fields(("Sent", 3))),
    (made.Table("Rows", ("A", "B"), (("x", 1),)), table("Rows", ("A", "B"), [["x", 1]])),
    (made.Table("Rows", ("A",), (("x",),), left_out=7), table("Rows", ("A",), [("x",)], 7)),
    (made.Bars("Bars", (("x", 1),)), bars("Bars", [("x", 1)])),
    (made.Stacks("Days", ("a",), (("2026-01-01", 1),)), stacks("Days", ("a",), [["2026-01-01", 1]])),
    (made.Streams("Flows", (("pii", "cloud", 2),)), streams("Flows", [("pii", "cloud", 2)])),
    (made.Strip("Range", 9, ("a", "b"), ((1, 2),), 5, 4), strip("Range", ("a", "b"), 9, [(1, 2)], (5, 4))),
    (made.Form("Sign", ("Name",)), None),
)


@pytest.mark.parametrize(("block", "expected"), BLOCKS)
def test_a_block_is_told_by_all_of_its_figures(block: Block, expected: Said | None) -> None:
    assert part(Section("s", "S", (block,))) == Part("s", () if expected is None else (expected,))


def test_numbers_are_those_of_the_words() -> None:
    assert numbers("1,234,567 of 8", "45 CFR 164.528") == (1_234_567, 8, 45, 164, 528)
    assert numbers("none", "") == ()


@pytest.mark.parametrize(
    ("other", "place"),
    [
        ((), "other sections"),
        ((Part("s", ()),), "s: other blocks"),
        ((Part("s", (table("Rows", ("A",), [("x", 1), ("y", 2)]),)),), "s: other blocks"),
        ((Part("s", (table("Rows", ("A", "B"), [("x", 1)]),)),), "s: Rows: other rows"),
        ((Part("s", (table("Rows", ("A", "B"), [("x", 1), ("y",)]),)),), "s: Rows: row 1: other cells"),
        ((Part("s", (table("Rows", ("A", "B"), [("x", 1), ("y", 3)]),)),), "s: Rows: row 1, column 1"),
        ((Part("s", (table("Rows", ("A", "B"), [("x", "1"), ("y", 2)]),)),), "s: Rows: row 0, column 1"),
    ],
)
def test_a_difference_has_its_place(other: tuple[Part, ...], place: str) -> None:
    found = (Part("s", (table("Rows", ("A", "B"), [("x", 1), ("y", 2)]),)),)
    assert differing(found, found) == []
    assert differing(found, other) == [place]
