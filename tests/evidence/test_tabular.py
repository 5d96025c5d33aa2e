"""Rows as CSV and NDJSON: read back as they were, and nothing that a spreadsheet or terminal would obey."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import tabular
from gateway.evidence.tabular import CSV, FORMULA, NDJSON


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))


@pytest.mark.parametrize("start", FORMULA, ids=[f"{ord(start):04x}" for start in FORMULA])
def test_a_formula_is_shown_and_not_run(start: str) -> None:
    formula = f'{start}HYPERLINK("x")'
    assert read(tabular.row([formula, f"a{formula}"])) == [[f"'{formula}", f"a{formula}"]]


def test_numbers_stay_numbers_and_other_values_become_text() -> None:
    cells = [-5, None, True, ["phi", "pii"], {"email": 2}, "", 0, ("a",)]
    assert read(tabular.row(cells)) == [["-5", "", "true", "phi pii", '{"email":2}', "", "0", "a"]]


def test_lines_end_as_rfc_4180_says_and_what_must_be_is_quoted() -> None:
    assert tabular.row(["a", 'say "x"', "b,c", "two\nlines"]) == b'a,"say ""x""","b,c","two\nlines"\r\n'


def test_no_control_character_reaches_a_terminal() -> None:
    assert read(tabular.row(["\x1b[2Jgone\x00\x9b\u2028"])) == [["\ufffd[2Jgone\ufffd\ufffd\ufffd"]]


def test_a_table_has_its_columns_alone_and_is_made_row_by_row() -> None:
    rows: Iterator[dict[str, Any]] = iter([{"b": 1, "a": "x", "c": "never"}, {"a": "é"}])
    made = iter(tabular.table(("a", "b"), rows))
    assert (next(made), next(made)) == (b"a,b\r\n", b"x,1\r\n")
    assert next(rows) == {"a": "é"}, "the second one was not asked for yet"


def test_both_forms_are_chosen_by_what_is_accepted() -> None:
    assert [tabular.accepted(one) for one in ("text/csv", f"{NDJSON}, */*", "application/json", "")] == [
        CSV,
        NDJSON,
        None,
        None,
    ]
    rows = [{"a": "=x"}]
    assert list(tabular.lines(NDJSON, ("a",), rows)) == [b'{"a":"=x"}\n']
    assert list(tabular.lines(CSV, ("a",), rows)) == [b"a\r\n", b"'=x\r\n"]


_VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2)


@given(st.lists(_VALUES, min_size=1, max_size=4))
def test_whatever_cells_hold_a_row_is_one_row_of_text_without_formulas(cells: list[Any]) -> None:
    (found,) = read(tabular.row(cells))
    assert len(found) == len(cells)
    for value, shown in zip(cells, found, strict=True):
        assert isinstance(value, int) or not shown.startswith(FORMULA)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.none()))
def test_a_line_of_ndjson_is_one_line(value: dict[str, Any]) -> None:
    data = tabular.line(value)
    assert data.count(b"\n") == 1
    assert json.loads(data) == value
