"""A destination has an address of its kind, and nothing leaves this machine in clear."""

from typing import Any

import pytest

from tests.settings.kit import HIDDEN, parsed, refused

SYSLOG: dict[str, Any] = {"id": "siem", "kind": "syslog", "url": "tls://siem.example.org"}
OCSF: dict[str, Any] = {"id": "lake", "kind": "ocsf", "url": "https://lake.example.org/in"}
HOOK: dict[str, Any] = {"id": "hook", "kind": "webhook", "url": "https://h.example.org/in", "secret": "env:S"}


@pytest.mark.parametrize(
    "table",
    [
        SYSLOG,
        {**SYSLOG, "url": "tls://[2001:db8::1]:7000", "ca": "ca.pem"},
        {**SYSLOG, "url": "tcp://127.0.0.1:1514"},
        {**SYSLOG, "url": "tcp://[::1]"},
        {**SYSLOG, "url": "tcp://localhost:514"},
        {**SYSLOG, "client_certificate": "c.pem", "client_key": "k.pem"},
        OCSF,
        {**OCSF, "url": "tls://siem.example.org:6514"},
        {**OCSF, "authorization": "env:TOKEN"},
        {**HOOK, "filter": {"event": "exchange.denied", "data_class": "phi"}},
        {**HOOK, "tenants": ["default", "_system"], "start": "beginning"},
    ],
)
def test_what_can_be_held_to_is_taken(table: dict[str, Any]) -> None:
    (one,) = parsed(forward=[table]).forward
    assert one.id == table["id"]
    assert one.line == (not one.url.startswith("http"))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({**SYSLOG, "id": "Siem"}, "forward[0].id"),
        ({**SYSLOG, "url": "https://siem.example.org"}, "forward[0].url must be tls://"),
        ({**SYSLOG, "url": "tls://u:hunter2-swordfish@siem"}, "forward[0].url must be tls://"),
        ({**SYSLOG, "url": "tls://siem:0"}, "forward[0].url must be tls://"),
        ({**SYSLOG, "url": "tls://siem:99999"}, "forward[0].url must be tls://"),
        ({**SYSLOG, "url": "tls://siem/path"}, "forward[0].url must be tls://"),
        ({**SYSLOG, "url": "tcp://10.0.0.1:514"}, "forward[0].url must be tls:// unless"),
        ({**SYSLOG, "url": "tcp://siem:514"}, "forward[0].url must be tls:// unless"),
        ({**SYSLOG, "url": "tcp://localhost", "ca": "ca.pem"}, "where ca, pin or client_certificate"),
        ({**SYSLOG, "client_key": "k.pem"}, "client_certificate and client_key go together"),
        ({**SYSLOG, "secret": "env:S"}, "forward[0].secret goes with kind webhook"),
        ({**SYSLOG, "authorization": "env:S"}, "forward[0].authorization goes with kind ocsf"),
        ({**OCSF, "url": "http://l", "authorization": "env:S"}, "forward[0].authorization goes with"),
        ({**OCSF, "authorization": HIDDEN}, "forward[0].authorization must be a reference"),
        ({**OCSF, "url": "ftp://l"}, "forward[0].url must be tls://"),
        ({"id": "hook", "kind": "webhook", "url": "https://h"}, "forward[0].secret goes with"),
        ({**HOOK, "secret": HIDDEN}, "forward[0].secret must be a reference"),
        ({**HOOK, "url": "tls://h"}, "forward[0].url must be http(s)"),
        ({**HOOK, "tenants": ["nobody"]}, "forward[0].tenants must name configured"),
        ({**HOOK, "pin": ["x"]}, "forward[0].pin"),
        ({**HOOK, "addresses": ["x"]}, "forward[0].addresses"),
        ({**HOOK, "batch": 0}, "forward[0].batch must lie"),
        ({**HOOK, "timeout_s": 0.0}, "forward[0].timeout_s must lie"),
        ({**HOOK, "enterprise": -1}, "forward[0].enterprise must lie"),
        ({**HOOK, "filter": {"exchange": "x"}}, "is not a setting"),
    ],
)
def test_what_could_not_be_held_to_is_refused(table: dict[str, Any], said: str) -> None:
    assert said in refused(forward=[table])


def test_two_of_one_name_are_refused() -> None:
    assert "forward[1].id is there twice" in refused(forward=[SYSLOG, SYSLOG])


def test_with_several_tenants_it_is_said_whose_records_a_destination_gets() -> None:
    tenants = [{"id": "clinic"}, {"id": "bank"}]
    assert "forward[0].tenants must name whose" in refused(tenant=tenants, forward=[SYSLOG])
    assert parsed(tenant=tenants, forward=[{**SYSLOG, "tenants": ["bank"]}]).forward[0].tenants == ("bank",)
