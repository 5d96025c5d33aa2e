"""What is read the short way leaves as it would have left the long way, whatever an agent sends."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.deltas import DELTAS, STREAMS
from gateway.agents import openai_stream
from gateway.agents.openai_repeat import Repeat
from gateway.agents.openai_stream import OpenAIStream
from gateway.agents.sse import Event
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.stream import StreamScan
from gateway.core.errors import AgentError
from gateway.core.finding import Scan
from gateway.core.ports import TextFilter

from .support import BOUNDS, SSN, MaskingLanes


class Still:
    """A clock that stands still."""

    def now_us(self) -> int:
        return 0

    def monotonic_ns(self) -> int:
        return 0

    def thread_ns(self) -> int:
        return 0


class Never:
    """In the place of `Repeat`: everything is read the long way."""

    @staticmethod
    def of(*_: object) -> None:
        return None


class Counted(Repeat, frozen=True):
    """Counts what is read the short way."""

    passed = 0

    def pass_on(self, event: Event) -> bytes | None:
        out = super().pass_on(event)
        Counted.passed += out is not None
        return out


ENGINE = Engine(clock=Still(), budget_ms=10_000)
TEXTS = (
    *("plain ", "word", " ", "", SSN, "078-", "05-1120 ", "maria@", "example.com ", 'a "quoted" word', "back\\slash"),
    *("line\nend", "\u00e9\u20ac\U0001f600", "content", '"content":"', "assistant", "\x7f", "078-05-1120 " * 50),
)
FRAMES: tuple[dict[str, Any], ...] = (
    {"id": "c-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "tiny"},
    {"id": "c-2", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "tiny", "usage": None},
    {"id": f"of {SSN}", "object": "chat.completion.chunk", "model": "content", "note": "maria@example.com"},
)
texts = st.sampled_from(TEXTS)
deltas = st.one_of(
    st.fixed_dictionaries({"content": texts}),
    st.fixed_dictionaries({"role": st.sampled_from(["assistant", "oracle"]), "content": texts}),
    st.fixed_dictionaries({"content": texts, "refusal": st.none(), "tool_calls": st.none()}),
    st.fixed_dictionaries({"content": texts, "mine": st.sampled_from([None, SSN])}),
    st.fixed_dictionaries({"content": st.sampled_from([None, ["x"], {"content": "x"}])}),
    st.fixed_dictionaries({"refusal": texts}),
    st.just({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": '{"content": 1}'}}]}),
    st.just({}),
)
choices = st.builds(
    lambda index, delta, more: {"index": index, "delta": delta, **more},
    st.sampled_from([0, 0, 0, 1]),
    deltas,
    st.sampled_from([{}, {"finish_reason": None}, {"logprobs": None, "finish_reason": None}, {"logprobs": {}}])
    | st.sampled_from([{"finish_reason": "stop"}, {"content": "beside"}]),
)
mores: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"obfuscation": "aB3x"},
    {"obfuscation": "Zz"},
    {"obfuscation": "\\"},
    {"obfuscation": 5},
    {"usage": {"prompt_tokens": 3}},
    {"x": {"obfuscation": "aB3x"}, "obfuscation": "aB3x"},
    {"x": {"obfuscation": "other"}, "obfuscation": "aB3x"},
)
plain = st.builds(
    lambda frame, text, more: {**frame, "choices": [{"index": 0, "delta": {"content": text}}], **more},
    st.sampled_from(FRAMES[:2]),
    texts,
    st.sampled_from(mores),
)
odd = st.builds(
    lambda frame, listed, more: {**frame, "choices": listed, **more},
    st.sampled_from(FRAMES),
    st.lists(choices, min_size=0, max_size=2),
    st.sampled_from(mores),
)
written = st.builds(
    lambda chunk, spaced, ascii_only: json.dumps(
        chunk, separators=None if spaced else (",", ":"), ensure_ascii=ascii_only
    ),
    st.one_of(plain, plain, odd),
    st.booleans(),
    st.booleans(),
)
lines = st.one_of(
    written.map(lambda data: f"data: {data}"),
    st.sampled_from([": note", "event: x", "data: [DONE]", 'data: {"error": {"message": "no"}}', "data: nothing"]),
)


def passed(events: list[str], way: object, lanes: MaskingLanes | StreamScan) -> tuple[list[bytes], bytes, str | None]:
    """What left after each event, the closing bytes, and the code of the error that ended it."""
    out: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai_stream, "Repeat", way)
        stream = OpenAIStream(lanes, BOUNDS)
        try:
            out.extend(stream.feed(f"{event}\n\n".encode()) for event in events)
            out.append(stream.finish())
        except AgentError as error:
            return out, stream.closing, error.code
    return out, stream.closing, None


def scanned(events: list[str], way: object) -> tuple[list[bytes], bytes, str | None, Scan]:
    lanes = ENGINE.stream(frozenset({"us-ssn", "email"}))
    return *passed(events, way, lanes), lanes.scan()


@settings(max_examples=300)
@given(st.lists(lines, max_size=12))
def test_every_stream_leaves_alike_both_ways(events: list[str]) -> None:
    assert scanned(events, Repeat) == scanned(events, Never)
    assert passed(events, Repeat, MaskingLanes()) == passed(events, Never, MaskingLanes())


@settings(max_examples=100)
@given(st.lists(texts, min_size=2, max_size=20), st.sampled_from(mores[:4]), st.sampled_from(FRAMES[:2]))
def test_every_common_stream_leaves_alike_both_ways(
    said: list[str], more: dict[str, Any], frame: dict[str, Any]
) -> None:
    chunks = [{**frame, "choices": [{"index": 0, "delta": {"content": text}}], **more} for text in said]
    events = [f"data: {json.dumps(chunk)}" for chunk in chunks] + ["data: [DONE]"]
    assert scanned(events, Repeat) == scanned(events, Never)


@pytest.mark.parametrize("stream", STREAMS)
def test_all_but_the_first_deltas_of_a_stream_are_read_the_short_way(stream: tuple[bytes, ...]) -> None:
    events = [chunk.partition(b"\r\n")[2].decode().strip() for chunk in stream]
    before = Counted.passed
    assert scanned(events, Counted) == scanned(events, Never)
    assert Counted.passed - before == DELTAS - 1


def repeat(chunk: dict[str, Any], lane: TextFilter | None = None, name: str = "") -> Repeat | None:
    safe = {key: value for key, value in chunk.items() if key not in ("choices", "obfuscation")}
    lane = lane or MaskingLanes().lane("/choices/0/delta/content")
    return Repeat.of(Event(name, json.dumps(chunk)), chunk, safe, lane)


def said(**more: Any) -> dict[str, Any]:
    return {"id": "c-1", "choices": [{"index": 0, "delta": {"content": "a "}, **more}]}


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": []},
        {**said(), "usage": {}},
        said(finish_reason="stop"),
        said(logprobs={"content": []}),
        said(other=1),
        {**said(), "choices": said()["choices"] * 2},
        {**said(), "model": "content"},
        {**said(), "model": "a\\b"},
        {"choices": [{"index": 0, "delta": {"content": ""}}]},
        {"choices": [{"index": 0, "delta": {"content": "a", "reasoning_content": "b"}}]},
        {**said(), "obfuscation": ""},
        {"obfuscation": "abc", **said()},
        {**said(), "x": {"obfuscation": "abc"}, "obfuscation": "abc"},
    ],
)
def test_an_event_with_more_to_it_is_no_pattern_for_others(chunk: dict[str, Any]) -> None:
    assert repeat(chunk) is None
    assert repeat(said()) is not None
    assert repeat(said(), name="x") is None


@pytest.mark.parametrize(
    "text",
    ['"', "\\", "\\ud800", '"},{"', "\x01", '","refusal":"x', ""],
)
def test_what_is_no_text_is_left_to_the_long_way(text: str) -> None:
    found = repeat(said())
    assert found is not None
    assert found.pass_on(Event("", found.before + text + found.after)) is None
    assert found.pass_on(Event("error", found.before + "text" + found.after)) is None
    assert found.pass_on(Event("", None)) is None
    assert found.pass_on(Event("", found.before[:-1] + found.after)) is None
