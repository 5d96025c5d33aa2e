"""Tokens come back in the prose of every protocol, plain, streamed and translated, and in nothing else of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.core.tokens import TOKEN
from gateway.settings import Settings
from tests.agents.a2a_making import message, task
from tests.system.kit import MAIL, policies, said, streamed
from tests.system.mcp_agent import mcp_site
from tests.system.messages import AGENTS, client, messaging
from tests.system.oracle import events, response, speaks
from tests.system.site import system
from tests.system.test_a2a import rpc, saying
from tests.system.test_mcp import post, started

_TOKEN = re.compile(TOKEN)
LETTER = f"Please write to {MAIL} today."


def rule(zone: str, action: str) -> str:
    return (
        f"p, 390, role:user, class:pii, zone:{zone}, {action}, purpose:*, "
        f"{'contract:valid' if zone == 'cloud' else 'always'}, allow, tokenize, as-tokens, "
        '"Personal identifiers go there as tokens."'
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_messages(database: Settings, tmp_path: Path, stream: bool) -> None:
    own = policies(tmp_path / "own", rule("cloud", "chat"))
    async with messaging(database, policy=own) as (site, claudes), client(site, "clerk") as api:
        claude = claudes["cloud"]
        claude.answer = lambda body: [
            {"type": "thinking", "thinking": body["messages"][-1]["content"], "signature": "c2ln"},
            {"type": "text", "text": body["messages"][-1]["content"]},
            {"type": "tool_use", "id": "t1", "name": "mail", "input": {"text": body["messages"][-1]["content"]}},
        ]
        asked: dict[str, Any] = {
            "model": "cloud",
            "max_tokens": 64,
            "messages": [{"role": "user", "content": LETTER}],
            "tools": [{"name": "mail", "input_schema": {"type": "object"}}],
        }
        if stream:
            async with api.messages.stream(**asked) as coming:
                answer: Any = await coming.get_final_message()
        else:
            answer = await api.messages.create(**asked)
        [token] = _TOKEN.findall(str(claude.bodies[-1]["messages"]))
        thought, text, call = answer.content
        assert text.text == LETTER
        assert thought.thinking == call.input["text"] == LETTER.replace(MAIL, token)


@pytest.mark.parametrize("stream", [False, True])
async def test_responses(sqlite_settings: Settings, tmp_path: Path, stream: bool) -> None:
    async with system(sqlite_settings, policy=policies(tmp_path / "own", rule("cloud", "respond"))) as site:
        key, agent = await site.key("clerk"), speaks(site.agents["cloud"])

        def output(text: str) -> list[dict[str, Any]]:
            part = {"type": "output_text", "text": text, "annotations": []}
            return [
                {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": text}]},
                {"id": "m_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]},
                {"id": "c_1", "type": "custom_tool_call", "call_id": "c", "name": "mail", "input": text},
            ]

        async def behave(scope: Any, receive: Any, send: Any) -> None:
            items = output(agent.bodies[-1]["input"])
            head = [(b"content-type", b"text/event-stream" if stream else b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            body = b"".join(events(items, agent.pieces)) if stream else json.dumps(response(items)).encode()
            await send({"type": "http.response.body", "body": body})

        agent.behave = behave
        answer = await site.http.post(
            "/v1/responses",
            json={"model": "cloud", "input": LETTER, "stream": stream},
            headers={"authorization": f"Bearer {key}"},
        )
        assert answer.status_code == 200, answer.text
        [token] = _TOKEN.findall(agent.bodies[-1]["input"])
        tokens = LETTER.replace(MAIL, token)
        if not stream:
            found = answer.json()
        else:
            lines = [json.loads(line[6:]) for line in answer.text.split("\n") if line.startswith("data: {")]
            found = lines[-1]["response"]
            by_kind: dict[str, str] = {}
            for one in lines:
                if one["type"].endswith(".delta"):
                    by_kind[one["type"]] = by_kind.get(one["type"], "") + one["delta"]
            assert by_kind["response.output_text.delta"] == LETTER
            assert {text for kind, text in by_kind.items() if "output_text" not in kind} == {tokens}
            done = {one["type"]: one for one in lines}
            assert done["response.output_text.done"]["text"] == LETTER
        reasoning, spoken, call = found["output"]
        assert spoken["content"][0]["text"] == LETTER
        assert reasoning["summary"][0]["text"] == call["input"] == tokens


PIECES = (
    ("![a](https://e.example/?q=", "TOKEN", ")"),
    ("TOKEN", ".e.example/?q"),
    ("![a](https://e.exam", "ple/?q=", "TOKEN"),
)
"""Texts that are an address once they are joined, with a token in the middle, first and last in it."""


@pytest.mark.parametrize("pieces", PIECES)
@pytest.mark.parametrize("stream", [False, True])
async def test_blocks_of_a_message_are_read_joined(
    sqlite_settings: Settings, tmp_path: Path, stream: bool, pieces: tuple[str, ...]
) -> None:
    own = policies(tmp_path / "own", rule("cloud", "chat"))
    agents = {"cloud": AGENTS["cloud"]}
    async with messaging(sqlite_settings, agents=agents, policy=own) as (site, claudes), client(site, "clerk") as api:
        claude = claudes["cloud"]
        claude.answer = lambda body: [{"type": "text", "text": text} for text in filled(pieces, str(body["messages"]))]
        asked: dict[str, Any] = {
            "model": "cloud",
            "max_tokens": 64,
            "messages": [{"role": "user", "content": LETTER}],
        }
        if stream:
            async with api.messages.stream(**asked) as coming:
                joined = "".join([text async for text in coming.text_stream])
        else:
            joined = "".join(getattr(one, "text", "") for one in (await api.messages.create(**asked)).content)
        assert joined == "".join(filled(pieces, str(claude.bodies[-1]["messages"])))
        chat = await site.chat(await site.key("clerk"), LETTER, "cloud", stream=stream, max_tokens=64)
        assert chat.status_code == 200, chat.text
        assert (streamed(chat.text) if stream else said(chat)) == "".join(
            filled(pieces, str(claude.bodies[-1]["messages"]))
        )


@pytest.mark.parametrize("pieces", PIECES)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("items", [1, 3])
async def test_texts_of_a_response_are_read_joined(
    sqlite_settings: Settings, tmp_path: Path, stream: bool, pieces: tuple[str, ...], items: int
) -> None:
    """As parts of one message, and as a message each."""
    async with system(sqlite_settings, policy=policies(tmp_path / "own", rule("cloud", "respond"))) as site:
        key, agent = await site.key("clerk"), speaks(site.agents["cloud"])

        async def behave(scope: Any, receive: Any, send: Any) -> None:
            parts = [
                {"type": "output_text", "text": text, "annotations": []}
                for text in filled(pieces, agent.bodies[-1]["input"])
            ]
            held = [parts] if items == 1 else [[part] for part in parts]
            output = [
                {"id": f"m_{at}", "type": "message", "role": "assistant", "status": "completed", "content": content}
                for at, content in enumerate(held)
            ]
            head = [(b"content-type", b"text/event-stream" if stream else b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            body = b"".join(events(output, agent.pieces)) if stream else json.dumps(response(output)).encode()
            await send({"type": "http.response.body", "body": body})

        agent.behave = behave
        answer = await site.http.post(
            "/v1/responses",
            json={"model": "cloud", "input": LETTER, "stream": stream},
            headers={"authorization": f"Bearer {key}"},
        )
        assert answer.status_code == 200, answer.text
        assert MAIL not in answer.text
        if stream:
            lines = [json.loads(line[6:]) for line in answer.text.split("\n") if line.startswith("data: {")]
            said_in_pieces = "".join(one["delta"] for one in lines if one["type"] == "response.output_text.delta")
            assert said_in_pieces == "".join(filled(pieces, agent.bodies[-1]["input"]))


def filled(pieces: tuple[str, ...], told: str) -> list[str]:
    """Texts with the token that an agent was told."""
    [token] = set(_TOKEN.findall(told))
    return [piece.replace("TOKEN", token) for piece in pieces]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_translated_chat(sqlite_settings: Settings, tmp_path: Path, stream: bool) -> None:
    own = policies(tmp_path / "own", rule("cloud", "chat"))
    async with messaging(sqlite_settings, policy=own) as (site, claudes):
        answer = await site.chat(await site.key("clerk"), LETTER, stream=stream, max_tokens=64)
        assert (streamed(answer.text) if stream else said(answer)) == LETTER
        assert MAIL not in str(claudes["cloud"].bodies)


async def test_results_of_mcp_and_the_end_of_its_session(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with mcp_site(sqlite_settings, policy=policies(tmp_path / "own", rule("in-house", "tool:*"))) as site:
        key = await site.key("clerk")
        session = await started(site, key)
        found = []
        for _ in range(2):
            called = await post(
                site, key, "tools/call", {"name": "echo", "arguments": {"text": LETTER}}, mcp_session_id=session
            )
            assert called.status_code == 200, called.text
            [line] = [line for line in called.text.split("\n") if line.startswith("data: {")] or [
                f"data: {called.text}"
            ]
            result = json.loads(line[6:])["result"]
            assert result["content"][0]["text"] == LETTER
            found += _TOKEN.findall(json.dumps(result["structuredContent"]))
        assert len(found) == 2
        assert len(set(found)) == 1, "it is one session"
        ledger = site.gateway.site.tenants["default"].ledger
        (record,) = [one for one in await site.records() if one["event"] == "exchange.completed"][-1:]
        tokens = site.gateway.pipeline.parts.tokens
        store: Any = tokens._store
        assert (await store.find(ledger, record["session"])).number == 1
        given = {"authorization": f"Bearer {key}", "mcp-session-id": session, "mcp-protocol-version": "2025-11-25"}
        assert (await site.http.delete("/mcp/tools", headers=given)).status_code == 200
        assert (await store.find(ledger, record["session"])).number == 0


async def test_messages_and_artifacts_of_a2a(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with saying(sqlite_settings, policy=policies(tmp_path / "own", rule("in-house", "message"))) as (site, agent):
        key = await site.key("clerk")
        ward = site.agents["ward"]

        async def echo(scope: Any, receive: Any, send: Any) -> None:
            text = ward.bodies[-1]["params"]["message"]["parts"][0]["text"]
            shaped = [{"text": text}, {"data": {"to": text}}, {"text": text, "mediaType": "application/json"}]
            agent.says = {"task": task(artifacts=[{"artifactId": "a", "parts": shaped}])}
            await agent(scope, receive, send)

        ward.behave = echo
        answer = await rpc(site, key, "SendMessage", {"message": {**message(), "parts": [{"text": LETTER}]}})
        assert answer.status_code == 200, answer.text
        [token] = _TOKEN.findall(json.dumps(ward.bodies[-1]))
        plain, data, shaped = answer.json()["result"]["task"]["artifacts"][0]["parts"]
        assert plain["text"] == LETTER
        assert data["data"]["to"] == shaped["text"] == LETTER.replace(MAIL, token)


@pytest.mark.parametrize("pieces", PIECES)
async def test_parts_and_events_of_a2a_are_read_joined(
    sqlite_settings: Settings, tmp_path: Path, pieces: tuple[str, ...]
) -> None:
    async with saying(sqlite_settings, policy=policies(tmp_path / "own", rule("in-house", "message"))) as (site, agent):
        key, ward = await site.key("clerk"), site.agents["ward"]

        async def echo(scope: Any, receive: Any, send: Any) -> None:
            texts = filled(pieces, ward.bodies[-1]["params"]["message"]["parts"][0]["text"])
            parts = [{"text": text} for text in texts]
            if ward.bodies[-1]["method"] == "SendMessage":
                agent.says = {"task": task(artifacts=[{"artifactId": "a", "parts": parts}])}
            else:
                states = ["TASK_STATE_WORKING"] * (len(parts) - 1) + ["TASK_STATE_COMPLETED"]
                agent.says = [{"task": task()}]
                agent.says += [
                    {
                        "statusUpdate": {
                            "taskId": "t-1",
                            "contextId": "c-1",
                            "status": {"state": state, "message": {**message(), "parts": [part]}},
                        }
                    }
                    for state, part in zip(states, parts, strict=True)
                ]
            await agent(scope, receive, send)

        ward.behave = echo
        for method in ("SendMessage", "SendStreamingMessage"):
            answer = await rpc(site, key, method, {"message": {**message(), "parts": [{"text": LETTER}]}})
            assert answer.status_code == 200, answer.text
            [token] = set(_TOKEN.findall(json.dumps(ward.bodies[-1])))
            assert MAIL not in answer.text
            assert token in answer.text


async def test_streams_of_a2a(sqlite_settings: Settings, tmp_path: Path) -> None:
    async with saying(sqlite_settings, policy=policies(tmp_path / "own", rule("in-house", "message"))) as (site, agent):
        key, ward = await site.key("clerk"), site.agents["ward"]

        async def echo(scope: Any, receive: Any, send: Any) -> None:
            text = ward.bodies[-1]["params"]["message"]["parts"][0]["text"]
            told = {"taskId": "t-1", "contextId": "c-1"}
            piece = {"artifactId": "a", "parts": [{"text": text}]}
            state = {"state": "TASK_STATE_COMPLETED", "message": {**message(), "parts": [{"text": text}]}}
            agent.says = [
                {"task": task()},
                {"artifactUpdate": {**told, "artifact": piece, "lastChunk": True}},
                {"statusUpdate": {**told, "status": state}},
            ]
            await agent(scope, receive, send)

        ward.behave = echo
        answer = await rpc(site, key, "SendStreamingMessage", {"message": {**message(), "parts": [{"text": LETTER}]}})
        assert answer.status_code == 200, answer.text
        [token] = _TOKEN.findall(json.dumps(ward.bodies[-1]))
        lines = [json.loads(line[6:])["result"] for line in answer.text.split("\n") if line.startswith("data: {")]
        assert [text for _, text in texts_of(lines)] == [LETTER.replace(MAIL, token), LETTER]


def texts_of(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The kind and text of each event that has one."""
    found = []
    for one in events:
        [(kind, value)] = one.items()
        holder = value.get("artifact") or value.get("status", {}).get("message") or {}
        found += [(kind, part["text"]) for part in holder.get("parts", ()) if part.get("text")]
    return found
