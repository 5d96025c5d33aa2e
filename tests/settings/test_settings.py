"""The settings themselves: what an empty file means, and where the gateway is."""

from pathlib import Path

from tests.settings.kit import parsed


def test_an_empty_file_is_a_whole_configuration_that_listens_on_this_machine_alone() -> None:
    settings = parsed()
    assert settings.server.host == "127.0.0.1"
    assert [tenant.id for tenant in settings.tenants] == ["default"]
    assert settings.path("keys") == Path("/nowhere/keys")


def test_the_gateways_address_is_what_callers_write_or_what_it_listens_on() -> None:
    assert parsed().address == "http://127.0.0.1:8787"
    assert parsed(server={"host": "::1", "port": 80}).address == "http://[::1]:80"
    assert parsed(server={"tls_certificate": "c.pem", "tls_key": "k.pem"}).address == "https://127.0.0.1:8787"
    assert parsed(server={"public_url": "https://gw.example/base/"}).address == "https://gw.example/base"
