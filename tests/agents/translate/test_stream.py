"""Streams of any form become streams of any other, which the stock clients read as they read a direct one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise, permutations
from threading import Thread
from typing import Any

import anthropic
import msgspec
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.translate.forms import FORMS
from gateway.agents.translate.neutral import Reasoned, Refused, Reply, Text, ToolUse
from gateway.agents.translate.stream import StreamTranslation
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds

from ..support import BOUNDS
from .support import REPLY, read_stream, replies, same, written

PAIRS = list(permutations(FORMS, 2))


def translated(data: bytes, source: str, target: str, cuts: list[int] | None = None) -> bytes:
    translation = StreamTranslation(source, target, BOUNDS, usage=True)
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    pieces = [data[start:end] for start, end in pairwise(edges)]
    return b"".join(translation.feed(piece) for piece in pieces) + translation.finish()


@pytest.mark.parametrize(("source", "target"), PAIRS)
@settings(max_examples=40)
@given(reply=replies(), size=st.integers(1, 5), cuts=st.lists(st.integers(0, 10_000), max_size=8))
def test_a_stream_says_the_same_in_the_other_form_however_its_bytes_are_cut(
    source: str, target: str, reply: Reply, size: int, cuts: list[int]
) -> None:
    data = translated(written(source, reply, size), source, target, cuts)
    assert same(read_stream(target, data)) == same(reply)


@contextmanager
def serving(data: bytes) -> Iterator[str]:
    """The address of a server that answers whatever it is asked with this stream."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the test says what went wrong."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def chat_said(data: bytes) -> dict[str, Any]:
    """The message that the stock client's stream helper puts together."""
    with (
        serving(data) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="k") as client,
        client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "x"}]) as stream,
    ):
        completion = stream.get_final_completion()
    message = completion.choices[0].message
    calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or []]
    usage = completion.usage
    assert usage is not None
    return {
        "text": message.content,
        "calls": [(name, called, json.loads(given)) for name, called, given in calls],
        "stop": completion.choices[0].finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens),
        "model": completion.model,
    }


def messages_said(data: bytes) -> dict[str, Any]:
    with (
        serving(data) as url,
        anthropic.Anthropic(base_url=url, api_key="k") as client,
        client.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream,
    ):
        message = stream.get_final_message()
    return {
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "calls": [(block.id, block.name, block.input) for block in message.content if block.type == "tool_use"],
        "stop": message.stop_reason,
        "usage": (
            message.usage.input_tokens
            + (message.usage.cache_read_input_tokens or 0)
            + (message.usage.cache_creation_input_tokens or 0),
            message.usage.output_tokens,
        ),
        "model": message.model,
    }


def responses_said(data: bytes) -> dict[str, Any]:
    with (
        serving(data) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="k") as client,
        client.responses.stream(model="m", input="x") as stream,
    ):
        response = stream.get_final_response()
    assert response.usage is not None
    calls = [item for item in response.output if item.type == "function_call"]
    return {
        "text": response.output_text,
        "calls": [(call.call_id, call.name, json.loads(call.arguments)) for call in calls],
        "stop": response.status,
        "usage": (response.usage.input_tokens, response.usage.output_tokens),
        "model": response.model,
    }


SAID: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "openai": chat_said,
    "anthropic": messages_said,
    "responses": responses_said,
}
STOPS = {"openai": "tool_calls", "anthropic": "tool_use", "responses": "completed"}


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_stock_client_puts_a_translated_stream_together(source: str, target: str) -> None:
    said = SAID[target](translated(written(source, REPLY), source, target))
    assert said == {
        "text": "I look it up.",
        "calls": [("call_1", "sky", {"city": "Ulm", "days": [1, 2]}), ("call_2", "wind", {})],
        "stop": STOPS[target],
        "usage": (20, 7),
        "model": "tiny-1",
    }


@pytest.mark.parametrize("target", ["responses", "anthropic"])
def test_words_of_refusal_arrive_as_the_other_form_has_them(target: str) -> None:
    reply = msgspec.structs.replace(REPLY, blocks=(Refused("I may not."),), stop="end")
    read = read_stream(target, translated(written("openai", reply), "openai", target))
    if target == "anthropic":
        assert (read.blocks, read.stop) == ((Text("I may not."),), "refusal")
    else:
        assert (read.blocks, read.stop) == ((Refused("I may not."),), "end")


@pytest.mark.parametrize(("target", "kept"), [("responses", False), ("anthropic", False)])
def test_thinking_of_an_agent_of_another_family_reaches_only_callers_of_chat_completions(
    target: str, kept: bool
) -> None:
    reply = msgspec.structs.replace(REPLY, blocks=(Reasoned("Hm. 2 + 2"), Text("4")), stop="end")
    out = translated(written("openai", reply), "openai", target)
    assert (b"Hm." in out) is kept
    assert read_stream(target, out).blocks == (Text("4"),)


