"""The wire protocols that callers may speak: each with its adapter, its schemas and who may take its messages.

A protocol here is what a request is written in (`openai` is chat completions); an agent's `protocol` is the family that
the agent speaks. A new protocol is an adapter, an entry here, and its paths in `web.app`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from gateway.agents.a2a import A2aRest, A2aRpc
from gateway.agents.a2a_card import Cards, Sign
from gateway.agents.a2a_errors import rest_error, rpc_status
from gateway.agents.a2a_errors import rpc_error as a2a_error
from gateway.agents.a2a_words import MEDIA_TYPE
from gateway.agents.anthropic import AnthropicAdapter, AnthropicCountAdapter, anthropic_error
from gateway.agents.description import Description
from gateway.agents.embeddings import EmbeddingsAdapter
from gateway.agents.http import HttpAdapter
from gateway.agents.mcp import PREFIX, McpAdapter
from gateway.agents.mcp_errors import rpc_error
from gateway.agents.openai import OpenAIAdapter
from gateway.agents.registry import Registry
from gateway.agents.responses import ResponsesAdapter
from gateway.agents.translate.adapter import Translating, spoken
from gateway.agents.translate.forms import FORMS
from gateway.agents.unmodelled import UnmodelledAdapter
from gateway.checks.schema import Schema
from gateway.core.decision import Fit, Unfit
from gateway.core.message import Message
from gateway.core.ports import Bounds, Route
from gateway.exchange.governor import Governor
from gateway.exchange.passing import Protocol

_AGENT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
METADATA = "/.well-known/oauth-protected-resource"
"""Where the address of an MCP agent says who issues its tokens (RFC 9728 §3)."""


_COMPILED: dict[str, Schema] = {}
"""Schemas of the protocols themselves, by title: made once in a process, however often protocols are wired."""


_OFFERED = "an agent that offers this operation, or a capability of one; GET /v1/models lists those of every operation"


def wire_protocols(
    registry: Registry,
    bounds: Bounds,
    schemas: Mapping[str, Schema],
    answers: Mapping[str, Schema],
    *,
    address: str = "",
    origins: Iterable[str] = (),
    governors: Mapping[str, Governor] | None = None,
    descriptions: Mapping[str, Description] | None = None,
    sign: Sign | None = None,
) -> dict[str, Protocol]:
    """Every protocol by its name. `schemas` and `answers` are those of agents that have one, by agent id; `governors`
    by protocol. `address` is where callers reach the gateway, `origins` whose pages may be among them;
    `descriptions` what is declared of plain HTTP agents' routes, by agent id; `sign` signs agents' cards."""
    governors = governors or {}
    mcp = McpAdapter(bounds, frozenset({*origins, _origin(address)}))
    http = HttpAdapter(registry, bounds, descriptions or {})
    cards = Cards(address, sign)

    def model(adapter: OpenAIAdapter | ResponsesAdapter | EmbeddingsAdapter, title: str) -> Protocol:
        """A protocol of OpenAI's, whose messages name their target as a model."""
        return Protocol(
            adapter=adapter,
            candidates=lambda message: speaking(registry, "openai", message),
            error_type="application/json",
            schema=_own(adapter.schema, title),
            schemas=schemas,
            answer_schemas=answers,
            target_field="/model",
            target_hint=_OFFERED,
        )

    def messages(adapter: AnthropicAdapter, title: str, *, counted: bool = False) -> Protocol:
        """A protocol of Anthropic's. Agents' schemas are those of messages; a count is another kind of answer."""
        return Protocol(
            adapter=adapter,
            candidates=lambda message: speaking(registry, "anthropic", message),
            error_type="application/json",
            schema=_own(adapter.schema, title),
            schemas={} if counted else schemas,
            answer_schemas={} if counted else answers,
            target_field="/model",
            target_hint=_OFFERED,
            error=anthropic_error,
            error_event=b"event: error\n",
        )

    def unmodelled(adapter: UnmodelledAdapter) -> Protocol:
        """Routes of which nothing is read and nothing sent."""
        return Protocol(
            adapter=adapter,
            candidates=lambda message: (),
            error_type="application/json",
            schema=None,
            schemas={},
            answer_schemas={},
            target_field="path",
            target_hint="a route that is modelled",
        )

    protocols = {
        "anthropic": messages(AnthropicAdapter(bounds), "messages"),
        "anthropic-count": messages(AnthropicCountAdapter(bounds), "token counts", counted=True),
        "openai": model(OpenAIAdapter(bounds), "chat completions"),
        "responses": model(ResponsesAdapter(bounds), "responses"),
        "embeddings": model(EmbeddingsAdapter(bounds), "embeddings"),
        "unmodelled": unmodelled(UnmodelledAdapter()),
        "anthropic-unmodelled": unmodelled(UnmodelledAdapter("anthropic-unmodelled", anthropic_error)),
        "http": Protocol(
            adapter=http,
            candidates=lambda message: speaking(registry, "http", message),
            error_type="application/problem+json",
            schema=None,
            schemas=schemas,
            answer_schemas=answers,
            target_field="path",
            target_hint="/agents/ and the id of an agent",
        ),
        "mcp": Protocol(
            adapter=mcp,
            candidates=lambda message: alone(registry, "mcp", message),
            error_type="application/json",
            schema=None,
            schemas=schemas,
            answer_schemas=answers,
            target_field="path",
            target_hint="/mcp/ and the id of an agent",
            governor=governors.get("mcp"),
            frames=mcp.frames,
            error=rpc_error,
            metadata=lambda path: _metadata(address, path),
        ),
        "a2a": Protocol(
            adapter=A2aRpc(bounds, cards),
            candidates=lambda message: alone(registry, "a2a", message),
            error_type="application/json",
            schema=None,
            schemas=schemas,
            answer_schemas={},
            target_field="path",
            target_hint="/a2a/ and the id of an agent",
            governor=governors.get("a2a"),
            error=a2a_error,
            error_event=b"event: error\n",
            status=rpc_status,
        ),
        "a2a-rest": Protocol(
            adapter=A2aRest(bounds, cards),
            candidates=lambda message: alone(registry, "a2a", message),
            error_type=MEDIA_TYPE,
            schema=None,
            schemas=schemas,
            answer_schemas={},
            target_field="path",
            target_hint="/a2a/ and the id of an agent",
            governor=governors.get("a2a"),
            error=rest_error,
            error_event=b"event: error\n",
        ),
    }
    return translated(registry, bounds, protocols)


