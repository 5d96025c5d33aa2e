"""Chat completions' requests, read."""

from typing import Any

import pytest

from gateway.agents.translate.chat_in import read, schema_of
from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import (
    Choice,
    File,
    Format,
    Image,
    Refused,
    Request,
    Text,
    Tool,
    ToolResult,
    ToolUse,
    Turn,
)

from .support import HELLO


def chat(**fields: Any) -> Request:
    return read({**HELLO["openai"], **fields})


def turns(*messages: dict[str, Any]) -> tuple[Turn, ...]:
    return chat(messages=list(messages)).turns


def test_hints_that_change_no_answer_are_left_out() -> None:
    hints = {
        "seed": 1,
        "service_tier": "flex",
        "prompt_cache_retention": "24h",
        "prompt_cache_options": {"mode": "implicit"},
    }
    assert chat(**hints, n=1, modalities=["text"], logprobs=False, metadata={}, store=False) == chat()


def test_the_newer_limit_counts() -> None:
    assert chat(max_tokens=5).max_tokens == 5
    assert chat(max_tokens=5, max_completion_tokens=7).max_tokens == 7


def test_usage_is_asked_for_or_not() -> None:
    assert chat(stream=True, stream_options={"include_usage": True, "include_obfuscation": False}).usage
    assert not chat(stream=True, stream_options={}).usage


def test_results_that_follow_each_other_are_one_turn() -> None:
    result = {"role": "tool", "content": "x"}
    assert turns(
        {**result, "tool_call_id": "1"}, {**result, "tool_call_id": "2", "content": [{"type": "text", "text": "y"}]}
    ) == (Turn("user", (ToolResult(id="1", content=(Text("x"),)), ToolResult(id="2", content=(Text("y"),)))),)


def test_the_assistant_speaks_refuses_and_calls() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}
    message = {"role": "assistant", "content": "Hm", "refusal": "No.", "tool_calls": [call], "reasoning_content": "why"}
    use = ToolUse(id="1", name="f", arguments="")
    assert turns(message) == (Turn("assistant", (Text("Hm"), Refused("No."), use)),)


def test_what_the_stock_client_read_from_an_answer_repeats_what_stands_beside_it() -> None:
    """Its helpers put it there, and send it back with the history."""
    function = {"name": "f", "arguments": '{"a": 1}', "parsed_arguments": {"a": 1}}
    said = {"role": "assistant", "content": None, "parsed": {"b": 2}}
    message = {**said, "tool_calls": [{"id": "1", "function": function}]}
    assert turns(message) == (Turn("assistant", (ToolUse(id="1", name="f", arguments='{"a": 1}'),)),)


def test_pieces_are_texts_images_and_files() -> None:
    pieces = [
        {"type": "image_url", "image_url": {"url": "https://a.test", "detail": "low"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"}},
    ]
    image, file = Image(url="https://a.test"), File(media_type="application/pdf", data="JVBE", name="a.pdf")
    assert turns({"role": "user", "content": pieces}) == (Turn("user", (image, file)),)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", Choice("auto")),
        ("none", Choice("none")),
        ("required", Choice("any")),
        ({"type": "function", "function": {"name": "f"}}, Choice("tool", "f")),
        (None, None),
    ],
)
def test_a_choice_of_tools(choice: Any, expected: Choice | None) -> None:
    assert chat(tool_choice=choice).choice == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, Format(schema=None)),
        ({"type": "json_schema", "json_schema": {"name": "n", "schema": {"a": 1}}}, Format(schema={"a": 1}, name="n")),
    ],
)
def test_a_form_of_the_answer(value: Any, expected: Format | None) -> None:
    assert chat(response_format=value).format == expected


@pytest.mark.parametrize(("stop", "expected"), [("a", ("a",)), (["a", "b"], ("a", "b")), (None, ())])
def test_stop_sequences(stop: Any, expected: tuple[str, ...]) -> None:
    assert chat(stop=stop).stop == expected


def test_a_tool_may_have_nothing_but_its_name() -> None:
    assert chat(tools=[{"type": "function", "function": {"name": "f"}}]).tools == (Tool(name="f"),)
    assert (schema_of(None), schema_of({"a": 1})) == (None, {"a": 1})


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "user", "content": 3}]},
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "more": 1}]}]},
        {"messages": [{"role": "user", "content": [{"type": "hologram"}]}]},
        {"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}]},
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "tool", "tool_call_id": "1", "content": [{"type": "refusal", "refusal": "x"}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "type": "custom"}]}]},
        {"messages": [{"role": "assistant", "function_call": {"name": "f"}}]},
        {"messages": [{"role": "user", "content": "x", "tool_calls": [1]}]},
        {"stop": [1]},
        {"stop": 3},
        {"response_format": {"type": "grammar"}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
        {"metadata": [1]},
        {"stream_options": {"new": 1}},
    ],
)
def test_anything_else_is_told(fields: dict[str, Any]) -> None:
    with pytest.raises(Lost):
        chat(**fields)
