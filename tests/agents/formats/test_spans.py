"""Every character of a text is in one span or is a delimiter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.formats.spans import between, emptied


@given(st.text("a|^", max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_what_is_split_can_be_joined_again(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    spans = list(between(text, start, end, "|"))
    assert [text[first:last] for first, last in spans] == text[start:end].split("|")


@pytest.mark.parametrize("text", ["", "a|b"])
def test_without_a_delimiter_all_of_it_is_one_span(text: str) -> None:
    assert list(between(text, 0, len(text), "")) == [(0, len(text))]


def test_a_field_that_can_hold_no_mask_is_emptied() -> None:
    assert emptied("19700101", "[DATE]") == ""
