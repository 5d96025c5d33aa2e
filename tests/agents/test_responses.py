"""A response request is read whole, refused by name, and rendered with nothing but what was asked for."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.responses import ResponsesAdapter
from gateway.agents.responses_stream import ResponsesStream
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Message, Part
from gateway.core.refusal import Refusal

from .support import BOUNDS, SSN, MaskingLanes, answer, inbound, read, refused, route

ADAPTER = ResponsesAdapter(BOUNDS)
HELLO: dict[str, Any] = {"model": "summarize", "input": "Hello"}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1_700_000_000,
    "status": "completed",
    "model": "tiny",
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}],
        }
    ],
    "usage": {"input_tokens": 12_345, "output_tokens": 2, "total_tokens": 12_347},
}


def message(body: dict[str, Any]) -> Message:
    return read(ADAPTER.read(inbound(body), BOUNDS))


def sent(body: dict[str, Any], masked: dict[str, str] | None = None, **agent: Any) -> dict[str, Any]:
    document = json.loads(ADAPTER.render(message(body), route(**agent), masked or {}).body)
    assert isinstance(document, dict)
    return document


def said(content: Any) -> dict[str, Any]:
    return {**RESPONSE, "output": [{**RESPONSE["output"][0], "content": content}]}


class TestReading:
    def test_a_plain_request_gives_its_target_and_only_what_somebody_wrote(self) -> None:
        result = message({**HELLO, "temperature": 0.25, "stream": True})
        assert (result.protocol, result.action, result.target) == ("responses", "respond", "summarize")
        assert result.stream
        assert result.parts == (Part("/model", "summarize", "name"), Part("/input", "Hello"))
        assert (result.onward, result.sessions, result.references) == ((), (), ())

    def test_what_is_asked_for_beyond_an_answer_is_named(self) -> None:
        result = message(
            {
                **HELLO,
                "store": True,
                "previous_response_id": "resp_0",
                "tools": [{"type": "web_search"}, {"type": "file_search", "vector_store_ids": ["vs_1"]}],
            }
        )
        assert result.onward == ("onward:store", "onward:web_search", "onward:file_search")
        assert result.sessions == ("openai-response:resp_0",)
        assert result.references == ("openai-response:resp_0", "vector-store:vs_1")

    @pytest.mark.parametrize(
        ("extra", "code", "field"),
        [
            ({"background": True}, "feature_unsupported", "/background"),
            ({"Background": True}, "schema_violation", "/background"),
            ({"Tools": [{"type": "mcp", "server_url": "https://x.test"}]}, "schema_violation", "/tools"),
            ({"top_logprobs": 3}, "feature_unsupported", "/top_logprobs"),
            ({"include": ["message.output_text.logprobs"]}, "feature_unsupported", "/include"),
            ({"audio": {"voice": "alloy"}}, "feature_unsupported", "/audio"),
            ({"modalities": ["text", "audio"]}, "feature_unsupported", "/modalities"),
            ({"store": "yes"}, "schema_violation", "/store"),
            ({"store": 1}, "schema_violation", "/store"),
            ({"model": ""}, "schema_violation", "/model"),
            ({"stream": "yes"}, "schema_violation", "/stream"),
        ],
    )
    def test_what_cannot_be_inspected_is_refused_by_name(self, extra: dict[str, Any], code: str, field: str) -> None:
        refusal = refused(ADAPTER.read(inbound({**HELLO, **extra}), BOUNDS))
        assert (refusal.code, refusal.field) == (code, field)

    def test_features_that_are_off_are_not_refused(self) -> None:
        message({**HELLO, "background": False, "store": False, "top_logprobs": 0, "include": [], "audio": None})


class TestRendering:
    @pytest.mark.parametrize(("given_", "rendered"), [({}, False), ({"store": None}, False), ({"store": True}, True)])
    def test_nothing_is_stored_unless_the_caller_asked_for_it(self, given_: dict[str, Any], rendered: bool) -> None:
        assert sent({**HELLO, **given_}) == {**HELLO, "store": rendered}

    def test_a_request_that_stores_nothing_leaves_as_the_exact_bytes(self) -> None:
        body = b'{ "model":"m",  "input":"\\u0041", "store": false }'
        assert ADAPTER.render(read(ADAPTER.read(inbound(body), BOUNDS)), route(), {}).body == body

    def test_masks_and_the_agents_model_change_nothing_else(self) -> None:
        body = {**HELLO, "input": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}], "x": 1.5}
        expected = json.loads(json.dumps({**body, "model": "tiny", "store": False}))
        expected["input"][1]["content"] = "[EMAIL]"
        assert sent(body, {"/input/1/content": "[EMAIL]"}, model="tiny") == expected
        with pytest.raises(FormatError):
            ADAPTER.render(message(body), route(), {"/input/7/content": "[EMAIL]"})

    def test_nothing_of_the_callers_headers_reaches_the_agent(self) -> None:
        headers = {"content-type": "application/json", "authorization": "Bearer caller", "openai-project": "caller"}
        result = read(ADAPTER.read(inbound(HELLO, headers=headers, query="key=caller"), BOUNDS))
        rendered = ADAPTER.render(result, route(credential="own"), {})
        assert rendered.path == "/v1/responses"
        assert "caller" not in str(rendered)

    def test_only_agents_that_speak_openais_protocols_are_served(self) -> None:
        assert ADAPTER.serves(message(HELLO), route())
        assert not ADAPTER.serves(message(HELLO), route(protocol="http"))


class TestAnswers:
    def test_an_answer_gives_its_texts_counts_and_its_name(self) -> None:
        result = ADAPTER.read_answer(answer({**RESPONSE, "conversation": {"id": "conv_1"}}), message(HELLO), route())
        assert [(part.pointer, part.text, part.kind) for part in result.parts] == [
            ("/id", "resp_1", "name"),
            ("/model", "tiny", "name"),
            ("/output/0/id", "msg_1", "name"),
            ("/output/0/content/0/text", "Hi", "text"),
            ("/conversation/id", "conv_1", "name"),
        ]
        assert (result.model, result.tokens_in, result.tokens_out) == ("tiny", 12_345, 2)
        assert result.sessions == ("openai-response:resp_1", "openai-conversation:conv_1")
        assert not result.derived

    def test_an_unchanged_answer_leaves_as_the_agents_exact_bytes(self) -> None:
        body = json.dumps(RESPONSE, indent=1).encode()
        assert ADAPTER.render_answer(ADAPTER.read_answer(answer(body), message(HELLO), route()), {}) == body

    def test_masks_stand_in_the_answer(self) -> None:
        result = ADAPTER.read_answer(answer(RESPONSE), message(HELLO), route())
        shown = json.loads(ADAPTER.render_answer(result, {"/output/0/content/0/text": "[EMAIL]"}))
        assert shown["output"][0]["content"][0]["text"] == "[EMAIL]"

    def test_probabilities_of_tokens_are_taken_out(self) -> None:
        piece = {"type": "output_text", "text": "a", "logprobs": [{"token": SSN, "logprob": -1, "top_logprobs": []}]}
        result = ADAPTER.read_answer(answer(said([piece, "odd"])), message(HELLO), route())
        assert SSN.encode() not in ADAPTER.render_answer(result, {})
        assert json.loads(result.body)["output"][0]["content"] == [{**piece, "logprobs": []}, "odd"]

    @pytest.mark.parametrize(
        "item",
        [
            {"type": "image_generation_call", "id": "i", "result": "A" * 4000},
            {"type": "reasoning", "summary": [], "encrypted_content": "A" * 4000},
        ],
    )
    def test_what_cannot_be_read_in_an_answer_is_unreadable(self, item: dict[str, Any]) -> None:
        result = ADAPTER.read_answer(answer({**RESPONSE, "output": [item]}), message(HELLO), route())
        assert "unreadable" in [part.kind for part in result.parts]

    def test_an_error_is_an_answer_whose_words_are_parts(self) -> None:
        result = ADAPTER.read_answer(answer({"error": {"message": SSN, "code": "x"}}, 400), message(HELLO), route())
        assert Part("/error/message", SSN) in result.parts
        assert result.sessions == ()

    @pytest.mark.parametrize(
        ("body", "status"),
        [(b"", 200), (b"{", 200), (b"[]", 200), (b"{}", 200), (b'{"output":["x"]}', 200), (b"{}", 401), (b"{}", 302)],
    )
    def test_what_is_no_response_is_a_bad_answer(self, body: bytes, status: int) -> None:
        with pytest.raises(AgentError):
            ADAPTER.read_answer(answer(body, status), message(HELLO), route())

    def test_streams_are_filtered_and_errors_have_openais_form(self) -> None:
        assert isinstance(ADAPTER.stream(message(HELLO), MaskingLanes(), BOUNDS, route()), ResponsesStream)
        shown = json.loads(ADAPTER.error(Refusal(code="policy_denied"), "E"))["error"]
        assert (shown["code"], shown["type"], shown["exchange"]) == ("policy_denied", "permission_error", "E")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
members = st.sampled_from(["input", "tools", "store", "include", "background", "conversation", "output", "x"])


@settings(max_examples=150)
@given(st.dictionaries(members, values, max_size=4))
def test_any_document_is_read_or_refused_and_any_answer_read_or_bad(document: dict[str, Any]) -> None:
    assert isinstance(ADAPTER.read(inbound({"model": "m", **document}), BOUNDS), Message | Refusal)
    try:
        result = ADAPTER.read_answer(answer(document), message(HELLO), route())
    except AgentError as error:
        assert error.code == "bad_answer"  # noqa: PT017 - both ends are right here
    else:
        assert result.document == document or "logprobs" in str(document)
