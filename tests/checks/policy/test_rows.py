"""Strict CSV."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy.rows import _UNSEEN, MAX_LINE, read
from gateway.core.errors import ConfigurationError


def test_comments_and_empty_lines_are_left_out_and_lines_counted() -> None:
    rows = read("f.csv", b'# c\r\n\r\ng, role:a, role:b\r\np, "one, two", x\n')
    assert [(row.line, row.fields) for row in rows] == [
        (3, ("g", "role:a", "role:b")),
        (4, ("p", "one, two", "x")),
    ]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"g, a\ng, \xff\n", "f.csv:2:"),
        ("\ufeffg, a".encode(), "f.csv:1:"),
        (b"g, a,, b\n", "column 3 is empty"),
        (b"g, a,\n", "column 3 is empty"),
        (b'g, "  ", b\n', "column 2 is empty"),
        (b'g, "a\nb"\n', "f.csv:1:"),
        (b'g, "a"b\n', "f.csv:1:"),
        (b"g, a\x00b\n", "f.csv:1:"),
        (b"g, a\rb\n", "f.csv:1:"),
        ("g, a\u200bb\n".encode(), "invisible"),
        ("g, a\u202eb\n".encode(), "invisible"),
        (b"g, " + b"a" * MAX_LINE + b"\n", "longer"),
    ],
)
def test_what_is_not_plain_csv_is_refused_with_its_place(data: bytes, place: str) -> None:
    with pytest.raises(ConfigurationError, match=place.replace(".", r"\.")):
        read("f.csv", data)


def test_nothing_that_is_refused_as_control_or_invisible_counts_as_printable() -> None:
    """A line of printable characters alone is looked through no further."""
    printable = filter(str.isprintable, map(chr, range(sys.maxunicode + 1)))
    assert _UNSEEN.isdisjoint(set(map(unicodedata.category, printable)))


@settings(max_examples=200, deadline=None)
@given(data=st.one_of(st.binary(max_size=80), st.text(alphabet='ab,"#\r\n ', max_size=60).map(str.encode)))
def test_no_bytes_make_the_reader_raise_anything_but_its_own_error(data: bytes) -> None:
    try:
        rows = read("f.csv", data)
    except ConfigurationError:
        return
    assert all(field and field == field.strip() for row in rows for field in row.fields)
