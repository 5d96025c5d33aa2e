"""A key that differs from the protocol's own by its case alone is told, wherever the protocol has a say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.spelling import Spellings

OWN = Spellings(("tools", "type", "content", "arguments", "next_page"), free=("arguments",), forms=("content",))


@pytest.mark.parametrize("key", ["Tools", "TOOLS", "toolS", "tool\u017f", "Next_Page"])
def test_a_word_in_another_case_is_meant_by_a_key(key: str) -> None:
    """The last but one: what Go folds to `s`."""
    assert OWN.meant(key) == key.casefold()
    assert OWN.astray({key: 1}) == f"/{key.casefold()}"


@pytest.mark.parametrize("key", ["tools", "tool", "nextPage", "", "my tools"])
def test_a_word_and_what_is_like_none_mean_nothing_else(key: str) -> None:
    assert OWN.meant(key) is None
    assert OWN.refusal({key: 1}) is None


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"tools": [{"type": "a"}, {"type": "b", "Type": "c"}]}, "/tools/1/type"),
        ([{"content": {"type": "x", "Content": 1}}], "/0/content/content"),
        ({"tools": {"arguments": {"Type": "of theirs"}}}, None),
        ({"content": {"Type": "a field of a form"}}, None),
        ({"of theirs": {"Type": 1}}, None),
        ("Tools", None),
        ([[["Tools"]]], None),
    ],
)
def test_it_is_looked_for_where_the_protocol_has_a_say(value: Any, place: str | None) -> None:
    assert OWN.astray(value) == place


def test_a_refusal_names_the_place_in_the_protocols_words() -> None:
    refusal = OWN.refusal({"tools": [{"TYPE": "Jane Roe"}]})
    assert refusal is not None
    assert (refusal.code, refusal.status, refusal.field) == ("schema_violation", 400, "/tools/0/type")
    assert "TYPE" not in str(refusal)


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_document_is_looked_through(value: Any) -> None:
    assert OWN.astray(value) is None or OWN.refusal(value) is not None
