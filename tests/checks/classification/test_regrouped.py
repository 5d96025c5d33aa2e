"""Numbers in other groups than their own: their own check, and what keeps figures, sums and dates apart."""

import pytest

from gateway.checks.classification import numbers, validators
from gateway.checks.classification.regrouped import CHECKS


@pytest.mark.parametrize(
    "text", ["440 514 013 59", "440.514.013.59", "440-514-013-59", "4405 1401 359", "44051 40135 9"]
)
def test_even_groups_hold_whatever_parts_them(text: str) -> None:
    assert CHECKS["even_pesel"](text) == ("checksum", 0, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "44 05 14 01 35 9",
        "44051401359",
        "440514 01359",
        "440 514.013 59",
        "44 051 401 359",
        "440 514 013 58",
        "440  514 013 59",
    ],
)
def test_figures_of_a_row_and_mixed_groups_do_not(text: str) -> None:
    assert CHECKS["even_pesel"](text) is None


def test_a_longer_number_may_stand_in_pairs() -> None:
    assert CHECKS["even_nir"]("29 51 09 91 26 11 19 3") is not None
    assert CHECKS["even_nir"]("29 51 09 91 26 11 19 4") is None


def test_a_card_within_a_longer_row_is_none() -> None:
    assert CHECKS["even_card"]("411.111.111.111.111.1") is not None
    assert CHECKS["even_card"]("4111 1111 1111 1111 12") is None


@pytest.mark.parametrize(
    "text", ["2024-01-15 1", "1 01.02.1985", "123.456.789,50", "123.456.789 EUR", "123 456 789 euros"]
)
def test_dates_and_sums_are_no_number_that_a_word_names(text: str) -> None:
    assert CHECKS["apart_nine_digits"](text) is None


@pytest.mark.parametrize("text", ["536.228.731", "53 62 28 73 1", "5362-28731", "536228731"])
def test_any_other_grouping_is(text: str) -> None:
    assert CHECKS["apart_nine_digits"](text) == ("keyword", 0, len(text))


def test_each_says_what_it_checks_under_a_name_of_its_own() -> None:
    assert not set(CHECKS) & {*validators.CHECKS, *numbers.CHECKS}
    assert all(name == check.__name__ and check.__doc__ for name, check in CHECKS.items())


@pytest.mark.parametrize(
    "text", ["4111  1111\t1111 - 1111", "4111 1111\n1111 1111", "4111 1111\r\n1111 1111", "3782  822463  10005"]
)
def test_the_groups_of_a_card_may_stand_apart(text: str) -> None:
    assert CHECKS["spread_card"](text) == ("luhn", 0, len(text))


@pytest.mark.parametrize(
    "text", ["4111  1111  1111  1112", "4111\n1111\n1111 1111", "41  4111  1111  1111  1111", "411  11111  1111  1111"]
)
def test_other_figures_and_a_column_of_them_are_no_card(text: str) -> None:
    assert CHECKS["spread_card"](text) is None


def test_a_records_number_begins_behind_a_word_that_names_it_and_ends_before_a_day() -> None:
    record, long_record = CHECKS["record"], CHECKS["long_record"]
    assert record("NO 482910") == ("keyword", 3, 9)
    assert record("4829 12.03.2024") == ("keyword", 0, 4)
    assert record("482910 20240311") == ("keyword", 0, 6)
    assert record("20240311") == ("keyword", 0, 8)
    assert record("12.03.2024") is None
    assert record("123 456,00") is None
    assert long_record("20240311") is None
    assert long_record("24771029") == ("keyword", 0, 8)
    assert long_record("48291") is None
