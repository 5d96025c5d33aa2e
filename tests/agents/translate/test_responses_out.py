"""Responses' requests, written."""

from typing import Any

import pytest

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.neutral import (
    Choice,
    File,
    Format,
    Image,
    Reasoned,
    Refused,
    Request,
    Text,
    Tool,
    ToolResult,
    ToolUse,
    Turn,
)
from gateway.agents.translate.responses_out import write

IMAGE = Image(url="https://a.test")


def items(*turns: Turn) -> list[dict[str, Any]]:
    found = write(Request(model="m", turns=turns))["input"]
    assert isinstance(found, list)
    return found


def test_nothing_is_ever_stored() -> None:
    assert write(Request(model="m", turns=())) == {"model": "m", "input": [], "store": False}


def test_a_turn_keeps_its_order_in_items() -> None:
    use = ToolUse(id="1", name="f", arguments="{}")
    assert [item["type"] for item in items(Turn("assistant", (Text("a"), use, Text("b"))))] == [
        "message",
        "function_call",
        "message",
    ]
    assert items(Turn("user", ())) == [{"type": "message", "role": "user", "content": ""}]


def test_results_may_hold_images_and_files_and_say_that_they_failed() -> None:
    file = File(media_type="application/pdf", data="JVBE")
    found = items(Turn("user", (ToolResult(id="1", content=(Text("x"), IMAGE, file), failed=True),)))
    assert found[0]["output"] == [
        {"type": "input_text", "text": "Error: x"},
        {"type": "input_image", "image_url": "https://a.test", "detail": "auto"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,JVBE"},
    ]
    assert items(Turn("user", (ToolResult(id="1", content=()),)))[0]["output"] == ""


def test_the_assistants_words_of_refusal_stay_what_they_are() -> None:
    assert items(Turn("assistant", (Text("a"), Refused("b"))))[0]["content"] == [
        {"type": "output_text", "text": "a", "annotations": []},
        {"type": "refusal", "refusal": "b"},
    ]


def test_strictness_is_said_in_any_case_since_here_it_is_the_default() -> None:
    tools = write(Request(model="m", turns=(), tools=(Tool(name="f"),), choice=Choice("any")))
    assert tools["tools"] == [
        {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False}
    ]
    assert tools["tool_choice"] == "required"


def test_the_form_and_length_of_the_answer() -> None:
    text = write(Request(model="m", turns=(), format=Format(schema=None), verbosity="low"))["text"]
    assert text == {"format": {"type": "json_object"}, "verbosity": "low"}


@pytest.mark.parametrize(
    "turn",
    [Turn("assistant", (IMAGE, IMAGE)), Turn("user", (Text("a"), Reasoned("b"))), Turn("assistant", (Reasoned("b"),))],
)
def test_what_has_no_place_is_told(turn: Turn) -> None:
    with pytest.raises(Lost):
        items(turn)


def test_stop_sequences_are_told() -> None:
    with pytest.raises(Lost, match="stop sequences"):
        write(Request(model="m", turns=(), stop=("a",)))
