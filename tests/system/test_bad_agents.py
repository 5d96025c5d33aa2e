"""Agents that are down, slow, break off, answer garbage or lead elsewhere: a clear error, and nothing leaked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.exchange.arrival import Responder
from gateway.exchange.exchange import Outcome
from gateway.exchange.streamed import Streamed
from gateway.settings import Settings
from tests.services import free_port
from tests.system.kit import PUBLIC, Watch, code
from tests.system.site import Agent, System, completion, event, served, system

SSE = [(b"content-type", b"text/event-stream")]
TEXT = [(b"content-type", b"application/json")]
Behaviour = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def _one(**values: Any) -> dict[str, dict[str, Any]]:
    return {"only": {"zone": "in-house", **values}}


async def _end(site: System, answer: httpx.Response) -> dict[str, Any]:
    trail = await site.trail(answer.headers["x-exchange-id"])
    assert [record["event"] for record in trail] == ["exchange.requested", "exchange.completed"]
    return trail[-1]


def _answers(body: bytes, status: int = 200, headers: list[tuple[bytes, bytes]] = TEXT) -> Behaviour:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return behave


def _breaks_off(*pieces: bytes, headers: list[tuple[bytes, bytes]] = SSE) -> Behaviour:
    """Sends these pieces of a chunked answer, and then closes the connection without its end."""

    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        raise ConnectionAbortedError

    return behave


def _stalls(*pieces: bytes) -> Behaviour:
    async def behave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if pieces:
            await send({"type": "http.response.start", "status": 200, "headers": SSE})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    return behave


@pytest.mark.parametrize("stream", [False, True])
async def test_an_agent_that_is_down_is_a_502_after_one_more_try(sqlite_settings: Settings, stream: bool) -> None:
    async with system(sqlite_settings, agents=_one(url=f"http://127.0.0.1:{free_port()}")) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="only", stream=stream)
        assert (answer.status_code, code(answer)) == (502, "agent_unavailable")
        end = await _end(site, answer)
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("agent_unavailable", 502)
        assert end["agent"] == "only"


@pytest.mark.parametrize("stream", [False, True])
async def test_an_agent_that_does_not_begin_to_answer_is_a_504(sqlite_settings: Settings, stream: bool) -> None:
    async with system(sqlite_settings, agents=_one(first_byte_timeout_s=0.1)) as site:
        site.agents["only"].behave = _stalls()
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="only", stream=stream)
        assert (answer.status_code, code(answer)) == (504, "agent_timeout")
        end = await _end(site, answer)
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("agent_timeout", 504)


@pytest.mark.parametrize("bound", ["idle_timeout_s", "timeout_s"])
async def test_a_stream_that_stalls_ends_with_an_error_and_never_with_done(
    sqlite_settings: Settings, bound: str
) -> None:
    async with system(sqlite_settings, agents=_one(**{bound: 0.2})) as site:
        site.agents["only"].behave = _stalls(event({"content": "The beginning. " * 40}))
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="only", stream=True)
        assert answer.status_code == 200
        assert "The beginning." in answer.text
        assert "[DONE]" not in answer.text
        assert _last(answer)["error"]["code"] == "agent_timeout"
        assert (await _end(site, answer))["outcome"]["code"] == "agent_timeout"


@pytest.mark.parametrize(
    ("status", "body", "reason", "said"),
    [
        (401, b"<html>canary</html>", "bad_answer", "It did not accept the gateway's credential there."),
        (404, b"<html>canary</html>", "bad_answer", "status 404, which could not be passed on."),
        (200, b'{"choices": [', "bad_answer", "status 200, which could not be passed on."),
        (500, b"canary", "agent_failed", "status 500, which could not be passed on."),
    ],
)
async def test_with_what_an_agent_failed_is_on_record_and_in_the_log_and_not_told_the_caller(
    sqlite_settings: Settings,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: bytes,
    reason: str,
    said: str,
) -> None:
    async with system(sqlite_settings, agents=_one()) as site:
        site.agents["only"].behave = _answers(body, status, [(b"content-type", b"text/html")])
        with caplog.at_level("WARNING", "gateway.exchange"):
            answer = await site.chat(await site.key("clerk"), PUBLIC, model="only")
        assert answer.status_code == 502
        assert str(status) not in answer.json()["error"]["message"]
        (line,) = [one.__dict__ for one in caplog.records if one.getMessage() == "the agent failed"]
        assert (line["agent"], line["reason"], line["answered"]) == ("only", reason, status)
        auditor = {"authorization": f"Bearer {await site.key('auditor')}"}
        found = await site.http.get(f"/audit/exchanges/{answer.headers['x-exchange-id']}", headers=auditor)
        detail = found.json()["records"][-1]["detail"]
        assert detail["reason"] == reason
        assert said in detail["explanation"]
        assert "canary" not in found.text + answer.text


@pytest.mark.parametrize(
    "behaviour",
    [
        _breaks_off(event({"content": "canary " * 200})),
        _answers(event({"content": "canary " * 200}), headers=SSE),
        _answers(event({"content": "canary " * 200}) + b"data: {", headers=SSE),
    ],
    ids=["the connection breaks", "no end of the stream", "half an event"],
)
async def test_a_stream_that_breaks_off_is_told_as_such(sqlite_settings: Settings, behaviour: Behaviour) -> None:
    async with system(sqlite_settings, agents=_one()) as site:
        site.agents["only"].behave = behaviour
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="only", stream=True)
        assert answer.status_code == 200
        assert "[DONE]" not in answer.text
        assert _last(answer)["error"]["code"] in ("agent_unavailable", "agent_bad_answer")
        end = await _end(site, answer)
        assert end["outcome"]["code"] in ("agent_unavailable", "agent_bad_answer")
        # What had left before is committed to.
        assert end["response"]["commitment"]
        assert end["response"]["bytes"] > 0


async def test_an_answer_that_breaks_off_is_no_answer(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_one()) as site:
        site.agents["only"].behave = _breaks_off(b'{"choices": [{"message": {"content": "canary', headers=TEXT)
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="only")
        assert (answer.status_code, code(answer)) == (502, "agent_unavailable")
        assert "canary" not in answer.text
        await _end(site, answer)


GARBAGE: dict[str, Behaviour] = {
    "no JSON": _answers(b"canary, not JSON"),
    "an empty body": _answers(b""),
    "not UTF-8": _answers(b'{"choices": "canary\xff"}'),
    "no choices": _answers(b'{"canary": 1}'),
    "choices that are none": _answers(b'{"choices": ["canary"]}'),
    "a page": _answers(b"<html>canary</html>", headers=[(b"content-type", b"text/html")]),
    "duplicate keys": _answers(b'{"choices": [], "choices": "canary"}'),
    "too deep": _answers(b'{"choices":' + b"[" * 500 + b"]" * 500 + b"}"),
    "too large": _answers(json.dumps(completion("canary" * 20_000)).encode()),
    "a bomb": _answers(b"canary", headers=[*TEXT, (b"content-encoding", b"gzip")]),
    "no credential for the agent": _answers(b'{"error": {"message": "canary"}}', 401),
    "informational": _answers(b'{"choices": []}', 304),
    "elsewhere": _answers(b"canary", 302, [(b"location", b"http://127.0.0.1:1/canary")]),
}


@pytest.mark.parametrize("stream", [False, True])
async def test_garbage_is_a_502_without_a_word_of_it(sqlite_settings: Settings, stream: bool) -> None:
    async with system(sqlite_settings, agents=_one(), server={"max_answer_bytes": 65536}) as site:
        key = await site.key("clerk")
        for name, behaviour in GARBAGE.items():
            site.agents["only"].behave = behaviour
            answer = await site.chat(key, PUBLIC, model="only", stream=stream)
            assert (answer.status_code, code(answer)) == (502, "agent_bad_answer"), (name, answer.text)
            assert "canary" not in answer.text, name
            end = await _end(site, answer)
            assert end["outcome"]["code"] == "agent_bad_answer", name
            assert "canary" not in json.dumps(end), name
        site.agents["only"].behave = None
        assert (await site.chat(key, PUBLIC, model="only", stream=stream)).status_code == 200


PIECES = {
    "no JSON": b"data: canary\n\n",
    "no choices": b'data: {"choices": "canary"}\n\n',
    "an error event": b'event: error\ndata: {"message": "canary"}\n\n',
    "an error object": b'data: {"error": {"message": "canary"}}\n\n',
    "not UTF-8": b"data: \xff\xfecanary\n\n",
    "an absurd index": b'data: {"choices": [{"index": 9999, "delta": {"content": "canary"}}]}\n\n',
    "too long": b"data: " + b"x" * (2 << 20) + b"\n\n",
}


async def test_garbage_in_a_stream_ends_it_without_a_word_of_it(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_one()) as site:
        key = await site.key("clerk")
        for name, piece in PIECES.items():
            site.agents["only"].behave = _answers(event({"content": "Good. " * 100}) + piece, headers=SSE)
            answer = await site.chat(key, PUBLIC, model="only", stream=True)
            assert answer.status_code == 200, name
            assert "canary" not in answer.text, name
            assert "[DONE]" not in answer.text, name
            told = "agent_unavailable" if name.startswith("an error") else "agent_bad_answer"
            assert _last(answer)["error"]["code"] == told, name
            assert (await _end(site, answer))["outcome"]["code"] == told, name


async def test_an_agent_that_leads_elsewhere_is_not_followed(sqlite_settings: Settings) -> None:
    elsewhere = Agent()
    async with served(elsewhere) as url, system(sqlite_settings, agents=_one()) as site:
        for status in (301, 302, 303, 307, 308):
            site.agents["only"].behave = _answers(b"", status, [(b"location", f"{url}/v1/chat/completions".encode())])
            answer = await site.chat(await site.key("clerk"), PUBLIC, model="only")
            assert (answer.status_code, code(answer)) == (502, "agent_bad_answer")
            assert "location" not in answer.headers
            assert url not in answer.text
        assert not elsewhere.received


async def test_what_is_no_http_at_all_is_a_bad_agent(sqlite_settings: Settings) -> None:
    async with (
        _speaking(b"SSH-2.0-canary\r\n") as url,
        system(sqlite_settings, agents=_one(url=url)) as site,
    ):
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="only")
        assert answer.status_code == 502
        assert "canary" not in answer.text
        assert (await _end(site, answer))["outcome"]["status"] == 502


async def test_an_agents_own_refusal_passes_with_its_error_object(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with system(sqlite_settings, agents=_one()) as site:
        for status in (400, 404, 409, 422, 429):
            with subtests.test(status=status):
                body = json.dumps(
                    {"error": {"message": "too long for me", "type": "x", "code": "context_length"}}
                ).encode()
                site.agents["only"].behave = _answers(body, status)
                answer = await site.chat(await site.key("clerk"), PUBLIC, model="only")
                assert (answer.status_code, code(answer)) == (status, "context_length")
                end = await _end(site, answer)
                assert (end["outcome"]["code"], end["outcome"]["status"]) == ("agent_refused", status)


async def test_the_record_says_why_in_the_detail_alone(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings, agents=_one(first_byte_timeout_s=0.1)) as site:
        site.agents["only"].behave = _stalls()
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="only")
        stored = await site.gateway.site.reader("default").exchange(answer.headers["x-exchange-id"])
        assert json.loads(stored[-1].detail or b"{}")["reason"] == "timeout_response"


def _last(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.text.rstrip().rpartition("data: ")[2])
    return found


@asynccontextmanager
async def _speaking(words: bytes) -> AsyncIterator[str]:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(words)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("protocol", ["openai", "http"])
@pytest.mark.parametrize(
    ("status", "asked", "told"),
    [
        (429, b"7", "7"),
        (503, b"7", "7"),
        (429, b"99999999999", "86400"),
        (503, b"Wed, 01 Jan 2200 00:00:00 GMT", "86400"),
        (429, b"Thu, 01 Jan 1970 00:00:00 GMT", "0"),
        (429, b"soon <script>", None),
        (404, b"7", None),
    ],
)
async def test_how_long_an_agent_wants_to_be_left_alone_is_told(
    sqlite_settings: Settings, protocol: str, status: int, asked: bytes, told: str | None
) -> None:
    agents = _one(protocol=protocol, retries=0, **({"routes": ["GET /a"]} if protocol == "http" else {}))
    async with system(sqlite_settings, agents=agents) as site:
        headers = [*TEXT, (b"retry-after", asked)]
        site.agents["only"].behave = _answers(b'{"error": {"message": "slow down"}}', status, headers)
        key = await site.key("clerk")
        if protocol == "http":
            answer = await site.http.get("/agents/only/a", headers={"authorization": f"Bearer {key}"})
        else:
            answer = await site.chat(key, PUBLIC, model="only")
        assert answer.status_code == (502 if status == 503 else status)
        assert answer.headers.get_list("retry-after") == ([] if told is None else [told])


async def test_what_was_given_before_a_defect_of_the_gateways_own_is_on_record(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Streamed.inspect

    async def breaks(self: Streamed, responder: Responder) -> Outcome:
        await whole(self, responder)
        raise RuntimeError("canary")

    monkeypatch.setattr(Streamed, "inspect", breaks)
    async with system(sqlite_settings, agents=_one()) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="only", stream=True)
        assert (answer.status_code, "canary" in answer.text) == (200, False)
        end = await _end(site, answer)
        assert (end["outcome"]["code"], end["outcome"]["status"]) == ("internal", 200)
        assert end["response"]["bytes"] > 0
        assert end["response"]["commitment"]


@pytest.mark.parametrize("stream", [False, True])
async def test_who_is_told_that_the_ledger_failed_is_told_whether_the_agent_was_asked(
    sqlite_settings: Settings, stream: bool
) -> None:
    watch = Watch()
    async with system(sqlite_settings, agents=_one(), failpoint=watch) as site:
        key = await site.key("clerk")

        async def full(scope: dict[str, Any], receive: Any, send: Any) -> None:
            watch.failing = True
            said = (
                event({"content": "hello"}) + b"data: [DONE]\n\n"
                if stream
                else json.dumps(completion("hello")).encode()
            )
            await _answers(said, headers=SSE if stream else TEXT)(scope, receive, send)

        site.agents["only"].behave = full
        asked = await site.chat(key, PUBLIC, model="only", stream=stream)
        assert "what was asked may have been done, and its end is not on record" in asked.text
        assert ("retry-after" in asked.headers) is False
        before = await site.chat(key, PUBLIC, model="only", stream=stream)
        assert (before.status_code, code(before)) == (503, "ledger_unavailable")
        assert "nothing was sent" in before.text
        assert "retry-after" in before.headers
        watch.failing = False
