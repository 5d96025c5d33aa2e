"""Requests of every protocol, whole and streamed, to agents that say back what they are told, and what came of each."""

from typing import Any

import httpx
import msgspec

from tests.agents.a2a_making import message
from tests.system.installation import Installation
from tests.system.speaking import BAR
from tests.system.watching import GO_ON

AGENTS: dict[str, dict[str, Any]] = {
    "chatty": {"zone": "in-house"},
    "chart": {"zone": "in-house", "floor": ["phi"]},
    "claude": {"zone": "in-house", "protocol": "anthropic"},
    "tools": {"zone": "in-house", "protocol": "mcp"},
    "form": {"zone": "in-house", "protocol": "http", "routes": ["POST /echo"]},
    "nurse": {"zone": "in-house", "protocol": "a2a", "a2a": {"binding": "JSONRPC", "path": "/rpc"}},
    "clinic": {"zone": "in-house", "protocol": "a2a", "a2a": {"binding": "HTTP+JSON", "path": "/rest"}},
}
"""Of each protocol and binding one, and one (`chart`) whose streams are read whole: a floor speaks of the whole."""
TEXT = "It opens at eight in the morning. "
_LONG = TEXT * 20
"""More than is ever held back of a text, so that some of it leaves."""
CUT = f"{_LONG} {BAR}It closes at nine in the evening."
HELD = f"{_LONG} Please write to jane.roe@exa{BAR}mple.com about it."
NAME = b"jane.roe"
"""What of `HELD` is held back until more is there."""
FIRST = b"opens"
"""By which a caller knows that a stream has begun to say something."""


class Kind(msgspec.Struct, frozen=True):
    """One request. `end`: by what its whole answer is known. `flows`: its answer leaves as it comes, and not only when
    its outcome is on record."""

    agent: str
    path: str
    body: dict[str, Any]
    end: bytes
    flows: bool = False
    headers: dict[str, str] = {}

    @property
    def streamed(self) -> bool:
        """Whether its answer is a stream, as it comes or read whole first."""
        return self.flows or "stream" in self.body


class Heard(msgspec.Struct, frozen=True):
    """What came of one: the status of its head, if it came, and the bytes that did. `ended`: the last was said so."""

    kind: Kind
    trace: str
    status: int | None
    body: bytes
    ended: bool

    @property
    def whole(self) -> bool:
        """Whether the answer that was asked for is all there."""
        return self.ended and self.status == 200 and self.kind.end in self.body


def _chat(agent: str, text: str, end: bytes, **more: Any) -> Kind:
    body = {"model": agent, "messages": [{"role": "user", "content": text}], **more}
    return Kind(agent, "/v1/chat/completions", body, end, flows=bool(more) and agent != "chart")


def _response(text: str, end: bytes, **more: Any) -> Kind:
    return Kind("chatty", "/v1/responses", {"model": "chatty", "input": text, **more}, end, flows=bool(more))


def _message(text: str, end: bytes, **more: Any) -> Kind:
    body = {"model": "claude", "max_tokens": 99, "messages": [{"role": "user", "content": text}], **more}
    return Kind("claude", "/v1/messages", body, end, flows=bool(more))


def _tool(text: str) -> Kind:
    params = {"name": "echo", "arguments": {"text": text}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
    return Kind("tools", "/mcp/tools", body, b'"result"', flows=BAR in text, headers=headers)


def _a2a(method: str, text: str, end: bytes) -> Kind:
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"message": message({"text": text})}}
    return Kind("nurse", "/a2a/nurse", body, end, flows=method != "SendMessage", headers={"a2a-version": "1.0"})


def _a2a_by_http(text: str, end: bytes) -> Kind:
    body = {"message": message({"text": text})}
    return Kind("clinic", "/a2a/clinic/message:stream", body, end, flows=True, headers={"a2a-version": "1.0"})


def _plain(text: str) -> Kind:
    return Kind("form", "/agents/form/echo", {"text": text}, b'"echo"')


KINDS = {
    "chat": _chat("chatty", TEXT, b'"choices"'),
    "chat held back": _chat("chatty", HELD, b"[DONE]", stream=True),
    "chat buffered": _chat("chart", TEXT, b"[DONE]", stream=True),
    "response": _response(TEXT, b'"completed"'),
    "response stream": _response(CUT, b"response.completed", stream=True),
    "message": _message(TEXT, b'"end_turn"'),
    "message stream": _message(CUT, b"message_stop", stream=True),
    "chat of a message stream": _chat("claude", CUT, b"[DONE]", stream=True),
    "tool call": _tool(TEXT),
    "tool call stream": _tool(CUT),
    "a2a": _a2a("SendMessage", TEXT, b'"result"'),
    "a2a stream": _a2a("SendStreamingMessage", CUT, b"TASK_STATE_COMPLETED"),
    "a2a by http stream": _a2a_by_http(CUT, b"TASK_STATE_COMPLETED"),
    "plain": _plain(TEXT),
}


def nowhere(kind: Kind) -> Kind:
    """The same to an agent that is not there, which is refused."""
    body = {**kind.body, "model": "nobody"} if "model" in kind.body else kind.body
    return msgspec.structs.replace(kind, path=kind.path.replace(kind.agent, "nobody"), body=body)


async def ask(client: httpx.AsyncClient, site: Installation, kind: Kind, trace: str) -> Heard:
    """One request. A stream that has begun to say something is told that it may go on."""
    parent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    headers = {"authorization": f"Bearer {site.key}", **parent, **kind.headers}
    go_on = f"{site.settings.agent[0].url.rpartition('/')[0]}/{GO_ON}"
    status, seen, told, ended = None, b"", False, False
    try:
        async with client.stream("POST", kind.path, json=kind.body, headers=headers) as answer:
            status = answer.status_code
            async for chunk in answer.aiter_raw():
                seen += chunk
                if FIRST in seen and not told:
                    told = (await client.post(go_on, headers=parent)).is_success
            ended = True
    except httpx.HTTPError:
        pass  # what has come until then is what is told
    return Heard(kind, trace, status, seen, ended)
