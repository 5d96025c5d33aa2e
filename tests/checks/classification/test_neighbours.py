"""JSON in a text: its fields with their places, and which of them may be pieces of one thing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.classification.neighbours import LONGEST, fields_of, may_hold, rows, titled, within
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE
from tests.checks.classification.samples import soups

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def told(text: str) -> list[list[tuple[str, str]]]:
    return [[(field.part.label, field.part.text) for field in row] for row in rows(text)]


def test_strings_stand_under_their_key_and_that_of_what_they_are_in() -> None:
    assert told('{"ssn": {"area": "536", "group": "22"}, "note": ["a", {"b": "c"}], "z": "d"}') == [
        [("ssn area", "536"), ("ssn group", "22"), ("note", "a"), ("note b", "c"), ("z", "d")]
    ]


def test_numbers_are_pieces_under_one_key_that_counts_them() -> None:
    assert told('{"card1": 4111, "card_2": 1111, "width1": 10, "width2": 20}') == [
        [("card1", "4111"), ("card_2", "1111")],
        [("width1", "10"), ("width2", "20")],
    ]


@pytest.mark.parametrize("text", ['{"width": 1024, "height": 768}', "[536, 22, 8731]", '{"a1": 5, "b": "x", "a2": 6}'])
def test_other_numbers_are_pieces_of_nothing(text: str) -> None:
    assert rows(text) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "4111", "b": "1111"}', '["4111","1111"]', '[["4111"], ["1111"]]', '{"card1": 4111, "card2": 1111}',
        '{"user": "bob@", "host": "example.com"}', '{"a": "john@stm", "b": "ary.org"}',
        '{"user": "bob", "host": "@example.com"}',
        '{"ssn": {"area": "536", "group": "22"}}', ' {"x": [{"a": "DE89"}, {"a": "3704"}]}',
    ],
)  # fmt: skip
def test_it_is_seen_where_there_may_be_pieces(text: str) -> None:
    assert may_hold(text)
    assert rows(text)


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": 2}', '"4111", "1111"', '{"a": "word", "b": "more"}', "[1, 2]", "", "text", '{"a": "4111"}']
)
def test_and_of_most_texts_that_there_are_none(text: str) -> None:
    assert not may_hold(text)


def test_what_is_longer_is_not_taken_apart() -> None:
    text = '{"a": "4111", "b": "1111"}'
    assert may_hold(text.ljust(LONGEST))
    assert not may_hold(text.ljust(LONGEST + 1))


@given(JSON.map(json.dumps) | soups() | st.text(alphabet='{}[]",:\\1a \n.-', max_size=80))
def test_every_field_is_where_it_says(text: str) -> None:
    fields = [field for row in rows(text) for field in row]
    assert all(text.startswith(field.part.text, field.start) for field in fields)
    assert [field.start for field in fields] == sorted(field.start for field in fields)


def test_findings_of_the_text_have_their_places_in_a_field() -> None:
    (row,) = rows('{"a": "4111", "b": "1111"}')
    one = Finding("card", 7, 11, 0.9, "luhn")
    over = Finding("card", 7, 21, 0.9, "luhn")
    assert within(row, [one]) == [(Finding("card", 0, 4, 0.9, "luhn"),), ()]
    assert [len(several) for several in within(row, [one, over])] == [2, 1]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("card", {"a": "４１１１", "b": "１１１１", "c": "١١١١", "d": "1111"}),
        ("card", {"a": "4111\u200b", "b": "\u20601111", "c": "1111", "d": "1111"}),
        ("email", {"user": "bob.smith＠", "host": "example.com"}),
    ],
)
def test_other_digits_and_what_is_invisible_at_a_border_hide_nothing(kind: str, value: dict[str, str]) -> None:
    (findings,) = ENGINE.scan([Part("/a", json.dumps(value, ensure_ascii=False))]).parts
    assert sum(finding.type == kind for finding in findings) == len(value)


@pytest.mark.parametrize("indent", [None, 1, 2, 4, 8, "\t"])
def test_json_is_read_however_it_is_set_out(indent: int | str | None) -> None:
    nested = {"patient": {"more": {"ssn": {"area": "536", "group": "22", "serial": "8731"}}}}
    card = {"x": {"a": "4111111111", "b": "111111"}}
    for value, kind in ((nested, "us-ssn"), (card, "card")):
        (findings,) = ENGINE.scan([Part("/a", json.dumps(value, indent=indent))]).parts
        assert kind in {finding.type for finding in findings}


def test_findings_are_passed_once_however_many_fields_there_are() -> None:
    text = json.dumps([f"a{number}@example.com" for number in range(500)] + ["4111111111", "111111"])
    fields = [field for row in rows(text) for field in row]
    looked: list[int] = []

    class Counted(list[Finding]):
        def __getitem__(self, at: object) -> Any:
            looked.append(1)
            return super().__getitem__(at)  # type: ignore[call-overload]

    found = Counted(ENGINE.scan_text(text))
    inside = within(fields, found)
    assert [len(several) for several in inside[:500]] == [1] * 500
    assert len(looked) < 10 * len(fields)


def _shown(document: Any) -> list[str]:
    texts = [json.dumps(document), json.dumps(document, indent=2)]
    found = [ENGINE.scan([Part("/a", text)]).parts[0] for text in texts]
    first, second = ([text[one.start : one.end] for one in several] for text, several in zip(texts, found, strict=True))
    assert first == second
    return first


@pytest.mark.parametrize(
    "key",
    [
        "physicianName", "ownerName", "payeeName", "subscriberName", "studentName", "guestName", "motherName",
        "authorName", "displayName", "patName", "provider_name",
    ],
)  # fmt: skip
def test_a_field_is_read_as_the_words_of_its_key_as_in_a_body(key: str) -> None:
    assert _shown({key: "Oluwaseun Adeyemi"}) == ["Oluwaseun Adeyemi"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("address", "Quillfeather 17"),
        ("homeAddress", "Quillfeather 17"),
        ("billing_address", "Quillfeather 17"),
        ("dbPass", "Zomer2024!"),
        ("motDePasse", "Zomer2024!"),
        ("idToken", "a8Kd93jLsk29dkWq8s7d"),
        ("signingKey", "a8Kd93jLsk29dkWq8s7d"),
        ("accession", "A88231944"),
    ],
)
def test_other_fields_are_read_so_too(key: str, value: str) -> None:
    assert _shown({key: value}) == [value]


@pytest.mark.parametrize(
    "document",
    [
        {"fileName": "Kubernetes", "className": "Sidebar Menu", "tableName": "Orders"},
        {"componentName": "Main Menu", "displayName": "Order Status"},
        {"primaryKey": "order_id", "foreignKey": "customer_id", "nextPageToken": "x"},
        {"emailAddress": "none", "ipAddress": "n/a", "macAddress": "unknown"},
        {"ownerName": "", "payeeName": None},
    ],
)
def test_a_field_that_names_a_thing_is_nobody(document: Any) -> None:
    assert _shown(document) == []


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        ({"dob": {"year": 1984, "month": 5, "day": 2}}, ["1984", "5", "2"]),
        ({"birthday": {"date": {"year": 1984, "month": 5, "day": 2}}}, ["1984", "5", "2"]),
        ({"dob_month": "05", "dob_day": "02", "dob_year": "1984"}, ["05", "02", "1984"]),
        ({"start": {"year": 1984, "month": 5, "day": 2}}, []),
        ({"dob": {"year": 1984}, "end": {"month": 5, "day": 2}}, []),
    ],
)
def test_the_parts_of_a_birth_are_found_in_a_text(document: Any, parts: list[str]) -> None:
    assert _shown(document) == parts


def test_the_description_of_a_field_in_a_schema_is_not_named_by_it() -> None:
    def title(inner: dict[str, str]) -> dict[str, str]:
        text = json.dumps({"customer": inner})
        return {
            field.part.text: before
            for field, before in titled(text, (), fields_of(text))
            if "description" in field.part.pointer
        }

    assert title({"type": "string", "description": "Unique key"}) == {}
    assert title({"type": "string", "description": "88231944"}) == {"88231944": "customer: "}
    assert title({"type": "Mr", "description": "Zaqueu Brito"}) == {"Zaqueu Brito": "customer: "}
