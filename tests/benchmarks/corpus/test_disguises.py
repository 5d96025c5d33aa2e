"""A disguise says the same: whoever undoes it has the value again."""

import base64
import html
import json
import quopri
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote

import pytest

from benchmarks.corpus.disguises import (
    DISGUISES,
    STRUCTURED,
    disguised,
    encoded_text,
    printable_text,
    referenced_text,
    sample,
)
from benchmarks.corpus.rows import Row, Span


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(one)) if unicodedata.category(one) == "Nd" else one for one in text)


def _said(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


def _without(*joints: str) -> Callable[[str], str]:
    return lambda text: "".join(one for one in text if one not in joints)


UNDONE: dict[str, Callable[[str], str]] = {
    "digits apart": _without(" "),
    "threes, spaces": _without(" "),
    "threes, dots": _without("."),
    "full-width digits": _digits,
    "Arabic digits": _digits,
    "zero-width between": _without("\u200b"),
    "Cyrillic letters": lambda text: text.translate(str.maketrans("асеорху", "aceopxy")),
    "percent, all": unquote,
    "percent, as in a URL": unquote,
    "HTML, decimal": html.unescape,
    "HTML, hexadecimal": html.unescape,
    "JSON \\u": lambda text: str(json.loads(f'"{text}"')),
    "markup inside": lambda text: re.sub("</?b>", "", text),
    "quoted-printable": lambda text: quopri.decodestring(text).decode(),
}


@pytest.mark.parametrize("name", DISGUISES)
def test_undone_it_is_the_value(name: str) -> None:
    applied = 0
    for value in ("jo.e@example.com", "123-45-6789", "4111111111111111", "+44 20 7946 0958"):
        written = DISGUISES[name](value)
        if written is None:
            continue
        applied += 1
        assert written != value
        undone = UNDONE[name](written)
        assert undone == value or _said(undone) == _said(value)
    assert applied


def test_labels_move_with_what_they_lie_on_and_only_disguised_values_keep_theirs() -> None:
    text = "mail a@b.example or Anna, card 4111111111111111"
    row = Row(text, (Span("email", 5, 16), Span("person", 20, 24), Span("card", 31, 47)))
    other = disguised(row, DISGUISES["digits apart"])
    assert other is not None
    assert [(one.type, other.text[one.start : one.end]) for one in other.spans] == [
        ("card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1")
    ]
    assert other.text.startswith("mail a@b.example or Anna, card 4 1")
    both = disguised(row, DISGUISES["HTML, decimal"])
    assert both is not None
    assert [html.unescape(both.text[one.start : one.end]) for one in both.spans] == ["a@b.example", "4111111111111111"]
    assert disguised(Row("Anna", (Span("person", 0, 4),)), DISGUISES["percent, all"]) is None
    assert {"person", "place"}.isdisjoint(STRUCTURED)


def test_whole_texts_are_encoded_as_they_are() -> None:
    row = Row("Müller & a=b <x>\n" * 9)
    assert base64.b64decode(encoded_text(row)).decode() == row.text
    assert quopri.decodestring(printable_text(row)).decode() == row.text
    assert html.unescape(referenced_text(row)) == row.text


def test_a_sample_is_the_same_each_time_and_no_more_than_there_is() -> None:
    rows = [Row(str(number)) for number in range(30)]
    assert sample(rows, 5) == sample(rows, 5)
    assert len(sample(rows, 50)) == 30
