"""Whatever a provider would do elsewhere, or holds already, is named; nothing else is."""

from typing import Any

import pytest

from gateway.agents.anthropic_beyond import beyond, held, keeps


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("request_", "onward"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, ("onward:web_search",)),
        ({"tools": [{"type": "web_fetch_20990101", "name": "web_fetch"}]}, ("onward:web_fetch",)),
        ({"tools": [{"type": "code_execution_20250825"}]}, ("onward:code_execution",)),
        ({"tools": [{"type": "mcp_toolset", "mcp_server_name": "a"}]}, ("onward:mcp",)),
        ({"tools": [{"type": "advisor_20260301", "model": "m"}]}, ("onward:advisor",)),
        ({"tools": [{"type": "of_tomorrow", "name": "x"}]}, ("onward:tool",)),
        ({"tools": [{"type": 5}]}, ("onward:tool",)),
        ({"tools": [{"type": "web_search_1"}, {"type": "web_search_2"}]}, ("onward:web_search",)),
        ({"mcp_servers": [{"type": "url", "url": "https://mcp.test", "name": "a"}]}, ("onward:mcp",)),
        ({"container": {"skills": [{"type": "anthropic", "skill_id": "pdf"}]}}, ("onward:code_execution",)),
        ({"thread": {"type": "create"}}, ("onward:store",)),
        (user({"type": "image", "source": {"type": "url", "url": "https://a.test"}}), ("onward:url",)),
        (user({"type": "document", "source": {"type": "url", "url": "https://a.test"}}), ("onward:url",)),
        (user({"type": "document", "source": {"type": "of_tomorrow"}}), ("onward:url",)),
        (
            user(
                {"type": "tool_result", "content": [{"type": "image", "source": {"type": "url", "url": "https://a"}}]}
            ),
            ("onward:url",),
        ),
        (
            user({"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"type": "web_fetch_1"}}}),
            ("onward:web_fetch",),
        ),
    ],
)
def test_what_a_provider_would_do_elsewhere_is_an_onward_action(
    request_: dict[str, Any], onward: tuple[str, ...]
) -> None:
    assert beyond(request_).onward == onward


@pytest.mark.parametrize(
    "request_",
    [
        {"tools": [{"name": "find", "input_schema": {}}, {"type": "custom", "name": "x"}]},
        {"tools": [{"type": "bash_20250124"}, {"type": "text_editor_20250728"}, {"type": "computer_20250124"}]},
        {"tools": [{"type": "memory_20250818"}, {"type": "tool_search_tool_bm25_20251119"}]},
        {"tools": "web_search", "mcp_servers": [], "container": None, "thread": None},
        user({"type": "image", "source": {"type": "base64", "data": "AA"}}),
        user({"type": "document", "source": {"type": "text", "data": "AA"}}),
        user({"type": "tool_use", "input": {"source": {"type": "url"}, "file_id": "f", "definition": {"type": "x"}}}),
        user({"type": "search_result", "source": "https://a.test"}),
    ],
)
def test_what_the_caller_runs_or_brings_along_is_none(request_: dict[str, Any]) -> None:
    found = beyond(request_)
    assert (found.onward, found.references, found.sessions) == ((), (), ())


@pytest.mark.parametrize(
    ("request_", "references"),
    [
        ({"container": "c1"}, ("container:c1",)),
        ({"container": {"id": "c1", "skills": [{"type": "custom", "skill_id": "s1"}]}}, ("container:c1", "skill:s1")),
        ({"diagnostics": {"previous_message_id": "m1"}}, ("anthropic-message:m1",)),
        ({"thread": {"type": "continue", "previous_message_id": "m1"}}, ("anthropic-message:m1",)),
        (user({"type": "image", "source": {"type": "file", "file_id": "f1"}}), ("file:f1",)),
        (user({"type": "container_upload", "file_id": "f1"}, {"type": "container_upload", "file_id": "f2"}),
         ("file:f1", "file:f2")),
    ],
)  # fmt: skip
def test_what_the_provider_holds_is_a_reference(request_: dict[str, Any], references: tuple[str, ...]) -> None:
    assert beyond(request_).references == references


def test_a_thread_that_is_continued_is_a_session() -> None:
    thread = {"type": "continue", "previous_message_id": "m1"}
    assert beyond({"thread": thread}).sessions == ("anthropic-message:m1",)
    assert keeps({"thread": thread})
    assert not keeps({"thread": None})
    assert not keeps([])


def test_an_answer_names_what_is_held_after_it() -> None:
    result = {"type": "bash_code_execution_result", "content": [{"file_id": "f1"}]}
    answer = {"id": "m1", "container": {"id": "c1"}, "content": [{"type": "x", "content": result}]}
    assert held(answer, kept=False) == ("container:c1", "file:f1")
    assert held(answer, kept=True) == ("container:c1", "file:f1", "anthropic-message:m1")
    assert held("x", kept=True) == ()


@pytest.mark.parametrize(
    ("request_", "onward"),
    [
        ({"fallbacks": [{"model": "other"}]}, "onward:model"),
        ({"inference_geo": "global"}, "onward:region"),
        ({"search_parameters": {}}, "onward:web_search"),
        ({"hook": "https://x.test"}, "onward:url"),
        (user({"type": "image_url", "image_url": {"url": "https://x.test"}}), "onward:url"),
        (user({"type": "image", "source": "https://x.test"}), "onward:url"),
        (user({"type": "image", "source": {"type": "base64", "data": "https://x.test"}}), "onward:url"),
    ],
)
def test_what_other_servers_of_the_same_api_would_do_is_an_action_too(request_: dict[str, Any], onward: str) -> None:
    assert beyond(request_).onward == (onward,)
