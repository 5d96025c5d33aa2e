"""A real HTTP agent of the Anthropic Messages protocol, and a gateway with such agents and their stock clients."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from anthropic import AsyncAnthropic

from gateway.settings import Settings
from tests.system.site import Handler, System, send_json, served, system

Blocks = list[dict[str, Any]]
AGENTS: dict[str, dict[str, Any]] = {
    "cloud": {"zone": "cloud", "processor": "cloud-inc"},
    "ward": {"zone": "in-house"},
}
"""Agents of the sites below: all of capability `summarize`, all of protocol `anthropic`."""


def said(body: dict[str, Any]) -> str:
    """The text of a request's last message."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return content
    return " ".join(str(block.get("text") or block.get("content") or "") for block in content)


def echo(body: dict[str, Any]) -> Blocks:
    return [{"type": "text", "text": said(body)}]


class Claude:
    """Answers with what it was told, unless `answer` (content blocks) or `behave` (anything) is set. Streams come in
    pieces of `size` characters. A count of tokens is one of words."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.paths: list[str] = []
        self.answer: Callable[[dict[str, Any]], Blocks] = echo
        self.behave: Handler | None = None
        self.size = 3
        self.url = ""

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.received.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        self.paths.append(scope["path"])
        if self.behave is not None:
            await self.behave(scope, receive, send)
            return
        document = json.loads(body)
        if scope["path"].endswith("/count_tokens"):
            await send_json(send, {"input_tokens": len(said(document).split())})
        elif document.get("stream"):
            await stream(send, *events(self.answer(document), self.size))
        else:
            await send_json(send, message_of(self.answer(document)))


def message_of(blocks: Blocks) -> dict[str, Any]:
    """A whole message."""
    called = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-test",
        "content": blocks,
        "stop_reason": "tool_use" if called else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 2, "output_tokens": 4},
    }


def events(blocks: Blocks, size: int) -> list[dict[str, Any]]:
    """The events of a streamed message."""
    whole = message_of(blocks)
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    found: list[dict[str, Any]] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    for index, block in enumerate(blocks):
        empty, deltas = _pieces(block, size)
        found.append({"type": "content_block_start", "index": index, "content_block": empty})
        found += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        found.append({"type": "content_block_stop", "index": index})
    ending = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    found.append({"type": "message_delta", "delta": ending, "usage": {"output_tokens": 4}})
    return [*found, {"type": "message_stop"}]


def _pieces(block: dict[str, Any], size: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as it begins, and the deltas that make it whole."""
    if block["type"] == "text":
        cited = [{"type": "citations_delta", "citation": one} for one in block.get("citations") or []]
        texts = [{"type": "text_delta", "text": piece} for piece in _cut(block["text"], size)]
        return {"type": "text", "text": "", **({"citations": []} if cited else {})}, [*texts, *cited]
    if block["type"] == "thinking":
        thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in _cut(block["thinking"], size)]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signed]
    if block["type"] == "tool_use":
        pieces = _cut(json.dumps(block["input"]), size)
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": one} for one in ["", *pieces]]
    return block, []


def _cut(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def encoded(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


async def stream(send: Any, *documents: dict[str, Any]) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for document in documents:
        await send({"type": "http.response.body", "body": encoded(document), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def messaging(
    base: Settings, *, agents: Mapping[str, dict[str, Any]] = AGENTS, **sections: Any
) -> AsyncIterator[tuple[System, dict[str, Claude]]]:
    """A gateway over agents that speak Messages."""
    async with AsyncExitStack() as stack:
        claudes = {name: Claude() for name in agents}
        described: dict[str, dict[str, Any]] = {}
        for name, values in agents.items():
            claudes[name].url = await stack.enter_async_context(served(claudes[name]))
            url = claudes[name].url + str(values.get("below", ""))
            own = {key: value for key, value in values.items() if key != "below"}
            described[name] = {"protocol": "anthropic", "capabilities": ["summarize"], **own, "url": url}
        site = await stack.enter_async_context(system(base, agents=described, **sections))
        yield site, claudes


@asynccontextmanager
async def client(site: System, *roles: str, zone: str = "in-house", **options: Any) -> AsyncIterator[AsyncAnthropic]:
    """The stock client: its base URL and key are the gateway's, all else is as it comes."""
    key = await site.key(*roles, zone=zone)
    async with AsyncAnthropic(base_url=site.url, api_key=key, max_retries=0, **options) as made:
        yield made
