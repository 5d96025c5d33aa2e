"""A streamed answer leaves in the form it came, with every text through its lane, and ends only where the agent did."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents import openai_stream
from gateway.agents.openai_stream import OpenAIStream
from gateway.checks.classification.classes import maskable
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds
from tests.checks.classification.conftest import ENGINE

from .support import BOUNDS, SSN, MaskingLanes

DONE = b"data: [DONE]\n\n"


def chunk(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    frame = {"id": "c-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "tiny"}
    return {**frame, "choices": list(choices), **more}


def piece(index: int = 0, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": finish}


def call(index: int, **function: str) -> dict[str, Any]:
    return piece(tool_calls=[{"index": index, "function": function}])


def wire(*chunks: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(item).encode() + b"\n\n" for item in chunks)


def run(*pieces: bytes, lanes: MaskingLanes | None = None, quiet: bool = False) -> tuple[bytes, OpenAIStream]:
    stream = OpenAIStream(lanes or MaskingLanes(), BOUNDS, quiet=quiet)
    out = b"".join(stream.feed(item) for item in pieces)
    return out + stream.finish(), stream


def chunks_of(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in out.decode().split("\n\n") if line.startswith("data: ")]


def choices_of(out: bytes) -> list[dict[str, Any]]:
    return [choice for item in chunks_of(out) for choice in item["choices"]]


def joined(choices: Iterable[dict[str, Any]], field: str = "content", index: int = 0) -> str:
    return "".join(item["delta"].get(field) or "" for item in choices if item["index"] == index)


def error_of(*pieces: bytes) -> str:
    with pytest.raises(AgentError) as caught:
        run(*pieces)
    return caught.value.code


USAGE = {"prompt_tokens": 3, "completion_tokens": 4}


class TestQuiet:
    """The agent was asked what the stream took, and the caller had not asked."""

    def told(self, *, asked: bool, spoken: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """A stream as an agent tells it that is asked, or not."""
        more: dict[str, Any] = {"usage": spoken} if asked else {}
        return [
            *(chunk(piece(content=f"word {number} "), **more) for number in range(9)),
            chunk(piece(finish="stop"), **more),
            *([chunk(usage=USAGE)] if asked else []),
        ]

    def test_the_caller_gets_the_very_stream_that_it_would_have_got(self) -> None:
        plain, _ = run(wire(*self.told(asked=False)), DONE)
        out, stream = run(wire(*self.told(asked=True)), DONE, quiet=True)
        assert out == plain
        assert (stream.tokens_in, stream.tokens_out) == (3, 4)

    def test_usage_told_with_every_piece_is_kept_too(self) -> None:
        out, stream = run(wire(*self.told(asked=True, spoken={"completion_tokens": 1})), DONE, quiet=True)
        assert b"usage" not in out
        assert b"tokens" not in out
        assert joined(choices_of(out)) == "".join(f"word {number} " for number in range(9))
        assert stream.tokens_out == 4

    def test_text_in_it_is_not_passed_on_either(self) -> None:
        out, _ = run(wire(chunk(piece(finish="stop")), chunk(usage={"note": f"SSN {SSN}"})), DONE, quiet=True)
        assert SSN.encode() not in out
        assert b"note" not in out

    def test_who_asked_is_told(self) -> None:
        out, _ = run(wire(*self.told(asked=True)), DONE)
        assert chunks_of(out)[-1]["usage"] == USAGE
        assert chunks_of(out)[-1]["choices"] == []


class TestBeside:
    """Texts that stand beside the joined ones, which clients may set or join."""

    @pytest.mark.parametrize(
        "beside",
        [
            lambda text: {"note": text},
            lambda text: {"note": {"a": ["x", {"b": text}]}},
            lambda text: {"id": text},
            lambda text: {"system_fingerprint": text},
        ],
    )
    def test_what_several_events_say_together_in_one_place_ends_the_stream(self, beside: Any) -> None:
        events = [chunk(piece(content="a"), **beside(letter)) for letter in SSN]
        assert error_of(wire(*events), DONE) == "withheld"
        assert error_of(wire(*(chunk(**beside(half)) for half in (SSN[:5], SSN[5:]))), DONE) == "withheld"

    def test_an_identifier_that_ends_with_the_same_twice_ends_it_in_events_that_are_the_same(self) -> None:
        stream = OpenAIStream(ENGINE.stream(maskable("pii")), BOUNDS)
        with pytest.raises(AgentError, match="withheld"):
            stream.feed(wire(*(chunk(piece(content="a"), note=letter) for letter in "078-05-1122")))

    def test_a_long_stream_whose_events_say_something_else_each_time_is_passed_on(self) -> None:
        """Times, or what a provider says of itself: as many as a long answer has words."""
        long, bounds = 5_000, Bounds(body_bytes=1, answer_bytes=4_000_000, depth=32)
        stream = OpenAIStream(MaskingLanes(), bounds)
        events = [chunk(piece(content="a "), at=f"12:{number:06}", note=f"node-{number}") for number in range(long)]
        out = stream.feed(wire(*events) + DONE) + stream.finish()
        assert joined(choices_of(out)) == "a " * long
        assert stream.closing

    def test_padding_is_looked_at_no_more_than_obfuscation_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("gateway.agents.openai_choice.MAX_LOOKS", 4)
        alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        out, _ = run(wire(*(chunk(piece(content="a "), p=alphabet[:n]) for n in range(60))), DONE)
        assert not any("p" in one for one in chunks_of(out))
        said, _ = run(wire(chunk(piece(content="a "), p="of somebody")), DONE)
        assert chunks_of(said)[0]["p"] == "of somebody"

    def test_what_is_whole_in_one_event_is_masked_in_each(self) -> None:
        out, _ = run(wire(*(chunk(note=f"{SSN} {number}") for number in range(3))), DONE)
        assert [one["note"] for one in chunks_of(out) if "note" in one] == [f"[US-SSN] {number}" for number in range(3)]

    def test_other_words_in_each_event_pass_as_they_are(self) -> None:
        notes = ["1", "1", "1", *(f"step {number} of many" for number in range(300))]
        out, _ = run(wire(*(chunk(id=f"c-{note}", note=note) for note in notes)), DONE)
        assert [one["note"] for one in chunks_of(out) if "note" in one] == notes


class TestPassing:
    def test_a_plain_stream_keeps_its_frame_its_order_and_its_words(self) -> None:
        out, stream = run(
            wire(
                chunk(piece(role="assistant", content="")),
                chunk(piece(content="Good ")),
                chunk(piece(content="morning ")),
                chunk(piece(finish="stop")),
            )
            + DONE
        )
        assert chunks_of(out) == [
            chunk(piece(role="assistant", content="")),
            chunk(piece(content="Good ")),
            chunk(piece(content="morning ")),
            chunk(piece(finish="stop")),
        ]
        assert stream.closing == DONE
        assert stream.model == "tiny"

    def test_an_identifier_cut_over_chunks_never_leaves(self) -> None:
        out, _ = run(
            wire(
                *(chunk(piece(content=part)) for part in ("SSN 07", "8-05", "-1120 is ", "it")),
                chunk(piece(finish="stop")),
            )
            + DONE
        )
        assert joined(choices_of(out)) == "SSN [US-SSN] is it"
        assert b"1120" not in out

    def test_held_text_leaves_before_the_finish_reason_in_an_event_of_its_own(self) -> None:
        out, _ = run(wire(chunk(piece(content="bye")), chunk(piece(finish="stop"))) + DONE)
        assert chunks_of(out) == [chunk(piece(content="bye")), chunk(piece(finish="stop"))]

    def test_text_that_comes_with_the_finish_reason_keeps_its_order(self) -> None:
        out, _ = run(
            wire(chunk(piece(role="assistant", content=f"It is {SSN}", finish="stop"), usage={"prompt_tokens": 1}))
            + DONE
        )
        pieces = chunks_of(out)
        assert [item["choices"] for item in pieces] == [
            [piece(role="assistant", content="It is ")],
            [piece(content="[US-SSN]")],
            [piece(finish="stop")],
        ]
        assert [item.get("usage") for item in pieces] == [None, None, {"prompt_tokens": 1}]

    def test_held_text_leaves_at_the_end_where_no_finish_reason_came(self) -> None:
        out, stream = run(wire(chunk(piece(content="bye"))) + DONE)
        assert joined(choices_of(out)) == "bye"
        assert stream.closing == DONE

    def test_the_closing_bytes_are_never_among_those_that_leave_before(self) -> None:
        out, _ = run(wire(chunk(piece(finish="stop"))) + DONE)
        assert b"[DONE]" not in out

    def test_choices_do_not_mix(self) -> None:
        out, _ = run(
            wire(
                chunk(piece(0, content="078-"), piece(1, content="05-")),
                chunk(piece(1, content="1120 "), piece(0, content="05-1120 ")),
                chunk(piece(0, finish="stop"), piece(1, finish="length")),
            )
            + DONE
        )
        assert joined(choices_of(out), index=0) == "[US-SSN] "
        assert joined(choices_of(out), index=1) == "05-1120 "

    def test_arguments_of_tool_calls_join_per_call_and_keep_their_form(self) -> None:
        lanes = MaskingLanes()
        first = piece(
            tool_calls=[{"index": 0, "id": "call_1", "type": "function", "function": {"name": "find", "arguments": ""}}]
        )
        out, _ = run(
            wire(
                chunk(first),
                chunk(call(0, arguments='{"ssn": "078-05')),
                chunk(call(0, arguments='-1120"}')),
                chunk(call(1, arguments="078-")),
                chunk(call(1, arguments="05-1120")),
                chunk(piece(finish="tool_calls")),
            )
            + DONE,
            lanes=lanes,
        )
        arguments = {0: "", 1: ""}
        for choice in choices_of(out):
            for item in choice["delta"].get("tool_calls", []):
                arguments[item["index"]] += item["function"].get("arguments", "")
        assert arguments == {0: '{"ssn": "[US-SSN]"}', 1: "[US-SSN]"}
        assert choices_of(out)[0] == first
        assert lanes.texts()["/choices/0/delta/tool_calls/0/function/arguments"] == '{"ssn": "078-05-1120"}'

    @pytest.mark.parametrize("at_once", [False, True])
    def test_a_call_is_whole_before_the_next_begins_as_stock_clients_take_it(self, at_once: bool) -> None:
        """In the next call's chunk, where the agent says the end of the one and the beginning of the other at once."""
        end, following = call(0, arguments="held"), call(1, name="find", arguments="")
        both = piece(tool_calls=[*end["delta"]["tool_calls"], *following["delta"]["tool_calls"]])
        told = [chunk(both)] if at_once else [chunk(end), chunk(following)]
        out, _ = run(wire(chunk(call(0, name="find", arguments="")), *told, chunk(piece(finish="tool_calls"))) + DONE)
        (_, second, last) = choices_of(out)
        assert [(item["index"], item["function"]) for item in second["delta"]["tool_calls"]] == [
            (0, {"arguments": "held"}),
            (1, {"name": "find", "arguments": ""}),
        ]
        assert last["delta"] == {}

    def test_what_is_said_and_what_is_held_of_a_call_in_the_next_ones_chunk_are_one_piece(self) -> None:
        calls = [{"index": 0, "function": {"arguments": "gone held"}}, {"index": 1, "function": {"name": "find"}}]
        out, _ = run(wire(chunk(piece(tool_calls=calls)), chunk(piece(finish="tool_calls"))) + DONE)
        assert choices_of(out)[0]["delta"]["tool_calls"] == calls

    def test_a_call_that_goes_on_after_another_began_is_none_that_could_be_masked(self) -> None:
        mixed = (call(0, arguments="078-05"), call(1, arguments="x"), call(0, arguments="-1120"))
        assert error_of(wire(*map(chunk, mixed))) == "bad_answer"

    def test_calls_may_be_named_before_the_arguments_of_any(self) -> None:
        told = (call(0, name="a"), call(1, name="b"), call(0, arguments="one"), call(1, arguments="two"))
        out, _ = run(wire(*map(chunk, told), chunk(piece(finish="tool_calls"))) + DONE)
        said = {0: "", 1: ""}
        for choice in choices_of(out):
            for item in choice["delta"].get("tool_calls", []):
                said[item["index"]] += item["function"].get("arguments", "")
        assert said == {0: "one", 1: "two"}

    def test_every_other_text_of_a_delta_has_a_lane_too(self) -> None:
        fields = ("refusal", "reasoning_content", "reasoning", "text_of_tomorrow")
        chunks = [chunk({**piece(), "delta": {field: part}}) for field in fields for part in ("078-05", "-1120 ")]
        out, _ = run(wire(*chunks, chunk(piece(finish="stop"))) + DONE)
        for field in fields:
            assert joined(choices_of(out), field) == "[US-SSN] "

    def test_text_in_lists_and_outside_the_delta_is_held_back_likewise(self) -> None:
        thought = {"type": "thinking", "thinking": [{"type": "text", "text": "078-05"}]}
        rest = {"type": "thinking", "thinking": [{"type": "text", "text": "-1120"}]}
        legacy = {"index": 1, "text": "078-05", "finish_reason": None}
        out, _ = run(
            wire(
                chunk(piece(content=[thought]), legacy),
                chunk(piece(content=[rest]), {**legacy, "text": "-1120"}),
                chunk(piece(finish="stop")),
            )
            + DONE
        )
        assert b"1120" not in out
        held = choices_of(out)
        assert {**thought, "thinking": [{"type": "text", "text": "[US-SSN]"}]} in held[0]["delta"]["content"]
        assert held[-1]["text"] == "[US-SSN]"

    def test_probabilities_and_padding_are_dropped(self) -> None:
        noisy = {**piece(content="a "), "logprobs": {"content": [{"token": SSN}]}}
        out, _ = run(wire(chunk(noisy, obfuscation=SSN)) + DONE)
        assert SSN.encode() not in out
        assert b"logprobs" not in out

    def test_texts_keys_and_numbers_outside_the_choices_are_looked_at_whole(self) -> None:
        odd = {"note": f"for {SSN} only", f"k {SSN}": 1, "n": 5, "deep": [{"x": f"{SSN} "}], "created": 1_700_000_001}
        out, _ = run(wire(chunk(piece(content="a "), **odd)) + DONE)
        assert SSN.encode() not in out
        assert chunks_of(out)[0]["note"] == "for [US-SSN] only"
        assert chunks_of(out)[0]["n"] == 5

    def test_a_text_that_repeats_in_every_chunk_is_looked_at_once(self) -> None:
        lanes = MaskingLanes()
        run(wire(*(chunk(piece(content="a ")) for _ in range(50))) + DONE, lanes=lanes)
        assert [pointer for pointer, _ in lanes.opened] == ["/id", "/model", "/choices/0/delta/content"]

    def test_an_identifier_that_joins_to_something_sensitive_stops_the_stream(self) -> None:
        def named(name: str) -> dict[str, Any]:
            return chunk(piece(tool_calls=[{"index": 0, "function": {"name": name}}]))

        assert error_of(wire(named("078-05"), named("-1120")) + DONE) == "withheld"
        run(wire(named("find"), named("find"), named("")) + DONE)

    def test_usage_is_read_and_its_event_passes(self) -> None:
        usage = {"prompt_tokens": 12_345, "completion_tokens": 7, "total_tokens": 12_352}
        out, stream = run(wire(chunk(piece(finish="stop")), chunk(usage=usage)) + DONE)
        assert (stream.tokens_in, stream.tokens_out) == (12_345, 7)
        assert chunks_of(out)[-1]["usage"] == usage

    def test_comments_keep_the_connection_alive_without_their_text(self) -> None:
        stream = OpenAIStream(MaskingLanes(), BOUNDS)
        assert stream.feed(f": {SSN}\n\n".encode()) == b":\n\n"

    def test_nothing_after_the_end_is_read(self) -> None:
        stream = OpenAIStream(MaskingLanes(), BOUNDS)
        assert stream.feed(DONE + b"data: garbage\n\n") == b""
        assert stream.feed(b"data: garbage\n\n") == b""
        assert stream.finish() == b""

    def test_an_end_without_its_blank_line_is_an_end(self) -> None:
        assert run(wire(chunk(piece(content="a "))) + b"data: [DONE]")[1].closing == DONE


