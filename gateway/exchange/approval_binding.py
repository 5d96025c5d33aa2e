"""What an approval is bound to: HMACs under the tenant's search key, of the request and of what was decided of it."""

import re

import msgspec

from gateway.agents.a2a import Asked as AskedA2a
from gateway.agents.a2a_words import MESSAGES
from gateway.agents.bodies import write_json
from gateway.core.caller import Caller
from gateway.core.message import Message
from gateway.exchange.exchange import Classified, Exchange, Routed
from gateway.store.directory import Directory

_MEMBER = r"[a-z0-9_*/@\-]{1,64}=[!-+\--<>-~]{1,64}"
"""Of a trace's state (W3C Trace Context §3.3.1)."""
_SENDING = {
    "progressToken": re.compile(r"[0-9]{1,19}|[A-Za-z0-9_\-]{1,64}"),
    "traceparent": re.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
    "tracestate": re.compile(f"{_MEMBER}(?:,{_MEMBER}){{0,7}}"),
}
"""What each sending of a call has of its own, by its form: whatever else stands there is a message, and was not seen by
who approved."""
_UNBOUND = frozenset({"header:cookie", "header:baggage", "header:idempotency-key"})
"""Parts that another sending of the same request may have otherwise: none of them is for the agent."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as far as it is to be found again: HMACs of 32 bytes."""

    lookup: bytes
    request: bytes
    binding: bytes


def asked_of(
    directory: Directory,
    exchange: Exchange,
    caller: Caller,
    message: Message,
    classified: Classified,
    routed: Routed,
) -> Asked:
    """What this request, decided so, is found and held to by."""
    bound, decision = directory.bound, routed.decision
    inbound = message.inbound
    said = msgspec.json.encode(
        (
            *(message.protocol, message.action, message.target, inbound.method, inbound.path, inbound.query),
            *(message.media_type, caller.actor, caller.purpose, caller.identity.on_behalf_of),
            *(sorted(exchange.subjects), sorted(exchange.headers.declared)),
            [(part.pointer, part.text) for part in message.parts if _travels(part.pointer)],
        )
    )
    request = bound(caller.tenant, "approval-request", said, bound_body(message))
    terms = msgspec.json.encode(
        (
            routed.route.id,
            routed.route.zone,
            decision.policy,
            classified.classes(routed.route),
            decision.obligations,
        )
    )
    key = exchange.headers.idempotency
    named = (caller.actor.encode(), b"" if key is None else b"key\0" + key.encode("utf-8", "surrogatepass"))
    return Asked(
        lookup=bound(caller.tenant, "approval-lookup", *named, request if key is None else b""),
        request=request,
        binding=bound(caller.tenant, "approval-binding", request, terms),
    )


def bound_body(message: Message) -> bytes:
    """The body as it is bound: all of it, but for what JSON-RPC or A2A have of their own for each sending."""
    document = message.document
    if isinstance(message.context, AskedA2a):
        call = message.context.call
        said = call.params.get("message") if call.operation in MESSAGES else None
        kept = {} if said is None else {"message": {name: item for name, item in said.items() if name != "messageId"}}
        return write_json([call.operation, call.extensions, {**call.params, **kept}])
    if message.protocol != "mcp" or type(document) is not dict or "jsonrpc" not in document:
        return message.body
    kept = {name: value for name, value in document.items() if name != "id"}
    params = kept.get("params")
    if type(params) is dict and type(params.get("_meta")) is dict:
        meta = {name: value for name, value in params["_meta"].items() if not _is_of_its_sending(name, value)}
        kept["params"] = {**params, "_meta": meta}
    return write_json(kept)


def _is_of_its_sending(name: str, value: object) -> bool:
    form = _SENDING.get(name)
    return form is not None and isinstance(value, str | int) and form.fullmatch(str(value)) is not None


def _travels(pointer: str) -> bool:
    return pointer.startswith("header:") and pointer not in _UNBOUND
