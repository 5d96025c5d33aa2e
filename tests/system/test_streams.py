"""What holds for streams of every protocol: the outcome is durable before the closing event, the agent learns who has
left, nobody is read faster than he is heard, and no word waits longer than the hold-back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from gateway.settings import Settings
from tests.agents.a2a_making import events as a2a_events
from tests.agents.a2a_making import message as a2a_message
from tests.agents.a2a_making import task
from tests.agents.mcp_making import result, rpc
from tests.extraction import test_messages, test_responses
from tests.extraction.planting import data
from tests.system.kit import MAIL, PUBLIC, TRACE, TRACEPARENT, Watch, recorded
from tests.system.site import Handler, System, event, system

HOLD_BACK = 512
"""Characters that may be held back of a text (`docs/inspection.md`)."""
Script = Sequence[bytes | asyncio.Event]


class Spoken(msgspec.Struct, frozen=True):
    """One protocol: the agent's settings, what it is asked, and the pieces of its stream."""

    agent: dict[str, Any]
    path: str
    body: dict[str, Any]
    begin: bytes
    piece: Callable[[str], bytes]
    last: bytes
    """What comes before the closing event."""
    closing: bytes
    mark: bytes
    """What the closing event is told by."""
    form: str = ""
    """In whose form the caller reads it, where that is another name's."""
    headers: dict[str, str] = {}


def _responses(kind: str) -> bytes:
    return data({"type": f"response.{kind}", "response": test_responses.RESPONSE}, f"response.{kind}")


def _delta(text: str) -> bytes:
    place = {"item_id": "i", "output_index": 0, "content_index": 0}
    return data({"type": "response.output_text.delta", **place, "delta": text})


def _said(text: str) -> bytes:
    return data({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})


def _told(text: str) -> bytes:
    return data(rpc("notifications/message", {"level": "info", "data": text}, id=None))


def _artifact(text: str) -> bytes:
    part = {"artifactId": "a-1", "name": "note", "parts": [{"text": text}]}
    return _update("artifactUpdate", artifact=part, append=True)


def _update(kind: str, **more: Any) -> bytes:
    return a2a_events({kind: {"taskId": "t-1", "contextId": "c-1", **more}})


def _translated(caller: str, agent: str) -> Spoken:
    """A caller of one protocol before an agent of another: the agent says its own form, the caller reads its own."""
    asked, says = NATIVE[caller], NATIVE[agent]
    return msgspec.structs.replace(says, path=asked.path, body=asked.body, mark=asked.mark, form=caller)


ASKED = [{"role": "user", "content": PUBLIC}]
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
ENDED = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}
TASK = {"message": a2a_message({"text": PUBLIC})}
A2A = Spoken(
    {"protocol": "a2a"},
    "/a2a/ward",
    {"jsonrpc": "2.0", "id": 7, "method": "SendStreamingMessage", "params": TASK},
    a2a_events({"task": task()}),
    _artifact,
    b"",
    _update("statusUpdate", status={"state": "TASK_STATE_COMPLETED"}),
    b"TASK_STATE_COMPLETED",
    headers={"a2a-version": "1.0"},
)
NATIVE = {
    "chat": Spoken(
        {"protocol": "openai", "apis": ["chat"]},
        "/v1/chat/completions",
        {"model": "ward", "stream": True, "messages": ASKED},
        b"",
        lambda text: event({"content": text}),
        event({}, "stop"),
        b"data: [DONE]\n\n",
        b"[DONE]",
    ),
    "responses": Spoken(
        {"protocol": "openai", "apis": ["responses"]},
        "/v1/responses",
        {"model": "ward", "stream": True, "input": PUBLIC},
        _responses("created"),
        _delta,
        _responses("in_progress"),
        _responses("completed"),
        b"response.completed",
    ),
    "messages": Spoken(
        {"protocol": "anthropic"},
        "/v1/messages",
        {"model": "ward", "stream": True, "max_tokens": 9, "messages": ASKED},
        data({"type": "message_start", "message": test_messages.BEGUN}) + data(BLOCK),
        _said,
        data({"type": "content_block_stop", "index": 0}) + data(ENDED),
        data({"type": "message_stop"}),
        b"message_stop",
    ),
    "mcp": Spoken(
        {"protocol": "mcp"},
        "/mcp/ward",
        rpc("prompts/get", {"name": "p"}),
        b"",
        _told,
        b"",
        data(result({"messages": []})),
        b'"result"',
    ),
    "a2a": A2A,
    "a2a-rest": msgspec.structs.replace(A2A, path="/a2a/ward/message:stream", body=TASK, form="a2a"),
}
APIS = ("chat", "responses", "messages")
TRANSLATED = {f"{one}-of-{other}": _translated(one, other) for one in APIS for other in APIS if one != other}
"""`chat-of-messages`: the caller speaks chat completions, the agent messages."""
SPOKEN = {**NATIVE, **TRANSLATED}


