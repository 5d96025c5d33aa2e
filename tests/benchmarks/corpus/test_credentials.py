"""Keys and addresses have the forms that their issuers document."""

import base64
import json
import re
from ipaddress import ip_address

import pytest

from benchmarks.corpus.credentials import MAKERS
from benchmarks.corpus.templates import making

FORMS = {
    "secret-aws-key": "AKIA[A-Z2-7]{16}",
    "secret-github-token": "ghp_[A-Za-z0-9]{36}",
    "secret-connection-string": "[a-z]+://app:[A-Za-z0-9]+@[^/ ]+:[0-9]+/orders",
    "secret-api-key": "[A-Za-z0-9]{26,}",
    "mac": "(?i:[0-9a-f]{2}([:-][0-9a-f]{2}){5})",
    "email": r"[^@ ]+@[^@ ]+\.[a-z]+",
}


@pytest.mark.parametrize("name", FORMS)
def test_it_has_its_form(name: str) -> None:
    for number in range(30):
        assert re.fullmatch(FORMS[name], MAKERS[name](making(str(number), "en_US")))


def test_a_token_has_a_header_and_claims() -> None:
    header, claims, _ = MAKERS["secret-jwt"](making("x", "en_US")).split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "HS256"
    assert "sub" in json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))


def test_addresses_are_addresses() -> None:
    for number in range(30):
        assert ip_address(MAKERS["ip"](making(str(number), "en_US"))).version == 4
        assert ip_address(MAKERS["ip:six"](making(str(number), "en_US"))).version == 6


def test_passwords_are_made_in_every_locale() -> None:
    assert len(MAKERS["secret-password"](making("x", "de_DE"))) >= 6