class TestRefusing:
    def test_a_stream_without_its_end_was_closed_early(self) -> None:
        assert error_of(wire(chunk(piece(content="a")), chunk(piece(finish="stop")))) == "closed_early"
        assert error_of(b"") == "closed_early"

    @pytest.mark.parametrize(
        "data",
        [
            b"data: {\n\n",
            b"data: []\n\n",
            b"data: NaN\n\n",
            b'data: {"choices": [], "choices": []}\n\n',
            b"data: \xff\n\n",
            wire({"choices": {}}),
            wire({"choices": ["x"]}),
            wire({"choices": [{"index": "0"}]}),
            wire({"choices": [{"index": True}]}),
            wire({"choices": [{"index": -1}]}),
            wire({"choices": [{"index": 128}]}),
            wire(chunk(piece(tool_calls=[{"index": 99_999, "function": {"arguments": "x"}}]))),
            wire(chunk(piece(tool_calls=[{"index": "0", "function": {"arguments": "x"}}]))),
            wire(chunk(piece(finish="stop")), chunk(piece(content="more"))),
            wire(chunk(piece(content="a")), chunk(piece(content=["b"]))) + DONE,
            wire(chunk(piece(x={"y": "a"})), chunk(piece(x=["b"]))) + DONE,
        ],
    )
    def test_what_cannot_be_read_stops_the_stream(self, data: bytes) -> None:
        assert error_of(data) == "bad_answer"

    @pytest.mark.parametrize("data", [b"event: error\ndata: {}\n\n", wire({"error": {"message": "x"}})])
    def test_the_agents_own_error_is_its_failure_and_no_bad_answer(self, data: bytes) -> None:
        assert error_of(data) == "agent_failed"
        assert error_of(wire(chunk(piece(content="a"))) + data) == "agent_failed"

    def test_empty_text_after_the_finish_reason_is_no_text(self) -> None:
        run(wire(chunk(piece(finish="stop")), chunk(piece(content="", finish="stop"))) + DONE)

    def test_a_stream_stays_within_the_bounds_of_an_answer(self) -> None:
        stream = OpenAIStream(MaskingLanes(), Bounds(body_bytes=1, answer_bytes=500, depth=32))
        event = wire(chunk(piece(content="a ")))
        stream.feed(event)
        with pytest.raises(AgentError) as caught:
            stream.feed(event * 10)
        assert caught.value.code == "answer_too_large"

    def test_a_stream_does_not_open_lanes_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("gateway.agents.openai_choice.MAX_LOOKS", 20)
        many = [chunk(piece(content="a "), note=f"n{i}") for i in range(30)]
        assert error_of(wire(*many)) == "answer_too_large"

    def test_an_event_is_bounded_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(openai_stream, "MAX_EVENT", 100)
        assert error_of(b"data: " + b"x" * 1000) == "answer_too_large"


