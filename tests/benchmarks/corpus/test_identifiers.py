"""What is made passes the checks that somebody else wrote for it."""

import re
from collections.abc import Callable

import pytest
from stdnum import iban, luhn
from stdnum.au import tfn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ein, itin, ssn

from benchmarks.corpus.identifiers import MAKERS, luhn_digit, nino, verhoeff_digit
from benchmarks.corpus.templates import making

TRIES = 12
VALID: list[tuple[str, str, Callable[[str], bool]]] = [
    ("us-ssn:dashed", "en_US", ssn.is_valid),
    ("us-itin", "en_US", itin.is_valid),
    ("us-ein", "en_US", ein.is_valid),
    ("uk-nhs", "en_GB", nhs.is_valid),
    ("de-idnr", "de_DE", idnr.is_valid),
    ("fr-nir", "fr_FR", nir.is_valid),
    ("es-dni", "es_ES", dni.is_valid),
    ("it-codice-fiscale", "it_IT", codicefiscale.is_valid),
    ("nl-bsn", "nl_NL", bsn.is_valid),
    ("pl-pesel", "pl_PL", pesel.is_valid),
    ("se-personnummer", "sv_SE", personnummer.is_valid),
    ("ca-sin", "en_CA", sin.is_valid),
    ("au-tfn", "en_AU", tfn.is_valid),
    ("in-aadhaar", "en_IN", aadhaar.is_valid),
    ("br-cpf", "pt_BR", cpf.is_valid),
    ("iban", "de_DE", iban.is_valid),
    ("card", "en_US", luhn.is_valid),
    ("card:plain", "en_US", luhn.is_valid),
    ("npi", "en_US", lambda value: luhn.is_valid("80840" + value)),
]
_PLAIN = {"card"}


@pytest.mark.parametrize(("name", "locale", "valid"), VALID, ids=[name for name, _, _ in VALID])
def test_its_check_digits_are_right(name: str, locale: str, valid: Callable[[str], bool]) -> None:
    for number in range(TRIES):
        value = MAKERS[name](making(f"{name}/{number}", locale))
        assert valid(re.sub("[ -]", "", value) if name in _PLAIN else value), value


def test_a_known_check_digit_is_made() -> None:
    assert luhn_digit("7992739871") == "3"
    assert verhoeff_digit("236") == "3"


@pytest.mark.parametrize("name", ["dea", "mbi", "vin", "us-ssn", "card-expiry", "icd-10", "bic", "uk-nino"])
def test_its_form_is_its_issuers(name: str) -> None:
    forms = {
        "dea": r"[ABFM][A-Z][0-9]{7}",
        "mbi": r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?"
        r"[AC-HJKMNP-RT-Y]{2}[0-9]{2}",
        "vin": "[A-HJ-NPR-Z0-9]{17}",
        "us-ssn": "[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{4}",
        "card-expiry": r"(?:0[1-9]|1[0-2])[/-](?:20)?[0-9]{2}",
        "icd-10": r"[A-Z][0-9]{2}(?:\.[0-9A-Z]+)?",
        "bic": "[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?",
        "uk-nino": "[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",
    }
    for number in range(TRIES):
        assert re.fullmatch(forms[name], MAKERS[name](making(f"{name}/{number}", "en_US")))


def test_no_insurance_number_begins_as_none_is_given_out() -> None:
    assert not any(nino(making(str(number), "en_GB")).startswith(("TN", "ZZ")) for number in range(300))
