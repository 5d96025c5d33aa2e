"""Agent cards as the gateway gives them: the agent's own words, the gateway's addresses and schemes, its signature.

A card says where an agent is and how to prove who one is there; both are the gateway's to say here. Of the agent's own
only members that version 1.0 knows are kept, at every level: a reader drops what it does not know, and would then
verify another card than the one that was signed. Signatures of the agent's no longer fit and go.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from gateway.agents import jcs
from gateway.agents.a2a_words import BINDINGS, VERSION
from gateway.core.errors import AgentError, FormatError
from gateway.core.ports import Route

Sign: TypeAlias = Callable[[bytes], Mapping[str, str]]
"""Signs a payload: the members of an `AgentCardSignature` (§8.4.2)."""
_USABLE = re.compile(r"1(\.[0-9]{1,4}){0,2}")
_TEXT, _TEXTS, _FLAG, _FREE = object(), object(), object(), object()
_SKILL: Mapping[str, object] = {
    "id": _TEXT,
    "name": _TEXT,
    "description": _TEXT,
    "tags": _TEXTS,
    "examples": _TEXTS,
    "inputModes": _TEXTS,
    "outputModes": _TEXTS,
}
_EXTENSION: Mapping[str, object] = {"uri": _TEXT, "description": _TEXT, "required": _FLAG, "params": _FREE}
_CARD: Mapping[str, object] = {
    "name": _TEXT,
    "description": _TEXT,
    "provider": {"url": _TEXT, "organization": _TEXT},
    "version": _TEXT,
    "documentationUrl": _TEXT,
    "capabilities": {
        "streaming": _FLAG,
        "pushNotifications": _FLAG,
        "extensions": [_EXTENSION],
        "extendedAgentCard": _FLAG,
    },
    "defaultInputModes": _TEXTS,
    "defaultOutputModes": _TEXTS,
    "skills": [_SKILL],
    "iconUrl": _TEXT,
}
_REQUIRED = frozenset(
    {
        *("name", "description", "version", "capabilities", "defaultInputModes", "defaultOutputModes", "skills"),
        *("url", "organization", "id", "tags"),
    }
)
"""Members that stay where they are empty (`REQUIRED` in a2a.proto); others that are empty are left out (§8.4.1)."""
_OPTIONAL = frozenset({"streaming", "pushNotifications", "extendedAgentCard"})
"""Flags that are said even where they are false."""
SCHEMES: Mapping[str, object] = {
    "gateway-bearer": {
        "httpAuthSecurityScheme": {
            "scheme": "Bearer",
            "description": "An API key of the gateway, or a token of an issuer that it accepts.",
        }
    },
    "gateway-key": {
        "apiKeySecurityScheme": {
            "location": "header",
            "name": "x-api-key",
            "description": "An API key of the gateway.",
        }
    },
}
_OURS = ("supportedInterfaces", "securitySchemes", "securityRequirements")


class Cards:
    """Makes cards. `address` is where callers reach the gateway; without `sign` cards bear no signature."""

    def __init__(self, address: str, sign: Sign | None = None) -> None:
        self._address, self._sign = address, sign

    def taken(self, card: Any, agent: Route) -> dict[str, Any]:
        """The agent's card as the gateway's, unsigned. `AgentError("bad_answer")` for what is no card, and for one of
        an agent that does not speak this version over a binding that the gateway has."""
        if type(card) is not dict:
            raise AgentError("bad_answer")
        found = dict(_taken(card, _CARD))
        interfaces = _interfaces(card, agent.interface.tenants)
        own = {_origin(agent.url), *(_origin(one.get("url")) for one in _listed(card))}
        for name in ("documentationUrl", "iconUrl"):
            if name in found and _origin(found[name]) in own:
                del found[name]  # what lies at the agent's own address cannot be reached by the gateway's callers
        if found.get("capabilities", {}).get("pushNotifications") and not agent.interface.push_urls:
            found["capabilities"]["pushNotifications"] = False
        url = f"{self._address}/a2a/{agent.id}"
        return {
            **found,
            "supportedInterfaces": [
                {"url": url, "protocolBinding": binding, "protocolVersion": VERSION, **tenant}
                for binding, tenant in interfaces
            ],
            "securitySchemes": dict(SCHEMES),
            "securityRequirements": [{"schemes": {name: {}}} for name in SCHEMES],
        }

    def signed(self, card: dict[str, Any]) -> dict[str, Any]:
        """The card with the gateway's signature (§8.4.2): with two where readers differ in what they leave out before
        they verify (empty members that the specification demands)."""
        if self._sign is None:
            return card
        try:
            payloads = dict.fromkeys((jcs.encode(card), jcs.encode(_filled(card))))
        except FormatError as error:
            raise AgentError("bad_answer") from error
        return {**card, "signatures": [dict(self._sign(payload)) for payload in payloads]}


def theirs(card: dict[str, Any]) -> dict[str, Any]:
    """The agent's own words in a card, in their places: what must be looked at."""
    words = {name: value for name, value in card.items() if name not in _OURS}
    tenants = [{"tenant": one.get("tenant")} for one in card["supportedInterfaces"]]
    return {**words, "supportedInterfaces": tenants}


