"""Messages' requests, read."""

from typing import Any

import pytest

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.messages_in import read
from gateway.agents.translate.neutral import Choice, File, Format, Request, Text, Tool, ToolResult, ToolUse, Turn

from .support import HELLO


def messages(**fields: Any) -> Request:
    return read({**HELLO["anthropic"], **fields})


def blocks(*content: dict[str, Any], role: str = "user") -> tuple[Any, ...]:
    after = [] if role == "user" else [{"role": "user", "content": "x"}]
    return messages(messages=[{"role": role, "content": list(content)}, *after]).turns[0].blocks


def test_hints_that_change_no_answer_are_left_out() -> None:
    hints = {"service_tier": "auto", "cache_control": {"type": "ephemeral"}, "speed": "standard"}
    assert messages(**hints, thinking={"type": "disabled"}, top_k=None) == messages()
    assert messages(thinking={"type": "adaptive", "display": "omitted"}) == messages()


def test_instructions_stand_before_and_between() -> None:
    document = [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, {"role": "user", "content": "c"}]
    assert messages(system="s", messages=document).turns == (
        Turn("system", (Text("s"),)),
        Turn("user", (Text("a"),)),
        Turn("system", (Text("b"),)),
        Turn("user", (Text("c"),)),
    )


def test_thinking_is_left_out_of_what_was_said() -> None:
    thinking = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    sealed = {"type": "redacted_thinking", "data": "x"}
    assert blocks(thinking, sealed, {"type": "text", "text": "4"}, role="assistant") == (Text("4"),)


def test_calls_results_and_documents() -> None:
    call = {"type": "tool_use", "id": "1", "name": "f", "input": {"a": [1]}, "caller": {"type": "direct"}}
    assert blocks(call, role="assistant") == (ToolUse(id="1", name="f", arguments='{"a":[1]}'),)
    result = {"type": "tool_result", "tool_use_id": "1", "is_error": True}
    assert blocks(result, {**result, "content": "x", "is_error": False}) == (
        ToolResult(id="1", content=(), failed=True),
        ToolResult(id="1", content=(Text("x"),)),
    )
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}
    document = {"type": "document", "source": source, "title": "a.pdf", "citations": {"enabled": False}}
    assert blocks(document) == (File(media_type="application/pdf", data="JVBE", name="a.pdf"),)


def test_tools_and_the_choice_between_them() -> None:
    tool = {"type": "custom", "name": "f", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}
    request = messages(tools=[tool], tool_choice={"type": "any", "disable_parallel_tool_use": True})
    assert request.tools == (Tool(name="f", schema={"type": "object"}),)
    assert (request.choice, request.parallel) == (Choice("any"), False)
    assert messages(tool_choice={"type": "tool", "name": "f"}).choice == Choice("tool", "f")


@pytest.mark.parametrize("field", ["output_config", "output_format"])
def test_the_form_of_the_answer_stands_in_either_field(field: str) -> None:
    format_ = {"type": "json_schema", "schema": {"a": 1}}
    request = messages(**{field: {"format": format_} if field == "output_config" else format_})
    assert request.format == Format(schema={"a": 1}, strict=True)


@pytest.mark.parametrize(
    "content",
    [
        {"type": "text", "text": "a", "citations": [{"type": "char_location"}]},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "a", "data": "x"},
            "citations": {"enabled": True},
        },
        {"type": "document", "source": {"type": "base64", "media_type": "a", "data": "x"}, "context": "c"},
        {"type": "tool_use", "id": "1", "name": "f", "input": "x"},
        {"type": "tool_use", "id": "1", "name": "f", "input": {}, "caller": {"type": "program"}},
        {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "search_result"}]},
        {
            "type": "tool_result",
            "tool_use_id": "1",
            "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}],
        },
        {"type": "container_upload", "file_id": "f"},
    ],
)
def test_blocks_of_another_kind_are_told(content: dict[str, Any]) -> None:
    with pytest.raises(Lost):
        blocks(content)


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "oracle", "content": "x"}]},
        {"messages": [{"role": "user", "content": 3}]},
        {"system": [{"type": "image", "source": {"type": "url", "url": "u"}}]},
        {"messages": [{"role": "system", "content": [{"type": "image", "source": {"type": "url", "url": "u"}}]}]},
        {"stop_sequences": [3]},
        {"tool_choice": {"type": "oracle"}},
        {"thinking": {"type": "between_tools"}},
        {"output_config": {"format": {"type": "grammar"}}},
        {"tools": [{"name": "f", "input_schema": {}, "input_examples": [{"a": 1}]}]},
        {"tools": [{"name": "f"}]},
    ],
)
def test_anything_else_is_told(fields: dict[str, Any]) -> None:
    with pytest.raises(Lost):
        messages(**fields)
