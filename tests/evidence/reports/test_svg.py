"""Shapes as text: escaped, and in colours that can be told apart."""

import itertools
from xml.etree import ElementTree

import pytest

from gateway.evidence.reports.svg import (
    COLOURS,
    INK,
    PAPER,
    QUIET,
    WORDS,
    Face,
    drawing,
    line,
    number,
    rect,
    ribbon,
    short,
    ticks,
)
from tests.evidence.reports.accessibility import contrast


def test_texts_have_enough_contrast_and_so_have_shapes() -> None:
    assert min(contrast(colour, PAPER) for colour in (INK, QUIET)) >= 4.5
    assert min(contrast(colour, PAPER) for colour in COLOURS) >= 3
    assert set(WORDS.values()) <= set(COLOURS)


def test_whatever_is_written_is_text() -> None:
    hostile = "</text><script>alert('x')</script>&\""
    made = drawing(100, 20, Face(), hostile, [Face().text(0, 0, hostile), rect(0, 0, 1, 1, INK), line(0, 0, 1, 1)])
    root = ElementTree.fromstring(made)  # noqa: S314  # our own text
    assert root.attrib["aria-label"] == hostile
    assert [node.tag.rpartition("}")[2] for node in root] == ["text", "rect", "line"]
    assert root[0].text == hostile


def test_a_ribbon_is_one_closed_path() -> None:
    assert ribbon(0, 0, 10, 10, 2, 3, INK).count("Z") == 1


def test_words_are_cut_to_their_room() -> None:
    face = Face(size=10)
    assert face.cut("short", 100) == "short"
    assert face.cut("something that is long", 40) == "someth…"
    assert face.cut("something", 0) == "s…"


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0"), (999, "999"), (1_000, "1k"), (1_500, "1.5k"), (20_000_000, "20M")]
)
def test_numbers_on_an_axis_are_short(value: int, expected: str) -> None:
    assert short(value) == expected
    assert number(12_345) == "12,345"


def test_marks_of_an_axis_are_round_few_and_reach_the_highest() -> None:
    for highest in (0, 1, 2, 4, 5, 6, 9, 10, 11, 49, 51, 99, 101, 999, 123_456, 50_000_001):
        marks = ticks(highest)
        assert marks[0] == 0
        assert marks[-1] >= highest
        assert 2 <= len(marks) <= 8
        steps = {after - before for before, after in itertools.pairwise(marks)}
        assert len(steps) == 1