def _own(document: Mapping[str, Any], title: str) -> Schema:
    if title not in _COMPILED:
        _COMPILED[title] = Schema(document, title)
    return _COMPILED[title]


def translated(registry: Registry, bounds: Bounds, protocols: Mapping[str, Protocol]) -> dict[str, Protocol]:
    """The protocols, those among them that can be translated reaching agents of each other's families as well.

    The schema of an agent that gets translations is held against those, at the decision, and not against what the
    caller wrote.
    """
    adapters = {name: protocol.adapter for name, protocol in protocols.items() if name in FORMS}
    native = {name: {route.id for route in registry.routes if name in spoken(route)} for name in adapters}
    return {
        name: protocol
        if name not in adapters
        else msgspec.structs.replace(
            protocol,
            adapter=Translating(protocol.adapter, adapters, bounds),
            candidates=lambda message: conversing(registry, message),
            schemas={agent: schema for agent, schema in protocol.schemas.items() if agent in native[name]},
        )
        for name, protocol in protocols.items()
    }


def offer(protocols: Mapping[str, Protocol], message: Message, agent: Route) -> Fit | Unfit:
    """What an agent would be sent, or why it could not be."""
    adapter = protocols[message.protocol].adapter
    if isinstance(adapter, Translating):
        return adapter.offer(message, agent)
    if not adapter.serves(message, agent):
        return Unfit("protocol")
    return Fit(message.document if message.shaped else None)


def speaking(registry: Registry, family: str, message: Message) -> tuple[Route, ...]:
    """Candidates for a message: a named agent must speak the family itself; beside it, and for a capability, those that
    offer it are asked, if any of them does."""
    candidates = registry.candidates(message.target)
    if registry.get(message.target) is not None and candidates[0].protocol != family:
        return ()
    return candidates if any(route.protocol == family for route in candidates) else ()


def conversing(registry: Registry, message: Message) -> tuple[Route, ...]:
    """Candidates for a message that can be translated: as `speaking` has it, with the families together as one."""
    candidates = registry.candidates(message.target)
    if registry.get(message.target) is not None and not spoken(candidates[0]):
        return ()
    return candidates if any(map(spoken, candidates)) else ()


def alone(registry: Registry, family: str, message: Message) -> tuple[Route, ...]:
    """The one candidate where a conversation is with one agent and no other could go on with it."""
    route = registry.get(message.target)
    return (route,) if route is not None and route.protocol == family else ()


def _metadata(address: str, path: str) -> str:
    """Where a caller without a good credential finds out who issues tokens (RFC 9728 §5.1). What is no agent's path is
    left out."""
    agent = path.removeprefix(PREFIX)
    named = f"{PREFIX}{agent}" if _AGENT.fullmatch(agent) else ""
    return f"{address}{METADATA}{named}"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
