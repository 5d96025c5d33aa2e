"""Queries and forms have one meaning or are refused, and masks change their pair alone."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.formats.pairs import Pair, pair_parts, read_pairs, render_pairs
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.refusal import Refusal


def pairs(raw: str) -> tuple[Pair, ...]:
    result = read_pairs(raw, "query")
    assert not isinstance(result, Refusal)
    return result


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
@given(st.text(max_size=30))
def test_any_query_is_read_or_refused(raw: str) -> None:
    result = read_pairs(raw, "query")
    assert isinstance(result, Refusal) or "&".join(pair.raw for pair in result) == raw


def test_what_is_known_of_a_field_is_said_of_its_value() -> None:
    known = {"who": "person"}
    assert pair_parts(pairs("who=Ann&x=1"), lambda name: known.get(name, ""))[1:] == [
        Part("query:who", "Ann", "text", "who", "person"),
        Part("query:x", "x", "name"),
        Part("query:x", "1", "text", "x"),
    ]


@pytest.mark.parametrize("place", ["query:b", "form:a", ""])
def test_a_mask_for_no_pair_is_never_lost(place: str) -> None:
    with pytest.raises(FormatError):
        render_pairs(pairs("a=1"), {place: "x"})


@pytest.mark.parametrize("raw", ["a=%zz", "a=%ff", "a=é", "a=b c", "a&" * 1000])
def test_what_could_mean_two_things_is_refused(raw: str) -> None:
    result = read_pairs(raw, "query")
    assert isinstance(result, Refusal)
    assert (result.code, result.field) == ("parameter_invalid", "query")
