"""Delimited records are read cell by cell, and stay records whatever a mask holds."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.delimited import read
from gateway.agents.formats.document import Reading, rewrite
from gateway.agents.formats.layout import Layout, Marking
from gateway.core.message import Part
from gateway.core.refusal import Refusal

from .support import MASK, holds, known, masked, reading

LAYOUT = Layout(
    format="csv", header=True, fields={"patient": Marking("person"), "3": Marking("x-declared-phi", "note")}
)
TEXT = 'Patient;x\r\n"Roe; Rick";7\r\nAnn Roe;"a ""b"""\r\n'
SEMICOLON = Layout(format="csv", header=True, delimiter=";", fields={"patient": Marking("person")})


def test_columns_are_known_by_name_or_number_and_labelled_by_the_header() -> None:
    found = reading(read("Patient,x,y\nRoe,7,ill\n", LAYOUT))
    assert found.parts == (
        Part("csv:1:1", "Patient", "name"),
        Part("csv:1:2", "x", "name"),
        Part("csv:1:3", "y", "name"),
        Part("csv:2:1", "Roe", "text", "Patient", "person"),
        Part("csv:2:2", "7", "text", "x"),
        Part("csv:2:3", "ill", "text", "note", "x-declared-phi"),
    )


def test_more_cells_than_columns_are_scanned_too() -> None:
    assert [part.text for part in reading(read("Patient\nRoe,Rick\n\nAnn", LAYOUT)).parts] == [
        "Patient",
        "Roe",
        "Rick",
        "Ann",
    ]


def test_quotes_are_undone_and_a_mask_keeps_them_valid() -> None:
    found = reading(read(TEXT, SEMICOLON))
    assert known(found.parts) == {"Roe; Rick": "person", "Ann Roe": "person"}
    assert masked(TEXT, found, "Ann Roe", 'a "b"') == f'Patient;x\r\n"Roe; Rick";7\r\n{MASK};"{MASK}"\r\n'
    assert masked(TEXT, found, "Ann Roe", mask='a;"b') == TEXT.replace("Ann Roe", '"a;""b"')


def test_without_quotes_what_would_break_the_record_is_left_out_of_a_mask() -> None:
    text = 'a|"b|c\n'
    found = reading(read(text, Layout(format="csv", delimiter="|", quote="")))
    assert masked(text, found, '"b', mask="x|y\n") == "a|x y |c\n"


@pytest.mark.parametrize("text", ['"a', 'a"b', '"a"b,c', 'x,"a""'])
def test_wrong_quotes_are_refused(text: str) -> None:
    result = read(text, LAYOUT)
    assert isinstance(result, Refusal)
    assert (result.code, result.field) == ("body_malformed", "csv")


@settings(max_examples=200)
@given(st.text(alphabet='a",;\r\n é', max_size=30))
def test_any_text_is_read_or_refused_and_comes_back_as_it_was(text: str) -> None:
    found = holds(text, read(text, LAYOUT))
    if found is not None:
        sent = rewrite(text, found, dict.fromkeys(found.slots, 'x,"' + MASK))
        assert isinstance(read(sent, LAYOUT), Reading)


@settings(max_examples=150)
@given(
    st.lists(
        st.lists(st.text(alphabet='ab",;\n é', min_size=1, max_size=6), min_size=1, max_size=4), min_size=1, max_size=5
    )
)
def test_cells_are_those_that_pythons_own_reader_sees(rows: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    found = reading(read(buffer.getvalue(), Layout(format="csv")))
    assert [part.text for part in found.parts] == [cell for row in rows for cell in row if not cell.isspace()]
