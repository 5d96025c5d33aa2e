"""Authorities are certificates of authorities, and who stamps has a certificate for that alone."""

import pytest

from gateway.core.errors import FormatError
from gateway.ledger import tsa
from tests.tsa import AT_US, CA, NEWER, OTHER_CA, TSA, TWICE, UNTIL, wrong_holders


def test_a_file_of_authorities_is_read_each_once() -> None:
    found = tsa.roots(CA.pem + OTHER_CA.pem + CA.pem)
    assert found == [CA.certificate, OTHER_CA.certificate]
    assert tsa.until(found) == int(UNTIL.timestamp()) * 1_000_000
    for pem in (b"", TSA.pem, CA.pem + TSA.pem, CA.key_pem, CA.pem + TWICE.pem):
        with pytest.raises(FormatError, match="must be PEM certificates of authorities"):
            tsa.roots(pem)


def test_who_stamps_is_named_and_must_be_one_who_may() -> None:
    assert tsa.subject(TSA.der, AT_US) == "CN=A clock of the tests"
    for data in (CA.der, b"", TWICE.der, NEWER, *(one.der for one in wrong_holders().values())):
        with pytest.raises(FormatError):
            tsa.subject(data, AT_US)
