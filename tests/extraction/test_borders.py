"""An identifier that is cut by the border of a chunk, anywhere, is masked before any of it leaves.

For each text that deltas join, in each protocol that has them: cut in two deltas at every character, and the bytes of
the stream cut in two at every byte. What the caller joins must be the masked text and nothing else.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.a2a_stream import A2aStream
from gateway.agents.anthropic_stream import AnthropicStream
from gateway.agents.openai_stream import OpenAIStream
from gateway.agents.responses_stream import ResponsesStream
from gateway.agents.translate.adapter import Translating
from gateway.checks.classification.stream import StreamScan
from gateway.core.ports import Adapter, StreamFilter
from gateway.exchange.replaying import Collected, Replayed
from tests.agents import test_a2a_stream as a2a
from tests.agents.a2a_making import AGENT, events, task
from tests.agents.mcp_making import ADAPTER, event, old, rpc
from tests.agents.mcp_making import read as mcp_message
from tests.agents.support import inbound, read, route
from tests.extraction import test_chat, test_messages, test_responses
from tests.extraction.planting import ENGINE, LIMITS, SHOWN, TEXT, TYPES, data, holds, look

Open = Callable[[StreamScan], StreamFilter]
Pieces = tuple[str, ...]


def documents(out: bytes) -> list[dict[str, Any]]:
    """The documents of all events that left."""
    lines = [line[6:] for line in out.decode().split("\n") if line.startswith("data: {")]
    return [json.loads(line) for line in lines]


def joined(values: Iterable[Any]) -> str:
    return "".join(value for value in values if isinstance(value, str))


def passed(open_stream: Open, chunks: Iterable[bytes]) -> bytes:
    stream = open_stream(ENGINE.stream(TYPES))
    return b"".join([*map(stream.feed, chunks), stream.finish(), stream.closing])


def reach(node: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if isinstance(node, list):
            node = dict(enumerate(node))
        if not isinstance(node, dict) or step not in node:
            return None
        node = node[step]
    return node


def build(path: tuple[str | int, ...], value: Any) -> Any:
    for step in reversed(path):
        value = [value] if step == 0 else {step: value}
    return value


# ----------------------------------------------------------------------------------------------------- chat completions

CHAT: Mapping[str, tuple[str | int, ...]] = {
    "content": ("content",),
    "refusal": ("refusal",),
    "reasoning": ("reasoning_content",),
    "a call's arguments": ("tool_calls", 0, "function", "arguments"),
    "a custom call's input": ("tool_calls", 0, "custom", "input"),
    "a function's arguments": ("function_call", "arguments"),
    "what is heard in a sound": ("audio", "transcript"),
    "a field of tomorrow": ("zz_later",),
}


def chat(path: tuple[str | int, ...], pieces: Pieces) -> bytes:
    chunks = [data({"choices": [{"index": 0, "delta": build(path, piece)}]}) for piece in pieces]
    return b"".join(
        [*chunks, data({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}), b"data: [DONE]\n\n"]
    )


def chat_text(path: tuple[str | int, ...], out: bytes) -> str:
    return joined(reach(document, ("choices", 0, "delta", *path)) for document in documents(out))


# ------------------------------------------------------------------------------------------------------------ responses

RESPONSES: Mapping[str, dict[str, Any]] = {
    f"response.{kind}": {"type": f"response.{kind}", "item_id": "i", "output_index": 0, **more}
    for kind, more in {
        "output_text.delta": {"content_index": 0},
        "refusal.delta": {"content_index": 0},
        "reasoning_text.delta": {"content_index": 0},
        "reasoning_summary_text.delta": {"summary_index": 0},
        "function_call_arguments.delta": {},
        "mcp_call_arguments.delta": {},
        "custom_tool_call_input.delta": {},
        "code_interpreter_call_code.delta": {},
        "shell_call_command.delta": {"command_index": 0},
        "audio.transcript.delta": {},
        "of_tomorrow.delta": {},
    }.items()
}


def responses(event: dict[str, Any], pieces: Pieces) -> bytes:
    first, *_, last = test_responses.around({"type": "response.in_progress", "response": test_responses.RESPONSE})
    return b"".join([first, *(data({**event, "delta": piece}) for piece in pieces), last])


def responses_text(event: dict[str, Any], out: bytes) -> str:
    return joined(document.get("delta") for document in documents(out) if document["type"] == event["type"])


# ------------------------------------------------------------------------------------------------------------- messages

MESSAGES = {"text_delta": "text", "thinking_delta": "thinking", "compaction_delta": "content"}


def messages(kind: str, pieces: Pieces) -> bytes:
    begun = data({"type": "message_start", "message": test_messages.BEGUN})
    block = {"type": "content_block_start", "index": 0, "content_block": test_messages.BLOCKS[kind]}
    key = MESSAGES.get(kind, "partial_json")
    deltas = [{"type": "content_block_delta", "index": 0, "delta": {"type": kind, key: piece}} for piece in pieces]
    over = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}
    ends = [{"type": "content_block_stop", "index": 0}, over, {"type": "message_stop"}]
    return b"".join([begun, data(block), *map(data, deltas), *map(data, ends)])


def messages_text(kind: str, out: bytes) -> str:
    key = MESSAGES.get(kind, "partial_json")
    return joined(reach(document, ("delta", key)) for document in documents(out))


STREAMS: list[Any] = [
    *(
        pytest.param(
            lambda lanes: OpenAIStream(lanes, LIMITS),
            partial(chat, path),
            partial(chat_text, path),
            id=f"chat: {name}",
        )
        for name, path in CHAT.items()
    ),
    *(
        pytest.param(
            lambda lanes: ResponsesStream(lanes, LIMITS),
            partial(responses, told),
            partial(responses_text, told),
            id=name,
        )
        for name, told in RESPONSES.items()
    ),
    *(
        pytest.param(
            lambda lanes: AnthropicStream(lanes, LIMITS),
            partial(messages, kind),
            partial(messages_text, kind),
            id=f"messages: {kind}",
        )
        for kind in MESSAGES
    ),
]
Write = Callable[[Pieces], bytes]
Read = Callable[[bytes], str]


@pytest.mark.parametrize(("open_stream", "write", "text_of"), STREAMS)
def test_an_identifier_cut_between_deltas_is_masked_whole(open_stream: Open, write: Write, text_of: Read) -> None:
    text = f"He said {TEXT} and left."
    for at in range(1, len(text)):
        out = passed(open_stream, [write((text[:at], text[at:]))])
        assert text_of(out) == f"He said {SHOWN} and left.", at


@pytest.mark.parametrize(("open_stream", "write", "text_of"), STREAMS)
def test_an_identifier_told_character_by_character_is_masked_whole(
    open_stream: Open, write: Write, text_of: Read
) -> None:
    assert text_of(passed(open_stream, [write(tuple(TEXT))])) == SHOWN


@pytest.mark.parametrize(("open_stream", "write", "text_of"), STREAMS)
def test_a_stream_cut_at_any_byte_passes_as_it_does_whole(open_stream: Open, write: Write, text_of: Read) -> None:
    stream = write((TEXT[:9], TEXT[9:]))
    whole = passed(open_stream, [stream])
    assert text_of(whole) == SHOWN
    for at in range(1, len(stream)):
        out = passed(open_stream, [stream[:at], stream[at:]])
        assert not holds(out)
        assert text_of(out) == SHOWN, at


def test_the_input_of_a_tool_is_masked_whole_wherever_its_json_is_cut() -> None:
    text = json.dumps({"note": TEXT, "deep": [{"jane.roe@example.com": 1}], "card": 4111111111111111})
    for at in range(1, len(text)):
        out = passed(
            lambda lanes: AnthropicStream(lanes, LIMITS), [messages("input_json_delta", (text[:at], text[at:]))]
        )
        assert json.loads(messages_text("input_json_delta", out)) == {
            "note": SHOWN,
            "deep": [{"[EMAIL]": 1}],
            "card": None,
        }, at


@pytest.mark.parametrize("cut", range(1, 6))
def test_an_identifier_escaped_in_json_in_a_string_is_masked_wherever_it_is_cut(cut: int) -> None:
    escaped = '{"to": "jane.roe\\u0040example.com"}'
    at = escaped.index("\\") + cut
    path = CHAT["a call's arguments"]
    out = passed(lambda lanes: OpenAIStream(lanes, LIMITS), [chat(path, (escaped[:at], escaped[at:]))])
    assert chat_text(path, out) == '{"to": "[EMAIL]"}'


def test_an_event_of_mcp_is_inspected_whole_wherever_it_is_cut() -> None:
    message = mcp_message(old(rpc("tools/call", {"name": "t"})))
    stream = event(rpc("notifications/message", {"level": "info", "data": TEXT}, id=None))
    for at in range(1, len(stream)):
        frames = ADAPTER.frames(message, LIMITS)
        found = [frame for chunk in (stream[:at], stream[at:]) for frame in frames.feed(chunk)]
        (frame,) = found
        assert [part.text for part in frame.parts if holds(part.text)] == [TEXT], at
        (_, masked) = look(frame.parts)
        assert not isinstance(masked, str)
        assert not holds(frames.render(frame, masked))


FORMS: Mapping[str, tuple[Write, Read, Any]] = {
    "openai": (partial(chat, ("content",)), partial(chat_text, ("content",)), test_chat.ASKED),
    "responses": (
        partial(responses, RESPONSES["response.output_text.delta"]),
        partial(responses_text, RESPONSES["response.output_text.delta"]),
        test_responses.ASKED,
    ),
    "anthropic": (partial(messages, "text_delta"), partial(messages_text, "text_delta"), test_messages.ASKED),
}
AGENTS = {
    "openai": route(apis=("chat",)),
    "responses": route(apis=("responses",)),
    "anthropic": route(protocol="anthropic"),
}
PATHS = {"openai": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages"}
OWN: Mapping[str, Adapter] = {
    "openai": test_chat.ADAPTER,
    "responses": test_responses.ADAPTER,
    "anthropic": test_messages.ADAPTER,
}


@pytest.mark.parametrize(("asked", "spoken"), list(permutations(FORMS, 2)))
def test_a_translated_stream_is_masked_wherever_it_is_cut(asked: str, spoken: str) -> None:
    """`asked`: the caller's form; `spoken`: the agent's."""
    adapter = Translating(OWN[asked], OWN, LIMITS)
    message = read(adapter.read(inbound(FORMS[asked][2], path=PATHS[asked]), LIMITS))
    stream = FORMS[spoken][0]((TEXT[:9], TEXT[9:]))
    for at in range(1, len(stream), 3):
        out = passed(lambda lanes: adapter.stream(message, lanes, LIMITS, AGENTS[spoken]), [stream[:at], stream[at:]])
        assert FORMS[asked][1](out) == SHOWN, at


# ----------------------------------------------------------------------------------------------------------------- a2a

BETWEEN: tuple[Callable[[str], list[Any]], ...] = (
    lambda text: [],
    lambda text: [a2a.status()],
    lambda text: [a2a.status("TASK_STATE_INPUT_REQUIRED")],
    lambda text: [{"task": task()}],
    lambda text: [{"task": task(artifacts=[{"artifactId": "a-1", "parts": [{"text": text}]}])}],
)
"""What an agent may say between two pieces of an artifact whose text so far is this."""


def artifacts(told: Iterable[Any]) -> Iterable[str]:
    """The text of an artifact as its reader has it after each event: a task shows it anew, a piece goes on with it."""
    parts: list[Any] = []
    for one in told:
        if "artifacts" in one.get("task", {}):
            parts = list(one["task"]["artifacts"][0]["parts"])
        if "artifactUpdate" in one:
            update = one["artifactUpdate"]
            parts = [*(parts if update.get("append") else []), *update["artifact"]["parts"]]
        yield joined(part.get("text") for part in parts)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.booleans(), st.sampled_from(range(len(BETWEEN)))), min_size=1, max_size=8
    ),
    st.booleans(),
)
def test_an_artifact_is_masked_whatever_its_agent_says_between_its_pieces(
    cuts: list[tuple[int, bool, int]], whole: bool
) -> None:
    said: list[Any] = [{"task": task()}]
    at = 0
    for size, last, between in [*cuts, (len(TEXT), False, 0)]:
        said.append(a2a.piece(TEXT[at : at + size], append=at > 0, last=last))
        at += size
        said += BETWEEN[between](TEXT[:at])
    wire = events(*said, a2a.DONE)
    if whole:  # read to its end before any of it leaves
        first = Collected()
        stream = A2aStream(first, LIMITS, a2a.call(), AGENT)
        stream.feed(wire)
        stream.finish()
        _, masked = look(first.parts())
        assert not isinstance(masked, str)
        replayed = A2aStream(Replayed(first.texts, masked, first.afters), LIMITS, a2a.call(), AGENT)
        out = replayed.feed(wire) + replayed.finish() + replayed.closing
    else:
        out = passed(lambda lanes: A2aStream(lanes, LIMITS, a2a.call(), AGENT), [wire])
    assert not [text for text in artifacts(a2a.shown(out)) if holds(text)]
