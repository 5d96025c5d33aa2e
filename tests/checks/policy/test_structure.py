"""The settings' share of the policy version."""

import pytest

from gateway.checks.policy import structure
from gateway.core.errors import ConfigurationError

from .making import configured, document, facts


def test_structure_survives_its_canonical_form() -> None:
    value = facts()
    assert structure.decode(structure.encode(value)) == value
    assert [agent.id for agent in value.agents] == ["local", "friend", "sky"]


def test_no_credential_and_no_reference_to_one_is_in_it() -> None:
    agents = document()["agent"]
    agents[0]["credential"] = "env:VERY_SECRET_NAME"
    assert b"VERY_SECRET_NAME" not in structure.encode(facts(agent=agents))


def test_what_an_agent_may_be_told_to_contact_belongs_to_the_policy() -> None:
    agents = document()["agent"]
    before = structure.encode(facts(agent=agents))
    agents[0] |= {"protocol": "a2a", "a2a": {"push_urls": ["https://hooks.example/"]}}
    after = structure.encode(facts(agent=agents))
    assert b"hooks.example" in after
    assert before != after
    assert b"tenants" not in after.split(b"hooks.example")[0].rpartition(b"a2a")[2]
    agents[0]["a2a"]["tenants"] = ["ward-7"]
    assert b"ward-7" in structure.encode(facts(agent=agents))


def test_whom_certificates_stand_for_belongs_to_the_policy_where_there_are_any() -> None:
    assert b"clients" not in structure.encode(facts())
    proxied = {"client_ca": "ca.pem", "client_header": "client-cert", "trusted_proxies": ["10.0.0.5"]}
    value = facts(server=proxied, certificate=[{"match": "dns:a.example", "purposes": ["OWN"]}])
    assert structure.decode(structure.encode(value)) == value
    assert value.clients is not None
    assert (value.clients.ca, value.clients.auth, value.clients.header) == ("ca.pem", "optional", "client-cert")
    assert [one.match for one in value.clients.certificates] == ["dns:a.example"]


def test_without_a_tenant_the_one_tenant_is_default() -> None:
    assert [tenant.id for tenant in structure.structure(configured(), "1").tenants] == ["default"]


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"engine": "1"}', b"\xff"])
def test_anything_but_the_canonical_form_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"structure\.json"):
        structure.decode(data)


def test_spaces_make_it_another_form() -> None:
    with pytest.raises(ConfigurationError):
        structure.decode(structure.encode(facts()).replace(b":", b": ", 1))


def test_in_which_order_agents_are_asked_belongs_to_the_policy_where_it_is_another_one() -> None:
    static = facts(capability=[{"id": "triage"}])
    assert structure.encode(static) == structure.encode(facts()), "versions from before keep their digests"
    value = facts(capability=[{"id": "triage", "order": "least_loaded"}])
    assert structure.decode(structure.encode(value)) == value
    assert [(one.id, one.order) for one in value.capabilities] == [("triage", "least_loaded")]
