"""Bodies of any type are read by what they declare, and what cannot be read is said to be so."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.content import (
    FORM,
    Content,
    Pair,
    media_type,
    pair_parts,
    read_content,
    read_pairs,
    render_content,
    render_pairs,
)
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.refusal import Refusal

from .support import BOUNDS

UNREADABLE = Part("", "", "unreadable")


def content(body: bytes, content_type: str | None) -> Content:
    result = read_content(body, content_type, BOUNDS)
    assert isinstance(result, Content), result
    return result


def pairs(raw: str) -> tuple[Pair, ...]:
    result = read_pairs(raw, "query")
    assert not isinstance(result, Refusal)
    return result


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("Application/JSON; charset=utf-8", "application/json"),
        (" text/plain ", "text/plain"),
        ("application/fhir+json;fhirVersion=4.0", "application/fhir+json"),
        (None, ""),
        ("", ""),
        ("json", ""),
        ("text/plain text/html", ""),
        ("a/b/c", ""),
    ],
)
def test_a_media_type_is_read_strictly(given_: str | None, expected: str) -> None:
    assert media_type(given_) == expected


@pytest.mark.parametrize(
    ("body", "kind", "parts"),
    [
        (b"", None, ()),
        (b"", "application/json", ()),
        (b'{"a": "x"}', "application/json", (Part("/a", "a", "name"), Part("/a", "x", "text", "a"))),
        (b'"x"', "application/fhir+json; charset=UTF-8", (Part("", "x"),)),
        ("né".encode(), "text/plain", (Part("", "né"),)),
        (b"a,b", "text/csv; charset=us-ascii", (Part("", "a,b"),)),
        (b"<p>x</p>", "text/html", (Part("", "<p>x</p>"),)),
        (b"<p>&#48;</p>", "text/html", (Part("", "<p>&#48;</p>"), UNREADABLE)),
        (
            b"n=Ann+S&x",
            FORM,
            (Part("form:n", "n", "name"), Part("form:n", "Ann S", "text", "n"), Part("form:x", "x", "name")),
        ),
        (b"x", None, (UNREADABLE,)),
        (b"x", "nonsense", (UNREADABLE,)),
        (b"\x89PNG", "image/png", (UNREADABLE,)),
        (b"x", "application/octet-stream", (UNREADABLE,)),
        (b"<a>&x;</a>", "application/xml", (UNREADABLE,)),
        (b"--b", "multipart/form-data; boundary=b", (UNREADABLE,)),
        (b"\xe9", "text/plain; charset=iso-8859-1", (UNREADABLE,)),
        (b"a=%E9", FORM + "; charset=iso-8859-1", (UNREADABLE,)),
    ],
)
def test_a_body_is_read_by_its_type_or_is_unreadable(body: bytes, kind: str | None, parts: tuple[Part, ...]) -> None:
    assert content(body, kind).parts == parts


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"{", "application/json", "body_not_json"),
        (b'{"a":1,"a":2}', "application/vnd.x+json", "body_duplicate_key"),
        (b"{}", "application/json; charset=utf-16", "media_type"),
        (b"\xff", "text/plain", "body_not_utf8"),
        (b"a=%zz", FORM, "parameter_invalid"),
        (b"a=%ff", FORM, "parameter_invalid"),
        (b"a=\xff", FORM, "parameter_invalid"),
        (b"a=b c", FORM, "parameter_invalid"),
        (b"a&" * 1000, FORM, "parameter_invalid"),
    ],
)
def test_a_body_that_breaks_the_rules_of_its_type_is_refused(body: bytes, kind: str, code: str) -> None:
    result = read_content(body, kind, BOUNDS)
    assert isinstance(result, Refusal)
    assert result.code == code


@pytest.mark.parametrize(
    ("body", "kind", "masked", "expected"),
    [
        (b'{"a": "x",  "b": 1.50}', "application/json", {"/a": "[M]"}, b'{"a":"[M]","b":1.50}'),
        (b'"x"', "application/json", {"": "[M]"}, b'"[M]"'),
        (b"x", "text/plain", {"": "é[M]"}, "é[M]".encode()),
        (b"a=1&b=%41&c", FORM, {"form:a": "[M] &"}, b"a=%5BM%5D+%26&b=%41&c"),
        (b' {"a": "x"}', "application/json", {}, b' {"a": "x"}'),
    ],
)
def test_a_mask_changes_its_place_and_nothing_else(
    body: bytes, kind: str, masked: dict[str, str], expected: bytes
) -> None:
    read = content(body, kind)
    assert render_content(body, read.media_type, read.document, masked) == expected


@pytest.mark.parametrize(
    ("body", "kind", "masked"),
    [
        (b'{"a": 1}', "application/json", {"/a": "x"}),
        (b"x", "text/plain", {"/a": "x"}),
        (b"a=1", FORM, {"form:b": "x"}),
        (b"\x89", "image/png", {"": "x"}),
    ],
)
def test_a_mask_without_its_place_is_never_lost(body: bytes, kind: str, masked: dict[str, str]) -> None:
    read = content(body, kind)
    with pytest.raises(FormatError):
        render_content(body, read.media_type, read.document, masked)


def test_places_tell_names_only_where_they_are_words() -> None:
    assert [pair.place for pair in pairs("name=1&name=2&078-05-1120=3&ann%40x.test=4&=5")] == [
        "query:name",
        "query:#1",
        "query:#2",
        "query:#3",
        "query:#4",
    ]


def test_the_same_name_twice_can_be_masked_apart() -> None:
    both = pairs("a=1&a=2")
    assert render_pairs(both, {"query:#1": "[M]"}) == "a=1&a=%5BM%5D"


def test_parts_of_pairs_are_names_and_labelled_values() -> None:
    assert pair_parts(pairs("mrn=123&flag&=x")) == [
        Part("query:mrn", "mrn", "name"),
        Part("query:mrn", "123", "text", "mrn"),
        Part("query:flag", "flag", "name"),
        Part("query:#2", "x", "text", ""),
    ]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=6), st.text(max_size=6)), min_size=1, max_size=5))
def test_any_query_reads_as_what_was_written_and_masks_where_it_should(given_: list[tuple[str, str]]) -> None:
    given_ = [(name.replace("\ufffd", ""), value) for name, value in given_ if name]
    read = pairs(urlencode(given_))
    assert [(pair.name, pair.value) for pair in read] == given_
    if read:
        masked = render_pairs(read, {read[0].place: "[M]"})
        assert parse_qsl(masked, keep_blank_values=True)[0] == (given_[0][0], "[M]")


@settings(max_examples=100)
@given(st.binary(max_size=40), st.sampled_from(["application/json", FORM, "text/plain", "text/xml", "image/png", None]))
def test_any_body_of_any_type_is_read_or_refused(body: bytes, kind: str | None) -> None:
    result = read_content(body, kind, BOUNDS)
    assert isinstance(result, Refusal) or not body or result.parts or result.document is not None or kind == FORM


@settings(max_examples=100)
@given(st.text(max_size=30))
def test_any_query_is_read_or_refused(raw: str) -> None:
    result = read_pairs(raw, "query")
    assert isinstance(result, Refusal) or "&".join(pair.raw for pair in result) == raw
