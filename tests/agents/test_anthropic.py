"""A Messages request is read whole, and an agent gets it unchanged but for masks, its key and its model's name."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.anthropic import AnthropicAdapter, AnthropicCountAdapter, anthropic_error
from gateway.agents.anthropic_stream import AnthropicStream
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Inbound, Message, Part
from gateway.core.refusal import Refusal

from .support import BOUNDS, SSN, MaskingLanes, answer, read, refused, route

ADAPTER = AnthropicAdapter(BOUNDS)
COUNT = AnthropicCountAdapter(BOUNDS)
CLAUDE = route(protocol="anthropic")
HELLO: dict[str, Any] = {"model": "summarize", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-test",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 12_345, "cache_creation_input_tokens": 5, "output_tokens": 2},
}
Planted = Callable[[str], dict[str, Any]]


def inbound(body: object, **headers: str) -> Inbound:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given_ = {"content-type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
    return Inbound(method="POST", path="/v1/messages", query="", headers=tuple(given_.items()), body=data)


def message(body: dict[str, Any], **headers: str) -> Message:
    return read(ADAPTER.read(inbound(body, **headers), BOUNDS))


def block(**item: Any) -> dict[str, Any]:
    return {**HELLO, "messages": [{"role": "user", "content": [item]}]}


def result(**item: Any) -> dict[str, Any]:
    return block(type="tool_result", tool_use_id="t", content=[item])


def tool(**item: Any) -> dict[str, Any]:
    return {**HELLO, "tools": [{"name": "find", "input_schema": {"type": "object"}, **item}]}


REQUEST_PLACES: dict[str, Planted] = {
    "model": lambda x: {**HELLO, "model": x},
    "system string": lambda x: {**HELLO, "system": x},
    "system block": lambda x: {**HELLO, "system": [{"type": "text", "text": x}]},
    "content string": lambda x: {**HELLO, "messages": [{"role": "user", "content": x}]},
    "system turn": lambda x: {**HELLO, "messages": [{"role": "system", "content": x}]},
    "unknown field of a turn": lambda x: {**HELLO, "messages": [{"role": "user", "content": "", "name": x}]},
    "text": lambda x: block(type="text", text=x),
    "citation": lambda x: block(type="text", text="a", citations=[{"type": "char_location", "cited_text": x}]),
    "citation's title": lambda x: block(type="text", text="a", citations=[{"document_title": x}]),
    "thinking": lambda x: block(type="thinking", thinking=x, signature="c2ln"),
    "signature": lambda x: block(type="thinking", thinking="a", signature=x),
    "tool_use id": lambda x: block(type="tool_use", id=x, name="f", input={}),
    "tool_use name": lambda x: block(type="tool_use", id="t", name=x, input={}),
    "tool_use input": lambda x: block(type="tool_use", id="t", name="f", input={"q": x}),
    "tool_use input, deep": lambda x: block(type="tool_use", id="t", name="f", input={"a": [{"b": [x]}]}),
    "tool_use input key": lambda x: block(type="tool_use", id="t", name="f", input={x: 1}),
    "tool_result id": lambda x: block(type="tool_result", tool_use_id=x),
    "tool_result string": lambda x: block(type="tool_result", tool_use_id="t", content=x),
    "tool_result that failed": lambda x: block(type="tool_result", tool_use_id="t", is_error=True, content=x),
    "tool_result text": lambda x: result(type="text", text=x),
    "tool_result image url": lambda x: result(type="image", source={"type": "url", "url": x}),
    "tool_result search result": lambda x: result(type="search_result", source=x, title="", content=[]),
    "tool_reference": lambda x: result(type="tool_reference", tool_name=x),
    "image url": lambda x: block(type="image", source={"type": "url", "url": x}),
    "image file": lambda x: block(type="image", source={"type": "file", "file_id": x}),
    "image media type": lambda x: block(type="image", source={"type": "base64", "media_type": x, "data": "AA"}),
    "document text": lambda x: block(type="document", source={"type": "text", "data": x}),
    "document content": lambda x: block(type="document", source={"type": "content", "content": x}),
    "document blocks": lambda x: block(
        type="document", source={"type": "content", "content": [{"type": "text", "text": x}]}
    ),
    "document url": lambda x: block(type="document", source={"type": "url", "url": x}),
    "document title": lambda x: block(type="document", source={"type": "text", "data": ""}, title=x),
    "document context": lambda x: block(type="document", source={"type": "text", "data": ""}, context=x),
    "search result source": lambda x: block(type="search_result", source=x, title="", content=[]),
    "search result title": lambda x: block(type="search_result", source="", title=x, content=[]),
    "search result text": lambda x: block(type="search_result", content=[{"type": "text", "text": x}]),
    "server_tool_use input": lambda x: block(type="server_tool_use", id="t", name="web_search", input={"query": x}),
    "web search result title": lambda x: block(type="web_search_tool_result", content=[{"title": x, "url": ""}]),
    "web search result url": lambda x: block(type="web_search_tool_result", content=[{"title": "", "url": x}]),
    "web search error": lambda x: block(type="web_search_tool_result", content={"error_code": x}),
    "web fetch document": lambda x: block(
        type="web_fetch_tool_result",
        content={"type": "web_fetch_result", "content": {"source": {"type": "text", "data": x}}},
    ),
    "code execution output": lambda x: block(
        type="code_execution_tool_result", content={"stdout": x, "return_code": 0}
    ),
    "code execution error": lambda x: block(type="bash_code_execution_tool_result", content={"stderr": x}),
    "mcp_tool_use input": lambda x: block(type="mcp_tool_use", server_name="s", name="f", input={"q": x}),
    "mcp_tool_use server": lambda x: block(type="mcp_tool_use", server_name=x, name="f", input={}),
    "mcp_tool_result": lambda x: block(type="mcp_tool_result", content=[{"type": "text", "text": x}]),
    "mcp_tool_listing": lambda x: block(type="mcp_tool_listing", tools=[{"name": "f", "description": x}]),
    "container_upload": lambda x: block(type="container_upload", file_id=x),
    "compaction": lambda x: block(type="compaction", content=x),
    "unknown block": lambda x: block(type="of_tomorrow", deep=[{"of": x}]),
    "unknown kind of block": lambda x: block(type=x),
    "unknown key of a block": lambda x: block(type="text", **{x: 1}),
    "tool name": lambda x: tool(name=x),
    "tool description": lambda x: tool(description=x),
    "tool schema description": lambda x: tool(input_schema={"properties": {"q": {"description": x}}}),
    "tool schema property": lambda x: tool(input_schema={"properties": {x: {}}}),
    "tool schema enum": lambda x: tool(input_schema={"properties": {"q": {"enum": ["a", x]}}}),
    "tool schema default": lambda x: tool(input_schema={"properties": {"q": {"default": x}}}),
    "tool example": lambda x: tool(input_examples=[{"q": x}]),
    "server tool domains": lambda x: tool(type="web_search_20250305", allowed_domains=[x]),
    "server tool location": lambda x: tool(type="web_search_20250305", user_location={"city": x}),
    "tool_choice": lambda x: {**HELLO, "tool_choice": {"type": "tool", "name": x}},
    "stop_sequences": lambda x: {**HELLO, "stop_sequences": ["a", x]},
    "user_id": lambda x: {**HELLO, "metadata": {"user_id": x}},
    "metadata": lambda x: {**HELLO, "metadata": {"ticket": x}},
    "mcp server url": lambda x: {**HELLO, "mcp_servers": [{"type": "url", "url": x, "name": "a"}]},
    "mcp server name": lambda x: {**HELLO, "mcp_servers": [{"type": "url", "url": "https://a", "name": x}]},
    "mcp server token": lambda x: {**HELLO, "mcp_servers": [{"url": "https://a", "authorization_token": x}]},
    "mcp server tools": lambda x: {
        **HELLO,
        "mcp_servers": [{"url": "https://a", "tool_configuration": {"allowed_tools": [x]}}],
    },
    "container": lambda x: {**HELLO, "container": x},
    "container id": lambda x: {**HELLO, "container": {"id": x}},
    "skill": lambda x: {**HELLO, "container": {"skills": [{"type": "custom", "skill_id": x}]}},
    "output schema": lambda x: {**HELLO, "output_config": {"format": {"schema": {"title": x}}}},
    "context_management": lambda x: {**HELLO, "context_management": {"edits": [{"type": "a", "exclude_tools": [x]}]}},
    "unknown field": lambda x: {**HELLO, "x_new": {"deep": [x]}},
    "unknown key": lambda x: {**HELLO, x: 1},
}


@pytest.mark.parametrize("name", REQUEST_PLACES)
@pytest.mark.parametrize("adapter", [ADAPTER, COUNT], ids=["messages", "count_tokens"])
def test_an_identifier_in_any_place_of_a_request_is_in_some_part(name: str, adapter: AnthropicAdapter) -> None:
    found = read(adapter.read(inbound(REQUEST_PLACES[name](SSN)), BOUNDS))
    assert any(SSN in part.text for part in found.parts)


UNREADABLE: dict[str, dict[str, Any]] = {
    "image": block(type="image", source={"type": "base64", "media_type": "image/png", "data": "AAAA"}),
    "image elsewhere": block(type="image", source={"type": "url", "url": "https://x.test/a.png"}),
    "pdf": block(type="document", source={"type": "base64", "media_type": "application/pdf", "data": "AAAA"}),
    "pdf elsewhere": block(type="document", source={"type": "url", "url": "https://x.test/a.pdf"}),
    "file": block(type="document", source={"type": "file", "file_id": "f"}),
    "image as of another API": block(type="image_url", image_url={"url": "https://x.test/a.png"}),
    "image of a tool": result(type="image", source={"type": "base64", "media_type": "image/png", "data": "AAAA"}),
    "redacted thinking": block(type="redacted_thinking", data="Q0lQ"),
    "thinking that is not shown": block(type="thinking", thinking="", signature="Q0lQ"),
    "search result": block(type="web_search_tool_result", content=[{"encrypted_content": "Q0lQ"}]),
    "bytes in an unknown block": block(type="of_tomorrow", data="QUJD" * 300),
    "bytes in a tool's result": block(type="tool_result", tool_use_id="t", content="QUJD" * 300),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_an_unreadable_part(name: str) -> None:
    assert any(part.kind == "unreadable" for part in message(UNREADABLE[name]).parts)


ANSWER_PLACES: dict[str, Planted] = {
    "id": lambda x: {"id": x},
    "model": lambda x: {"model": x},
    "stop_sequence": lambda x: {"stop_sequence": x},
    "stop_reason": lambda x: {"stop_reason": x},
    "stop_details": lambda x: {"stop_details": {"type": "refusal", "explanation": x}},
    "container": lambda x: {"container": {"id": x}},
    "text": lambda x: {"content": [{"type": "text", "text": x}]},
    "citation": lambda x: {"content": [{"type": "text", "text": "", "citations": [{"cited_text": x, "url": ""}]}]},
    "citation url": lambda x: {"content": [{"type": "text", "text": "", "citations": [{"url": x}]}]},
    "thinking": lambda x: {"content": [{"type": "thinking", "thinking": x, "signature": "c2ln"}]},
    "signature": lambda x: {"content": [{"type": "thinking", "thinking": "a", "signature": x}]},
    "tool_use input": lambda x: {"content": [{"type": "tool_use", "input": {"a": {"b": [x]}}}]},
    "tool_use name": lambda x: {"content": [{"type": "tool_use", "name": x, "input": {}}]},
    "server_tool_use": lambda x: {"content": [{"type": "server_tool_use", "input": {"query": x}}]},
    "web search": lambda x: {"content": [{"type": "web_search_tool_result", "content": [{"title": x}]}]},
    "mcp_tool_result": lambda x: {"content": [{"type": "mcp_tool_result", "content": [{"type": "text", "text": x}]}]},
    "unknown block": lambda x: {"content": [{"type": "of_tomorrow", "of": [x]}]},
    "unknown field": lambda x: {"x_new": {"deep": x}},
    "usage": lambda x: {"usage": {"input_tokens": 1, "note": x}},
}


@pytest.mark.parametrize("name", ANSWER_PLACES)
def test_an_identifier_in_any_place_of_an_answer_is_in_some_part(name: str) -> None:
    body = {**MESSAGE, **ANSWER_PLACES[name](SSN)}
    assert any(SSN in part.text for part in ADAPTER.read_answer(answer(body), message(HELLO), CLAUDE).parts)


@pytest.mark.parametrize("name", [name for name in ANSWER_PLACES if name not in ("unknown field", "usage")])
def test_an_identifier_in_any_place_of_a_stream_is_looked_at(name: str) -> None:
    planted = ANSWER_PLACES[name](SSN)
    begun = {**MESSAGE, **{key: item for key, item in planted.items() if key != "content"}, "content": []}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}]
    for index, item in enumerate(planted.get("content", [])):
        events.append({"type": "content_block_start", "index": index, "content_block": item})
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_stop"})
    lanes = MaskingLanes()
    stream = AnthropicStream(lanes, BOUNDS)
    raw = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in events)
    try:
        out = stream.feed(raw) + stream.finish()
    except AgentError as error:
        assert (name, error.code) == ("signature", "withheld")  # noqa: PT017 - it may not be altered
        return
    assert SSN in "".join(lane.text for _, lane in lanes.opened)
    assert SSN.encode() not in out


class TestReading:
    def test_a_plain_request_gives_its_target_and_only_what_somebody_wrote(self) -> None:
        found = message({**HELLO, "temperature": 0.25, "max_tokens": 100_000, "stream": True})
        assert (found.protocol, found.action, found.target, found.stream) == ("anthropic", "chat", "summarize", True)
        assert found.parts == (Part("/model", "summarize", "name"), Part("/messages/0/content", "Hello"))
        assert (found.onward, found.references, found.sessions) == ((), (), ())

    def test_a_usual_conversation_with_tools_holds_nothing_but_its_words(self) -> None:
        body = {
            **HELLO,
            "system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
            "thinking": {"type": "enabled", "budget_tokens": 10_000, "display": "summarized"},
            "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
            "output_config": {"effort": "high"},
            "service_tier": "auto",
            "metadata": None,
        }
        assert [part.text for part in message(body).parts] == ["summarize", "Hello", "S"]

    def test_what_goes_beyond_the_answer_is_named(self) -> None:
        further = message({**tool(type="web_search_20250305"), "container": "c1", "thread": {"type": "create"}})
        assert further.onward == ("onward:web_search", "onward:store")
        assert further.references == ("container:c1",)

    def test_counting_is_a_chat_that_never_streams(self) -> None:
        found = read(COUNT.read(inbound({**HELLO, "stream": True}), BOUNDS))
        assert (found.protocol, found.action, found.stream) == ("anthropic-count", "chat", False)

    @pytest.mark.parametrize(
        ("request_", "code", "field"),
        [
            (inbound(b"{"), "body_not_json", None),
            (inbound(b"[]"), "schema_violation", ""),
            (inbound({"messages": []}), "schema_violation", "/model"),
            (inbound({**HELLO, "stream": "yes"}), "schema_violation", "/stream"),
            (inbound(HELLO, content_type="text/plain"), "media_type", "content-type"),
            (inbound(HELLO, anthropic_version="latest"), "header_invalid", "anthropic-version"),
            (inbound(HELLO, anthropic_beta=SSN), "header_invalid", "anthropic-beta"),
            (inbound(HELLO, anthropic_beta="pdfs-2024-09-25, ann"), "header_invalid", "anthropic-beta"),
        ],
    )
    def test_what_cannot_be_read_is_refused_with_the_field(
        self, request_: Inbound, code: str, field: str | None
    ) -> None:
        refusal = refused(ADAPTER.read(request_, BOUNDS))
        assert (refusal.code, refusal.field) == (code, field)
        assert SSN not in str(refusal)

    def test_betas_do_not_come_without_end(self) -> None:
        many = ",".join(f"pdfs-2024-09-{day:02}" for day in range(10, 30)) + ","
        more = ",".join(f"skills-2024-09-{day:02}" for day in range(10, 30))
        assert isinstance(ADAPTER.read(inbound(HELLO, anthropic_beta=many + more), BOUNDS), Refusal)


class TestRendering:
    def test_an_unchanged_request_leaves_as_the_exact_bytes(self) -> None:
        body = b'{ "model":"m",  "max_tokens": 1, "messages":[{"role":"user","content":"\\u0041"}] }'
        assert ADAPTER.render(read(ADAPTER.read(inbound(body), BOUNDS)), CLAUDE, {}).body == body

    def test_masks_and_the_agents_model_change_nothing_else(self) -> None:
        original = block(type="tool_use", id="t", name="f", input={"a": [SSN, 1.50], "n": 12_345})
        place = "/messages/0/content/0/input/a/0"
        sent = json.loads(
            ADAPTER.render(message(original), route(protocol="anthropic", model="big"), {place: "[X]"}).body
        )
        expected = block(type="tool_use", id="t", name="f", input={"a": ["[X]", 1.5], "n": 12_345})
        assert sent == {**expected, "model": "big"}

    @pytest.mark.parametrize("place", ["/nowhere", "/model", "/messages/0/content/1"])
    def test_a_mask_that_has_no_place_is_never_lost(self, place: str) -> None:
        with pytest.raises(FormatError):
            ADAPTER.render(message(HELLO), CLAUDE, {place: "[X]"})

    def test_the_agent_gets_its_own_key_and_the_protocols_headers(self) -> None:
        asked = message(
            HELLO,
            x_api_key="the caller's",
            authorization="Bearer the caller's",
            anthropic_version="2026-10-21",
            anthropic_beta="pdfs-2024-09-25, skills-2025-10-02,pdfs-2024-09-25",
            x_stainless_lang="python",
        )
        sent = ADAPTER.render(asked, route(protocol="anthropic", credential="its own"), {})
        assert dict(sent.headers) == {
            "content-type": "application/json",
            "accept": "application/json",
            "anthropic-version": "2026-10-21",
            "anthropic-beta": "pdfs-2024-09-25,skills-2025-10-02",
            "x-api-key": "its own",
        }

    def test_without_a_version_the_first_of_messages_is_asked_for(self) -> None:
        headers = dict(ADAPTER.render(message({**HELLO, "stream": True}), CLAUDE, {}).headers)
        assert (headers["anthropic-version"], headers["accept"]) == ("2023-06-01", "text/event-stream")
        assert "x-api-key" not in headers

    @pytest.mark.parametrize(
        ("adapter", "url", "query", "path"),
        [
            (ADAPTER, "http://a", "", "/v1/messages"),
            (ADAPTER, "http://a/base/v1", "", "/messages"),
            (ADAPTER, "http://a", "beta=true", "/v1/messages?beta=true"),
            (ADAPTER, "http://a", f"q={SSN}", "/v1/messages"),
            (COUNT, "http://a", "", "/v1/messages/count_tokens"),
            (COUNT, "http://a/v1", "beta=true", "/messages/count_tokens?beta=true"),
        ],
    )
    def test_the_path_is_below_the_agents_address(
        self, adapter: AnthropicAdapter, url: str, query: str, path: str
    ) -> None:
        request = Inbound(
            method="POST",
            path="/v1/messages",
            query=query,
            headers=(("content-type", "application/json"),),
            body=json.dumps(HELLO).encode(),
        )
        asked = read(adapter.read(request, BOUNDS))
        assert adapter.render(asked, route(protocol="anthropic", url=url), {}).path == path

    def test_agents_of_the_family_alone_are_served(self) -> None:
        assert ADAPTER.serves(message(HELLO), CLAUDE)
        assert not ADAPTER.serves(message(HELLO), route())


class TestAnswers:
    def test_a_message_is_read_with_what_it_states_of_itself(self) -> None:
        found = ADAPTER.read_answer(answer(MESSAGE), message(HELLO), CLAUDE)
        assert (found.status, found.model, found.tokens_in, found.tokens_out) == (200, "claude-test", 12_350, 2)
        assert [(part.pointer, part.text) for part in found.parts if part.kind == "text"] == [("/content/0/text", "Hi")]
        assert found.sessions == ()
        assert ADAPTER.render_answer(found, {}) == answer(MESSAGE).body

    def test_what_the_provider_holds_after_it_is_named(self) -> None:
        asked = message({**HELLO, "thread": {"type": "create"}})
        body = {**MESSAGE, "container": {"id": "c1", "expires_at": "2026-01-01T00:00:00Z"}}
        found = ADAPTER.read_answer(answer(body), asked, CLAUDE)
        assert found.sessions == ("container:c1", "anthropic-message:msg_1")

    def test_masks_keep_the_input_of_a_tool_json(self) -> None:
        body = {**MESSAGE, "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"q": SSN}}]}
        found = ADAPTER.read_answer(answer(body), message(HELLO), CLAUDE)
        shown = json.loads(ADAPTER.render_answer(found, {"/content/0/input/q": "[US-SSN]"}))
        assert shown["content"][0]["input"] == {"q": "[US-SSN]"}

    def test_a_count_is_an_answer_to_a_count_alone(self) -> None:
        asked = read(COUNT.read(inbound(HELLO), BOUNDS))
        assert COUNT.read_answer(answer({"input_tokens": 14}), asked, CLAUDE).tokens_out is None
        with pytest.raises(AgentError):
            ADAPTER.read_answer(answer({"input_tokens": 14}), message(HELLO), CLAUDE)
        with pytest.raises(AgentError):
            COUNT.read_answer(answer(MESSAGE), asked, CLAUDE)

    def test_an_agents_error_is_an_answer_and_says_when_to_ask_again(self) -> None:
        body = {"type": "error", "error": {"type": "rate_limit_error", "message": f"for {SSN}"}}
        wire = answer(body, 429)
        for given_, shown in (("7", (("retry-after", "7"),)), ("Wed, 21 Oct", ()), ("9" * 9, ())):
            limited = type(wire)(status=429, headers=(("retry-after", given_), ("x-api-key", "k")), body=wire.body)
            found = ADAPTER.read_answer(limited, message(HELLO), CLAUDE)
            assert found.headers == (("content-type", "application/json"), *shown)
            assert any(SSN in part.text for part in found.parts)

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"<html>", 200),
            ([], 200),
            ({**MESSAGE, "content": "text"}, 200),
            ({**MESSAGE, "content": ["text"]}, 200),
            (MESSAGE, 302),
            ({"error": "text"}, 400),
            ({"type": "error", "error": {"type": "authentication_error"}}, 401),
            (b"", 500),
        ],
    )
    def test_what_is_no_answer_of_the_protocol_is_a_bad_one(self, body: Any, status: int) -> None:
        with pytest.raises(AgentError) as caught:
            ADAPTER.read_answer(answer(body, status), message(HELLO), CLAUDE)
        assert caught.value.code == "bad_answer"

    def test_a_stream_knows_whether_the_provider_keeps_it(self) -> None:
        asked = message({**HELLO, "stream": True, "thread": {"type": "create"}})
        stream = ADAPTER.stream(asked, MaskingLanes(), BOUNDS, CLAUDE)
        stream.feed(b"data: " + json.dumps({"type": "message_start", "message": MESSAGE}).encode() + b"\n\n")
        assert stream.sessions == ("anthropic-message:msg_1",)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("schema_violation", "invalid_request_error"),
        ("credential_missing", "authentication_error"),
        ("policy_denied", "permission_error"),
        ("unknown_target", "not_found_error"),
        ("body_too_large", "request_too_large"),
        ("rate_limited", "rate_limit_error"),
        ("internal", "api_error"),
        ("agent_unavailable", "api_error"),
        ("ledger_unavailable", "overloaded_error"),
        ("agent_timeout", "timeout_error"),
    ],
)
def test_an_error_has_the_protocols_form_and_its_type_by_status(code: str, kind: str) -> None:
    document = json.loads(ADAPTER.error(Refusal(code=code, field="/x", hint="right"), "the-exchange"))
    assert (document["type"], document["request_id"]) == ("error", "the-exchange")
    assert (document["error"]["type"], document["error"]["code"]) == (kind, code)
    assert document["error"]["message"].endswith(": expected right")


keys = st.sampled_from(
    ["role", "content", "type", "text", "source", "input", "data", "tools", "signature", "name", "x"]
)
kinds = st.sampled_from(["text", "image", "tool_use", "tool_result", "redacted_thinking", "base64", "url", "x"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | kinds,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
requests = st.fixed_dictionaries(
    {"model": st.just("m")},
    optional=dict.fromkeys(
        ("messages", "system", "tools", "metadata", "container", "mcp_servers", "thread", "x"), values
    ),
)


@settings(max_examples=150)
@given(values | requests)
def test_any_document_is_read_or_refused_never_raised(document: Any) -> None:
    assert isinstance(ADAPTER.read(inbound(document), BOUNDS), (Message, Refusal))


@settings(max_examples=150)
@given(requests, st.data())
def test_an_identifier_planted_anywhere_is_in_some_part_or_beside_what_is_unreadable(
    document: dict[str, Any], data: st.DataObject
) -> None:
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
    found = ADAPTER.read(inbound(document), BOUNDS)
    assert isinstance(found, Refusal) or any(SSN in part.text or part.kind == "unreadable" for part in found.parts)


@settings(max_examples=100)
@given(values)
def test_any_answer_is_read_or_a_bad_one(document: Any) -> None:
    try:
        ADAPTER.read_answer(answer({**MESSAGE, "content": document}), message(HELLO), CLAUDE)
    except AgentError as error:
        assert error.code == "bad_answer"  # noqa: PT017 - both ends are right here


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"Tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "/tools"),
        ({"MCP_Servers": [{"url": "https://x.test"}]}, "/mcp_servers"),
        ({"Thread": {}}, "/thread"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "", "Source": {}}]}]}, None),
    ],
)
@pytest.mark.parametrize("adapter", [ADAPTER, COUNT], ids=["messages", "count_tokens"])
def test_a_member_in_another_case_is_refused_which_some_agents_take_for_it(
    adapter: AnthropicAdapter, extra: dict[str, Any], field: str | None
) -> None:
    refusal = adapter.read(inbound({**HELLO, **extra}), BOUNDS)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("schema_violation", field or "/messages/0/content/0/source")


@pytest.mark.parametrize(
    ("code", "body", "told"),
    [
        ("policy_denied", b'{"thread": {"type": "create"}}', True),
        ("feature_unsupported", b'{"thread": {"type": "create"}}', True),
        ("rate_limited", b'{"thread": {"type": "create"}}', False),
        ("policy_denied", b'{"thread": null}', False),
        ("policy_denied", b'{"metadata": {"thread": 1}}', False),
        ("policy_denied", b'"thread"', False),
        ("policy_denied", b'{"thread": ', False),
        ("policy_denied", None, False),
    ],
)
def test_who_asked_for_a_thread_is_told_that_the_same_may_be_sent_without(
    code: str, body: bytes | None, told: bool
) -> None:
    request = None if body is None else Inbound(method="POST", path="/v1/messages", query="", headers=(), body=body)
    error = json.loads(anthropic_error(Refusal(code=code), "e", request))["error"]
    assert error.get("details") == ({"error_code": "thread_unsupported_request"} if told else None)
