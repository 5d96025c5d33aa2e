"""Who may take a message, in which order, comes from the configuration alone."""

import msgspec
import pytest

from gateway.agents.registry import Registry
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Interface
from gateway.settings import Agent, Settings, Zone


def agent(name: str, *capabilities: str, **more: object) -> Agent:
    base = {"id": name, "protocol": "openai", "url": f"http://{name}.test/v1/", "zone": "in-house"}
    return msgspec.convert({**base, "capabilities": capabilities, **more}, Agent)


def registry(*agents: Agent) -> Registry:
    settings = Settings(base="/etc/gateway", zone=(Zone(id="in-house", region="DE"),), agent=agents)
    return Registry(settings, lambda reference: f"secret of {reference}")


def ids(*agents: Agent, target: str) -> list[str]:
    return [route.id for route in registry(*agents).candidates(target)]


def test_a_named_agent_comes_first_and_others_with_its_first_capability_follow_in_configured_order() -> None:
    agents = (agent("a", "sum"), agent("b", "triage", "sum"), agent("c", "sum", "triage"), agent("d"))
    assert ids(*agents, target="c") == ["c", "a", "b"]
    assert ids(*agents, target="b") == ["b", "c"]


def test_an_agent_without_capabilities_stands_alone() -> None:
    assert ids(agent("a"), agent("b", "sum"), target="a") == ["a"]


def test_a_capability_names_all_its_agents_in_configured_order() -> None:
    assert ids(agent("b", "x", "sum"), agent("a", "sum"), target="sum") == ["b", "a"]


def test_an_unknown_name_has_no_candidates() -> None:
    assert registry(agent("a")).candidates("b") == ()
    assert registry().candidates("") == ()
    assert registry().get("a") is None


def test_models_are_the_agents_and_capabilities_of_the_protocol_each_once() -> None:
    built = registry(agent("a", "sum"), agent("h", "notes", protocol="http", routes=("GET /",)), agent("b", "sum", "x"))
    assert built.models() == ("a", "b", "sum", "x")
    assert built.models("http") == ("h", "notes")


def test_agents_that_messages_are_translated_for_are_models_of_both_families() -> None:
    built = registry(agent("a", "sum"), agent("c", "rhyme", protocol="anthropic"))
    assert built.models("openai") == built.models("anthropic") == ("a", "c", "sum", "rhyme")


def test_to_a_tenant_the_agents_of_others_are_not_there() -> None:
    built = registry(
        agent("a", "sum", tenants=("bank",)), agent("b", "sum", "x"), agent("c", "y", tenants=("clinic", "bank"))
    )
    assert built.divided
    assert [route.id for route in built.of("bank").routes] == ["a", "b", "c"]
    clinic = built.of("clinic")
    assert [route.id for route in clinic.routes] == ["b", "c"]
    assert clinic.get("a") is None
    assert clinic.candidates("a") == ()
    assert [route.id for route in clinic.candidates("sum")] == ["b"]
    assert clinic.models() == ("b", "c", "sum", "x", "y")
    assert [route.id for route in built.of("other").routes] == ["b"]
    assert built.of("other").candidates("y") == ()
    assert [route.id for route in built.candidates("sum")] == ["a", "b"]


def test_agents_that_belong_to_no_tenant_are_there_for_all() -> None:
    built = registry(agent("a"), agent("b"))
    assert not built.divided
    assert built.of("anyone") is built


def test_a_route_holds_what_adapters_policy_and_client_need() -> None:
    route = registry(agent("a", credential="env:KEY", ca="ca.pem", model="m", floor=("phi",))).get("a")
    assert route is not None
    assert (route.url, route.region, route.credential, route.ca) == (
        "http://a.test/v1",
        "DE",
        "secret of env:KEY",
        "/etc/gateway/ca.pem",
    )
    assert (route.model, route.floor, route.processor) == ("m", ("phi",), None)


def test_a_route_holds_how_the_agent_is_connected_to() -> None:
    pins, networks = ("sha256:" + "0" * 64,), ("10.0.0.0/8",)
    given = {"client_certificate": "c.pem", "client_key": "tls/c.key", "pin": pins, "addresses": networks}
    route = registry(agent("a", url="https://a.test", max_connections=7, **given)).get("a")
    assert route is not None
    assert (route.client_certificate, route.client_key) == ("/etc/gateway/c.pem", "/etc/gateway/tls/c.key")
    assert (route.pin, route.addresses, route.max_connections, route.ca) == (pins, networks, 7, None)


def test_a_route_holds_how_an_a2a_agent_is_spoken_to() -> None:
    plain = registry(agent("a", protocol="a2a")).get("a")
    assert plain is not None
    assert plain.interface == Interface()
    given = {
        "binding": "HTTP+JSON",
        "path": "/rest",
        "card": "/c.json",
        "push_urls": ["https://h/"],
        "file_urls": [],
        "tenants": ["t"],
    }
    route = registry(agent("a", protocol="a2a", a2a=given)).get("a")
    assert route is not None
    assert (route.interface.binding, route.interface.path, route.interface.card) == ("HTTP+JSON", "/rest", "/c.json")
    assert (route.interface.push_urls, route.interface.file_urls) == (("https://h/",), ())
    assert route.interface.tenants == ("t",)


def test_a_secret_that_cannot_be_resolved_stops_the_start() -> None:
    def missing(reference: str) -> str:
        raise ConfigurationError(f"{reference} is not there")

    settings = Settings(zone=(Zone(id="in-house"),), agent=(agent("a", credential="env:KEY"),))
    with pytest.raises(ConfigurationError):
        Registry(settings, missing)


def test_the_registry_does_not_print_credentials() -> None:
    assert "secret" not in repr(registry(agent("a", credential="env:KEY")))
