"""National numbers: by their check digits alone where those say enough, else by the word before them."""

import pytest

from tests.checks.classification.conftest import ENGINE, told


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("36574261809", "de-idnr"),
        ("36 574 261 809", "de-idnr"),
        ("2 95 10 99 126 111 93", "fr-nir"),
        ("295109912611193", "fr-nir"),
        ("54362315K", "es-dni"),
        ("54.362.315-K", "es-dni"),
        ("X2482300W", "es-nie"),
        ("RCCMNL83S18D969H", "it-codice-fiscale"),
        ("RCC MNL 83S18 D969 H", "it-codice-fiscale"),
        ("44051401359", "pl-pesel"),
        ("880320-0016", "se-personnummer"),
        ("19880320-0016", "se-personnummer"),
        ("AB 12 34 56 C", "uk-nino"),
        ("AB123456C", "uk-nino"),
        ("2341 2341 2346", "in-aadhaar"),
        ("390.533.447-05", "br-cpf"),
    ],
)
def test_what_has_check_digits_is_found_alone(text: str, kind: str) -> None:
    assert told(f"it is {text}, I think") == [(kind, text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Steuer-ID: 36574261800", "de-idnr", "36574261800"),
        ("numéro de sécurité sociale : 2 95 10 99 126 111 00", "fr-nir", "2 95 10 99 126 111 00"),
        ("DNI 54362315A", "es-dni", "54362315A"),
        ("NIE: x2482300a", "es-nie", "x2482300a"),
        ("codice fiscale RCCMNL83S18D969A", "it-codice-fiscale", "RCCMNL83S18D969A"),
        ("BSN 111222333", "nl-bsn", "111222333"),
        ("BSN: 1112.22.334", "nl-bsn", "1112.22.334"),
        ("PESEL 44051401350", "pl-pesel", "44051401350"),
        ("personnummer 8803200010", "se-personnummer", "8803200010"),
        ("NHS number 943 476 5870", "uk-nhs", "943 476 5870"),
        ("NHS no. 9434765871", "uk-nhs", "9434765871"),
        ("NI number qq123456c", "uk-nino", "qq123456c"),
        ("SIN 046 454 286", "ca-sin", "046 454 286"),
        ("tax file number 123 456 782", "au-tfn", "123 456 782"),
        ("Aadhaar: 234123412347", "in-aadhaar", "234123412347"),
        ("CPF 39053344700", "br-cpf", "39053344700"),
        ("EIN 91-1144442", "us-ein", "91-1144442"),
    ],
)
def test_a_word_makes_one_of_what_no_check_holds_for(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(f"{text} is on file")


@pytest.mark.parametrize(
    "text",
    [
        "order 12345678901", "ticket 111222333", "part 54362315A", "row 046 454 286", "91-1144442", "id 234123412347",
        "version 390.533.447", "committed without sin", "9508.26.66-0016", "batch 881332-0016",
    ],
)  # fmt: skip
def test_without_either_they_are_not(text: str) -> None:
    assert told(text) == []


def test_an_nhs_number_that_can_be_a_telephone_number_is_told_as_that() -> None:
    assert [kind for kind, _ in told("it is 943 476 5870")] == ["phone"]
    assert [finding.score for finding in ENGINE.scan_text("it is 401 023 2137")] == [0.75]


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("N° SS 1 84 07 75 116 001 23", "fr-nir", "1 84 07 75 116 001 23"),
        ("Nº Seguridad Social 281234567840", "account", "281234567840"),
        ("NUSS: 28/12345678/40", "account", "28/12345678/40"),
        ("CHI number 2207841234", "uk-nhs", "2207841234"),
        ("personnr 8112289874", "se-personnummer", "8112289874"),
    ],
)
def test_more_words_name_them(text: str, kind: str, number: str) -> None:
    assert (kind, number) in told(text)


@pytest.mark.parametrize("text", ["chi square 12.5", "Chi 2207841234", "NAF 2812", "seguridad social 12"])
def test_other_numbers_behind_such_words_are_none(text: str) -> None:
    assert told(text) == []
