"""Digits parted anew: by the check alone where it says enough, else behind the word that names them."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("365 742 618 09", "de-idnr"),
        ("440.514.013.59", "pl-pesel"),
        ("390-533-447-05", "br-cpf"),
        ("295 109 912 611 193", "fr-nir"),
        ("198 803 200 016", "se-personnummer"),
        ("411 111 111 111 111 1", "card"),
        ("411.111.111.111.111.1", "card"),
        ("378.282.246.310.005", "card"),
    ],
)
def test_what_its_check_tells_is_found_in_even_groups(text: str, kind: str) -> None:
    assert (kind, text) in told(f"it is {text}, I think")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("SSN 536.228.731", "us-ssn", "536.228.731"),
        ("social security number is 53 62 28 731", "us-ssn", "53 62 28 731"),
        ("ITIN: 912 701 234", "us-itin", "912 701 234"),
        ("NHS number 943 476 587 0", "uk-nhs", "943 476 587 0"),
        ("BSN 111.222.333", "nl-bsn", "111.222.333"),
        ("SIN 046 45 42 86", "ca-sin", "046 45 42 86"),
        ("TFN 12-34-56-782", "au-tfn", "12-34-56-782"),
        ("Aadhaar 234 123 412 346", "in-aadhaar", "234 123 412 346"),
        ("Steuer-ID 36574.26180.9", "de-idnr", "36574.26180.9"),
        ("PESEL: 44 05 14 01 359", "pl-pesel", "44 05 14 01 359"),
        ("DNI 543.623.15-K", "es-dni", "543.623.15-K"),
        ("NINO AB 123 456 C", "uk-nino", "AB 123 456 C"),
        ("credit card 411.111.111.111.111.1", "card", "411.111.111.111.111.1"),
        ("MRN 847 362 5", "mrn", "847 362 5"),
        ("MRN: 847.362.51", "mrn", "847.362.51"),
        ("MRN H84 736 25", "mrn", "H84 736 25"),
        ("member id 123 456 789 0", "health-plan-id", "123 456 789 0"),
        ("policy no. 123.456.789.01", "health-plan-id", "123.456.789.01"),
        ("account number 445.220.987.1", "account", "445.220.987.1"),
        ("Kontonummer: 445.220.987", "bank-account", "445.220.987"),
    ],
)
def test_what_a_word_names_is_found_in_any_groups_all_of_it(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(f"{text} is on file")


@pytest.mark.parametrize(
    "text",
    [
        "120 135 118 98 7 12", "the total is 1.234.567", "1 234 567 890 12 were counted", "rows 440 514 013 59 7",
        "Konto: 123.456.789,50 EUR", "account balance 1.234.567", "the policy covers 250.000 EUR", "12 34 56 78 90 1",
        "1.3.6.1.4.1.740.15.9", "NHS trusts spent 1.234.567.890 pounds", "943 476 58 70",
    ],
)  # fmt: skip
def test_sums_rows_of_figures_and_versions_are_left_alone(text: str) -> None:
    assert told(text) == []


def test_a_date_behind_a_word_is_no_part_of_a_number() -> None:
    assert told("SSN since 01.02.1985 4 times") == [("date", "01.02.1985")]


def test_the_insurance_number_of_another_country_is_told_as_that() -> None:
    assert told("social insurance number: 046-454-286") == [("ca-sin", "046-454-286")]
    assert told("social insurance number 046454286") == [("ca-sin", "046454286")]
    assert told("social: 536-22-8731") == [("us-ssn", "536-22-8731")]