def test_thinking_reaches_callers_of_chat_completions() -> None:
    reply = msgspec.structs.replace(REPLY, blocks=(Reasoned("Hm."), Text("4")), stop="end")
    wire = (
        b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"t"}}\n\n'
        b'data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}\n\n'
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}\n\n'
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}\n\n'
        b'data: {"type":"content_block_stop","index":0}\n\n'
        b'data: {"type":"ping"}\n\n'
        b'data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}\n\n'
        b'data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"4"}}\n\n'
        b'data: {"type":"content_block_stop","index":1}\n\n'
        b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}\n\n'
        b'data: {"type":"message_stop"}\n\n'
    )
    assert read_stream("openai", translated(wire, "anthropic", "openai")).blocks == reply.blocks


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_stream_that_breaks_off_has_no_end_in_the_other_form_either(source: str, target: str) -> None:
    data = written(source, REPLY)
    cut = data[: data.rstrip().rfind(b"\n\n")]
    if source == "openai":
        cut = cut[: cut.rfind(b"\n\n")]
    with pytest.raises(AgentError, match="closed_early"):
        translated(cut + b"\n\n", source, target)


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize(
    "event",
    [
        b'data: {"type":"content_block_delta","index":7,"delta":{"type":"text_delta","text":"x"}}',
        b'data: {"type":"response.function_call_arguments.delta","output_index":0,"delta":"x"}',
        b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"x"}}]}}]}',
        b'data: {"choices":[{"index":1,"delta":{"content":"x"}}]}',
        b'data: {"choices":[{"delta":{"audio":{"data":"x"}}}]}',
    ],
)
def test_what_cannot_be_said_in_the_other_form_stops_the_stream(source: str, target: str, event: bytes) -> None:
    translation = StreamTranslation(source, target, BOUNDS, usage=True)
    with pytest.raises(AgentError, match="untranslatable"):
        translation.feed(event + b"\n\n")


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("event", [b"data: {", b"data: 3"])
def test_what_is_no_event_stops_the_stream(source: str, target: str, event: bytes) -> None:
    translation = StreamTranslation(source, target, BOUNDS, usage=True)
    with pytest.raises(AgentError, match="bad_answer"):
        translation.feed(event + b"\n\n")


@pytest.mark.parametrize(
    ("source", "event", "code"),
    [
        ("openai", b'data: {"error":{"message":"no"}}', "agent_failed"),
        ("openai", b'data: {"error":{"message":"no"},"choices":[]}', "agent_failed"),
        ("responses", b'event: error\ndata: {"type":"error","code":"server_error","message":"no"}', "agent_failed"),
        ("responses", b'data: {"type":"response.failed","response":{"status":"failed"}}', "agent_failed"),
        ("anthropic", b'data: {"type":"error","error":{"type":"api_error","message":"no"}}', "agent_failed"),
        ("anthropic", b'data: {"type":"error","error":{"type":"overloaded_error","message":"no"}}', "overloaded"),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_the_agents_own_error_in_its_stream_is_its_failure_and_no_bad_answer(
    source: str, event: bytes, code: str, begun: bool
) -> None:
    for target in FORMS:
        if target == source:
            continue
        translation = StreamTranslation(source, target, BOUNDS, usage=True)
        if begun:
            data = written(source, REPLY)
            translation.feed(data[: data.index(b"\n\n") + 2])
        with pytest.raises(AgentError, match=f"^{code}$"):
            translation.feed(event + b"\n\n")


def test_what_follows_the_end_is_dropped_unread() -> None:
    translation = StreamTranslation("openai", "anthropic", BOUNDS, usage=True)
    assert b"message_stop" in translation.feed(written("openai", REPLY) + b"data: {")
    assert translation.feed(b"junk\n\n") == b""
    assert (translation.finish(), translation.model, translation.usage) == (b"", "tiny-1", REPLY.usage)


def test_a_stream_larger_than_its_bounds_is_stopped() -> None:
    bounds = Bounds(body_bytes=1, answer_bytes=300, depth=32)
    translation = StreamTranslation("openai", "anthropic", bounds, usage=True)
    with pytest.raises(AgentError, match="answer_too_large"):
        translation.feed(written("openai", REPLY))


def test_arguments_that_are_no_object_stop_a_stream_to_callers_of_messages() -> None:
    for arguments in ('{"a": ', "[1]", "x"):
        reply = msgspec.structs.replace(REPLY, blocks=(ToolUse(id="c", name="n", arguments=arguments),))
        with pytest.raises(AgentError, match="untranslatable"):
            translated(written("openai", reply), "openai", "anthropic")


@pytest.mark.parametrize("source", ["openai", "responses"])
def test_a_call_that_the_longest_answer_cut_off_ends_as_messages_end_it(source: str) -> None:
    cut = ToolUse(id="c", name="n", arguments='{"a": "b')
    reply = msgspec.structs.replace(REPLY, blocks=(Text("Look."), cut), stop="length")
    out = translated(written(source, reply), source, "anthropic")
    read = read_stream("anthropic", out)
    assert (read.blocks, read.stop) == ((Text("Look."), cut), "length")
    assert out.count(b"event: content_block_stop") == 2


def test_only_the_last_call_can_have_been_cut_off() -> None:
    cut = ToolUse(id="c", name="n", arguments='{"a": "b')
    reply = msgspec.structs.replace(REPLY, blocks=(cut, ToolUse(id="d", name="n", arguments="{}")), stop="length")
    with pytest.raises(AgentError, match="untranslatable"):
        translated(written("openai", reply), "openai", "anthropic")


@given(data=st.binary(max_size=200), source=st.sampled_from(sorted(FORMS)))
@settings(max_examples=100)
def test_junk_never_gives_anything_but_an_agent_error(data: bytes, source: str) -> None:
    for target in FORMS:
        if target != source:
            with pytest.raises(AgentError):
                translated(b"data: " + data + b"\n\n", source, target)
