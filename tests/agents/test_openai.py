"""A chat completion request is read whole, refused by name, and rendered with nothing but what was asked for."""

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.openai import OpenAIAdapter
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Message, Part
from gateway.core.refusal import Refusal

from .support import BOUNDS, SSN, answer, inbound, read, refused, route

ADAPTER = OpenAIAdapter(BOUNDS)
HELLO: dict[str, Any] = {"model": "summarize", "messages": [{"role": "user", "content": "Hello"}]}
IMAGE = {"type": "image_url", "image_url": {"url": "https://x.test/ann.png"}}
COMPLETION: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "tiny",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi", "refusal": None}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 12_345, "completion_tokens": 2, "total_tokens": 12_347},
}


def message(body: dict[str, Any]) -> Message:
    return read(ADAPTER.read(inbound(body), BOUNDS))


def texts(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(part.pointer, part.text, part.kind) for part in message(body).parts]


def body_of(outgoing_body: bytes) -> dict[str, Any]:
    document = json.loads(outgoing_body)
    assert isinstance(document, dict)
    return document


class TestReading:
    def test_a_plain_request_gives_its_target_and_only_what_somebody_wrote(self) -> None:
        result = message({**HELLO, "temperature": 0.25, "max_tokens": 100_000, "stream": True})
        assert (result.protocol, result.action, result.target, result.stream) == ("openai", "chat", "summarize", True)
        assert result.parts == (Part("/model", "summarize", "name"), Part("/messages/0/content", "Hello"))

    def test_every_place_that_can_carry_text_becomes_a_part_of_its_kind(self) -> None:
        call = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": '{"q": "x"}'}}
        tool = {
            "type": "function",
            "function": {
                "name": "find",
                "description": "Finds",
                "parameters": {"type": "object", "properties": {"q": {"type": "string", "description": "what"}}},
            },
        }
        found = texts(
            {
                "model": "m",
                "messages": [
                    {"role": "system", "content": [{"type": "text", "text": "Be brief"}]},
                    {"role": "user", "name": "ann", "content": "Find"},
                    {"role": "assistant", "content": None, "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": "call_1", "content": "found"},
                    {"role": "assistant", "refusal": "no", "reasoning_content": "because"},
                ],
                "tools": [tool],
                "metadata": {"ticket": "T-1"},
                "user": "u1",
                "stop": ["END", "###"],
                "logit_bias": {"50256": -100},
                "response_format": {"type": "json_schema", "json_schema": {"name": "out", "schema": {"title": "T"}}},
                "prediction": {"type": "content", "content": "guess"},
                "seed": 123456789,
                "x_new": {"deep": ["unknown"]},
            }
        )
        assert found == [
            ("/model", "m", "name"),
            ("/messages/0/content/0/text", "Be brief", "text"),
            ("/messages/1/name", "ann", "text"),
            ("/messages/1/content", "Find", "text"),
            ("/messages/2/tool_calls/0/id", "call_1", "name"),
            ("/messages/2/tool_calls/0/function/name", "find", "name"),
            ("/messages/2/tool_calls/0/function/arguments", '{"q": "x"}', "text"),
            ("/messages/3/tool_call_id", "call_1", "name"),
            ("/messages/3/content", "found", "text"),
            ("/messages/4/refusal", "no", "text"),
            ("/messages/4/reasoning_content", "because", "text"),
            ("/tools/0/function/name", "find", "name"),
            ("/tools/0/function/description", "Finds", "text"),
            ("/tools/0/function/parameters/properties/q", "q", "name"),
            ("/tools/0/function/parameters/properties/q/description", "what", "text"),
            ("/metadata/ticket", "ticket", "name"),
            ("/metadata/ticket", "T-1", "text"),
            ("/user", "u1", "text"),
            ("/stop/0", "END", "text"),
            ("/stop/1", "###", "text"),
            ("/logit_bias/50256", "50256", "name"),
            ("/response_format/json_schema/name", "out", "name"),
            ("/response_format/json_schema/schema/title", "T", "text"),
            ("/prediction/content", "guess", "text"),
            ("/seed", "123456789", "name"),
            ("/x_new", "x_new", "name"),
            ("/x_new/deep", "deep", "name"),
            ("/x_new/deep/0", "unknown", "text"),
        ]

    @pytest.mark.parametrize(
        ("piece", "beside"),
        [
            (
                {"type": "image_url", "image_url": {"url": "https://x.test/ann.png"}},
                ["image_url", "https://x.test/ann.png"],
            ),
            ({"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 4000}}, ["image_url"]),
            (
                {"type": "input_audio", "input_audio": {"data": "A" * 4000, "format": "wav"}},
                ["input_audio", "data", "wav"],
            ),
            ({"type": "file", "file": {"filename": "ann.pdf", "file_data": "A" * 4000}}, ["file", "ann.pdf"]),
            ({"type": "file", "file": {"file_id": "file-1"}}, ["file", "file-1"]),
            ({"type": "hologram", "text": "Ann"}, ["hologram", "Ann"]),
            ({"text": "Ann"}, ["Ann"]),
        ],
    )
    def test_what_is_no_text_is_unreadable_with_its_readable_words_beside_it(
        self, piece: dict[str, Any], beside: list[str]
    ) -> None:
        parts = message({"model": "m", "messages": [{"role": "user", "content": [piece]}]}).parts[1:]
        assert parts[0] == Part("/messages/0/content/0", "", "unreadable")
        assert [part.text for part in parts[1:]] == beside

    def test_a_custom_tool_is_the_callers_own_and_read_like_any_other(self) -> None:
        call = {"id": "c", "type": "custom", "custom": {"name": "f", "input": "do it"}}
        form = {"type": "grammar", "grammar": {"definition": "start: x", "syntax": "lark"}}
        asked = {**HELLO, "tools": [{"type": "custom", "custom": {"name": "f", "description": "d", "format": form}}]}
        asked["messages"] = [{"role": "assistant", "tool_calls": [call]}]
        found = texts(asked)
        assert ("/messages/0/tool_calls/0/custom/input", "do it", "text") in found
        assert ("/tools/0/custom/format/grammar/definition", "start: x", "text") in found
        assert ("/tools/0/custom/description", "d", "text") in found
        assert message(asked).onward == ()

    def test_a_reference_to_what_the_provider_holds_is_unreadable_and_named(self) -> None:
        spoken = {"role": "assistant", "audio": {"id": "audio_1"}}
        held = {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}
        result = message({"model": "m", "messages": [spoken, held]})
        assert Part("/messages/0/audio", "", "unreadable") in result.parts
        assert Part("/messages/1/content/0", "", "unreadable") in result.parts
        assert result.references == ("openai-audio:audio_1", "file:file-1")
        assert (result.onward, result.sessions) == ((), ())

    def test_text_in_a_data_url_is_read(self) -> None:
        url = "data:text/plain;base64," + base64.b64encode(b"Ann Lee").decode()
        piece = {"type": "file", "file": {"filename": "a.txt", "file_data": url}}
        parts = message({"model": "m", "messages": [{"role": "user", "content": [piece]}]}).parts
        assert Part("/messages/0/content/0/file/file_data", "Ann Lee", "name") in parts
        assert not [part for part in parts if part.kind == "unreadable"]

    @pytest.mark.parametrize(
        ("extra", "onward"),
        [
            ({"web_search_options": {}}, "web_search"),
            ({"search_parameters": {"mode": "on"}}, "web_search"),
            ({"enable_search": True}, "web_search"),
            ({"mcp_servers": [{"url": "https://x.test"}]}, "mcp"),
            ({"data_sources": [{"type": "azure_search"}]}, "file_search"),
            ({"plugins": [{"id": "web"}]}, "tool"),
            ({"fallbacks": ["another-model"]}, "model"),
            ({"api_base": "https://x.test"}, "url"),
            ({"webhook": {"at": "https://x.test"}}, "url"),
            ({"prompt_cache_retention": "24h"}, "store"),
            ({"extra_body": {"store": True}}, "store"),
            ({"store": True}, "store"),
            ({"tools": [{"type": "function", "function": {"name": "f"}}, {"type": "mcp", "server_url": "x"}]}, "mcp"),
            ({"tools": [{"type": "web_search_preview_2025_03_11"}]}, "web_search"),
            ({"tools": ["code_interpreter"]}, "tool"),
            ({"tools": [{"type": 1}]}, "tool"),
            ({"messages": [{"role": "user", "content": [IMAGE]}]}, "url"),
            ({"messages": [{"role": "user", "content": [{**IMAGE, "type": "text", "text": "Look"}]}]}, "url"),
            *(
                ({"messages": [{"role": "user", "content": [piece]}]}, "url")
                for piece in (
                    {"type": "document_url", "document_url": "https://x.test/a.pdf", "document_name": "a"},
                    {"type": "video", "video": ["https://x.test/1.png"]},
                    {"type": "image", "image": "file:///etc/passwd"},
                    {"type": "media", "file_uri": "gs://bucket/a"},
                    {"type": "input_audio", "input_audio": {"data": "https://x.test/a.wav", "format": "wav"}},
                    {"type": "file", "file": {"file_data": "https://x.test/a.pdf"}},
                )
            ),
            (
                {"messages": [{"role": "tool", "content": [{"type": "file", "file": {"file_url": "ftp://x.test"}}]}]},
                "url",
            ),
        ],
    )
    def test_what_the_provider_would_do_elsewhere_or_keep_is_named_for_policy(
        self, extra: dict[str, Any], onward: str
    ) -> None:
        assert message({**HELLO, **extra}).onward == (f"onward:{onward}",)

    def test_an_address_in_words_about_an_attachment_is_not_fetched(self) -> None:
        piece = {"type": "file", "file": {"filename": "https://x.test", "file_data": "AAAA"}, "title": "https://x.test"}
        assert message({"model": "m", "messages": [{"role": "user", "content": [piece]}]}).onward == ()

    def test_what_an_earlier_response_holds_is_a_reference(self) -> None:
        assert message({**HELLO, "previous_response_id": "resp_1"}).references == ("openai-response:resp_1",)
        cached = {"extra_body": {"google": {"cached_content": "cachedContents/1"}, "more": [{"file_id": "f"}]}}
        assert set(message({**HELLO, **cached}).references) == {"cache:cachedContents/1", "file:f"}
        compared = {"prompt_cache_options": {"comparison_response_id": "resp_1"}}
        assert message({**HELLO, **compared}).references == ("openai-response:resp_1",)

    @pytest.mark.parametrize(
        ("extra", "field"),
        [
            ({"Store": True}, "/store"),
            ({"Tools": [{"type": "mcp", "server_url": "https://x.test"}]}, "/tools"),
            ({"Web_Search_Options": {}}, "/web_search_options"),
            ({"Fallbacks": ["other"]}, "/fallbacks"),
            ({"messages": [{"role": "user", "content": "Hi", "Content": [IMAGE]}]}, "/messages/0/content"),
            ({"tools": [{"type": "function", "Type": "mcp", "function": {"name": "f"}}]}, "/tools/0/type"),
        ],
    )
    def test_a_member_in_another_case_is_refused_which_some_agents_take_for_it(
        self, extra: dict[str, Any], field: str
    ) -> None:
        refusal = refused(ADAPTER.read(inbound({**HELLO, **extra}), BOUNDS))
        assert (refusal.code, refusal.field) == ("schema_violation", field)

    def test_what_is_somebodys_own_has_whatever_case(self) -> None:
        schema = {"type": "object", "properties": {"Type": {"type": "string"}, "Name": {"type": "string"}}}
        asked = {**HELLO, "metadata": {"Name": "x"}, "of mine": {"Type": "x"}}
        asked["tools"] = [{"type": "function", "function": {"name": "f", "parameters": schema}}]
        assert message(asked).onward == ()

    def test_a_body_in_gzip_is_read_as_what_it_holds(self) -> None:
        headers = {"content-type": "application/json; charset=UTF-8", "content-encoding": "gzip"}
        packed = gzip.compress(json.dumps(HELLO).encode())
        result = read(ADAPTER.read(inbound(packed, headers=headers), BOUNDS))
        assert result.body == json.dumps(HELLO).encode()

    @pytest.mark.parametrize(
        ("request_", "code", "field"),
        [
            (inbound(HELLO, method="GET"), "method_not_allowed", None),
            (inbound(HELLO, headers={}), "media_type", "content-type"),
            (inbound(HELLO, headers={"content-type": "text/plain"}), "media_type", "content-type"),
            (
                inbound(HELLO, headers={"content-type": "application/json; charset=utf-16"}),
                "media_type",
                "content-type",
            ),
            (
                inbound(HELLO, headers={"content-type": "application/json", "content-encoding": "br"}),
                "body_encoding",
                "content-encoding",
            ),
            (inbound(b"{"), "body_not_json", None),
            (inbound(b"[]"), "schema_violation", ""),
            (inbound({"messages": []}), "schema_violation", "/model"),
            (inbound({"model": 5}), "schema_violation", "/model"),
            (inbound({"model": ""}), "schema_violation", "/model"),
            (inbound({**HELLO, "stream": 1}), "schema_violation", "/stream"),
            (inbound({**HELLO, "stream": "yes"}), "schema_violation", "/stream"),
        ],
    )
    def test_what_cannot_be_read_is_refused_with_the_field(self, request_: Any, code: str, field: str | None) -> None:
        refusal = refused(ADAPTER.read(request_, BOUNDS))
        assert (refusal.code, refusal.field) == (code, field)

    @pytest.mark.parametrize(
        ("extra", "field"),
        [
            ({"audio": {"voice": "alloy"}}, "/audio"),
            ({"modalities": ["text", "audio"]}, "/modalities"),
            ({"logprobs": True}, "/logprobs"),
            ({"top_logprobs": 3}, "/logprobs"),
        ],
    )
    def test_what_could_not_be_masked_is_refused_by_name(self, extra: dict[str, Any], field: str) -> None:
        refusal = refused(ADAPTER.read(inbound({**HELLO, **extra}), BOUNDS))
        assert (refusal.code, refusal.field) == ("feature_unsupported", field)

    @pytest.mark.parametrize("store", [1, 0, "yes", {}])
    def test_a_store_that_is_neither_is_refused(self, store: Any) -> None:
        refusal = refused(ADAPTER.read(inbound({**HELLO, "store": store}), BOUNDS))
        assert (refusal.code, refusal.field) == ("schema_violation", "/store")

    def test_features_that_are_off_are_neither_refused_nor_named(self) -> None:
        off = {"store": False, "modalities": ["text"], "logprobs": False, "tools": [], "audio": None}
        result = message({**HELLO, **off, "web_search_options": None, "enable_search": False})
        assert (result.onward, result.references) == ((), ())


words = st.sampled_from(["role", "content", "type", "text", "model", "messages", "tools", "user", "name", "x"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
requests = st.fixed_dictionaries(
    {"model": st.just("m")},
    optional=dict.fromkeys(
        ("messages", "tools", "tool_choice", "metadata", "user", "stop", "prediction", "stream", "x"), values
    ),
)


@settings(max_examples=150)
@given(values | requests)
def test_any_document_is_read_or_refused_never_raised(document: Any) -> None:
    assert isinstance(ADAPTER.read(inbound(document), BOUNDS), (Message, Refusal))


@settings(max_examples=150)
@given(requests, st.data())
def test_an_identifier_planted_anywhere_is_in_some_part(document: dict[str, Any], data: st.DataObject) -> None:
    document = {**document, "stream": None}
    places: list[tuple[Any, Any]] = []

    def look(value: Any) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in items:
            places.append((value, key))
            look(item)

    look(document)
    container, key = data.draw(st.sampled_from(places))
    if isinstance(container, dict) and container is not document and data.draw(st.booleans()):
        container[f"{key}{SSN}"] = container.pop(key)
    else:
        container[key] = SSN
    result = ADAPTER.read(inbound(document), BOUNDS)
    assert isinstance(result, Refusal) or any(SSN in part.text for part in result.parts)


class TestRendering:
    def test_a_request_that_stores_nothing_leaves_as_the_exact_bytes(self) -> None:
        body = b'{ "model":"m",  "messages":[{"role":"user","content":"\\u0041"}], "store" : false }'
        sent = ADAPTER.render(read(ADAPTER.read(inbound(body), BOUNDS)), route(), {})
        assert sent.body == body

    @pytest.mark.parametrize("end", [b"}", b" }", b"\r\n\t}\n ", b',"x":{}}', b',"x":"}"}'])
    def test_that_nothing_is_to_be_stored_is_said_in_the_callers_own_bytes(self, end: bytes) -> None:
        """Where the caller says nothing of it, the provider's own default might be to keep everything."""
        body = b'{ "model":"m",  "messages":[{"role":"user","content":"\\u0041"}]' + end
        sent = ADAPTER.render(read(ADAPTER.read(inbound(body), BOUNDS)), route(), {})
        assert sent.body == body.rstrip()[:-1] + b',"store":false}'
        assert json.loads(sent.body) == {**json.loads(body), "store": False}

    def test_an_agent_that_refuses_unknown_fields_is_told_nothing_of_it(self) -> None:
        strict = route(store_field=False)
        body = b'{"model":"m", "messages":[]}'
        assert ADAPTER.render(read(ADAPTER.read(inbound(body), BOUNDS)), strict, {}).body == body
        assert body_of(ADAPTER.render(message({**HELLO, "store": None}), strict, {}).body)["store"] is False

    @pytest.mark.parametrize("end", [b"}", b" }", b',"x":"}"}\n'])
    def test_what_a_stream_takes_is_asked_for_in_the_callers_own_bytes(self, end: bytes) -> None:
        body = b'{ "model":"m", "stream":true, "messages":[{"role":"user","content":"\\u0041"}]' + end
        result = read(ADAPTER.read(inbound(body), BOUNDS))
        asked, stored = b',"stream_options":{"include_usage":true}', b',"store":false'
        begun = body.rstrip()[:-1]
        assert ADAPTER.render(result, route(), {}).body == begun + stored + asked + b"}"
        assert ADAPTER.render(result, route(store_field=False), {}).body == begun + asked + b"}"
        assert ADAPTER.render(result, route(stream_usage=False), {}).body == begun + stored + b"}"
        assert ADAPTER.render(result, route(stream_usage=False, store_field=False), {}).body == body

    def test_where_there_are_options_the_question_stands_among_them(self) -> None:
        options = {"include_usage": False, "include_obfuscation": False}
        sent = ADAPTER.render(message({**HELLO, "stream": True, "stream_options": options}), route(), {})
        assert body_of(sent.body)["stream_options"] == {**options, "include_usage": True}
        assert body_of(sent.body)["store"] is False

    def test_masks_and_the_agents_model_change_nothing_else(self) -> None:
        original = {
            **HELLO,
            "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
            "x": 1.50,
        }
        result = message(original)
        sent = body_of(ADAPTER.render(result, route(model="tiny"), {"/messages/1/content": "[EMAIL]"}).body)
        expected = json.loads(json.dumps(original))
        expected["model"] = "tiny"
        expected["messages"][1]["content"] = "[EMAIL]"
        expected["store"] = False
        assert sent == expected
        assert result.document == original

    @pytest.mark.parametrize(("given_", "rendered"), [({}, False), ({"store": None}, False), ({"store": True}, True)])
    def test_nothing_is_stored_unless_the_caller_asked_for_it(self, given_: dict[str, Any], rendered: bool) -> None:
        sent = ADAPTER.render(message({**HELLO, **given_}), route(model="tiny"), {})
        assert body_of(sent.body) == {**HELLO, "model": "tiny", "store": rendered}

    @pytest.mark.parametrize(
        ("url", "path"),
        [
            ("http://a.test", "/v1/chat/completions"),
            ("http://a.test/openai", "/v1/chat/completions"),
            ("http://a.test/v1", "/chat/completions"),
        ],
    )
    def test_the_path_is_not_doubled(self, url: str, path: str) -> None:
        assert ADAPTER.render(message(HELLO), route(url=url), {}).path == path

    def test_nothing_of_the_callers_headers_or_query_reaches_the_agent(self) -> None:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "authorization": "Bearer caller",
            "x-api-key": "caller",
            "cookie": "caller",
            "x-data-subject": "caller",
            "openai-organization": "caller",
            "baggage": "caller",
            "connection": "keep-alive",
            "host": "caller.test",
        }
        sent = ADAPTER.render(
            read(ADAPTER.read(inbound(HELLO, headers=headers, query="key=caller"), BOUNDS)),
            route(credential="agents-own"),
            {},
        )
        assert sent.headers == (
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("authorization", "Bearer agents-own"),
        )
        assert "caller" not in sent.path

    def test_a_stream_asks_for_an_event_stream(self) -> None:
        sent = ADAPTER.render(message({**HELLO, "stream": True}), route(), {})
        assert dict(sent.headers)["accept"] == "text/event-stream"

    def test_a_mask_without_its_place_stops_the_request(self) -> None:
        with pytest.raises(FormatError):
            ADAPTER.render(message(HELLO), route(), {"/messages/7/content": "[EMAIL]"})

    def test_only_agents_of_the_protocol_are_served(self) -> None:
        assert ADAPTER.serves(message(HELLO), route())
        assert not ADAPTER.serves(message(HELLO), route(protocol="http"))


class TestAnswers:
    def test_an_answer_gives_its_texts_and_counts(self) -> None:
        result = ADAPTER.read_answer(answer(COMPLETION), message(HELLO), route())
        assert [(part.pointer, part.text, part.kind) for part in result.parts] == [
            ("/id", "chatcmpl-1", "name"),
            ("/model", "tiny", "name"),
            ("/choices/0/message/content", "Hi", "text"),
        ]
        assert (result.model, result.tokens_in, result.tokens_out) == ("tiny", 12_345, 2)
        assert result.body == json.dumps(COMPLETION).encode()

    @pytest.mark.parametrize(
        "said",
        [
            {"audio": {"id": "a", "data": "UklGRg==", "transcript": "Hello"}},
            {"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]},
            {"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]},
            {"content": [{"type": "hologram"}]},
        ],
    )
    def test_sounds_and_pictures_in_an_answer_are_unreadable(self, said: dict[str, Any]) -> None:
        body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": None, **said}}]}
        parts = ADAPTER.read_answer(answer(body), message(HELLO), route()).parts
        assert [part.kind for part in parts].count("unreadable") == 1

    def test_tool_calls_refusals_and_unknown_fields_of_an_answer_are_parts(self) -> None:
        call = {"id": "c", "type": "function", "function": {"name": "find", "arguments": "{}"}}
        said = {"role": "assistant", "content": None, "refusal": "no", "reasoning_content": "r", "tool_calls": [call]}
        result = ADAPTER.read_answer(answer({"choices": [{"message": {**said, "new": "n"}}]}), message(HELLO), route())
        assert {part.text for part in result.parts} == {"no", "r", "c", "find", "{}", "new", "n"}

    def test_a_mask_changes_the_answer_and_nothing_else(self) -> None:
        result = ADAPTER.read_answer(answer(COMPLETION), message(HELLO), route())
        masked = body_of(ADAPTER.render_answer(result, {"/choices/0/message/content": "[EMAIL]"}))
        assert masked["choices"][0]["message"]["content"] == "[EMAIL]"
        assert masked["usage"] == COMPLETION["usage"]
        assert ADAPTER.render_answer(result, {}) == result.body

    def test_probabilities_of_tokens_are_dropped_since_they_repeat_the_text_unmasked(self) -> None:
        choice = {**COMPLETION["choices"][0], "logprobs": {"content": [{"token": "078"}, {"token": "-05"}]}}
        result = ADAPTER.read_answer(answer({**COMPLETION, "choices": [choice]}), message(HELLO), route())
        assert b"078" not in result.body
        assert b"078" not in ADAPTER.render_answer(result, {"/choices/0/message/content": "x"})

    def test_an_agents_error_object_is_an_answer_like_any_other(self) -> None:
        result = ADAPTER.read_answer(
            answer({"error": {"message": "too long", "code": "c"}}, 400), message(HELLO), route()
        )
        assert (result.status, [part.text for part in result.parts]) == (400, ["too long", "c"])

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 200),
            (b"<html>", 200),
            (b"<html>", 404),
            (b"[]", 200),
            ({}, 200),
            ({"choices": "x"}, 200),
            ({"choices": ["x"]}, 200),
            ({"choices": [{"message": "x"}]}, 200),
            ({"choices": [{"text": "x"}]}, 200),
            (b'{"choices": [], "choices": []}', 200),
            (COMPLETION, 304),
            ({"error": {"message": "Incorrect API key provided"}}, 401),
        ],
    )
    def test_what_is_no_completion_is_a_bad_answer(self, body: object, status: int) -> None:
        with pytest.raises(AgentError) as caught:
            ADAPTER.read_answer(answer(body, status), message(HELLO), route())
        assert caught.value.code == "bad_answer"

    def test_a_model_name_that_is_free_text_is_not_taken_for_one(self) -> None:
        result = ADAPTER.read_answer(answer({**COMPLETION, "model": "Ann Smith, born 1980"}), message(HELLO), route())
        assert result.model is None


class TestErrors:
    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("schema_violation", "invalid_request_error"),
            ("body_too_large", "invalid_request_error"),
            ("credential_invalid", "authentication_error"),
            ("policy_denied", "permission_error"),
            ("unknown_target", "not_found_error"),
            ("rate_limited", "rate_limit_error"),
            ("ledger_unavailable", "api_error"),
        ],
    )
    def test_a_refusal_takes_the_form_of_the_protocol(self, code: str, kind: str) -> None:
        refusal = Refusal(code=code, field="/model", hint="what would be right", explanation="for the record only")
        error = json.loads(ADAPTER.error(refusal, "x-1"))["error"]
        assert (error["type"], error["param"], error["code"], error["exchange"]) == (kind, "/model", code, "x-1")
        assert error["message"] == f"{refusal.title}: expected what would be right"
        assert "record only" not in json.dumps(error)


def test_a_type_of_content_that_is_no_word_cannot_be_read() -> None:
    for kind in ([], {}, ["text"], {"text": 1}):
        said = {"role": "assistant", "content": [{"type": kind, "text": "said"}]}
        result = ADAPTER.read_answer(answer({"choices": [{"message": said}]}), message(HELLO), route())
        assert {part.kind for part in result.parts} >= {"unreadable", "text"}
        assert "said" in [part.text for part in result.parts]