texts = st.text(alphabet="ab 078-51120", max_size=12)
fields = st.sampled_from(["content", "refusal", "new", "id", "name"])
deltas = st.dictionaries(
    fields,
    texts | st.none() | st.integers() | st.lists(texts, max_size=2) | st.dictionaries(fields, texts, max_size=2),
    max_size=3,
)
streams = st.lists(
    st.builds(piece, index=st.integers(0, 1)).flatmap(
        lambda base: st.builds(
            lambda delta, end: {**base, "delta": delta, "finish_reason": end},
            deltas,
            st.sampled_from([None, None, None, "stop"]),
        )
    ),
    max_size=8,
)


@settings(max_examples=150)
@given(streams, st.data())
def test_any_stream_in_any_cut_leaves_clean_or_ends_in_an_agents_error(
    pieces: list[dict[str, Any]], data: st.DataObject
) -> None:
    raw = wire(*(chunk(item) for item in pieces)) + DONE
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    try:
        out, _ = run(*(raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)))
    except AgentError as error:
        assert error.code == "bad_answer"  # noqa: PT017 - both ends are right here
        return
    for index in (0, 1):
        for field in ("content", "refusal", "new"):
            said = [item["delta"].get(field) for item in choices_of(out) if item["index"] == index]
            assert SSN not in "".join(text for text in said if isinstance(text, str))


@settings(max_examples=100)
@given(st.lists(texts, max_size=10), st.booleans())
def test_a_lanes_text_arrives_whole_and_in_order(parts: list[str], ends: bool) -> None:
    last = [chunk(piece(finish="stop"))] if ends else []
    out, _ = run(wire(*(chunk(piece(content=part)) for part in parts), *last) + DONE)
    assert joined(choices_of(out)) == "".join(parts).replace(SSN, "[US-SSN]")


@settings(max_examples=100)
@given(st.binary(max_size=80))
def test_any_bytes_end_in_an_agents_error_or_pass(raw: bytes) -> None:
    try:
        run(b"data: " + raw + b"\n\n" + DONE)
    except AgentError as error:
        assert error.code == "bad_answer"  # noqa: PT017 - both ends are right here