def following(script: Script, begun: asyncio.Event | None = None, told: asyncio.Event | None = None) -> Handler:
    """An agent that follows a script. `begun`: set when it is asked. `told`: set when it learns that nobody listens; it
    says nothing more till then."""

    async def behave(scope: Any, receive: Any, send: Any) -> None:
        if begun is not None:
            begun.set()
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for one in script:
            if isinstance(one, asyncio.Event):
                await one.wait()
            else:
                await send({"type": "http.response.body", "body": one, "more_body": True})
        if told is None:
            await send({"type": "http.response.body", "body": b""})
            return
        while (await receive())["type"] != "http.disconnect":
            pass
        told.set()

    return behave


@asynccontextmanager
async def talking(
    base: Settings,
    spoken: Spoken,
    script: Script = (),
    *,
    begun: asyncio.Event | None = None,
    told: asyncio.Event | None = None,
    caller: str = "in-house",
    **options: Any,
) -> AsyncIterator[tuple[System, str]]:
    """A gateway before an agent that follows a script (see `following`). `caller`: the zone of who has the key."""
    agents = {"ward": {"zone": "in-house", **spoken.agent}}
    async with system(base, agents=agents, **options) as site:
        site.agents["ward"].behave = following(script, begun, told)
        yield site, await site.key("clerk", zone=caller)


def asking(site: System, key: str, spoken: Spoken) -> Any:
    headers = {
        "authorization": f"Bearer {key}",
        "traceparent": TRACEPARENT,
        "accept": "application/json, text/event-stream",
        **spoken.headers,
    }
    return site.http.stream("POST", spoken.path, json=spoken.body, headers=headers)


class Reader:
    """Reads an answer, now and later."""

    def __init__(self, answer: httpx.Response) -> None:
        self.seen = b""
        self._chunks = answer.aiter_raw()

    async def until(self, enough: Callable[[bytes], bool]) -> bytes:
        """All that has come once it is enough; `TimeoutError` after some seconds."""
        async with asyncio.timeout(20):
            while not enough(self.seen):
                self.seen += await anext(self._chunks)
        return self.seen

    async def rest(self) -> bytes:
        async with asyncio.timeout(20):
            async for chunk in self._chunks:
                self.seen += chunk
        return self.seen


@pytest.mark.parametrize("name", NATIVE)
async def test_the_outcome_is_durable_before_the_closing_event(database: Settings, name: str) -> None:
    await _durable_first(database, name)


@pytest.mark.parametrize("name", TRANSLATED)
async def test_the_outcome_is_durable_before_the_closing_event_of_a_translation(
    sqlite_settings: Settings, name: str
) -> None:
    await _durable_first(sqlite_settings, name)


