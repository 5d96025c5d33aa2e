"""Issuers and certificates say whom they stand for, where keys come from, and who is meant by a name."""

from pathlib import Path
from typing import Any

import pytest

from gateway.settings import may_name, parse
from tests.settings.kit import AGENT, CLIENTS, ISSUER, ZONE, parsed, refused

WEB = {"issuer": "https://login.example", "audience": "g", "algorithms": ["ES256"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"discovery": True},
        {"discovery": True, "issuer": "https://login.example/realms/a", "key_hosts": ["keys.example"]},
        {"discovery": True, "issuer": "http://127.0.0.1:8080"},
        {"jwks_url": "https://login.example/keys?p=a", "ca": "ca.pem", "addresses": ["10.0.0.0/8"]},
        {"jwks_url": "http://[::1]:8080/keys", "refresh_s": 10, "refetch_s": 1, "hold_s": 10},
        {"jwks_url": "https://keys.example", "issuer": "anything"},
    ],
)
def test_keys_of_an_issuer_may_be_fetched(changes: dict[str, Any]) -> None:
    (issuer,) = parsed(issuer=[{**WEB, **changes}]).issuer
    assert issuer.jwks_file is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "issuer[0] needs one of jwks_file, jwks_url and discovery = true"),
        ({"jwks_file": "a", "discovery": True}, "issuer[0] needs one of"),
        ({"jwks_url": "https://login.example", "discovery": True}, "issuer[0] needs one of"),
        ({"jwks_url": "http://login.example/keys"}, "issuer[0].jwks_url must be https://"),
        ({"jwks_url": "http://127.0.0.1.login.example/keys"}, "issuer[0].jwks_url must be https://"),
        ({"jwks_url": "https://user@login.example/keys"}, "issuer[0].jwks_url must be https://"),
        ({"jwks_url": "file:///keys.json"}, "issuer[0].jwks_url must be https://"),
        ({"discovery": True, "issuer": "http://login.example"}, "issuer[0].issuer must be https://"),
        ({"discovery": True, "issuer": "https://login.example?a"}, "issuer[0].issuer must be https://"),
        ({"jwks_url": "https://login.example", "key_hosts": ["a"]}, "issuer[0].key_hosts is for discovery"),
        ({"discovery": True, "key_hosts": ["a:1"]}, "issuer[0].key_hosts must be names of hosts"),
        ({"jwks_file": "a", "ca": "ca.pem"}, "issuer[0]: ca and addresses are for keys over HTTP"),
        ({"discovery": True, "addresses": ["10.0.0.1/8"]}, "issuer[0].addresses must be networks"),
        ({"discovery": True, "refresh_s": 9}, "issuer[0].refresh_s must lie between 10 and 86400"),
        ({"discovery": True, "refetch_s": 0}, "issuer[0].refetch_s must lie between 1 and 3600"),
        ({"discovery": True, "hold_s": 599}, "issuer[0].hold_s must be at least refresh_s"),
    ],
)
def test_where_an_issuers_keys_come_from_must_be_said_in_one_way(changes: dict[str, Any], told: str) -> None:
    assert refused(issuer=[{**WEB, **changes}]).startswith(told)


def test_whom_a_certificate_stands_for_is_somebody_of_this_configuration() -> None:
    table = {"match": "dns:a.example"}
    assert parsed(server=CLIENTS, certificate=[table]).certificate[0].kind == "service"
    assert refused(certificate=[table]).startswith("server.client_ca is needed")
    for changed, told in (
        ({"zone": "no"}, "certificate[0].zone names no [[zone]]"),
        ({"tenant": "no"}, "certificate[0].tenant names no [[tenant]]"),
        ({"authorities": ["sha256:00"]}, "certificate[0].authorities must be sha256: and 64 hex digits in lower case"),
    ):
        assert refused(server=CLIENTS, certificate=[{**table, **changed}]) == told


def test_names_in_a_tenant_of_several_issuers_are_those_of_issuers_that_say_so() -> None:
    partner = {**ISSUER, "issuer": "https://partner.example"}
    names: tuple[dict[str, Any], ...] = (
        {"zone": [ZONE], "agent": [{**AGENT, "callers": ["default/bot"]}]},
        {"limit": [{"name": "l", "what": "requests", "count": 1, "callers": ["bot"]}]},
    )
    for section in names:
        assert refused(issuer=[ISSUER, partner], **section).startswith("issuer[0].named must be true or false: ")
        said = refused(issuer=[{**ISSUER, "named": True}, partner], **section)
        assert said.startswith("issuer[1].named must be true or false: ")
        whole = {"issuer": [{**ISSUER, "named": True}, {**partner, "named": False}], **section}
        settings = parse(whole, {}, Path("/nowhere"))
        assert [may_name(one, "default", settings.issuer) for one in settings.issuer] == [True, False]
        parse({"issuer": [ISSUER], **section}, {}, Path("/nowhere"))
    # Without names nothing must be said, and then none of them is meant; a sole issuer's are.
    both = parse({"issuer": [ISSUER, partner]}, {}, Path("/nowhere")).issuer
    assert [may_name(one, "default", both) for one in both] == [False, False]
    assert may_name(both[0], "default", both[:1])
