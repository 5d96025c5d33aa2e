"""Fixed-width records keep their widths, and what lies outside the declared columns is read too."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.document import rewrite
from gateway.agents.formats.fixed import read
from gateway.agents.formats.layout import Column, Layout, Marking
from gateway.core.message import Part
from gateway.core.refusal import Refusal

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


@pytest.mark.parametrize("record", [None, 16])
def test_a_byte_order_mark_moves_no_column(record: int | None) -> None:
    layout = Layout(format="fixed", columns=COLUMNS, record=record)
    found = reading(read("\ufeffROE RICK..   120", layout))
    assert [(part.text, part.known) for part in found.parts] == [("ROE RICK", "person"), ("..", ""), ("   120", "")]
    assert masked("\ufeffROE RICK..   120", found, "ROE RICK", mask="[P]") == "\ufeff[P]     ..   120"


@pytest.mark.parametrize("text", ["ROE\nANN\r\n", "ROE\rANN\n", "ROE\x85ANN\n"])
def test_two_kinds_of_line_ends_are_refused(text: str) -> None:
    result = read(text, LAYOUT)
    assert isinstance(result, Refusal)
    assert (result.code, result.field) == ("body_malformed", "fixed")


@settings(max_examples=150)
@given(st.text(alphabet="ab \n\r\x85é", max_size=60), st.sampled_from([None, 16]))
def test_any_text_is_read_and_keeps_its_length(text: str, record: int | None) -> None:
    layout = Layout(format="fixed", columns=COLUMNS, record=record)
    found = holds(text, read(text, layout))
    if found is None:
        assert record is None
        assert len(set(re.findall("\r\n|[\r\n\x85]", text))) > 1
        return
    sent = rewrite(text, found, dict.fromkeys(found.slots, MASK))
    assert len(sent) == len(text)
    assert [end for end in sent if end in "\n\r\x85"] == [end for end in text if end in "\n\r\x85"] or record
