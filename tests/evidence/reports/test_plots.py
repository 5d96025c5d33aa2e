"""Plots are pictures of their numbers at any width, within it, with words for who cannot see them."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.evidence.reports.document import Bars, Stacks, Streams, Strip
from gateway.evidence.reports.plots import MOST_BARS, Plot, columns, draw, summary

BARS = Bars("Rules", tuple((f"rule <{place}>", 100 - place) for place in range(MOST_BARS + 3)))
STACKS = Stacks("Decisions", ("route", "deny"), tuple((f"2026-01-{day:02d}", day, 2) for day in range(1, 31)))
STREAMS = Streams("Flows", (("pii", "cloud", 5), ("pii", "not sent", 1), ("phi", "in-house", 900)))
STRIP = Strip("Records", 1_000, ("record 0", "record 999"), ((10, 11),), 500, 0)
EMPTY: tuple[Plot, ...] = (Bars("b", ()), Stacks("s", ("a",), ()), Streams("f", ()), Strip("t", 0, ("", "")))


@pytest.mark.parametrize("width", [344, 640, 880])
@pytest.mark.parametrize("plot", [BARS, STACKS, STREAMS, STRIP, *EMPTY], ids=lambda plot: str(plot.title))
def test_every_plot_is_a_picture_of_its_width_with_words(plot: Plot, width: int) -> None:
    root = ElementTree.fromstring(draw(plot, width))  # noqa: S314  # our own text
    assert root.attrib["width"] == str(width)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == summary(plot) != ""
    for node in root:
        if node.tag.endswith("rect"):
            assert float(node.attrib["x"]) >= -0.1
            assert float(node.attrib["x"]) + float(node.attrib["width"]) <= width + 0.1
            assert float(node.attrib["height"]) >= 0


def test_bars_show_their_numbers_and_the_others_together() -> None:
    made = draw(BARS, 880)
    assert ">100<" in made
    assert "3 others" in made
    assert "rule &lt;0&gt;" in made


def test_days_become_weeks_and_then_months() -> None:
    def told(days: int) -> list[tuple[str, list[int]]]:
        rows = tuple((f"2026-{day // 28 + 1:02d}-{day % 28 + 1:02d}", 1, 2) for day in range(days))
        return columns(Stacks("s", ("a", "b"), rows))

    assert len(told(30)) == 30
    assert told(60)[0] == ("2026-01-01", [7, 14])
    months = told(400)
    assert months[0] == ("2026-01", [28, 56])
    assert sum(cells[0] for _, cells in months) == 400


def test_streams_are_as_thick_as_their_numbers() -> None:
    made = draw(STREAMS, 880)
    assert "phi  900" in made
    heights = [float(found) for found in re.findall(r'<rect [^>]*width="12.0" height="([0-9.]+)"', made)]
    assert max(heights) > 100 * min(heights) / 10


def test_what_is_missing_shows_however_little_it_is() -> None:
    made = draw(Strip("Records", 10_000_000, ("a", "b"), ((5, 6),)), 880)
    assert 'width="3.0"' in made
    assert summary(STRIP) == "Records: 1,000 places, 1 without a record"


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40), st.integers(0, 10**12)), max_size=12),
    st.integers(300, 1_200),
)
def test_whatever_names_and_numbers_come_a_picture_is_made(rows: list[tuple[str, str, int]], width: int) -> None:
    for plot in (Streams("f", tuple(rows)), Bars("b", tuple((name, value) for name, _, value in rows))):
        assert draw(plot, width).startswith("<svg")
