"""An agent's tools, listed by the gateway itself: a whole exchange of the caller whose call wants one of them.

It goes through the same ten steps under the same credential, so it is decided, limited and on record like any other.
What comes of it is in the store when it has ended; its answer goes nowhere.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from gateway.agents.bodies import read_json, write_json
from gateway.agents.mcp_talk import Talk
from gateway.agents.sse import EventReader, is_event_stream
from gateway.checks.delegation import HEADER as DELEGATION
from gateway.core.errors import AgentError
from gateway.core.ids import random_id
from gateway.core.message import Message
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, Responder
from gateway.exchange.exchange import Exchange

MAX_PAGES = 50
_MAX_LOCKS = 4096
_OWN_META = "io.modelcontextprotocol/"
_KEPT = frozenset(
    {
        *("authorization", "x-api-key", "x-purpose", "mcp-protocol-version", "mcp-session-id", "user-agent"),
        DELEGATION,
    }
)
Handle = Callable[[Arrival, Responder], Awaitable[object]]


class Listing:
    """Lists tools. `handle` is the pipeline's; one list at a time for each caller and agent."""

    def __init__(self, handle: Handle, bounds: Bounds) -> None:
        self._handle, self._bounds = handle, bounds
        self._locks: OrderedDict[tuple[str, str, str], asyncio.Lock] = OrderedDict()

    async def __call__(self, exchange: Exchange, message: Message) -> None:
        """All pages, as far as the agent and policy give them; whoever waited for another's list lists no more."""
        caller = exchange.caller
        if caller is None:
            return
        key = (caller.tenant, caller.actor, message.target)
        lock = self._locks.setdefault(key, asyncio.Lock())
        if len(self._locks) > _MAX_LOCKS:
            self._locks.popitem(last=False)
        waited = lock.locked()
        async with lock:
            if not waited:
                await self._pages(exchange, message)

    async def _pages(self, exchange: Exchange, message: Message) -> None:
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            taken = Taken()
            await self._handle(_arrival(exchange, message, cursor), taken)
            following = taken.cursor(self._bounds)
            if following is None or following == cursor:
                return
            cursor = following


class Taken:
    """A `Responder` that keeps what it is given."""

    def __init__(self) -> None:
        self.started = False
        self._type = ""
        self._body = b""

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.started = True
        self._type = next((value for name, value in headers if name.lower() == "content-type"), "")

    async def write(self, data: bytes, *, last: bool = False) -> None:
        self._body += data

    def cursor(self, bounds: Bounds) -> str | None:
        """Where the next page begins; None after the last one, and where there was no list."""
        texts = [self._body]
        if is_event_stream(self._type):
            try:
                texts = [
                    event.data.encode() for event in EventReader(bounds.answer_bytes).feed(self._body) if event.data
                ]
            except AgentError:
                return None
        for text in texts:
            read = read_json(text, bounds)
            value: Any = None if isinstance(read, Refusal) else read.value
            result = value.get("result") if type(value) is dict else None
            if type(result) is dict and type(result.get("nextCursor")) is str:
                return str(result["nextCursor"])
        return None


def _arrival(exchange: Exchange, message: Message, cursor: str | None) -> Arrival:
    """The request for a page, as the caller of this message would have made it."""
    talk = message.context
    era = talk.rpc.era if isinstance(talk, Talk) and talk.rpc is not None else "old"
    document: Any = message.document
    meta = document["params"].get("_meta") or {}
    params: dict[str, Any] = {"_meta": {name: value for name, value in meta.items() if name.startswith(_OWN_META)}}
    if cursor is not None:
        params["cursor"] = cursor
    body = write_json({"jsonrpc": "2.0", "id": random_id("gateway"), "method": "tools/list", "params": params})

    async def read() -> bytes | Refusal:
        return body

    headers = [(name, value) for name, value in exchange.arrival.headers if name in _KEPT]
    headers += [("content-type", "application/json"), ("accept", "application/json, text/event-stream")]
    headers += [("traceparent", exchange.traceparent)]
    if era == "new":
        headers.append(("mcp-method", "tools/list"))
    return msgspec.structs.replace(exchange.arrival, headers=tuple(headers), body=read)
