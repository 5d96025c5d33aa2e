"""Cards say where the gateway is and how to prove who one is there, in the agent's words, under the gateway's name."""

import base64
import json
from typing import Any

import pytest
from a2a.client.card_resolver import parse_agent_card
from a2a.utils.signing import InvalidSignaturesError, create_signature_verifier
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt import PyJWK

from gateway.agents import jcs
from gateway.agents.a2a_card import SCHEMES, Cards, theirs
from gateway.checks.assertion import Signing
from gateway.core.errors import AgentError
from gateway.core.ports import Interface
from tests.agents.a2a_making import AGENT, CARDS, agent

KEY = Signing(b"k" * 32)
SIGNED = Cards("https://gw.example", lambda payload: KEY.detached(payload, "https://gw.example/.well-known/jwks.json"))


def interface(binding: str = "JSONRPC", version: str = "1.0", **more: Any) -> dict[str, Any]:
    return {"url": "http://10.0.0.7:9999/rpc", "protocolBinding": binding, "protocolVersion": version, **more}


def card(**more: Any) -> dict[str, Any]:
    return {
        "name": "Ward agent",
        "description": "Answers.",
        "version": "1.0",
        "capabilities": {"streaming": True},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [{"id": "s", "name": "S", "description": "d", "tags": ["t"]}],
        "supportedInterfaces": [interface()],
        **more,
    }


def taken(**more: Any) -> dict[str, Any]:
    return CARDS.taken(card(**more), AGENT)


def test_both_bindings_are_the_gateways_whichever_the_agent_has() -> None:
    shown = taken(supportedInterfaces=[interface("GRPC"), interface("HTTP+JSON"), interface(version="0.3")])
    assert shown["supportedInterfaces"] == [
        {"url": "https://gw.example/a2a/ward", "protocolBinding": binding, "protocolVersion": "1.0"}
        for binding in ("HTTP+JSON", "JSONRPC")
    ]


def test_a_tenant_of_the_agents_is_there_where_callers_may_name_it() -> None:
    named = agent(Interface(tenants=("b", "a")))
    interfaces = [interface(tenant=tenant) for tenant in ("a", "b", "c", "", 7)]
    shown = CARDS.taken(card(supportedInterfaces=interfaces), named)
    found = [(one["protocolBinding"], one.get("tenant")) for one in shown["supportedInterfaces"]]
    assert found == [(binding, tenant) for tenant in ("a", "b", None) for binding in ("JSONRPC", "HTTP+JSON")]
    assert [one["tenant"] for one in theirs(shown)["supportedInterfaces"]][::2] == ["a", "b", None]


@pytest.mark.parametrize(
    "interfaces",
    [
        None,
        [],
        "x",
        ["x"],
        [interface("GRPC")],
        [interface(version="0.3")],
        [interface(version="2.0")],
        [{"url": "http://x"}],
    ],
)
def test_an_agent_that_the_gateway_cannot_speak_for_has_no_card(interfaces: Any) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        taken(supportedInterfaces=interfaces)


def test_the_schemes_are_the_gateways() -> None:
    shown = taken(
        securitySchemes={"theirs": {"httpAuthSecurityScheme": {"scheme": "Basic"}}},
        securityRequirements=[{"schemes": {"theirs": {}}}],
        skills=[{"id": "s", "securityRequirements": [{"schemes": {"theirs": {}}}]}],
    )
    assert shown["securitySchemes"] == SCHEMES
    assert [set(one["schemes"]) for one in shown["securityRequirements"]] == [{name} for name in SCHEMES]
    assert shown["skills"] == [{"id": "s"}]


