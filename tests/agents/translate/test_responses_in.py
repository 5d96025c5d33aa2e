"""Responses' requests, read."""

from typing import Any

import pytest

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import (
    Choice,
    File,
    Format,
    Image,
    Refused,
    Request,
    Text,
    ToolResult,
    ToolUse,
    Turn,
)
from gateway.agents.translate.responses_in import read

from .support import HELLO


def responses(**fields: Any) -> Request:
    return read({**HELLO["responses"], **fields})


def turns(*items: dict[str, Any]) -> tuple[Turn, ...]:
    return responses(input=list(items)).turns


def test_instructions_come_first() -> None:
    assert responses(instructions="Be short.").turns == (
        Turn("system", (Text("Be short."),)),
        Turn("user", (Text("Hello"),)),
    )


def test_hints_that_change_no_answer_are_left_out() -> None:
    hints = {
        "service_tier": "flex",
        "include": ["reasoning.encrypted_content"],
        "stream_options": {"include_obfuscation": True},
    }
    assert responses(**hints, truncation="disabled", store=False, background=False) == responses()


def test_what_the_stock_client_read_from_an_answer_repeats_what_stands_beside_it() -> None:
    call = {"type": "function_call", "call_id": "1", "name": "f", "arguments": '{"a": 1}', "parsed_arguments": {"a": 1}}
    part = {"type": "output_text", "text": '{"b": 2}', "annotations": [], "parsed": {"b": 2}}
    assert turns({"role": "assistant", "content": [part]}, call) == (
        Turn("assistant", (Text('{"b": 2}'), ToolUse(id="1", name="f", arguments='{"a": 1}'))),
    )


def test_what_the_assistant_says_and_calls_without_a_break_is_one_turn_and_reasoning_is_left_out() -> None:
    said = {"type": "message", "id": "m", "status": "completed", "role": "assistant"}
    part = {"type": "output_text", "text": "Hm", "annotations": [], "logprobs": []}
    call = {"type": "function_call", "id": "fc", "name": "f", "arguments": "{}", "status": "completed"}
    result = {"type": "function_call_output", "output": "x"}
    found = turns(
        {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "…"},
        {**said, "content": [part, {"type": "refusal", "refusal": "No."}]},
        {**call, "call_id": "1"},
        {**call, "call_id": "2"},
        {**result, "call_id": "1"},
        {**result, "call_id": "2", "output": [{"type": "input_image", "image_url": "https://a.test"}]},
        {"role": "user", "content": "so?"},
    )
    uses = tuple(ToolUse(id=name, name="f", arguments="{}") for name in "12")
    results = (ToolResult(id="1", content=(Text("x"),)), ToolResult(id="2", content=(Image(url="https://a.test"),)))
    assert found == (
        Turn("assistant", (Text("Hm"), Refused("No."), *uses)),
        Turn("user", results),
        Turn("user", (Text("so?"),)),
    )


def test_files_and_roles() -> None:
    file = {"type": "input_file", "file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"}
    assert turns({"role": "developer", "content": "d"}, {"role": "user", "content": [file]}) == (
        Turn("developer", (Text("d"),)),
        Turn("user", (File(media_type="application/pdf", data="JVBE", name="a.pdf"),)),
    )


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", Choice("auto")),
        ("none", Choice("none")),
        ("required", Choice("any")),
        ({"type": "function", "name": "f"}, Choice("tool", "f")),
    ],
)
def test_a_choice_of_tools(choice: Any, expected: Choice) -> None:
    assert responses(tool_choice=choice).choice == expected


@pytest.mark.parametrize(
    ("text", "format_", "verbosity"),
    [
        ({"verbosity": "low"}, None, "low"),
        ({"format": {"type": "text"}}, None, None),
        ({"format": {"type": "json_object"}}, Format(schema=None), None),
        (
            {"format": {"type": "json_schema", "name": "n", "schema": {"a": 1}, "strict": False}},
            Format(schema={"a": 1}, name="n", strict=False),
            None,
        ),
    ],
)
def test_a_form_of_the_answer(text: Any, format_: Format | None, verbosity: str | None) -> None:
    request = responses(text=text)
    assert (request.format, request.verbosity) == (format_, verbosity)


@pytest.mark.parametrize(
    "fields",
    [
        {"input": 3},
        {"input": [{"role": "oracle", "content": "x"}]},
        {"input": [{"role": "user", "content": 3}]},
        {"input": [{"role": "user", "content": [{"type": "hologram"}]}]},
        {"input": [{"role": "user", "content": [{"type": "output_text", "text": "x", "annotations": [{"url": "u"}]}]}]},
        {"input": [{"role": "system", "content": [{"type": "input_image", "image_url": "u"}]}]},
        {"input": [{"type": "function_call_output", "call_id": "1", "output": [{"type": "refusal", "refusal": "x"}]}]},
        {"input": [{"type": "web_search_call", "id": "1"}]},
        {"include": [["x"]]},
        {"reasoning": {"mode": "pro"}},
        {"reasoning": {"context": "all_turns"}},
        {"text": {"format": {"type": "grammar"}}},
        {"tool_choice": {"type": "file_search"}},
        {"tool_choice": {"type": "function", "name": "f", "more": 1}},
    ],
)
def test_anything_else_is_told(fields: dict[str, Any]) -> None:
    with pytest.raises(Lost):
        responses(**fields)
