"""Delimited records are read cell by cell, and stay records whatever a mask holds."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.delimited import column_name, read
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


@pytest.mark.parametrize(
    "head",
    [
        "Gr\u00f6\u00dfe,x",
        "\ufeffGR\u00d6SSE,x",
        " gro\u0308\u00dfe\u00a0,x",
        '"Gr\u00f6\u00dfe",x',
        '\ufeff"Gr\u00f6\u00dfe",x',
    ],
)
def test_a_column_is_known_however_its_name_is_written(head: str) -> None:
    layout = Layout(format="csv", header=True, fields={column_name("Gr\u00f6\u00dfe"): Marking("person")})
    assert known(reading(read(f"{head}\nRoe,7\n", layout)).parts) == {"Roe": "person"}


def test_a_byte_order_mark_is_no_part_of_the_first_cell() -> None:
    found = reading(read("\ufeffRoe,7\n", Layout(format="csv", fields={"1": Marking("person")})))
    assert known(found.parts) == {"Roe": "person"}
    assert masked("\ufeffRoe,7\n", found, "Roe") == f"\ufeff{MASK},7\n"


@pytest.mark.parametrize("text", ["Patients,x\nRoe,7\n", "\nPatient\nRoe\n", "sep=,\nPatient\nRoe\n", "Roe,7\n"])
def test_a_first_record_that_lacks_a_declared_column_is_refused(text: str) -> None:
    result = read(text, LAYOUT)
    assert isinstance(result, Refusal)
    hint = "a first record that names every declared column; it lacks "
    assert (result.code, (result.hint or "").startswith(hint)) == ("body_malformed", True)


def test_the_columns_that_are_lacking_are_told_by_the_names_of_the_configuration_alone() -> None:
    layout = Layout(format="csv", header=True, fields={name: Marking("person") for name in ("ward", "name", "2")})
    result = read("Jane Roe,Ward\nx,y\n", layout)
    assert isinstance(result, Refusal)
    assert (result.hint or "").endswith("; it lacks name")
    many = Layout(format="csv", header=True, fields={f"c{number}": Marking("person") for number in range(1, 8)})
    result = read("Jane Roe\nx\n", many)
    assert isinstance(result, Refusal)
    assert (result.hint or "").endswith("; it lacks c1, c2, c3, c4, c5 and 2 more")


@pytest.mark.parametrize("text", ["Patient\rx\nRoe\n", "Patient\r\nRoe\n", "Patient\nRoe\r\nAnn"])
def test_two_kinds_of_line_ends_are_refused(text: str) -> None:
    assert isinstance(read(text, LAYOUT), Refusal)


def test_within_quotes_a_line_end_is_a_character() -> None:
    found = reading(read('Patient\r\n"Roe\nRick"\r\n', LAYOUT))
    assert known(found.parts) == {"Roe\nRick": "person"}


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
