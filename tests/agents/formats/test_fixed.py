"""Fixed-width records keep their widths, and what lies outside the declared columns is read too."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.document import rewrite
from gateway.agents.formats.fixed import read
from gateway.agents.formats.layout import Column, Layout, Marking
from gateway.core.message import Part

from .support import MASK, holds, masked, reading

COLUMNS = (
    Column(name="patient", start=0, length=8, marking=Marking("person")),
    Column(name="amount", start=10, length=6, marking=Marking("", "total")),
)
LAYOUT = Layout(format="fixed", columns=COLUMNS)
TEXT = "ROE RICK..   120extra\nANN\n"


def test_columns_gaps_and_what_follows_are_parts() -> None:
    assert reading(read(TEXT, LAYOUT)).parts == (
        Part("fixed:1:1", "ROE RICK", "text", "patient", "person"),
        Part("fixed:1:9", "..", "text"),
        Part("fixed:1:11", "   120", "text", "total"),
        Part("fixed:1:17", "extra", "text"),
        Part("fixed:2:1", "ANN", "text", "patient", "person"),
    )


@pytest.mark.parametrize(
    ("gone", "mask", "expected"),
    [
        ("ROE RICK", "[P]", "[P]     ..   120extra\nANN\n"),
        ("ROE RICK", "[PERSON-PERSON]", "[PERSON-..   120extra\nANN\n"),
        ("   120", "   [A]", "ROE RICK..   [A]extra\nANN\n"),
        ("ANN", "[P\n]", "ROE RICK..   120extra\n[P \n"),
    ],
)
def test_a_mask_has_the_width_and_side_of_what_it_stands_for(gone: str, mask: str, expected: str) -> None:
    assert masked(TEXT, reading(read(TEXT, LAYOUT)), gone, mask=mask) == expected


def test_records_may_come_without_line_ends() -> None:
    layout = Layout(format="fixed", columns=COLUMNS, record=16)
    found = reading(read("ROE RICK..   120ANN ROE ..    7", layout))
    assert [part.text for part in found.parts if part.known] == ["ROE RICK", "ANN ROE "]


@settings(max_examples=150)
@given(st.text(alphabet="ab \n\r\x85é", max_size=60), st.sampled_from([None, 16]))
def test_any_text_is_read_and_keeps_its_length(text: str, record: int | None) -> None:
    layout = Layout(format="fixed", columns=COLUMNS, record=record)
    found = holds(text, read(text, layout))
    assert found is not None
    sent = rewrite(text, found, dict.fromkeys(found.slots, MASK))
    assert len(sent) == len(text)
    assert [end for end in sent if end in "\n\r\x85"] == [end for end in text if end in "\n\r\x85"] or record
