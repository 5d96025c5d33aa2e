"""Where callers come in, and who says who they are."""

from typing import Any

import pytest

from gateway.settings import same_database
from tests.settings.kit import CLIENTS, HIDDEN, refused


@pytest.mark.parametrize(
    ("server", "told"),
    [
        ({"trusted_proxies": ["10.0.0.5", HIDDEN]}, "server.trusted_proxies[1] must be an address or a network"),
        ({"trusted_proxies": ["*"]}, "server.trusted_proxies[0] must be an address or a network"),
        ({"trusted_proxies": ["10.0.0.5/8"]}, "server.trusted_proxies[0] must be an address or a network"),
        ({"client_ca": "ca.pem"}, "server.client_ca needs tls_certificate"),
        ({"client_auth": "required"}, "server.client_ca is needed"),
        ({"client_crl": ["a.crl"]}, "server.client_ca is needed"),
        ({"client_header": "client-cert", "trusted_proxies": ["10.0.0.5"]}, "server.client_ca is needed"),
        ({**CLIENTS, "client_header": "client-cert"}, "server.client_header needs trusted_proxies"),
        ({**CLIENTS, "client_header": HIDDEN}, "Invalid enum value"),
    ],
)
def test_what_is_said_of_callers_must_come_from_somebody_who_can_know(server: dict[str, Any], told: str) -> None:
    assert refused(server=server).startswith(told)


@pytest.mark.parametrize(
    "value", ["gw.example", "ftp://gw.example", "https://user@gw.example", "https://gw.example?a=1"]
)
def test_an_address_that_nobody_could_reach_is_refused(value: str) -> None:
    assert "server.public_url" in refused(server={"public_url": value})


@pytest.mark.parametrize("value", ["*", "null", "https://A.example", "https://a.example/", "https://a.example/page"])
def test_an_origin_that_no_browser_sends_is_refused(value: str) -> None:
    assert "server.allowed_origins[1]" in refused(server={"allowed_origins": ["https://a.example:8443", value]})


TOKEN = {"pkcs11_module": "/usr/lib/token.so", "pkcs11_token": "gateway", "pkcs11_pin": "env:PIN"}


@pytest.mark.parametrize(
    ("section", "values", "told"),
    [
        ("keys", {**TOKEN, "pkcs11_pin": HIDDEN}, "keys.pkcs11_pin must be a reference"),
        ("keys", {name: value for name, value in TOKEN.items() if name != "pkcs11_pin"}, "keys.pkcs11_module"),
        ("keys", {"pkcs11_token": "gateway"}, "keys.pkcs11_module"),
        ("ledger", {"profile": HIDDEN}, "Invalid enum value"),
        ("ledger", {"max_uncovered_s": 60.0}, "ledger.max_uncovered_s must be more than"),
    ],
)
def test_a_token_and_a_limit_are_told_whole_or_refused(section: str, values: dict[str, Any], told: str) -> None:
    said = refused(**{section: values})
    assert said.startswith(told)
    assert HIDDEN not in said


@pytest.mark.parametrize("name", ["", "../x", "A", "-x", "x" * 64])
def test_a_nodes_name_can_be_that_of_a_file(name: str) -> None:
    assert refused(keys={"node": name}) == "keys.node must be of lower-case letters, digits and . _ -"


@pytest.mark.parametrize(
    ("keys", "database"),
    [
        ("postgresql://k@DB:5432/gateway", {"url": "postgresql://app@db/gateway"}),
        ("postgres://k@/gateway?host=db", {"url": "postgresql://app@db/gateway"}),
        ("postgresql:///?dbname=gateway", {"url": "postgresql://app@localhost/gateway"}),
        ("postgresql://k@db/g%61teway", {"url": "file:records", "owner_url": "postgresql://owner@db:5432/gateway"}),
        ("env:RECORDS", {"url": "env:RECORDS"}),
    ],
)
def test_data_keys_in_the_records_database_are_refused(keys: str, database: dict[str, str]) -> None:
    told = refused(keys={"data_keys": keys}, database=database)
    assert told == "keys.data_keys must name another database than the records': keys are kept apart"


@pytest.mark.parametrize("url", ["sqlite:///keys.db", HIDDEN, "", "mysql://db/keys"])
def test_data_keys_are_shared_in_postgresql_alone(url: str) -> None:
    assert refused(keys={"data_keys": url}).startswith("keys.data_keys must start with postgresql://")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("postgresql://k@db/keys", "postgresql://app@db/gateway"),
        ("postgresql://k@db:5433/gateway", "postgresql://app@db/gateway"),
        ("postgresql://k@keys/gateway", "postgresql://app@db/gateway"),
        ("postgresql://k@db:x/gateway", "postgresql://app@db/gateway"),
        ("file:one", "file:other"),
        ("sqlite:///one", "sqlite:///other"),
    ],
)
def test_databases_with_other_names_are_taken_for_others(one: str, other: str) -> None:
    assert not same_database(one, other)
