"""Vehicles, plates, devices, certificates."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("it was 1M8GDM9AXKP042788.", "vin", "1M8GDM9AXKP042788"),
        ("VIN: WVWZZZ1JZXW000001", "vin", "WVWZZZ1JZXW000001"),
        ("Fahrgestellnummer wvwzzz1jzxw000001", "vin", "wvwzzz1jzxw000001"),
        ("license plate 7ABC123", "plate", "7ABC123"),
        ("Kennzeichen: M-AB 1234", "plate", "M-AB 1234"),
        ("number plate is AB12 CDE", "plate", "AB12 CDE"),
        ("immatriculée AB-123-CD", "plate", "AB-123-CD"),
        ("serial number: SN-84736251", "device-serial", "SN-84736251"),
        ("IMEI 490154203237518", "device-serial", "490154203237518"),
        ("S/N: SN84736251", "device-serial", "SN84736251"),
        ("device id 00A1B2334455", "device-serial", "00A1B2334455"),
        (
            "UDI (01)00844588003288(17)141120(10)7654321D(21)10987",
            "device-serial",
            "(01)00844588003288(17)141120(10)7654321D(21)10987",
        ),
        ("+A123BJC5D6E71/$$52001510X3/16D20111212", "device-serial", "+A123BJC5D6E71/$$52001510X3/16D20111212"),
        ("certificate no. AB123456", "certificate", "AB123456"),
        ("medical license MD-123456", "certificate", "MD-123456"),
        ("Approbationsnummer 1234567", "certificate", "1234567"),
    ],
)
def test_they_are_found(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "part WVWZZZ1JZXW000001",
        "a plate of soup",
        "serial 12",
        "serial range 5516587096322288",
        "the certificate was renewed",
        "AB-123-CD",
        "rev 7ABC123",
    ],
)
def test_without_a_word_or_a_check_digit_they_are_not(text: str) -> None:
    assert told(text) == []


def test_what_is_below_a_line_of_pem_is_no_certificates_number() -> None:
    assert told("-----BEGIN CERTIFICATE-----\nMD88231944AcqgAwIBAgIQ1\n") == []
    assert told("certificate no. MD88231944") == [("certificate", "MD88231944")]
