"""Messages' requests, written."""

import re
from typing import Any

import pytest

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.messages_out import DEFAULT_MAX_TOKENS, identifier, write
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

HELLO = Turn("user", (Text("Hello"),))


def written(**fields: Any) -> dict[str, Any]:
    return write(Request(**{"model": "m", "turns": (HELLO,), **fields}))


def test_a_limit_there_must_be() -> None:
    assert written() == {
        "model": "m",
        "max_tokens": DEFAULT_MAX_TOKENS,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
    }
    assert written(max_tokens=7)["max_tokens"] == 7


def test_instructions_go_before_and_later_ones_stay_where_they_are() -> None:
    turns = (
        Turn("system", (Text("a"),)),
        Turn("developer", (Text("b"),)),
        HELLO,
        Turn("developer", (Text("c"),)),
        HELLO,
    )
    document = written(turns=turns)
    assert [block["text"] for block in document["system"]] == ["a", "b"]
    assert [message["role"] for message in document["messages"]] == ["user", "system", "user"]


def test_empty_texts_which_are_not_allowed_say_nothing() -> None:
    turns = (Turn("assistant", (Text(""),)), Turn("user", (Text(""), Text("x"))))
    assert written(turns=turns)["messages"] == [{"role": "user", "content": [{"type": "text", "text": "x"}]}]


def test_blocks_of_every_kind() -> None:
    use = ToolUse(id="functions.f:0", name="f", arguments='{"a": 1}')
    image = Image(media_type="image/png", data="aW1n")
    result = ToolResult(id="functions.f:0", content=(Text("x"), Text(""), image), failed=True)
    file = File(media_type="application/pdf", data="JVBE", name="a.pdf")
    turns = (HELLO, Turn("assistant", (Refused("No."), use)), Turn("user", (result, Image(url="u"), file)))
    said, told = written(turns=turns)["messages"][1:]
    source = {"type": "base64", "media_type": "image/png", "data": "aW1n"}
    assert said["content"] == [
        {"type": "text", "text": "No."},
        {"type": "tool_use", "id": "functions_f_0_dmbddkde", "name": "f", "input": {"a": 1}},
    ]
    assert told["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": identifier("functions.f:0"),
            "content": [{"type": "text", "text": "x"}, {"type": "image", "source": source}],
            "is_error": True,
        },
        {"type": "image", "source": {"type": "url", "url": "u"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            "title": "a.pdf",
        },
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (Choice("any"), True, {"type": "any", "disable_parallel_tool_use": False}),
        (Choice("none"), False, {"type": "none"}),
        (Choice("tool", "f"), None, {"type": "tool", "name": "f"}),
    ],
)
def test_a_choice_of_tools(choice: Choice | None, parallel: bool | None, expected: Any) -> None:
    assert written(tools=(Tool(name="f"),), choice=choice, parallel=parallel).get("tool_choice") == expected


def test_a_description_of_the_answers_form_goes_into_its_schema() -> None:
    config = written(format=Format(schema={"type": "object"}, description="d"))["output_config"]
    assert config == {"format": {"type": "json_schema", "schema": {"type": "object", "description": "d"}}}


@pytest.mark.parametrize(("user", "safety", "expected"), [("u", None, "u"), (None, "s", "s"), ("u", "u", "u")])
def test_the_user_is_named(user: str | None, safety: str | None, expected: str) -> None:
    assert written(user=user, safety=safety)["metadata"] == {"user_id": expected}


@pytest.mark.parametrize(
    ("fields", "feature"),
    [
        ({"turns": (HELLO, Turn("assistant", (Text("x"),)))}, "prefill"),
        ({"temperature": 1.5}, "temperature above 1"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"verbosity": "low"}, "verbosity"),
        ({"effort": "minimal"}, "reasoning effort"),
        ({"format": Format(schema=None)}, "any JSON object"),
        ({"format": Format(schema={"description": "a"}, description="b")}, "two descriptions"),
        ({"user": "u", "safety": "s"}, "user beside"),
        ({"turns": (Turn("user", (File(media_type="text/csv", data="x"),)),)}, "no PDF"),
        ({"turns": (Turn("assistant", (ToolUse(id="1", name="f", arguments="[]"),)), HELLO)}, "tool arguments"),
    ],
)
def test_what_has_no_place_is_told(fields: dict[str, Any], feature: str) -> None:
    with pytest.raises(Lost, match=feature):
        written(**fields)


def test_calls_whose_identifiers_differ_in_other_characters_alone_stay_apart() -> None:
    """The result of one would be taken for the other's."""
    texts = ("call_1-a", "a.b", "a:b", "a_b", "\u00fc", "\ud800")
    found = [identifier(text) for text in texts]
    assert found[0] == "call_1-a"
    assert len(set(found)) == len(texts)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) for one in found)
    assert [identifier(one) for one in found] == found
