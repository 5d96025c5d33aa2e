"""Chat completions' requests, written."""

from typing import Any

import pytest

from gateway.agents.translate.chat_out import choice_of, failed, format_members, write
from gateway.agents.translate.fields import Lost
from gateway.agents.translate.forms import FORMS
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

IMAGE = Image(media_type="image/png", data="aW1n")


def messages(*turns: Turn) -> list[dict[str, Any]]:
    found = write(Request(model="m", turns=turns))["messages"]
    assert isinstance(found, list)
    return found


def test_what_was_not_said_is_not_written() -> None:
    assert write(Request(model="m", turns=())) == {"model": "m", "messages": []}


def test_several_texts_stay_apart_and_one_is_a_string() -> None:
    assert messages(Turn("system", (Text("a"), Text("b"))), Turn("user", (Text("c"),)), Turn("user", ())) == [
        {"role": "system", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "user", "content": "c"},
        {"role": "user", "content": ""},
    ]


def test_results_are_messages_of_their_own_and_what_is_said_beside_them_too() -> None:
    result = ToolResult(id="1", content=(Text("x"),))
    assert messages(Turn("user", (result, Text("so?")))) == [
        {"role": "tool", "tool_call_id": "1", "content": "x"},
        {"role": "user", "content": "so?"},
    ]


def test_a_failed_tool_says_so_in_its_result() -> None:
    assert messages(Turn("user", (ToolResult(id="1", content=(Text("no such city"),), failed=True),)))[0][
        "content"
    ] == ("Error: no such city")
    assert failed([]) == [Text("Error:")]


def test_refusals_and_calls_of_the_assistant() -> None:
    use = ToolUse(id="1", name="f", arguments="{}")
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert messages(Turn("assistant", (Refused("No."),)), Turn("assistant", (Text("a"), Refused("b"), use))) == [
        {"role": "assistant", "content": None, "refusal": "No."},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
            "tool_calls": [call],
        },
    ]


def test_files_and_the_form_of_the_answer() -> None:
    file = File(media_type="application/pdf", data="JVBE", name="a.pdf")
    content = messages(Turn("user", (file,)))[0]["content"]
    assert content == [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}}]
    assert write(Request(model="m", turns=(), format=Format(schema=None)))["response_format"] == {"type": "json_object"}
    assert format_members(Format(schema={}, description="d")) == {"name": "answer", "description": "d", "schema": {}}


@pytest.mark.parametrize(("kind", "written"), [("auto", "auto"), ("none", "none"), ("any", "required")])
def test_a_choice_of_tools(kind: Any, written: str) -> None:
    request = Request(model="m", turns=(), tools=(Tool(name="f"),), choice=Choice(kind))
    assert write(request)["tool_choice"] == written


@pytest.mark.parametrize("kind", ["auto", "none", None])
def test_a_choice_among_no_tools_is_not_said(kind: Any) -> None:
    choice = None if kind is None else Choice(kind)
    assert choice_of(Request(model="m", turns=(), choice=choice)) is None


@pytest.mark.parametrize("form", ["openai", "responses", "anthropic"])
@pytest.mark.parametrize("choice", [Choice("any"), Choice("tool", "f")])
def test_a_tool_that_must_be_called_where_none_is_has_no_translation(form: str, choice: Choice) -> None:
    with pytest.raises(Lost, match="tool_choice without tools"):
        FORMS[form].write(Request(model="m", turns=(Turn("user", (Text("a"),)),), choice=choice))


@pytest.mark.parametrize(
    "turn",
    [
        Turn("user", (ToolResult(id="1", content=(IMAGE,)),)),
        Turn("assistant", (IMAGE,)),
        Turn("user", (ToolUse(id="1", name="f", arguments="{}"),)),
    ],
)
def test_what_has_no_place_is_told(turn: Turn) -> None:
    with pytest.raises(Lost):
        messages(turn)


def test_more_stop_sequences_than_there_may_be_are_told() -> None:
    with pytest.raises(Lost, match="more than four"):
        write(Request(model="m", turns=(), stop=("a", "b", "c", "d", "e")))
