"""Step 2: the body, within bounds, into a message that fits the schema of the agent it names."""

import msgspec

from gateway.agents.around import around
from gateway.checks.schema import Schema
from gateway.core.message import Inbound, Message
from gateway.core.ports import Bounds, Route
from gateway.core.refusal import Refusal
from gateway.core.scopes import TRAFFIC, narrowed, reaches
from gateway.exchange.exchange import Exchange
from gateway.exchange.passing import Protocol


async def read_message(
    exchange: Exchange, protocol: Protocol, bounds: Bounds
) -> tuple[Message, tuple[Route, ...]] | Refusal:
    """The message, and the agents that may be asked, the one that is meant first; or why it ends here."""
    arrival = exchange.arrival
    if (scopes := _scopes(exchange)) and not reaches(scopes):
        return Refusal(code="scope_required", hint=f"the scope {TRAFFIC}")
    body = await arrival.body()
    if isinstance(body, Refusal):
        return body
    inbound = Inbound(method=arrival.method, path=arrival.path, query=arrival.query, headers=arrival.headers, body=body)
    exchange.inbound = inbound
    return await _taken(exchange, protocol, bounds, inbound)


async def read_again(
    exchange: Exchange, protocol: Protocol, bounds: Bounds
) -> tuple[Message, tuple[Route, ...]] | Refusal:
    """The same message, as it is read by what is in force now; nothing of it has left yet. Where a governor has taken
    note of it, it is to be sent again: what it noted is not undone."""
    if protocol.governor is not None or exchange.inbound is None:
        return Refusal(code="policy_changed", retry_after=1)
    return await _taken(exchange, protocol, bounds, exchange.inbound)


async def _taken(
    exchange: Exchange, protocol: Protocol, bounds: Bounds, inbound: Inbound
) -> tuple[Message, tuple[Route, ...]] | Refusal:
    """What a request says, its body at hand."""
    scopes = _scopes(exchange)
    message = protocol.adapter.read(inbound, bounds)
    if isinstance(message, Refusal):
        return message
    beside = around(inbound, message.parts)
    if beside:
        message = msgspec.structs.replace(message, parts=(*message.parts, *beside))
    candidates = protocol.candidates(message)
    if not candidates:
        return Refusal(code="unknown_target", field=protocol.target_field, hint=protocol.target_hint)
    if scopes:
        allowed = narrowed(scopes, message.target, [route.id for route in candidates])
        candidates = tuple(route for route in candidates if route.id in allowed)
        if not candidates:
            return Refusal(code="scope_required", hint=f"the scope {TRAFFIC}:{message.target}")
    reached = _reached(exchange, message, candidates)
    if isinstance(reached, Refusal):
        return reached
    candidates = reached
    for schema in (protocol.schema, protocol.schemas.get(candidates[0].id)):
        refusal = _unfit(schema, message)
        if refusal is not None:
            return refusal
    if message.stream and candidates[0].id in protocol.answer_schemas:
        hint = "false: what this agent answers is held to a schema, and a stream cannot be"
        return Refusal(code="feature_unsupported", field="/stream", hint=hint)
    exchange.message = message
    if protocol.governor is not None:
        governed = await protocol.governor.admit(exchange, message, candidates[0])
        if isinstance(governed, Refusal):
            return governed
        exchange.message = message = governed
    return message, candidates


def _scopes(exchange: Exchange) -> tuple[str, ...]:
    return exchange.identity.scopes if exchange.identity is not None else ()


def _unfit(schema: Schema | None, message: Message) -> Refusal | None:
    """Whether a message breaks a schema. A body that is not JSON cannot fit one; an absent body has nothing to fit."""
    if schema is None or not message.body or not message.shaped:
        return None
    if message.document is None and message.media_type != "application/json":
        return Refusal(code="media_type", field="content-type", hint="application/json")
    return schema.validate(message.document)


def _reached(exchange: Exchange, message: Message, candidates: tuple[Route, ...]) -> tuple[Route, ...] | Refusal:
    """Those of the candidates that can be reached this way: an agent that fetches its requests by tasks alone, which
    wait until it does, and with no stream, which nobody would read meanwhile."""
    if not any(route.pull for route in candidates):
        return candidates
    task = exchange.arrival.identity is not None
    if task and not message.stream:
        return candidates
    named = candidates[0].pull and candidates[0].id == message.target
    others = () if named else tuple(route for route in candidates if not route.pull)
    if others:
        return others
    if task:
        hint = "false: this agent fetches its requests, and answers them whole"
        return Refusal(code="feature_unsupported", field="/stream", hint=hint)
    return Refusal(code="tasks_only", hint="the same request by POST /v1/tasks")
