"""What a request carries beside its message counts as the message does, and reaches no agent; what cannot be read stays
in the house, whatever form it has and whichever protocol brings it."""

import base64
import random
from typing import Any

import pytest

from gateway.settings import Settings
from tests.system.kit import HEALTH, MAIL, PUBLIC
from tests.system.site import system

BYTES = base64.b64encode(random.Random(5).randbytes(900)).decode()
PICTURE = f"data:image/png;base64,{BYTES}"
AGENTS: dict[str, dict[str, Any]] = {
    "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
    "claude": {"zone": "cloud", "processor": "cloud-inc", "protocol": "anthropic"},
    "tools": {"zone": "cloud", "processor": "cloud-inc", "protocol": "mcp"},
    "records": {"zone": "cloud", "processor": "cloud-inc", "protocol": "http", "routes": ["POST /notes/{id}"]},
}


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"cookie": f"theme=dark; who={MAIL}"}, "/v1/chat/completions"),
        ({"baggage": "user=jane.roe%40example.com,tenant=1"}, "/v1/chat/completions"),
        ({"idempotency-key": f"order-of-{MAIL}"}, "/v1/chat/completions"),
        ({}, f"/v1/chat/completions?who={MAIL}"),
    ],
)
async def test_what_stands_beside_a_message_is_of_its_classes_and_reaches_no_agent(
    sqlite_settings: Settings, headers: dict[str, str], path: str
) -> None:
    async with system(sqlite_settings) as site:
        key = await site.key("clerk")
        body = {"model": "cloud", "messages": [{"role": "user", "content": PUBLIC}]}
        answer = await site.http.post(path, json=body, headers={"authorization": f"Bearer {key}", **headers})
        assert (answer.status_code, answer.headers["x-routed-agent"]) == (200, "cloud")
        intent, _ = await site.trail(answer.headers["x-exchange-id"])
        assert intent["found"] == {"email": 1}
        assert (intent["classes"]["found"], intent["decision"]["effect"]) == (["pii"], "redact")
        (received, sent), (path_, *_) = site.agents["cloud"].received[0], site.agents["cloud"].paths
        assert b"jane.roe" not in sent
        assert not any("jane.roe" in value for value in (*received.values(), path_))


async def test_health_data_beside_a_message_keep_it_in_the_house(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clinician"), PUBLIC, headers={"baggage": f"note={HEALTH}"})
        assert answer.headers["x-routed-agent"] == "ward"


async def test_a_session_of_the_callers_own_browser_is_no_secret_of_the_message(sqlite_settings: Settings) -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    async with system(sqlite_settings) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, headers={"cookie": f"session={jwt}"})
        assert answer.headers["x-routed-agent"] == "cloud"


def chat(content: Any) -> dict[str, Any]:
    return {"model": "cloud", "messages": [{"role": "user", "content": content}]}


def respond(*content: dict[str, Any]) -> dict[str, Any]:
    return {"model": "cloud", "input": [{"role": "user", "content": list(content)}]}


def say(*content: dict[str, Any]) -> dict[str, Any]:
    return {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": list(content)}]}


def call(arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": {"name": "p", "arguments": arguments}}


UNREAD: dict[str, tuple[str, Any]] = {
    "a picture, chat": ("/v1/chat/completions", chat([{"type": "image_url", "image_url": {"url": PICTURE}}])),
    "a sound, chat": (
        "/v1/chat/completions",
        chat([{"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}]),
    ),
    "a file, chat": ("/v1/chat/completions", chat([{"type": "file", "file": {"filename": "a", "file_data": PICTURE}}])),
    "bytes in a text, chat": ("/v1/chat/completions", chat(f"See {BYTES} please.")),
    "a form of tomorrow, chat": ("/v1/chat/completions", chat([{"type": "hologram"}])),
    "a picture, responses": ("/v1/responses", respond({"type": "input_image", "image_url": PICTURE})),
    "a file, responses": ("/v1/responses", respond({"type": "input_file", "file_data": PICTURE})),
    "reasoning that is encrypted": (
        "/v1/responses",
        {"model": "cloud", "input": [{"type": "reasoning", "summary": [], "encrypted_content": "x"}]},
    ),
    "tokens": ("/v1/embeddings", {"model": "cloud", "input": [[1, 2, 3]]}),
    "a picture, messages": (
        "/v1/messages",
        say({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}),
    ),
    "bytes in a text, messages": ("/v1/messages", say({"type": "text", "text": BYTES})),
    "a picture, counted": (
        "/v1/messages/count_tokens",
        say({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}),
    ),
    "bytes in an argument, MCP": ("/mcp/tools", call({"file": BYTES})),
    "a data URL, MCP": ("/mcp/tools", call({"file": PICTURE})),
    "a picture, plain HTTP": ("/agents/records/notes/7", (b"\x89PNG", "image/png")),
    "a type of no name, plain HTTP": ("/agents/records/notes/7", (b"words", "made/up")),
    "bytes in JSON, plain HTTP": ("/agents/records/notes/7", {"file": BYTES}),
}


async def test_what_cannot_be_read_is_denied_towards_the_cloud(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=AGENTS) as site:
        key = await site.key("clerk")
        named = {"authorization": f"Bearer {key}", "accept": "application/json, text/event-stream"}
        for name, (path, body) in UNREAD.items():
            raw, kind = body if isinstance(body, tuple) else (None, "application/json")
            answer = await site.http.post(
                path,
                content=raw,
                json=None if raw is not None else body,
                headers={**named, "content-type": kind, "x-route": "exact"},
            )
            assert answer.status_code == 403, (name, answer.text)
            (denied,) = await site.trail(answer.headers["x-exchange-id"])
            assert (denied["event"], denied["outcome"]["code"]) == ("exchange.denied", "policy_denied"), name
            assert "unscanned" in denied["classes"]["found"], name
            assert denied["decision"]["rules"] == ["unscanned-nowhere-else"], name
        assert not any(agent.received for agent in site.agents.values())
