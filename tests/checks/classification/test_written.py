"""Tables in strings and statements: what their cells are, and where."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.columns import Headings
from gateway.checks.classification.written import LONGEST, tables
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE, told

TABLE = "id,mrn,ssn\n7,84736251,536228731\n"


def never() -> bool:
    return False


def cells(text: str) -> list[tuple[str, str]]:
    known = ENGINE._locator.headings
    return [(one.type, text[one.start : one.end]) for one in tables(text, known, never) if one is not None]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"csv": TABLE}),
        json.dumps([TABLE.replace("\n", "\r\n")]),
        json.dumps({"a": "\\ ü", "tsv": TABLE.replace(",", "\t")}),
        json.dumps({"md": "| id | mrn | ssn |\n|---|---|---|\n| 7 | 84736251 | 536228731 |"}, indent=2),
        'rows = "' + TABLE.replace("\n", "\\n") + '"',
        "log: " + TABLE.replace("\n", "\\n"),
        "INSERT INTO t (id, mrn, ssn) VALUES (7, '84736251', '536228731');",
        'insert into a."b" (`id`, [mrn], "ssn")\n values\n (now(), \'84736251\', 536228731 )',
        "REPLACE INTO t (note, mrn, ssn) VALUES ('it''s (ok), \\'so', N'84736251', E'536228731')",
        "Upsert into t (id,mrn,ssn) values (coalesce(1, 2),'84736251','536228731') on conflict do nothing",
        "INSERT INTO t (id, mrn, ssn) VALUES (1, NULL, NULL), (2, '84736251', '536228731')",
        "COPY t (id, mrn, ssn) FROM stdin;\n7\t84736251\t536228731\n\\.\n",
        "copy t (id, mrn, ssn) from stdin with (null '');\n\t84736251\t536228731\n",
    ],
)
def test_a_cell_is_what_its_column_says(text: str) -> None:
    assert set(cells(text)) == {("mrn", "84736251"), ("us-ssn", "536228731")}
    assert {("mrn", "84736251"), ("us-ssn", "536228731")} <= set(told(text))
    found = ENGINE.scan([Part("/a", text)]).parts[0]
    assert {("mrn", "84736251"), ("us-ssn", "536228731")} <= {(one.type, text[one.start : one.end]) for one in found}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INSERT INTO t VALUES (1, '84736251')",
        "INSERT INTO t (id, total) VALUES (1, '84736251')",
        "INSERT INTO t (id, mrn) VALUES ($1, $2)",
        "INSERT INTO t (id, mrn) SELECT id, 84736251",
        "INSERT INTO t (id, mrn) VALUES (1, '84736251",
        "COPY t (id, mrn) FROM '/tmp/x'",
        "COPY t (id, mrn) FROM stdin;\n\\.\n7\t84736251\n",
        json.dumps({"a": "id,mrn", "b": "7,84736251"}),
        json.dumps({"a": TABLE + "x" * LONGEST}),
    ],
)
def test_what_is_no_such_table_shows_nothing(text: str) -> None:
    assert cells(text) == []


def test_it_ends_where_it_is_late() -> None:
    text = json.dumps([TABLE, TABLE])
    assert list(tables(text, Headings(), lambda: True)) == [None]


SAID = (
    "INSERT INTO t (id,mrn) VALUES ", "(", ")", "'", "''", ",", "84736251", "\\n", '"', "{", "\\.", "\\", "id,mrn", "é",
    "COPY t (a,mrn) FROM stdin;\n", "\t",
)  # fmt: skip


@given(st.lists(st.sampled_from(SAID), max_size=24).map("".join))
@settings(max_examples=300, deadline=None)
def test_places_lie_in_the_text_whatever_it_is(text: str) -> None:
    for one in tables(text, ENGINE._locator.headings, never):
        assert one is not None
        assert 0 <= one.start < one.end <= len(text)
        assert any(map(str.isdigit, text[one.start : one.end]))