async def _durable_first(database: Settings, name: str) -> None:
    spoken, arrived = SPOKEN[name], asyncio.Event()
    seen: list[bytes] = []
    before: list[bytes] = []
    ends: list[str] = []

    async def failpoint(point: str) -> None:
        if point == "outcome.recorded":
            # What was let go of has time to arrive.
            await asyncio.wait_for(arrived.wait(), 10)
            await asyncio.sleep(0.2)
            ends.extend(row[0] for row in await recorded(database, TRACE))
            before.extend(seen)

    script = (spoken.begin, spoken.piece("It opens at eight."), spoken.last, spoken.closing)
    async with (
        talking(database, spoken, script, failpoint=failpoint) as (site, key),
        asking(site, key, spoken) as answer,
    ):
        assert answer.status_code == 200
        async for chunk in answer.aiter_raw():
            seen.append(chunk)
            if b"eight" in b"".join(seen):
                arrived.set()
    assert spoken.mark not in b"".join(before)
    assert spoken.mark in b"".join(seen)
    assert ends == ["exchange.requested", "exchange.completed"]


@pytest.mark.parametrize(
    ("name", "mode"),
    [*((name, "mask") for name in SPOKEN if name != "mcp"), *((name, "buffer") for name in NATIVE if name != "mcp")],
)
async def test_an_identifier_over_chunk_borders_is_masked_before_any_of_it_leaves(
    sqlite_settings: Settings, name: str, mode: str
) -> None:
    """The agent says it a character at a time. (An event of MCP is a whole message, and masked by itself.)"""
    spoken = SPOKEN[name]
    said = f"Write to {MAIL}. Use the key AKIAIOSFODNN7EXAMPLQ for it."
    script = (spoken.begin, *map(spoken.piece, said), spoken.last, spoken.closing)
    options: dict[str, Any] = {"classification": {"stream": mode}, "caller": "cloud"}
    async with talking(sqlite_settings, spoken, script, **options) as (site, key), asking(site, key, spoken) as answer:
        seen = await Reader(answer).rest()
        assert text_of(spoken.form or name, seen) == "Write to [EMAIL]. Use the key [SECRET-AWS-KEY] for it."
        assert b"AKIA" not in seen
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert (end["decision"]["effect"], end["outcome"]["code"]) == ("redact", "ok")


@pytest.mark.parametrize("mode", ["mask", "buffer"])
@pytest.mark.parametrize("name", SPOKEN)
async def test_whoever_leaves_in_the_middle_is_told_of_at_the_agent(
    sqlite_settings: Settings, name: str, mode: str
) -> None:
    """Whether the stream is masked as it passes or read whole first."""
    spoken, begun, told, watch = SPOKEN[name], asyncio.Event(), asyncio.Event(), Watch()
    script = (spoken.begin, spoken.piece("Word after word. " * 60))
    options: dict[str, Any] = {"classification": {"stream": mode}, "failpoint": watch}
    async with talking(sqlite_settings, spoken, script, begun=begun, told=told, **options) as (site, key):

        async def leave() -> None:
            async with asking(site, key, spoken) as answer:
                await Reader(answer).until(lambda seen: b"Word" in seen)

        if mode == "mask" or name == "mcp":
            await leave()
        else:
            task = asyncio.create_task(leave())
            await asyncio.wait_for(begun.wait(), 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await asyncio.wait_for(told.wait(), 10)

        async def ended() -> list[str]:
            return [one["outcome"]["code"] for one in await site.records() if one["event"] == "exchange.completed"]

        assert await watch.until(ended) == ["client_disconnected"]


TEXTS = {
    "plain": "and so the story went on and on until it ended there " * 20,
    "with much to look at": "SSN 536-22-8731 and jane.roe@example.com, born 12 March 1958; " * 18,
    "with much to mask": "Use the key AKIAIOSFODNN7EXAMPLQ for it. " * 30,
    "without spaces": "the/path_of-the/story" * 50,
}


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        *((name, tuple(TEXTS)) for name in NATIVE if name != "mcp"),
        *((name, ("with much to mask",)) for name in TRANSLATED),
    ],
)
async def test_no_word_waits_longer_than_the_hold_back(
    sqlite_settings: Settings, name: str, texts: Sequence[str], subtests: pytest.Subtests
) -> None:
    """While the agent says nothing more: all but the last characters of what it said has come, masked."""
    async with talking(sqlite_settings, SPOKEN[name], classification={"stream": "mask"}) as (site, key):
        for text in texts:
            with subtests.test(text=text):
                await _said_at_once(site, key, name, TEXTS[text])


