"""Names that something stands behind."""

import pytest

from gateway.checks.policy.vocabulary import Vocabulary
from gateway.core.errors import FormatError

from .making import document, facts

_VOCABULARY = Vocabulary.of(facts(), [("class:pii", "class:any")])


def test_names_of_the_settings_and_of_the_policys_classes_are_known() -> None:
    for name in ("class:pii", "agent:sky", "zone:cloud", "capability:triage", "role:whoever"):
        assert _VOCABULARY.name(name, name.partition(":")[0]) == name
    assert _VOCABULARY.target("zone:*") == "zone:*"


def test_an_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(FormatError, match=r"\[\[zone\]\]; the nearest is zone:cloud"):
        _VOCABULARY.name("zone:clowd", "zone")
    for name in ("class:phy", "agent:x", "capability:x"):
        with pytest.raises(FormatError, match="must name"):
            _VOCABULARY.name(name, name.partition(":")[0])


def test_purposes_are_those_of_the_standard_and_of_issuers_and_certificates() -> None:
    assert "OWN" not in _VOCABULARY.purposes
    server = {"client_ca": "ca.pem", "client_header": "client-cert", "trusted_proxies": ["10.0.0.5"]}
    own = facts(server=server, certificate=[{"match": "dns:a.example", "purposes": ["OWN"]}])
    assert {"OWN", "TREAT"} <= Vocabulary.of(own, []).purposes


def test_a_target_is_no_role_and_no_star_of_another_kind() -> None:
    for wrong in ("role:x", "agent:*", "capability:*", "*"):
        with pytest.raises(FormatError):
            _VOCABULARY.target(wrong)


def test_placements_put_agents_in_zones_and_capabilities_and_zones_in_broader_ones() -> None:
    zones = document()["zone"]
    zones[2]["within"] = "partner"
    placements = Vocabulary.of(facts(zone=zones), []).placements
    assert ("agent:sky", "zone:cloud") in placements
    assert ("agent:sky", "capability:triage") in placements
    assert ("zone:cloud", "zone:partner") in placements
    assert ("zone:in-house", "zone:*") in placements
