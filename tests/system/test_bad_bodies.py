"""Bodies that are refused: by name of the field and what would be right, on record, and with nothing at any agent."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.settings import Settings
from tests.system.kit import PUBLIC, Watch, code, events, policies
from tests.system.site import System, send_json, system

GOOD = {"model": "cloud", "messages": [{"role": "user", "content": PUBLIC}]}
JSON = {"content-type": "application/json"}
LIMIT = 64 * 1024


def _with(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def _deep(levels: int) -> bytes:
    return (
        b'{"model":"cloud","messages":[{"role":"user","content":"a"}],"metadata":'
        + b"[" * levels
        + b"]" * levels
        + b"}"
    )


CASES: dict[str, tuple[int, str, str | None, bytes, dict[str, str]]] = {
    "not JSON": (400, "body_not_json", None, b"canary is not JSON", JSON),
    "empty": (400, "body_not_json", None, b"", JSON),
    "two documents": (400, "body_not_json", None, _with() + b"{}", JSON),
    "NaN": (400, "body_not_json", None, _with().replace(b"}]", b'}], "temperature": NaN, "a": ["canary"]'), JSON),
    "a lone surrogate": (400, "body_not_json", None, _with().replace(b"Please", b"\\ud800canary"), JSON),
    "not UTF-8": (400, "body_not_utf8", None, b'{"model": "canary\xff"}', JSON),
    "UTF-16": (400, "body_not_utf8", None, '{"model": "canary"}'.encode("utf-16"), JSON),
    "duplicate keys": (400, "body_duplicate_key", None, b'{"model": "ward", "model": "canary"}', JSON),
    "too deep": (400, "body_too_deep", None, _deep(100), JSON),
    "absurdly deep": (400, "body_too_deep", None, _deep(20_000), JSON),
    "too large": (413, "body_too_large", None, _with(user="canary" * 20_000), JSON),
    "a gzip bomb": (
        413,
        "body_too_large",
        None,
        gzip.compress(b" " * 30_000_000),
        {**JSON, "content-encoding": "gzip"},
    ),
    "half a gzip": (400, "body_incomplete", None, gzip.compress(_with())[:-9], {**JSON, "content-encoding": "gzip"}),
    "no gzip": (415, "body_encoding", "content-encoding", _with(), {**JSON, "content-encoding": "gzip"}),
    "another coding": (415, "body_encoding", "content-encoding", _with(), {**JSON, "content-encoding": "br"}),
    "another type": (415, "media_type", "content-type", _with(), {"content-type": "text/canary"}),
    "another charset": (
        415,
        "media_type",
        "content-type",
        _with(),
        {"content-type": "application/json; charset=latin1"},
    ),
    "no object": (400, "schema_violation", "", b'["canary"]', JSON),
    "no model": (400, "schema_violation", "/model", b'{"messages": []}', JSON),
    "a model that is no text": (400, "schema_violation", "/model", _with(model=["canary"]), JSON),
    "no messages": (400, "schema_violation", "", b'{"model": "cloud"}', JSON),
    "a role that is none": (
        400,
        "schema_violation",
        "/messages/0/role",
        _with(messages=[{"role": "canary", "content": "a"}]),
        JSON,
    ),
    "a stream that is neither": (400, "schema_violation", "/stream", _with(stream="canary"), JSON),
    "a tool of the provider": (403, "policy_denied", None, _with(tools=[{"type": "canary"}]), JSON),
    "half a custom tool": (400, "schema_violation", "/tools", _with(tools=[{"type": "custom"}]), JSON),
    "an answer to be kept": (403, "policy_denied", None, _with(store=True), JSON),
    "a store that is neither": (400, "schema_violation", "/store", _with(store="canary"), JSON),
    "token probabilities": (400, "feature_unsupported", "/logprobs", _with(logprobs=True), JSON),
    "an unknown model": (404, "unknown_target", "/model", _with(model="canary-model"), JSON),
}


async def test_each_bad_body_is_named_recorded_and_reaches_no_agent(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, server={"max_body_bytes": LIMIT}) as site:
        key = await site.key("clerk")
        for name, (status, expected, field, body, headers) in CASES.items():
            answer = await site.http.post(
                "/v1/chat/completions", content=body, headers={"authorization": f"Bearer {key}", **headers}
            )
            assert (answer.status_code, code(answer)) == (status, expected), (name, answer.text)
            assert answer.json()["error"]["param"] == field, (name, answer.text)
            assert "canary" not in answer.text, name
            assert answer.headers["x-decision"] == "deny", name
            (record,) = await site.trail(answer.headers["x-exchange-id"])
            assert record["event"] == "exchange.denied", name
            assert (record["outcome"]["code"], record["outcome"]["status"]) == (expected, status), name
            assert "canary" not in json.dumps(record), name
        assert not any(agent.received for agent in site.agents.values())


async def test_a_compressed_body_within_bounds_is_read_and_sent_plain(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        headers = {"authorization": f"Bearer {await site.key('clerk')}", **JSON, "content-encoding": "gzip"}
        answer = await site.http.post("/v1/chat/completions", content=gzip.compress(_with()), headers=headers)
        assert answer.status_code == 200, answer.text
        ((got, body),) = site.agents["cloud"].received
        assert json.loads(body) == {**GOOD, "store": False}
        assert "content-encoding" not in got


async def test_another_method_is_refused(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        headers = {"authorization": f"Bearer {await site.key('clerk')}"}
        answer = await site.http.get("/v1/chat/completions", headers=headers)
        assert (answer.status_code, code(answer)) == (405, "method_not_allowed")


async def test_a_chunked_body_that_never_ends_is_cut_by_size(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, server={"max_body_bytes": LIMIT}) as site:
        key = await site.key("clerk")

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(64):
                yield b" " * 4096

        headers = {"authorization": f"Bearer {key}", **JSON}
        answer = await site.http.post("/v1/chat/completions", content=endless(), headers=headers)
        assert (answer.status_code, code(answer)) == (413, "body_too_large")
        assert await events(site, answer) == ["exchange.denied"]


@pytest.mark.parametrize(
    "framing", ['transfer-encoding: chunked\r\n\r\n5\r\n{"mod\r\n', 'content-length: 99\r\n\r\n{"mod']
)
async def test_a_body_that_does_not_come_is_given_up_in_time(sqlite_settings: Settings, framing: str) -> None:
    async with system(sqlite_settings, server={"body_timeout_s": 0.1}) as site:
        reader, writer = await _sent(site, await site.key("clerk"), framing)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert b" 408 " in head.split(b"\r\n")[0]
        (line,) = [line for line in head.decode().split("\r\n") if line.startswith("x-exchange-id: ")]
        (record,) = await site.trail(line.removeprefix("x-exchange-id: "))
        assert record["outcome"]["code"] == "body_too_slow"


async def test_a_caller_who_goes_before_the_body_is_whole_leaves_a_record(sqlite_settings: Settings) -> None:
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site:
        _, writer = await _sent(site, await site.key("clerk"), 'content-length: 99\r\n\r\n{"mod')
        writer.close()

        async def denied() -> list[dict[str, Any]]:
            return [record for record in await site.records() if record["event"] == "exchange.denied"]

        (record,) = await watch.until(denied)
        assert record["outcome"]["code"] == "body_incomplete"
        assert not any(agent.received for agent in site.agents.values())


async def test_no_body_is_waited_for_before_the_caller_is_known(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        reader, writer = await _sent(site, "gwk_unknown", "content-length: 99\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert b" 401 " in head.split(b"\r\n")[0]


async def test_hostile_headers_neither_break_the_record_nor_pass(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        headers = {
            "x-data-subject": "\u00fc-x".encode("latin-1"),
            "user-agent": b"\xff\xfe" * 3000,
            "traceparent": b"00-" + b"0" * 32 + b"-0000000000000000-01",
            "idempotency-key": b"\xe4" * 5000,
        }
        raw: list[tuple[bytes, bytes]] = [(name.encode(), value) for name, value in headers.items()]
        raw.append((b"authorization", f"Bearer {await site.key('clerk')}".encode()))
        answer = await site.http.post("/v1/chat/completions", json=GOOD, headers=httpx.Headers(raw))
        assert answer.status_code == 200, answer.text
        trail = await site.trail(answer.headers["x-exchange-id"])
        assert len(trail) == 2
        assert set(trail[0]["trace"]) != {"0"}


async def _sent(site: System, key: str, framing: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request whose body is only begun."""
    host, port = site.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    start = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
    writer.write(f"{start}content-type: application/json\r\n{framing}".encode())
    await writer.drain()
    return reader, writer


