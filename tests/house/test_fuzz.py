"""The long form of the property tests really is longer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import deepen, factor, shorten


def test_a_property_test_runs_as_many_times_its_examples_as_asked() -> None:
    seen: list[int] = []

    @settings(max_examples=3, database=None)
    @given(st.integers())
    def property_test(number: int) -> None:
        seen.append(number)

    property_test()
    before = len(seen)
    deepen(property_test, 7)
    property_test()
    assert (before, len(seen) - before) == (3, 21)


def test_one_without_settings_of_its_own_does_too() -> None:
    seen: list[int] = []

    @given(st.integers())
    def property_test(number: int) -> None:
        seen.append(number)

    deepen(property_test, 2)
    property_test()
    assert len(seen) == 2 * settings().max_examples


def _examples(asked: int, most: int) -> int:
    seen: list[int] = []

    @settings(max_examples=asked, database=None)
    @given(st.integers())
    def property_test(number: int) -> None:
        seen.append(number)

    shorten(property_test, most)
    property_test()
    return len(seen)


def test_a_slice_of_one_has_no_more_examples_than_that_and_no_more_than_it_asks_for() -> None:
    assert (_examples(9, 4), _examples(3, 4)) == (4, 3)


def test_an_hour_of_it_has_examples_for_an_hour() -> None:
    assert factor(None, 7) == 10
    assert factor(None, 60) == 86
    assert factor(None, 0.1) == 1
    assert factor("3", 60) == 3
