"""What stands on the way back of every answer: the protocol it is in, and the form of each way."""

from collections.abc import Callable, Mapping
from typing import Protocol as Port

import msgspec

from gateway.agents.client import WireStream
from gateway.checks.schema import Schema
from gateway.core.caller import Caller
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message
from gateway.core.ports import Adapter, Bounds, Frames, Route
from gateway.core.refusal import CODES, Refusal
from gateway.exchange.arrival import Responder
from gateway.exchange.exchange import Exchange, Outcome
from gateway.exchange.forwarder import Delivered
from gateway.exchange.governor import Governor
from gateway.exchange.inspector import Inspected


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """A wire protocol with what the configuration adds to it. Schemas are by agent id.

    `frames` reads the streams of a protocol whose events are each a whole message. `error`, where an error names the
    request it answers (JSON-RPC) or says something of it, writes it instead of the adapter's own: refusal, exchange,
    and the request if it was read. `metadata` gives the address of the metadata of the resource at a path (RFC 9728).
    `error_event` names an error in a stream, for clients that tell events by their names. `status` gives the HTTP
    status of a refusal, by its code, where the protocol wants another than the refusal's own.
    """

    adapter: Adapter
    candidates: Callable[[Message], tuple[Route, ...]]
    error_type: str
    schema: Schema | None
    schemas: Mapping[str, Schema]
    answer_schemas: Mapping[str, Schema]
    target_field: str
    target_hint: str
    governor: Governor | None = None
    frames: Callable[[Message, Bounds], Frames] | None = None
    error: Callable[[Refusal, str, Inbound | None], bytes] | None = None
    metadata: Callable[[str], str] | None = None
    error_event: bytes = b""
    status: Callable[[str], int] | None = None

    def told(self, code: str, status: int) -> int:
        """The HTTP status that the caller gets, and that is on record, for an end with this code and status. What has
        another status than its code's own (an agent's answer, a wait that is no error) keeps it."""
        known = CODES.get(code)
        return status if self.status is None or known is None or known.status != status else self.status(code)


class Passing(Port):
    """One answer on its way to the caller."""

    async def inspect(self, responder: Responder) -> Outcome:
        """Let pass what may pass before the outcome is on record. Never raises for what an agent does."""
        ...

    async def release(self, responder: Responder) -> None:
        """The rest, after the outcome is on record."""
        ...

    def cut(self) -> Outcome:
        """The outcome if the caller goes away now."""
        ...


class Back(Port):
    """What the ways back have in common: the gateway's own headers, errors, and what sticks to sessions."""

    async def refuse(
        self, exchange: Exchange, responder: Responder, refusal: Refusal, inspected: Inspected | None = None
    ) -> None:
        """An error in the protocol's own form; in a stream that has begun, as its last event."""
        ...

    async def announce(self, exchange: Exchange, names: tuple[str, ...], classes: frozenset[str]) -> None:
        """Make the names that a stream gives away, and the classes of what it has said, durable with its sessions
        before their bytes leave: all of them so far. Nothing is written of what is durable, or where there is no
        session. `LedgerUnavailable` when it could not be."""
        ...

    def headers(
        self, exchange: Exchange, inspected: Inspected | None, *, denied: str | None = None
    ) -> list[tuple[str, str]]:
        """The gateway's own response headers."""
        ...


def answer_of(delivered: Delivered) -> Answer:
    """What was read whole; `AgentError` where nothing was."""
    if delivered.answer is None:
        raise AgentError("bad_answer")
    return delivered.answer


def stream_of(delivered: Delivered) -> WireStream:
    """What is read as it comes; `AgentError` where nothing does."""
    if delivered.stream is None:
        raise AgentError("bad_answer")
    return delivered.stream


def parties_of(exchange: Exchange) -> tuple[Caller, Message]:
    """Who asked, and what; `AgentError` before both are known."""
    if exchange.caller is None or exchange.message is None:
        raise AgentError("bad_answer")
    return exchange.caller, exchange.message