async def _said_at_once(site: System, key: str, name: str, said: str) -> None:
    spoken, go_on = SPOKEN[name], asyncio.Event()
    shown = said.replace("AKIAIOSFODNN7EXAMPLQ", "[SECRET-AWS-KEY]")
    pieces = [spoken.piece(said[at : at + 7]) for at in range(0, len(said), 7)]
    site.agents["ward"].behave = following((spoken.begin, *pieces, go_on, spoken.last, spoken.closing))
    async with asking(site, key, spoken) as answer:
        reader = Reader(answer)
        form = spoken.form or name
        seen = await reader.until(lambda seen: len(text_of(form, seen)) >= len(shown) - HOLD_BACK)
        assert shown.startswith(text_of(form, seen))
        assert spoken.mark not in seen
        go_on.set()
        assert text_of(form, await reader.rest()) == shown


async def test_an_event_of_mcp_waits_for_nothing(sqlite_settings: Settings) -> None:
    """Each is a whole message: it has come while the agent is still at work."""
    spoken, go_on = SPOKEN["mcp"], asyncio.Event()
    script = (spoken.piece("one"), go_on, spoken.closing)
    async with talking(sqlite_settings, spoken, script) as (site, key), asking(site, key, spoken) as answer:
        reader = Reader(answer)
        assert spoken.mark not in await reader.until(lambda seen: b'"one"' in seen)
        go_on.set()
        assert spoken.mark in await reader.rest()


def text_of(name: str, seen: bytes) -> str:
    """The text of all whole events so far."""
    lines = [line[6:] for line in seen.decode("utf-8", "ignore").split("\n\n")[:-1] for line in line.split("\n")]
    found = []
    for line in lines:
        if not line.startswith("{"):
            continue
        document = json.loads(line)
        if name == "chat":
            found += [choice["delta"].get("content") or "" for choice in document["choices"]]
        elif name == "responses":
            found.append(document["delta"] if document["type"] == "response.output_text.delta" else "")
        elif name == "a2a":
            update = document.get("result", document).get("artifactUpdate") or {"artifact": {"parts": []}}
            found += [part.get("text", "") for part in update["artifact"]["parts"]]
        else:
            found.append(document["delta"].get("text", "") if document["type"] == "content_block_delta" else "")
    return "".join(found)


@pytest.mark.parametrize("name", ["chat", "responses", "messages", "mcp", "a2a", "chat-of-messages"])
async def test_an_agent_is_not_read_faster_than_the_caller_reads(sqlite_settings: Settings, name: str) -> None:
    """The agent would say forty megabytes. A caller who stops reading stops it, as what lies between the two is what
    the buffers of two connections hold; and it goes on when he does."""
    spoken = SPOKEN[name]
    script = Long(spoken.begin, spoken.piece("and so the story went on and on until it ended there " * 600))
    options: dict[str, Any] = {"classification": {"stream": "mask"}, "server": {"max_answer_bytes": 1 << 30}}
    talk = talking(sqlite_settings, spoken, script, **options)
    async with talk as (site, key), asking(site, key, spoken) as answer:
        reader, before = Reader(answer), -1
        await reader.until(lambda seen: len(seen) > 100_000)
        async with asyncio.timeout(60):
            while script.said > before:
                before = script.said
                await asyncio.sleep(0.5)
        assert 0 < before < len(script) - 1
        await reader.until(lambda seen: script.said > before)


class Long(Sequence[bytes]):
    """A script of forty megabytes that knows how far it has been said."""

    def __init__(self, begin: bytes, piece: bytes) -> None:
        self._begin, self._piece = begin, piece
        self.said = 0

    def __len__(self) -> int:
        return (40 << 20) // len(self._piece)

    def __getitem__(self, index: Any) -> Any:
        if index >= len(self):
            raise IndexError
        self.said = index
        return self._piece if index else self._begin
