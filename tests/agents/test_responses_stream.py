"""A streamed response: nothing unread leaves, nothing cut slips through, everything repeated is masked alike."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents import responses_stream
from gateway.agents.responses_stream import ResponsesStream
from gateway.agents.responses_words import EVENTS
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds

from .support import BOUNDS, SSN, MaskingLanes

MASKED = "[US-SSN]"
TEXT = f"a {SSN} b"
SHOWN = f"a {MASKED} b"
PLACE = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
PART = {"type": "output_text", "annotations": []}


def event(kind: str, **rest: Any) -> dict[str, Any]:
    return {"type": kind, **rest}


def response(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "resp_1", "object": "response", "model": "tiny", "output": list(items), **more}


def message(text: str) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "content": [{**PART, "text": text}]}


END = event("response.completed", response=response())


def delta(text: str, kind: str = "response.output_text", **more: Any) -> dict[str, Any]:
    return event(f"{kind}.delta", **{**PLACE, **more}, delta=text)


def wire(*events: dict[str, Any]) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (str(one.get("type")).encode(), json.dumps({**one, "sequence_number": 7}).encode())
        for one in events
    )


def run(*pieces: bytes) -> tuple[bytes, ResponsesStream]:
    stream = ResponsesStream(MaskingLanes(), BOUNDS)
    out = b"".join([stream.feed(piece) for piece in pieces]) + stream.finish()
    return out, stream


def events_of(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in out.decode().split("\n") if line.startswith("data: ")]


def told(*events: dict[str, Any]) -> list[dict[str, Any]]:
    """All events that leave, the closing one included."""
    out, stream = run(wire(*events))
    return events_of(out + stream.closing)


def joined(events: list[dict[str, Any]], kind: str = "response.output_text") -> str:
    return "".join(one["delta"] for one in events if one["type"] == f"{kind}.delta")


def error_of(data: bytes) -> str:
    with pytest.raises(AgentError) as caught:
        run(data)
    return caught.value.code


class TestPassing:
    def test_texts_are_read_with_what_stands_before_them(self) -> None:
        for place in ({"content_index": 1}, {"output_index": 1, "item_id": "msg_2"}):
            first = [delta("it is 078-05"), event("response.output_text.done", **PLACE, text="it is 078-05")]
            done = event("response.output_text.done", **{**PLACE, **place}, text="-1120, so")
            events = told(*first, delta("-1120, so", **place), done, END)
            rest = joined(events).removeprefix("it is 078-05")
            assert rest.endswith(", so")
            assert not set("0123456789") & set(rest)
            assert events[-2]["text"] == rest

    def test_a_whole_answer_is_masked_alike_wherever_it_is_repeated(self) -> None:
        cut = [TEXT[i : i + 3] for i in range(0, len(TEXT), 3)]
        events = told(
            event("response.created", response=response(status="in_progress")),
            event("response.output_item.added", output_index=0, item={**message(""), "content": []}),
            event("response.content_part.added", **PLACE, part={**PART, "text": ""}),
            *(delta(piece, logprobs=[]) for piece in cut),
            event("response.output_text.done", **PLACE, text=TEXT, logprobs=[]),
            event("response.content_part.done", **PLACE, part={**PART, "text": TEXT}),
            event("response.output_item.done", output_index=0, item=message(TEXT)),
            event("response.completed", response=response(message(TEXT), usage={"input_tokens": 12_345})),
        )
        assert joined(events) == SHOWN
        by = {one["type"]: one for one in events}
        assert by["response.output_text.done"]["text"] == SHOWN
        assert by["response.content_part.done"]["part"]["text"] == SHOWN
        assert by["response.output_item.done"]["item"] == message(SHOWN)
        assert by["response.completed"]["response"]["output"] == [message(SHOWN)]
        assert [one["sequence_number"] for one in events] == list(range(len(events)))
        order = [one["type"] for one in events]
        assert order.index("response.output_text.done") > max(
            index for index, kind in enumerate(order) if kind == "response.output_text.delta"
        )

    @pytest.mark.parametrize("kind", ["response.completed", "response.incomplete", "response.failed"])
    def test_the_closing_event_is_kept_back_with_everything_in_it_masked(self, kind: str) -> None:
        failed = {"error": {"code": "server_error", "message": TEXT}, "incomplete_details": {"reason": TEXT}}
        out, stream = run(wire(delta("held"), event(kind, response=response(message(TEXT), **failed))))
        assert joined(events_of(out)) == "held"
        (closing,) = events_of(stream.closing)
        assert closing["type"] == kind
        assert closing["response"]["output"] == [message(SHOWN)]
        assert closing["response"]["error"]["message"] == SHOWN
        assert SSN.encode() not in out + stream.closing

    def test_model_tokens_and_sessions_are_noted(self) -> None:
        usage = {"input_tokens": 3, "output_tokens": 4}
        created = event("response.created", response=response(conversation={"id": "conv_1"}))
        _, stream = run(wire(created, event("response.completed", response=response(usage=usage))))
        assert (stream.model, stream.tokens_in, stream.tokens_out) == ("tiny", 3, 4)
        assert stream.sessions == ("openai-response:resp_1", "openai-conversation:conv_1")

    def test_lanes_are_kept_apart_by_output_content_and_kind(self) -> None:
        halves = [
            delta("078-05"),
            delta("-1120 ", content_index=1),
            delta("-1120 ", output_index=1, item_id="msg_2"),
            delta("-1120 ", kind="response.refusal"),
        ]
        assert SSN not in joined(told(*halves, END))
        assert MASKED not in json.dumps(told(*halves, END))
        assert joined(told(delta("078-05"), delta("x ", content_index=1), delta("-1120 "), END)) == f"x {MASKED} "

    def test_nothing_is_read_after_the_end(self) -> None:
        out, stream = run(wire(END) + wire(delta(SSN)))
        assert out == b""
        assert stream.feed(wire(delta(SSN))) == b""

    def test_comments_pass_without_their_words(self) -> None:
        out, _ = run(f": {SSN}\n\n".encode() + wire(END))
        assert out == b":\n\n"

    def test_a_delta_without_text_passes_only_if_it_says_something_else(self) -> None:
        assert told(delta(""), delta("", logprobs=[]), END)[0]["type"] == "response.completed"
        assert told(delta("", note=f"{SSN} "), END)[0]["note"] == f"{MASKED} "

    def test_probabilities_of_tokens_and_padding_never_leave(self) -> None:
        events = told(delta("a ", logprobs=[{"token": SSN}], obfuscation=SSN), END)
        assert SSN not in json.dumps(events)


PLANTED: list[tuple[str, dict[str, Any]]] = [
    ("instructions", event("response.created", response=response(instructions=TEXT))),
    ("metadata", event("response.created", response=response(metadata={"k": TEXT, TEXT: "v"}))),
    ("tools", event("response.in_progress", response=response(tools=[{"type": "function", "description": TEXT}]))),
    ("id", event("response.created", response={**response(), "id": TEXT})),
    ("item", event("response.output_item.added", output_index=0, item={"type": "function_call", "name": TEXT})),
    ("item text", event("response.output_item.added", output_index=0, item=message(TEXT))),
    ("item done", event("response.output_item.done", output_index=0, item=message(TEXT))),
    ("part", event("response.content_part.added", **PLACE, part={**PART, "text": TEXT})),
    ("part done", event("response.content_part.done", **PLACE, part={"type": "refusal", "refusal": TEXT})),
    ("text done", event("response.output_text.done", **PLACE, text=TEXT)),
    ("annotation", event("response.output_text.annotation.added", **PLACE, annotation={"title": TEXT, "url": TEXT})),
    ("refusal", event("response.refusal.done", **PLACE, refusal=TEXT)),
    ("arguments", event("response.function_call_arguments.done", output_index=0, arguments=TEXT, name=TEXT)),
    ("summary part", event("response.reasoning_summary_part.added", output_index=0, part={"text": TEXT})),
    ("summary", event("response.reasoning_summary_text.done", output_index=0, summary_index=0, text=TEXT)),
    ("reasoning", event("response.reasoning_text.done", **PLACE, text=TEXT)),
    ("mcp", event("response.mcp_call_arguments.done", output_index=0, arguments=TEXT)),
    ("mcp failed", event("response.mcp_call.failed", output_index=0, item_id=TEXT)),
    ("mcp tools", event("response.output_item.done", item={"type": "mcp_list_tools", "tools": [{"name": TEXT}]})),
    ("custom", event("response.custom_tool_call_input.done", output_index=0, input=TEXT)),
    ("code", event("response.code_interpreter_call_code.done", output_index=0, code=TEXT)),
    ("search", event("response.web_search_call.searching", output_index=0, item_id="ws_1", query=TEXT)),
    ("shell", event("response.shell_call_command.added", output_index=0, command_index=0, command=TEXT)),
    ("unknown event", event("response.of_tomorrow", deep=[{"er": TEXT}])),
    ("unknown field", event("response.queued", response=response(), note=TEXT)),
    ("key", event("response.queued", **{TEXT: 1})),
]


class TestBeside:
    """Texts that stand beside the joined ones, which clients may set or join."""

    @pytest.mark.parametrize(
        "said",
        [
            lambda text: delta("", note=text),
            lambda text: event("response.in_progress", response=response(metadata={"k": text})),
            lambda text: event("response.in_progress", note={"a": [text]}),
            lambda text: event("response.of_another_kind", output_index=0, note=text),
        ],
    )
    def test_what_several_events_say_together_in_one_place_ends_the_stream(self, said: Any) -> None:
        assert error_of(wire(*map(said, SSN), END)) == "withheld"
        assert error_of(wire(said(SSN[:5]), said(SSN[5:]), END)) == "withheld"

    def test_what_a_response_says_is_joined_whatever_kind_of_event_tells_of_it(self) -> None:
        halves = [event(f"response.{kind}", response=response(metadata={"k": half}))
                  for kind, half in (("created", SSN[:5]), ("in_progress", SSN[5:]))]  # fmt: skip
        assert error_of(wire(*halves, END)) == "withheld"

    def test_other_places_and_what_is_repeated_pass_as_they_are(self) -> None:
        events = [
            event("response.in_progress", response=response(metadata={"k": SSN[:5]})),
            event("response.in_progress", response=response(metadata={"k": SSN[:5]})),
            event("response.of_another_kind", output_index=0, note=SSN[5:]),
            event("response.of_another_kind", output_index=1, note="x"),
        ]
        shown = told(*events, END)
        assert [one["type"] for one in shown] == [one["type"] for one in (*events, END)]
        assert [one["note"] for one in shown if "note" in one] == [SSN[5:], "x"]


class TestPlaces:
    @pytest.mark.parametrize(("name", "planted"), PLANTED, ids=[name for name, _ in PLANTED])
    def test_an_identifier_in_any_event_is_masked(self, name: str, planted: dict[str, Any]) -> None:
        shown = json.dumps(told(planted, END))
        assert SSN not in shown
        assert MASKED in shown

    @pytest.mark.parametrize("kind", sorted(kind.removesuffix(".delta") for kind in EVENTS if kind.endswith(".delta")))
    def test_an_identifier_cut_by_deltas_of_any_kind_is_masked(self, kind: str) -> None:
        events = told(*(delta(piece, kind=kind) for piece in (*TEXT, " ")), END)
        assert joined(events, kind) == SHOWN + " "

    def test_deltas_of_kinds_not_known_here_are_joined_all_the_same(self) -> None:
        kind = "response.words_of_tomorrow"
        assert joined(told(*(delta(piece, kind=kind) for piece in TEXT), END), kind) == SHOWN

    def test_each_output_of_a_shell_is_a_text_of_its_own(self) -> None:
        kind = "response.shell_call_output_content.delta"
        pieces = [event(kind, output_index=0, delta={"stdout": one, "stderr": None}) for one in TEXT]
        pieces += [event(kind, output_index=0, delta={"stderr": "078-05"})]
        events = [one["delta"] for one in told(*pieces, END) if one["type"] == kind]
        assert "".join(one.get("stdout", "") for one in events) == SHOWN
        assert "".join(one.get("stderr", "") for one in events) == "078-05"

    @pytest.mark.parametrize(
        "first",
        [
            event("response.content_part.added", **PLACE, part={**PART, "text": "078-05"}),
            event("response.output_item.added", output_index=0, item=message("078-05")),
            event("response.created", response=response(message("078-05"))),
        ],
    )
    def test_what_a_part_begins_with_is_joined_with_its_deltas(self, first: dict[str, Any]) -> None:
        events = told(first, delta("-1120 "), END)
        assert SSN not in json.dumps(events)
        assert joined(events) == f"{MASKED} "
        assert "078-05" not in json.dumps(events)

    @pytest.mark.parametrize(
        ("kind", "field", "item"),
        [
            ("response.function_call_arguments", "arguments", "function_call"),
            ("response.mcp_call_arguments", "arguments", "mcp_call"),
            ("response.custom_tool_call_input", "input", "custom_tool_call"),
            ("response.code_interpreter_call_code", "code", "code_interpreter_call"),
        ],
    )
    def test_so_is_what_a_call_begins_with(self, kind: str, field: str, item: str) -> None:
        first = event("response.output_item.added", output_index=0, item={"type": item, "id": "i", field: "078-05"})
        rest = event(f"{kind}.delta", output_index=0, item_id="i", delta="-1120 ")
        assert joined(told(first, rest, END), kind) == f"{MASKED} "

    def test_a_summary_that_an_item_begins_with_too(self) -> None:
        item = {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "078-05"}]}
        first = event("response.output_item.added", output_index=0, item=item)
        rest = event("response.reasoning_summary_text.delta", output_index=0, summary_index=0, delta="-1120 ")
        assert joined(told(first, rest, END), "response.reasoning_summary_text") == f"{MASKED} "

    def test_an_end_that_says_something_else_than_its_deltas_is_looked_at_itself(self) -> None:
        events = told(delta("hello "), event("response.output_text.done", **PLACE, text=TEXT), END)
        assert events[1]["text"] == SHOWN

    def test_clients_that_join_by_the_items_id_see_the_one_that_the_text_began_with(self) -> None:
        events = told(delta("a "), delta("b ", item_id="msg_2"), END)
        assert [one.get("item_id") for one in events[:-1]] == ["msg_1", "msg_1"]
        assert error_of(wire(delta("a "), delta("b ", output_index=1))) == "bad_answer"


class TestRefusing:
    def test_a_stream_without_its_end_was_closed_early(self) -> None:
        assert error_of(wire(delta("a "))) == "closed_early"
        assert error_of(b"") == "closed_early"
        assert error_of(wire(delta("a ")) + b"data: [DONE]\n\n") == "closed_early"

    @pytest.mark.parametrize(
        "data",
        [
            b"data: {\n\n",
            b"data: []\n\n",
            b"data: NaN\n\n",
            b"data: {}\n\n",
            b'data: {"type": "response.x", "type": "response.x"}\n\n',
            b"data: \xff\n\n",
            wire(event("response.audio.delta", delta="AAAA")),
            wire(event(SSN)),
            wire(event("response. x")),
            wire(event("response.\nx")),
            wire({"type": 5}),
            wire(delta("x", output_index="0")),
            wire(delta("x", output_index=-1)),
            wire(delta("x", content_index=99_999)),
            wire(delta("x", content_index=True)),
            wire(delta("x", item_id=5)),
            wire(delta("078-05"), delta("-1120", content_index=None)),
            wire(delta("078-05", content_index=None), delta("-1120")),
            wire(event("response.output_text.delta", delta=["x"])),
            wire(event("response.output_text.delta", delta={"x": ["y"]})),
            wire(event("response.output_text.delta")),
            wire(delta("a"), event("response.output_text.done", **PLACE, text="a"), delta("b")),
        ],
    )
    def test_what_cannot_be_read_stops_the_stream(self, data: bytes) -> None:
        assert error_of(data) == "bad_answer"

    @pytest.mark.parametrize(
        "data",
        [
            wire(event("error", message="x")),
            wire(event("response.queued", error={"message": "x"})),
            wire({"error": {"message": "x"}}),
        ],
    )
    def test_the_agents_own_error_is_its_failure_and_no_bad_answer(self, data: bytes) -> None:
        assert error_of(data) == "agent_failed"
        assert error_of(wire(delta("a ")) + data) == "agent_failed"

    def test_a_stream_stays_within_the_bounds_of_an_answer(self) -> None:
        stream = ResponsesStream(MaskingLanes(), Bounds(body_bytes=1, answer_bytes=500, depth=32))
        one = wire(delta("a "))
        stream.feed(one)
        with pytest.raises(AgentError) as caught:
            stream.feed(one * 10)
        assert caught.value.code == "answer_too_large"

    def test_an_event_is_bounded_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(responses_stream, "MAX_EVENT", 100)
        assert error_of(b"data: " + b"x" * 1000) == "answer_too_large"


texts = st.text(alphabet="ab 078-51120", max_size=12)
kinds = st.sampled_from(["response.output_text", "response.refusal", "response.function_call_arguments", "x.y"])
somewhere = st.fixed_dictionaries(
    {}, optional={"output_index": st.integers(0, 1), "content_index": st.integers(0, 1), "item_id": st.just("i")}
)
streams = st.lists(
    st.builds(lambda kind, at, text: event(f"{kind}.delta", **at, delta=text), kinds, somewhere, texts)
    | st.builds(lambda kind, at, text: event(f"{kind}.done", **at, text=text), kinds, somewhere, texts)
    | st.builds(
        lambda at, text: event("response.content_part.added", **at, part={**PART, "text": text}), somewhere, texts
    )
    | st.builds(lambda at, text: event("response.output_item.added", **at, item=message(text)), somewhere, texts)
    | st.builds(lambda at, text: event("response.output_item.done", **at, item=message(text)), somewhere, texts),
    max_size=8,
)


@settings(max_examples=150)
@given(streams, st.data())
def test_any_stream_in_any_cut_leaves_clean_or_ends_in_an_agents_error(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    raw = wire(*events, END)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    try:
        out, stream = run(*(raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)))
    except AgentError as error:
        assert error.code == "bad_answer"  # noqa: PT017 - both ends are right here
        return
    left = events_of(out + stream.closing)
    assert SSN not in json.dumps(left)
    places = {(one["type"], one.get("output_index"), one.get("content_index")) for one in left}
    for place in places:
        said = [one for one in left if (one["type"], one.get("output_index"), one.get("content_index")) == place]
        assert SSN not in "".join(one.get("delta", "") for one in said)


@settings(max_examples=100)
@given(st.lists(texts, max_size=10), st.booleans())
def test_a_lanes_text_arrives_whole_and_in_order(parts: list[str], ends: bool) -> None:
    whole = "".join(parts)
    done = [event("response.output_text.done", **PLACE, text=whole)] if ends else []
    events = told(*(delta(part) for part in parts), *done, END)
    assert joined(events) == whole.replace(SSN, MASKED)
    assert [one["text"] for one in events if one["type"] == "response.output_text.done"] in (
        [],
        [whole.replace(SSN, MASKED)],
    )


@settings(max_examples=100)
@given(st.binary(max_size=80))
def test_any_bytes_end_in_an_agents_error_or_pass(raw: bytes) -> None:
    try:
        run(b"data: " + raw + b"\n\n" + wire(END))
    except AgentError as error:
        assert error.code in ("bad_answer", "closed_early")  # noqa: PT017 - both ends are right here
