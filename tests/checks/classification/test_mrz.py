"""Check digits of the machine-readable zone."""

import pytest

from gateway.checks.classification.mrz import check_digit, mrz_birth, mrz_card, mrz_number

LINE = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
"""Of the specimen in ICAO 9303 part 4, appendix B."""


def test_the_check_digit_is_that_of_the_specimen() -> None:
    assert check_digit("L898902C3") == "6"
    assert check_digit("740812") == "2"
    assert check_digit("D23145890") == "7"
    assert check_digit("<" * 14) == "0"


def test_a_line_of_a_passport_needs_days_and_a_check_digit() -> None:
    assert mrz_number(LINE) == ("check-digit", 0, 44)
    assert mrz_number(LINE.replace("7408122", "7408123")) is not None
    assert mrz_number(LINE.replace("C36", "C37")) is not None
    assert mrz_number(LINE.replace("C36", "C37").replace("7408122", "7408123")) is None
    assert mrz_number(LINE.replace("7408122", "7413122")) is None


@pytest.mark.parametrize("line", ["I<UTOD231458908<<<<<<<<<<<<<<<", "I1UTOD2314589071111111111111111"])
def test_a_card_needs_its_check_digit_and_what_fills_up(line: str) -> None:
    assert mrz_card("I<UTOD231458907<<<<<<<<<<<<<<<") is not None
    assert mrz_card(line) is None


def test_the_second_line_of_a_card_needs_days_and_a_check_digit() -> None:
    assert mrz_birth("7408122F1204159UTO<<<<<<<<<<<6") is not None
    assert mrz_birth("7408123F1204158UTO<<<<<<<<<<<6") is None
    assert mrz_birth("7499122F1204159UTO<<<<<<<<<<<6") is None
