"""Checks of national and other issued numbers: published samples hold, the same with one digit changed do not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.numbers import CHECKS as NUMBERS

GOOD = [
    ("idnr", "36574261809"),
    ("idnr", "36 574 261 809"),
    ("nir", "2 95 10 99 126 111 93"),
    ("nir", "295109912611193"),
    ("dni", "54362315K"),
    ("dni", "54.362.315-K"),
    ("nie", "X2482300W"),
    ("nie", "X-2482300-W"),
    ("codice", "RCCMNL83S18D969H"),
    ("codice", "rcc mnl 83s18 d969 h"),
    ("bsn", "111222333"),
    ("pesel", "44051401359"),
    ("personnummer", "880320-0016"),
    ("personnummer", "198803200016"),
    ("nhs", "943 476 5870"),
    ("nino", "AB 12 34 56 C"),
    ("ein", "91-1144442"),
    ("sin", "046 454 286"),
    ("tfn", "123 456 782"),
    ("aadhaar", "2341 2341 2346"),
    ("cpf", "390.533.447-05"),
    ("vin", "1M8GDM9AXKP042788"),
    ("vin_form", "WVWZZZ1JZXW000001"),
    ("bic", "AGRIFRPP882"),
    ("bic", "DEUTDEFF"),
    ("account", "12 34 56 78"),
    ("mac", "00:1b:44:11:3a:b7"),
    ("mac", "001b.4411.3ab7"),
    ("plate", "M-AB 1234"),
    ("plate", "7ABC123"),
]


@pytest.mark.parametrize(("check", "text"), GOOD)
def test_a_published_number_holds_whole(check: str, text: str) -> None:
    verdict = NUMBERS[check](text)
    assert verdict is not None
    assert verdict[1:] == (0, len(text))


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("idnr", "36574261808"),
        ("idnr", "01234567890"),
        ("idnr", "12345678901"),
        ("nir", "2 95 10 99 126 111 94"),
        ("nir", "4 95 10 99 126 111 93"),
        ("nir", "2 95 15 99 126 111 93"),
        ("dni", "54362315Z"),
        ("dni", "00000000T"),
        ("nie", "X2482300A"),
        ("nie", "A2482300W"),
        ("codice", "RCCMNL83S18D969G"),
        ("bsn", "111222334"),
        ("bsn", "000000000"),
        ("pesel", "44051401358"),
        ("pesel", "44153401359"),
        ("personnummer", "880320-0018"),
        ("personnummer", "881332-0016"),
        ("personnummer", "178803200016"),
        ("nhs", "943 476 5871"),
        ("nino", "BG 12 34 56 C"),
        ("nino", "DA 12 34 56 C"),
        ("nino", "AB 12 34 56 E"),
        ("ein", "07-1144442"),
        ("sin", "046 454 287"),
        ("sin", "846 454 286"),
        ("tfn", "123 456 783"),
        ("aadhaar", "2341 2341 2347"),
        ("aadhaar", "1341 2341 2346"),
        ("cpf", "390.533.447-06"),
        ("cpf", "111.111.111-11"),
        ("vin", "1M8GDM9A1KP042788"),
        ("vin", "11111111111111111"),
        ("vin", "1M8GDM9AXKP04278O"),
        ("vin_form", "AAAAAAAAAAAAAAAAA"),
        ("bic", "DEUTXXFF"),
        ("bic", "DEUTDEF"),
        ("account", "00 00 00"),
        ("account", "12345"),
        ("mac", "ff:ff:ff:ff:ff:ff"),
        ("mac", "1234.5678.9012"),
        ("plate", "ABC"),
        ("plate", "A1"),
    ],
)
def test_one_that_was_never_issued_does_not(check: str, text: str) -> None:
    assert NUMBERS[check](text) is None


@given(st.text(alphabet="0123456789ABXYZé²٣ .-/", max_size=24))
@example("1000²0100000000")
def test_no_check_raises_whatever_the_candidate(text: str) -> None:
    for check in NUMBERS.values():
        verdict = check(text)
        assert verdict is None or 0 <= verdict[1] < verdict[2] <= len(text)


def test_every_check_has_a_name_of_its_own() -> None:
    assert set(NUMBERS) < set(CHECKS)
    assert len(CHECKS) > len(NUMBERS)
