"""IP and MAC addresses."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    "text", ["203.0.113.9", "10.1.2.3", "2001:db8::8a2e:370:7334", "fe80:0:0:0:1:2:3:4", "2001:db8:0:0::192.0.2.33"]
)
def test_addresses_are_found(text: str) -> None:
    assert told(f"from {text} at night") == [("ip", text)]


def test_an_address_with_a_port_is_found() -> None:
    assert told("open 203.0.113.9:8080, 203.0.113.9/24") == [("ip", "203.0.113.9"), ("ip", "203.0.113.9")]


@pytest.mark.parametrize(
    "text",
    [
        "version 4.5.6.7",
        "upgraded from 1.2.3.4 to 1.2.3.5",
        "127.0.0.1",
        "256.1.1.1",
        "1.2.3.4.5",
        "12:34:56",
        "std::move(a::b)",
        "::1",
    ],
)
def test_versions_times_and_code_are_not(text: str) -> None:
    assert told(text) == []


def test_mac_addresses_are_found() -> None:
    assert told("00:1A:2B:3C:4D:5E and 00-1a-2b-3c-4d-5f") == [
        ("mac", "00:1A:2B:3C:4D:5E"),
        ("mac", "00-1a-2b-3c-4d-5f"),
    ]
