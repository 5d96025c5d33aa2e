"""Streamed messages: what is held leaves before its block's end, and nothing leaves that was not looked at."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.anthropic_stream import AnthropicStream
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds

from .support import BOUNDS, SSN, MaskingLanes

USAGE = {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 1}
STOP: dict[str, Any] = {"type": "message_stop"}
END: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}


def start(**more: Any) -> dict[str, Any]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m", "usage": USAGE}
    return {"type": "message_start", "message": {**message, **more}}


def begin(index: int = 0, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block or {"type": "text", "text": ""}}


def delta(index: int = 0, **item: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": item}


def text(words: str, index: int = 0) -> dict[str, Any]:
    return delta(index, type="text_delta", text=words)


def end(index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def wire(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {one.get('type')}\ndata: {json.dumps(one)}\n\n".encode() for one in events)


def run(*pieces: bytes, lanes: MaskingLanes | None = None, **options: Any) -> tuple[bytes, AnthropicStream]:
    stream = AnthropicStream(lanes or MaskingLanes(), BOUNDS, **options)
    out = b"".join(stream.feed(item) for item in pieces)
    return out + stream.finish(), stream


def events_of(out: bytes) -> list[dict[str, Any]]:
    found = []
    for record in out.decode().split("\n\n"):
        if record.startswith("event: "):
            name, data = record.split("\n")
            document = json.loads(data.removeprefix("data: "))
            assert name == f"event: {document['type']}"
            found.append(document)
    return found


def joined(out: bytes, key: str, index: int = 0) -> str:
    deltas = [one["delta"] for one in events_of(out) if one["type"] == "content_block_delta" and one["index"] == index]
    return "".join(one.get(key) or "" for one in deltas)


def error_of(*pieces: bytes) -> str:
    with pytest.raises(AgentError) as caught:
        run(*pieces)
    return caught.value.code


class TestPassing:
    def test_blocks_of_text_are_read_with_what_stands_before_them(self) -> None:
        """As cited answers come: readers join their blocks, whatever stands between them."""
        tool = [begin(1, type="tool_use", id="t", name="n", input={}), end(1)]
        for between, index in (([], 1), (tool, 2)):
            flow = [start(), begin(), text("it is 078-05"), end(), *between, begin(index), text("-1120, so", index)]
            out, _ = run(wire(*flow, end(index), END, STOP))
            assert joined(out, "text") == "it is 078-05"
            assert joined(out, "text", index).endswith(", so")
            assert not set("0123456789") & set(joined(out, "text", index))
        other = [start(), begin(), text("it is 078-05"), end(), begin(1), text(" and 1120, so", 1), end(1), END, STOP]
        assert joined(run(wire(*other))[0], "text", 1) == " and 1120, so"

    def test_a_plain_stream_keeps_its_events_and_withholds_its_closing_one(self) -> None:
        flow = [start(), begin(), text("Good "), text("morning "), end(), END]
        out, stream = run(wire(*flow, STOP))
        assert events_of(out) == flow
        assert stream.closing == wire(STOP).replace(b'"type": ', b'"type":')
        assert (stream.model, stream.tokens_in, stream.tokens_out) == ("m", 7, 9)

    def test_an_identifier_cut_over_deltas_never_leaves(self) -> None:
        out, _ = run(wire(start(), begin(), *map(text, ("SSN 07", "8-05", "-1120 is ", "it")), end(), END, STOP))
        assert joined(out, "text") == "SSN [US-SSN] is it"
        assert b"1120" not in out

    def test_what_is_held_leaves_before_the_end_of_its_block(self) -> None:
        out, _ = run(wire(start(), begin(), text("bye"), end(), END, STOP))
        assert events_of(out) == [start(), begin(), text("bye"), end(), END]

    def test_the_end_of_a_text_waits_for_the_event_that_says_whether_another_may_follow(self) -> None:
        for follows, over in (({"type": "ping"}, 0), (begin(1), 0), ({"type": "message_delta", "delta": {}}, 1)):
            lanes = MaskingLanes()
            stream = AnthropicStream(lanes, BOUNDS)
            begun = stream.feed(wire(start(), begin(), text("a"), end()))
            assert b"content_block_stop" not in begun
            assert b"content_block_stop" in stream.feed(wire(follows))
            assert lanes.over == over
        stream = AnthropicStream(MaskingLanes(), BOUNDS)
        called = begin(type="tool_use", id="t", name="n", input={})
        assert b"content_block_stop" in stream.feed(wire(start(), called, end()))

    def test_no_block_begins_after_the_end_of_the_message_began(self) -> None:
        with pytest.raises(AgentError, match="bad_answer"):
            run(wire(start(), begin(), text("a"), end(), END, begin(1), text("b", 1), end(1), STOP))

    def test_no_block_begins_before_one_that_was_read(self) -> None:
        with pytest.raises(AgentError, match="bad_answer"):
            run(wire(start(), begin(1), text("a", 1), end(1), begin(0), text("b", 0), end(0), END, STOP))

    def test_what_is_held_leaves_where_no_end_of_its_block_came(self) -> None:
        out, _ = run(wire(start(), begin(), text("bye"), END, STOP))
        assert events_of(out) == [start(), begin(), text("bye"), END]

    def test_blocks_do_not_mix(self) -> None:
        flow = wire(start(), begin(0), begin(1), text("078-", 0), text("05-", 1), text("05-1120 ", 0))
        out, _ = run(flow + wire(text("1120 ", 1), end(0), end(1), END, STOP))
        assert joined(out, "text", 0) == "[US-SSN] "
        assert joined(out, "text", 1) == "05-1120 "

    def test_the_input_of_a_tool_is_joined_per_block_and_stays_json(self) -> None:
        pieces = ("", '{"ssn": "078-05', '-1120", "deep": ["078', '-05-1120"]', "}")
        deltas = [delta(1, type="input_json_delta", partial_json=piece) for piece in pieces]
        tool = begin(1, type="tool_use", id="toolu_1", name="find", input={})
        out, _ = run(wire(start(), tool, *deltas, end(1), END, STOP))
        assert json.loads(joined(out, "partial_json", 1)) == {"ssn": "[US-SSN]", "deep": ["[US-SSN]"]}

    def test_texts_around_the_blocks_are_looked_at_whole(self) -> None:
        late = {**END, "delta": {"stop_reason": "stop_sequence", "stop_sequence": f"for {SSN}"}}
        out, _ = run(wire(start(**{f"k {SSN}": 1}), late, STOP))
        assert SSN.encode() not in out
        assert events_of(out)[1]["delta"]["stop_sequence"] == "for [US-SSN]"

    def test_results_of_the_providers_tools_are_looked_at_whole(self) -> None:
        found = {
            "type": "web_search_result",
            "title": f"on {SSN}",
            "url": "https://a.test",
            "encrypted_content": "Q0lQ",
        }
        lanes = MaskingLanes()
        block = begin(type="web_search_tool_result", tool_use_id="t", content=[found])
        out, _ = run(wire(start(), block, end(), END, STOP), lanes=lanes)
        assert events_of(out)[1]["content_block"]["content"] == [{**found, "title": "on [US-SSN]"}]
        assert lanes.unread == ["/content/0/content/0/encrypted_content"]

    def test_a_ping_passes_without_anything_in_it(self) -> None:
        out, _ = run(wire(start(), {"type": "ping", "note": SSN}, END, STOP))
        assert events_of(out)[1] == {"type": "ping"}

    def test_a_comment_keeps_the_connection_alive_without_its_text(self) -> None:
        assert AnthropicStream(MaskingLanes(), BOUNDS).feed(f": {SSN}\n\n".encode()) == b":\n\n"

    def test_events_of_tomorrow_pass_while_they_are_clean(self) -> None:
        new = {"type": "message_note", "note": {"of": ["x"]}}
        assert new in events_of(run(wire(start(), new, END, STOP))[0])
        assert error_of(wire(start(), {**new, "note": SSN}, END, STOP)) == "withheld"
        halves = [{**new, "note": half} for half in ("078-05", "-1120")]
        assert error_of(wire(start(), *halves, END, STOP)) == "withheld", "which is no fault of the agent's"
        assert error_of(wire(start(), begin(), {**end(), "note": SSN}, {"type": "ping"})) == "withheld"

    def test_events_without_a_name_are_known_by_their_type(self) -> None:
        raw = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in (start(), END, STOP))
        assert events_of(run(raw)[0]) == [start(), END]

    def test_what_the_provider_holds_is_told(self) -> None:
        late = {**END, "delta": {"stop_reason": "end_turn", "container": {"id": "c1", "expires_at": "2026-01-01"}}}
        file = begin(type="x", content=[{"file_id": "f1"}])
        _, stream = run(wire(start(), file, end(), late, STOP), kept=True)
        assert stream.sessions == ("anthropic-message:msg_1", "file:f1", "container:c1")

    def test_nothing_after_the_end_is_read(self) -> None:
        stream = AnthropicStream(MaskingLanes(), BOUNDS)
        stream.feed(wire(start(), STOP) + b"data: garbage\n\n")
        assert stream.feed(b"data: garbage\n\n") == b""
        assert stream.finish() == b""

    def test_an_end_without_its_blank_line_is_an_end(self) -> None:
        assert run(wire(start(), END) + b'data: {"type": "message_stop"}')[1].closing


class TestRefusing:
    def test_a_stream_without_its_end_was_closed_early(self) -> None:
        assert error_of(wire(start(), begin(), text("a"), end(), END)) == "closed_early"
        assert error_of(b"") == "closed_early"

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("overloaded_error", "overloaded"),
            ("rate_limit_error", "overloaded"),
            ("timeout_error", "timeout_response"),
            ("api_error", "agent_failed"),
            (None, "agent_failed"),
        ],
    )
    def test_the_agents_own_error_ends_the_stream_without_its_words(self, kind: str | None, code: str) -> None:
        assert error_of(wire(start(), {"type": "error", "error": {"type": kind, "message": SSN}})) == code
        assert error_of(wire({"type": "error", "error": kind})) == "agent_failed"

    @pytest.mark.parametrize(
        "data",
        [
            b"data: {\n\n",
            b"data: []\n\n",
            b"data: \xff\n\n",
            b'data: {"type": "ping", "type": "ping"}\n\n',
            b'data: {"type": 5}\n\n',
            b'data: {"type": "not\\nan event"}\n\n',
            b'event: ping\ndata: {"type": "message_stop"}\n\n',
            wire(STOP),
            wire(begin()),
            wire(start(), start()),
            wire({"type": "message_start", "message": "x"}),
            wire(start(), text("a")),
            wire(start(), end()),
            wire(start(), begin(), begin()),
            wire(start(), begin(), end(), begin()),
            wire(start(), begin(), end(), text("a")),
            wire(start(), begin(-1)),
            wire(start(), begin(4096)),
            wire(start(), {"type": "content_block_start", "index": True, "content_block": {}}),
            wire(start(), {"type": "content_block_start", "index": 0, "content_block": "x"}),
            wire(start(), begin(), {"type": "content_block_delta", "index": 0, "delta": "x"}),
            wire(start(), begin(), {"type": "content_block_of_tomorrow", "index": 0}),
        ],
    )
    def test_what_cannot_be_read_stops_the_stream(self, data: bytes) -> None:
        assert error_of(data) == "bad_answer"

    def test_a_stream_stays_within_the_bounds_of_an_answer(self) -> None:
        stream = AnthropicStream(MaskingLanes(), Bounds(body_bytes=1, answer_bytes=500, depth=32))
        stream.feed(wire(start(), begin()))
        with pytest.raises(AgentError) as caught:
            stream.feed(wire(text("a ")) * 10)
        assert caught.value.code == "answer_too_large"

    def test_an_event_is_bounded_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("gateway.agents.anthropic_stream.MAX_EVENT", 100)
        assert error_of(b"data: " + b"x" * 1000) == "answer_too_large"


words = st.text(alphabet="ab 078-51120", max_size=12)
deltas = st.one_of(
    st.builds(lambda t: {"type": "text_delta", "text": t}, words),
    st.builds(lambda t: {"type": "thinking_delta", "thinking": t}, words),
    st.builds(lambda t: {"type": "new_delta", "new": t}, words),
    st.builds(lambda t: {"type": "citations_delta", "citation": {"cited_text": t}}, words),
)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 1), deltas), max_size=10), st.lists(st.integers(0, 2000), max_size=5))
def test_any_stream_in_any_cut_leaves_clean_or_ends_in_an_agents_error(
    pieces: list[tuple[int, dict[str, Any]]], cuts: list[int]
) -> None:
    flow = [start(), begin(0), begin(1), *(delta(index, **item) for index, item in pieces), end(0), end(1), END, STOP]
    raw = wire(*flow)
    borders = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    try:
        out, _ = run(*(raw[a:b] for a, b in itertools.pairwise(borders)))
    except AgentError as error:
        assert error.code == "bad_answer"  # noqa: PT017 - both ends are right here
        return
    for index in (0, 1):
        for key in ("text", "thinking", "new"):
            given_ = "".join(item.get(key, "") for at, item in pieces if at == index)
            assert joined(out, key, index) == given_.replace(SSN, "[US-SSN]")
    assert SSN not in str([one for one in events_of(out) if "citation" in one.get("delta", {})])


@settings(max_examples=100)
@given(st.binary(max_size=80))
def test_any_bytes_end_in_an_agents_error_or_pass(raw: bytes) -> None:
    try:
        run(wire(start()) + b"data: " + raw + b"\n\n" + wire(STOP))
    except AgentError as error:
        assert error.code in ("bad_answer", "closed_early")  # noqa: PT017 - both ends are right here
