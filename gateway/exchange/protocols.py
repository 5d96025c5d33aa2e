"""The wire protocols that callers may speak: each with its adapter, its schemas and who may take its messages.

A protocol here is what a request is written in (`openai` is chat completions); an agent's `protocol` is the family that
the agent speaks. A new protocol is an adapter, an entry here, and its paths in `web.app`.
"""

from collections.abc import Mapping

from gateway.agents.http import HttpAdapter
from gateway.agents.openai import OpenAIAdapter
from gateway.agents.registry import Registry
from gateway.checks.schema import Schema
from gateway.core.message import Message
from gateway.core.ports import Bounds, Route
from gateway.exchange.answering import Protocol


def wire_protocols(
    registry: Registry, bounds: Bounds, schemas: Mapping[str, Schema], answers: Mapping[str, Schema]
) -> dict[str, Protocol]:
    """Every protocol by its name. `schemas` and `answers` are those of agents that have one, by agent id."""
    openai, http = OpenAIAdapter(bounds), HttpAdapter(registry, bounds)
    return {
        "openai": Protocol(
            adapter=openai,
            candidates=lambda message: speaking(registry, "openai", message),
            error_type="application/json",
            schema=Schema(openai.schema, "chat completions"),
            schemas=schemas,
            answer_schemas=answers,
            target_field="/model",
            target_hint="the id of an agent or a capability, as GET /v1/models lists them",
        ),
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
    }


def speaking(registry: Registry, family: str, message: Message) -> tuple[Route, ...]:
    """Candidates for a message: a named agent must speak the family itself; beside it, and for a capability, those that
    offer it are asked, if any of them does."""
    candidates = registry.candidates(message.target)
    if registry.get(message.target) is not None and candidates[0].protocol != family:
        return ()
    return candidates if any(route.protocol == family for route in candidates) else ()