def _taken(value: Any, shape: object) -> Any:
    """What of a value is of this shape; `AgentError("bad_answer")` for another type."""
    if shape is _TEXT:
        good = type(value) is str
    elif shape is _TEXTS:
        good = type(value) is list and all(type(item) is str for item in value)
    elif shape is _FLAG:
        good = type(value) is bool
    elif shape is _FREE:
        good = type(value) is dict
    elif isinstance(shape, list):
        if type(value) is not list:
            raise AgentError("bad_answer")
        return [_taken(item, shape[0]) for item in value]
    elif isinstance(shape, Mapping) and type(value) is dict:
        members = {name: _taken(value[name], inner) for name, inner in shape.items() if value.get(name) is not None}
        return {name: item for name, item in members.items() if item or name in _REQUIRED | _OPTIONAL}
    else:
        good = False
    if not good:
        raise AgentError("bad_answer")
    return value


def _listed(card: dict[str, Any]) -> list[dict[str, Any]]:
    found = card.get("supportedInterfaces")
    return [one for one in found if type(one) is dict] if type(found) is list else []


def _interfaces(card: dict[str, Any], tenants: tuple[str, ...]) -> list[tuple[str, dict[str, str]]]:
    """Binding and tenant of what callers may use, the agent's preferred binding first. Whatever the agent speaks, the
    gateway answers in both. `tenants`: those that callers may name."""
    usable = [
        one
        for one in _listed(card)
        if one.get("protocolBinding") in BINDINGS
        and _USABLE.fullmatch(str(one.get("protocolVersion", "")))
        and one.get("tenant") in (None, "", *tenants)
    ]
    if not usable:
        raise AgentError("bad_answer")
    first = usable[0]["protocolBinding"]
    found: list[tuple[str, dict[str, str]]] = []
    for one in usable:
        tenant = {"tenant": one["tenant"]} if type(one.get("tenant")) is str and one["tenant"] else {}
        for binding in sorted(BINDINGS, key=lambda name: name != first):
            if (binding, tenant) not in found:
                found.append((binding, tenant))
    return found


def _origin(url: Any) -> str:
    """Scheme and authority of a URL; empty for what has none."""
    try:
        parts = urlsplit(url if type(url) is str else "")
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def _filled(value: Any) -> Any:
    """A value without empty texts, lists and objects, at every level; None for one that is empty itself."""
    if type(value) is dict:
        members = {name: _filled(item) for name, item in value.items()}
        return {name: item for name, item in members.items() if item is not None} or None
    if type(value) is list:
        return [item for item in map(_filled, value) if item is not None] or None
    return None if value == "" else value
