"""Parties of payments in messages of banks."""

import pytest

from tests.checks.classification.conftest import told


def test_a_statement_names_the_other_party() -> None:
    found = told(":86:166?00GUTSCHRIFT?20EREF?31DE89370400440532013000?32Oluwaseun Adeyemi?33van Dyk")
    assert ("iban", "DE89370400440532013000") in found
    assert ("person", "Oluwaseun Adeyemi") in found
    assert ("account", "532013000") in told(":86:166?00X?31532013000?32ACME GMBH")


def test_a_transfer_names_its_parties() -> None:
    found = told(":50K:/12345678\nOLUWASEUN ADEYEMI\n12 HIGH STREET\n:59:/DE89370400440532013000\nNGOZI OKAFOR\n")
    assert [value for kind, value in found if kind == "person"] == ["OLUWASEUN ADEYEMI", "NGOZI OKAFOR"]
    assert ("account", "12345678") in found
    assert ("iban", "DE89370400440532013000") in found


def test_a_party_in_iso_20022_is_found_by_its_elements() -> None:
    text = (
        "<Dbtr><Nm>Oluwaseun Adeyemi</Nm><PstlAdr><StrtNm>Hauptstrasse</StrtNm><BldgNb>12</BldgNb>"
        "<PstCd>10115</PstCd><TwnNm>Nelsonmouth</TwnNm></PstlAdr></Dbtr><Othr>\n <Id>12345678</Id></Othr>"
    )
    assert {
        ("person", "Oluwaseun Adeyemi"),
        ("street-address", "Hauptstrasse"),
        ("postal-code", "10115"),
        ("place", "Nelsonmouth"),
        ("account", "12345678"),
    } <= set(told(text))


@pytest.mark.parametrize(
    "text",
    [
        "?32 of them?33",
        "/search?31=a&x?32b",
        "at :50 K: and :59: of the hour",
        "<Nm>ACME GMBH</Nm>",
        "<Id>12345678</Id>",
        "<Othr><Id>NOTPROVIDED</Id></Othr>",
        ":59:Main Menu",
    ],
)
def test_what_looks_like_it_is_none(text: str) -> None:
    assert {"person", "account", "street-address"}.isdisjoint(kind for kind, _ in told(text))