SHAPE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "properties": {
        "messages": {"prefixItems": [{"$ref": "#/$defs/first"}], "items": {"properties": {"role": {"const": "user"}}}}
    },
    "$defs": {"first": {"properties": {"role": {"enum": ["system", "user"]}, "content": {"maxLength": 80}}}},
    "dependentRequired": {"temperature": ["seed"]},
}
"""What one agent takes, in words that drafts before 2020-12 do not know or read in another way."""


async def test_a_chat_is_held_to_the_schema_of_the_agent_it_names_and_no_other_agent_is_sent_what_breaks_its_own(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    section = policies(tmp_path / "own")
    (Path(section["directory"]) / "schemas" / "shape.json").write_text(json.dumps(SHAPE))
    agents: dict[str, dict[str, Any]] = {
        "strict": {"zone": "in-house", "capabilities": ["summarize"], "schema": "shape.json"},
        "lenient": {"zone": "in-house", "capabilities": ["summarize"]},
    }
    wrong = {"temperature": 1}
    async with system(sqlite_settings, agents=agents, policy=section) as site:
        key = await site.key("clerk")
        good = await site.chat(key, PUBLIC, model="strict")
        assert (good.status_code, good.headers["x-routed-agent"]) == (200, "strict"), good.text
        for text, more in ((PUBLIC, wrong), ("canary " * 20, {})):
            for stream in (False, True):
                bad = await site.chat(key, text, model="strict", stream=stream, **more)
                assert (bad.status_code, code(bad)) == (400, "schema_violation"), bad.text
                assert "canary" not in bad.text
                assert await events(site, bad) == ["exchange.denied"]
        assert len(site.agents["strict"].received) == 1
        # Where another agent fails, it is not fallen back to with what it does not take.
        site.agents["lenient"].behave = _failing
        failed = await site.chat(key, PUBLIC, model="lenient", **wrong)
        assert failed.status_code == 502, failed.text
        assert len(site.agents["strict"].received) == 1


async def _failing(_: Any, receive: Any, send: Any) -> None:
    await send_json(send, {"error": {"message": "away"}}, status=503)