def test_only_what_version_1_knows_is_kept_at_every_level() -> None:
    shown = taken(
        url="http://10.0.0.7:9999/",
        preferredTransport="JSONRPC",
        additionalInterfaces=[],
        signatures=[{"protected": "x", "signature": "y"}],
        capabilities={"streaming": False, "stateTransitionHistory": True, "extensions": [{"uri": "u", "later": 1}]},
        provider={"organization": "o", "url": "https://o.example", "later": 1},
    )
    assert {"url", "preferredTransport", "additionalInterfaces", "signatures"}.isdisjoint(shown)
    assert shown["capabilities"] == {"streaming": False, "extensions": [{"uri": "u"}]}
    assert shown["provider"] == {"organization": "o", "url": "https://o.example"}


def test_what_lies_at_the_agents_own_address_is_not_told() -> None:
    shown = taken(documentationUrl="http://10.0.0.7:9999/docs", iconUrl="http://127.0.0.1:9/icon.png")
    assert {"documentationUrl", "iconUrl"}.isdisjoint(shown)
    kept = {"documentationUrl": "https://docs.example/x", "iconUrl": "http://[bad"}
    assert taken(**kept).items() >= kept.items()


def test_push_notifications_are_offered_where_some_address_is_allowed() -> None:
    given = card(capabilities={"pushNotifications": True})
    assert CARDS.taken(given, AGENT)["capabilities"] == {"pushNotifications": False}
    allowing = agent(Interface(push_urls=("https://hooks.example/",)))
    assert CARDS.taken(given, allowing)["capabilities"] == {"pushNotifications": True}
    assert given["capabilities"] == {"pushNotifications": True}


@pytest.mark.parametrize(
    "more",
    [
        {"name": 7},
        {"skills": {}},
        {"skills": ["x"]},
        {"skills": [{"tags": "x"}]},
        {"skills": [{"tags": [7]}]},
        {"capabilities": []},
        {"capabilities": {"streaming": "yes"}},
        {"capabilities": {"extensions": [{"params": 7}]}},
        {"provider": "x"},
    ],
)
def test_what_is_no_card_is_a_bad_answer(more: dict[str, Any]) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        taken(**more)


@pytest.mark.parametrize("value", [None, [], "x"])
def test_a_card_is_an_object(value: Any) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        CARDS.taken(value, AGENT)


RICH = card(
    capabilities={
        "extensions": [{"uri": "u", "required": False, "params": {"n": 1.5, "none": None, "empty": [], "i": 7}}]
    },
    provider={"organization": "Ö", "url": "https://o.example"},
    skills=[],
    description="",
)


@pytest.mark.parametrize("given", [card(), RICH])
def test_the_sdk_verifies_the_gateways_signature(given: dict[str, Any]) -> None:
    shown = SIGNED.signed(SIGNED.taken(given, AGENT))
    verify = create_signature_verifier(lambda kid, jku: PyJWK(dict(KEY.jwk)), ["EdDSA"])
    verify(parse_agent_card(json.loads(json.dumps(shown))))
    with pytest.raises(InvalidSignaturesError):
        verify(parse_agent_card({**json.loads(json.dumps(shown)), "description": "Answers everything."}))


def test_a_reader_that_keeps_to_the_specification_verifies_it_too() -> None:
    shown = SIGNED.signed(SIGNED.taken(RICH, AGENT))
    payload = jcs.encode({name: value for name, value in shown.items() if name != "signatures"})
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(KEY.jwk["x"] + "="))
    first = shown["signatures"][0]
    signed = f"{first['protected']}.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}"
    public.verify(base64.urlsafe_b64decode(first["signature"] + "=="), signed.encode())
    head = json.loads(base64.urlsafe_b64decode(first["protected"] + "=="))
    assert head == {"alg": "EdDSA", "kid": KEY.kid, "typ": "JOSE", "jku": "https://gw.example/.well-known/jwks.json"}


def test_without_a_key_a_card_bears_no_signature() -> None:
    shown = taken()
    assert CARDS.signed(shown) is shown


def test_what_has_no_canonical_form_cannot_be_signed() -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        SIGNED.signed({"name": "\ud800"})
