"""Which keys say nothing of their values."""

import pytest

from gateway.core.keys import HALF, NAMES, describes, of_a_person, says_half, says_nothing


@pytest.mark.parametrize(
    "key", ["value", "Value", "content", "0", "17", "$eq", "$in", "S", "stringValue", "#text", "eq"]
)
def test_a_word_for_any_value_a_comparison_and_a_row_say_nothing(key: str) -> None:
    assert says_nothing(key)


@pytest.mark.parametrize("key", ["ssn", "name", "valued", "", "²", "1a", "$" + "x" * 80, "number", "from"])
def test_other_keys_say_something(key: str) -> None:
    assert not says_nothing(key)


def test_some_say_half() -> None:
    assert "number" in HALF
    assert not any(map(says_nothing, HALF))


def test_words_alone_describe_a_field() -> None:
    assert describes("description", "Unique key of the customer")
    assert not describes("description", "88231944")
    assert not describes("value", "Unique key")


@pytest.mark.parametrize("above", ["customer", "primaryContact", "name", "legalName", "patient"])
def test_the_first_and_last_of_somebody_are_names(above: str) -> None:
    assert says_half("first", above)
    assert says_half("Last", above)


@pytest.mark.parametrize("above", ["page", "order", "", "range", "row"])
def test_the_first_and_last_of_something_are_none(above: str) -> None:
    assert not says_half("first", above)


@pytest.mark.parametrize(
    ("members", "expected"), [("first last", True), ("family given id", True), ("first name", False)]
)
def test_first_and_last_beside_each_other_are_of_a_person(members: str, expected: bool) -> None:
    assert of_a_person(members.split()) is expected
    assert NAMES.issuperset(("first", "last", "given", "family"))
