"""Untrusted bodies are read strictly: one meaning or a refusal, in linear time, without losing a character."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents import bodies
from gateway.agents.bodies import Json, Vocabulary, check_places, decompress, read_json, replace, walk, write_json
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

BOUNDS = Bounds(body_bytes=10_000, answer_bytes=10_000, depth=8)

documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def code(result: object) -> str:
    assert isinstance(result, Refusal)
    return result.code


def parts_of(document: Any, vocabulary: Vocabulary = bodies.PLAIN) -> list[Part]:
    parts: list[Part] = []
    walk(document, parts, vocabulary=vocabulary)
    return parts


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "body_not_json"),
        (b"{", "body_not_json"),
        (b"NaN", "body_not_json"),
        (b"[Infinity]", "body_not_json"),
        (b"-Infinity", "body_not_json"),
        (b"{} {}", "body_not_json"),
        (b"{}\x00", "body_not_json"),
        (b"\xef\xbb\xbf{}", "body_not_json"),
        (b'"\\ud800"', "body_not_json"),
        (b'"\\udc00\\ud800"', "body_not_json"),
        (b"1e999", "body_not_json"),
        (b"1e-99999999999", "body_not_json"),
        (b"1" * 5000, "body_not_json"),
        (b"0." + b"1" * 5000, "body_not_json"),
        (b"01", "body_not_json"),
        (b"{'a': 1}", "body_not_json"),
        (b'{"a": 1,}', "body_not_json"),
        (b'"a\nb"', "body_not_json"),
        (b'"unterminated', "body_not_json"),
        (b'"\\"', "body_not_json"),
        (b'"\xff"', "body_not_utf8"),
        (b'"\xed\xa0\x80"', "body_not_utf8"),
        ("{}".encode("utf-16"), "body_not_utf8"),
        (b'{"a": 1, "a": 2}', "body_duplicate_key"),
        (b'{"a": 1, "\\u0061": 2}', "body_duplicate_key"),
        (b'[{"b": {"a": 1, "c": 3, "a": 2}}]', "body_duplicate_key"),
        (b"[" * 9 + b"]" * 9, "body_too_deep"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, "body_too_deep"),
        (b"[" * 5000, "body_too_deep"),
    ],
)
def test_a_body_that_two_readers_could_understand_differently_is_refused(body: bytes, expected: str) -> None:
    assert code(read_json(body, BOUNDS)) == expected


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b" [1, 2.5] ", [1, 2.5]),
        (b'{"a": "\\"a\\": [[[[[[[[[", "b\\\\": "}"}', {"a": '"a": [[[[[[[[[', "b\\": "}"}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"[" * 8 + b"]" * 8, [[[[[[[[]]]]]]]]),
        (b'{"a\\":": 1, "": {"a\\":": 2}}', {'a":': 1, "": {'a":': 2}}),
    ],
)
def test_brackets_and_colons_inside_strings_count_for_nothing(body: bytes, value: object) -> None:
    assert read_json(body, BOUNDS) == Json(value)


def test_siblings_do_not_add_up_to_depth() -> None:
    assert isinstance(read_json(b"[" + b"[]," * 100 + b"[]]", BOUNDS), Json)


def test_a_refusal_never_repeats_the_offending_value() -> None:
    for body in (b'{"123-45-6789": 1, "123-45-6789": 2}', b'"123-45-6789', b'["123-45-6789" x]'):
        assert b"123-45" not in repr(read_json(body, BOUNDS)).encode()


def test_numbers_are_written_as_they_were_read() -> None:
    body = b"[0.10000000000000000000000001,1.50,12345678901234567890123,2.5,1E+5]"
    result = read_json(body, BOUNDS)
    assert isinstance(result, Json)
    assert write_json(result.value) == body


def test_a_document_too_deep_for_the_interpreter_is_refused_not_raised() -> None:
    deep = Bounds(body_bytes=1 << 20, answer_bytes=1 << 20, depth=1 << 20)
    assert code(read_json(b"[" * 50_000 + b"]" * 50_000, deep)) == "body_too_deep"


@settings(max_examples=150)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u0aeE1-. ntfd8', max_size=40).map(str.encode))
def test_any_bytes_give_a_document_or_a_refusal(body: bytes) -> None:
    result = read_json(body, BOUNDS)
    if isinstance(result, Json):
        assert json.loads(body.decode()) == json.loads(write_json(result.value))


@settings(max_examples=150)
@given(documents, st.booleans())
def test_any_document_reads_back_as_itself(document: Any, escaped: bool) -> None:
    bounds = Bounds(body_bytes=1 << 20, answer_bytes=1 << 20, depth=64)
    body = json.dumps(document, ensure_ascii=escaped).encode()
    result = read_json(body, bounds)
    assert isinstance(result, Json)
    assert json.loads(write_json(result.value)) == document


@pytest.mark.parametrize("key", ["age", "patientAge", "ageInYears", "age_years", "AGE", "PATIENT_AGE", "Alter", "âge"])
def test_an_age_above_89_is_a_part_although_it_is_short(key: str) -> None:
    """It is an identifier of Safe Harbor, and went out as it was wherever all else of the message was masked."""
    for value, told in ((93, "age: 93"), (93.5, "age: 93"), ({"value": 90}, "age: 90"), ([125], "age: 125")):
        found = [part for part in parts_of({key: value}) if part.text != key and part.text != "value"]
        assert [(part.text, part.kind) for part in found] == [(told, "name")]
    for other in (89, 126, -93, True, None, [1, 2]):
        assert [part.text for part in parts_of({key: other})] == [key]


@pytest.mark.parametrize(
    "key",
    [
        "page", "average", "pages", "storage", "agent", "count", "alternative", "metal", "max_age", "maxAge",
        "tokenAge", "cache-age",
    ],
)  # fmt: skip
def test_a_number_under_a_key_that_says_no_age_is_none(key: str) -> None:
    assert [part.text for part in parts_of({key: 93})] == [key]


@settings(max_examples=100)
@given(documents)
def test_every_string_key_and_long_number_is_in_some_part(document: Any) -> None:
    texts = [part.text for part in parts_of(document)]

    def look(value: Any) -> None:
        if isinstance(value, str) and value:
            assert value in texts
        elif isinstance(value, dict):
            for key, item in value.items():
                assert not key or key in texts
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000:
            assert any(text.endswith(str(value)) for text in texts)

    look(document)


def test_parts_carry_their_place_kind_and_label() -> None:
    parts = parts_of({"patient_name": "Ann", "mrn": 12345678, "a/b": ["x", 7], "score": 0.5, "t": 1.23456})
    assert parts == [
        Part("/patient_name", "patient_name", "name"),
        Part("/patient_name", "Ann", "text", "patient_name"),
        Part("/mrn", "mrn", "name"),
        Part("/mrn", "mrn: 12345678", "name"),
        Part("/a~1b", "a/b", "name"),
        Part("/a~1b/0", "x", "text", "a/b"),
        Part("/score", "score", "name"),
        Part("/t", "t", "name"),
        Part("/t", "t: 1.23456", "name"),
    ]


def test_the_description_of_a_field_in_a_schema_has_no_label_of_it() -> None:
    schema = {"customer": {"type": "string", "description": "Unique key"}}
    assert Part("/customer/description", "Unique key", "text", "description") in parts_of(schema)
    for told in ({"type": "string", "description": "88231944"}, {"description": "Zaqueu Brito"}):
        text = told["description"]
        assert Part("/mrn/description", text, "text", "mrn") in parts_of({"mrn": told})


def test_first_and_last_beside_each_other_are_names_whatever_they_stand_in() -> None:
    parts = parts_of({"row": {"first": "Nkechi", "last": "Obiora", "note": "x"}})
    labels = {part.pointer: part.label for part in parts if part.kind == "text"}
    assert labels == {"/row/first": "name first", "/row/last": "name last", "/row/note": "note"}
    assert Part("/row/first", "Nkechi", "text", "first") in parts_of({"row": {"first": "Nkechi", "next": "Obiora"}})


def test_a_key_that_says_nothing_leaves_the_label_of_its_object() -> None:
    document = {"mrn": {"value": "84736251", "Number": 84736251, "system": "x"}, "a": [{"text": "b"}], "value": "c"}
    labels = {part.pointer: part.label for part in parts_of(document) if part.kind == "text"}
    assert labels == {"/mrn/value": "mrn", "/mrn/system": "system", "/a/0/text": "a", "/value": "value"}
    assert Part("/mrn/Number", "mrn Number: 84736251", "name") in parts_of(document)


def test_keys_that_say_half_are_read_with_what_they_stand_in() -> None:
    parts: list[Part] = []
    walk({"patient": {"id": "1"}, "order": {"id": "x"}, "name": {"first": "A"}, "birthday": {"date": "x"}}, parts)
    labels = [part.label for part in parts if part.kind == "text"]
    assert labels == ["patient id", "id", "name first", "birthday date"]


def test_the_parts_of_a_birth_are_known() -> None:
    parts: list[Part] = []
    walk({"dob": {"year": 1984, "month": 5, "day": "02"}, "start": {"year": 1984, "month": 5, "day": 2}}, parts)
    assert [part.text for part in parts if part.pointer == "/dob/year"] == ["year", "date of birth: 1984-05-02"]
    assert [(part.kind, part.known) for part in parts if part.text == "02"] == [("text", "date-of-birth")]
    assert [part.text for part in parts if part.pointer.startswith("/start/")] == ["year", "month", "day"]


def test_only_exact_words_of_the_protocol_are_left_out() -> None:
    known = Vocabulary(
        keys=frozenset({"role", "n", "id"}),
        words={"role": frozenset({"user"})},
        numbers={"n": (0, 99_999)},
        names=frozenset({"id"}),
    )
    assert parts_of({"role": "user", "n": 20_000}, known) == []
    assert parts_of({"role": "user 2", "n": 123_456, "id": "x"}, known) == [
        Part("/role", "user 2", "text"),
        Part("/n", "123456", "name"),
        Part("/id", "x", "name"),
    ]


def test_beyond_the_bound_of_parts_the_rest_is_unreadable_never_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_PARTS", 3)
    parts = parts_of(["a", "b", "c", "d", "e"])
    assert parts[3:] == [Part("/3", "", "unreadable")]
    parts = parts_of({"a": "x", "b": "y", "c": "z", "d": {"e": 1}})
    assert parts[4:] == [Part("/c", "", "unreadable")]


def test_replacing_copies_only_the_way_and_leaves_the_original() -> None:
    document = {"a": [{"b": "x", "c": {"d": 1}}], "e": {"f~/": "y"}, "g": [2]}
    before = json.dumps(document)
    changed = replace(document, {"/a/0/b": "X", "/e/f~0~1": "Y", "query:q": "ignored"})
    assert changed == {"a": [{"b": "X", "c": {"d": 1}}], "e": {"f~/": "Y"}, "g": [2]}
    assert json.dumps(document) == before
    assert changed["g"] is document["g"]
    assert changed["a"][0]["c"] is document["a"][0]["c"]  # type: ignore[index]


def test_replacing_nothing_gives_the_same_document() -> None:
    document = {"a": "x"}
    assert replace(document, {}) is document
    assert replace(document, {"header:accept": "x"}) is document


def test_the_whole_document_can_be_replaced_where_it_is_a_string() -> None:
    assert replace("x", {"": "y"}) == "y"


@pytest.mark.parametrize("pointer", ["/b", "/a/1", "/a/00", "/a/-1", "/a/²", "/n", "/a/0/x", "/n/x", "", "/a"])
def test_a_mask_whose_place_is_not_found_stops_everything(pointer: str) -> None:
    with pytest.raises(FormatError):
        replace({"a": ["x"], "n": 5}, {pointer: "[EMAIL]"})


def test_only_places_of_text_parts_can_be_masked() -> None:
    parts = [Part("/a", "x"), Part("/b", "y", "name"), Part("/c", "", "unreadable")]
    check_places({}, parts)
    check_places({"/a": "m"}, parts)
    for place in ("/b", "/c", "/d", "path:0"):
        with pytest.raises(FormatError):
            check_places({"/a": "m", place: "m"}, parts)


@settings(max_examples=100)
@given(documents)
def test_every_text_part_can_be_replaced_at_its_pointer(document: Any) -> None:
    texts = {part.pointer: "[X]" for part in parts_of(document) if part.kind == "text"}
    changed = replace(document, texts)
    assert {part.text for part in parts_of(changed) if part.kind == "text"} <= {"[X]"}


def test_gzip_is_undone_within_bounds() -> None:
    assert decompress(gzip.compress(b"{}"), "GZIP", BOUNDS) == b"{}"
    assert decompress(b"{}", None, BOUNDS) == b"{}"
    assert decompress(b"{}", "identity", BOUNDS) == b"{}"


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (gzip.compress(b"\0" * 100_000_000, 1, mtime=0), "gzip", "body_too_large"),
        (gzip.compress(b"{}", mtime=0)[:-4], "gzip", "body_incomplete"),
        (b"", "gzip", "body_incomplete"),
        (gzip.compress(b"{}", mtime=0) + b"x", "gzip", "body_encoding"),
        (gzip.compress(b"{}", mtime=0) * 2, "gzip", "body_encoding"),
        (b"not gzip", "gzip", "body_encoding"),
        (zlib.compress(b"{}"), "deflate", "body_encoding"),
        (gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), "gzip, gzip", "body_encoding"),
        (b"{}", "br", "body_encoding"),
    ],
)
def test_what_does_not_decompress_to_exactly_one_bounded_body_is_refused(
    body: bytes, encoding: str, expected: str
) -> None:
    assert code(decompress(body, encoding, BOUNDS)) == expected


SPOKEN = Vocabulary(
    keys=frozenset({"role", "content", "id", "count", "flag"}),
    words={"role": frozenset({"user"})},
    numbers={"count": (0, 9_999_999)},
    names=frozenset({"id"}),
)


@pytest.mark.parametrize("key", ["role", "content", "id", "count", "flag", "other", "a/b", ""])
@pytest.mark.parametrize(
    "item",
    ["", "user", "Anna", None, True, 7, -9_999, 10_000, 12_345_678, 0.5, 1.23456, ["x", 12_345], {"k": "v"}],
    ids=repr,
)
def test_an_entry_of_an_object_has_the_parts_of_a_member(key: str, item: object) -> None:
    entered: list[Part] = []
    joined: list[Part] = []
    bodies.entry(key, item, entered, "/messages/0", SPOKEN)
    bodies.member(key, item, joined, f"/messages/0/{bodies.escape(key)}", SPOKEN)
    assert entered == joined


def test_an_entry_beyond_the_most_parts_is_told_as_unreadable() -> None:
    parts = [Part(f"/{number}", "x", "text") for number in range(bodies.MAX_PARTS)]
    bodies.entry("content", "Anna", parts, "", SPOKEN)
    assert (len(parts), parts[-1].kind) == (bodies.MAX_PARTS + 1, "unreadable")
