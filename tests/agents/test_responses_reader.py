"""The extractor rule for responses: every place that can carry text, in requests and in answers, is read or told."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.responses_reader import Reader
from gateway.core.message import Part

from .support import SSN

T = "text"
ITEMS: list[dict[str, Any]] = [
    {"role": "user", "content": T, "phase": T},
    {
        "type": "message",
        "id": T,
        "role": "user",
        "status": T,
        "content": [
            {"type": "input_text", "text": T},
            {"type": "input_image", "image_url": T, "file_id": T, "detail": T},
            {"type": "input_file", "file_data": T, "filename": T, "file_url": T, "file_id": T},
            {"type": "input_audio", "input_audio": {"data": T, "format": T}},
            {"type": "hologram", "text": T, "deep": [{"er": T}]},
        ],
    },
    {
        "type": "message",
        "role": "assistant",
        "content": [
            {
                "type": "output_text",
                "text": T,
                "annotations": [
                    {"type": "url_citation", "url": T, "title": T, "start_index": 0, "end_index": 1},
                    {"type": "file_citation", "file_id": T, "filename": T, "index": 0},
                    {"type": "container_file_citation", "container_id": T, "file_id": T, "filename": T},
                    {"type": "file_path", "file_id": T},
                    {"type": "new_annotation", "note": T},
                ],
            },
            {"type": "refusal", "refusal": T},
        ],
    },
    {"type": "function_call", "id": T, "call_id": T, "name": T, "namespace": T, "arguments": '{"q": "text"}'},
    {"type": "function_call_output", "call_id": T, "output": T},
    {
        "type": "function_call_output",
        "call_id": T,
        "output": [{"type": "input_text", "text": T}, {"type": "input_image", "image_url": T}],
    },
    {
        "type": "reasoning",
        "id": T,
        "summary": [{"type": "summary_text", "text": T}],
        "content": [{"type": "reasoning_text", "text": T}],
        "encrypted_content": T,
    },
    {"type": "compaction", "id": T, "encrypted_content": T},
    {
        "type": "computer_call",
        "call_id": T,
        "action": {"type": "type", "text": T, "keys": [T], "url": T, "x": 1, "y": 2},
        "pending_safety_checks": [{"id": T, "code": T, "message": T}],
    },
    {
        "type": "computer_call_output",
        "call_id": T,
        "output": {"type": "computer_screenshot", "image_url": T, "file_id": T},
        "acknowledged_safety_checks": [{"id": T, "message": T}],
    },
    {
        "type": "web_search_call",
        "id": T,
        "action": {"type": "search", "query": T, "queries": [T], "sources": [{"type": "url", "url": T}]},
    },
    {"type": "web_search_call", "id": T, "action": {"type": "find_in_page", "pattern": T, "url": T}},
    {
        "type": "file_search_call",
        "id": T,
        "queries": [T],
        "results": [{"file_id": T, "filename": T, "text": T, "attributes": {T: T}, "score": 0.5}],
    },
    {
        "type": "code_interpreter_call",
        "id": T,
        "code": T,
        "container_id": T,
        "outputs": [{"type": "logs", "logs": T}, {"type": "image", "url": T}],
    },
    {
        "type": "image_generation_call",
        "id": T,
        "result": T,
        "revised_prompt": T,
        "error": {"message": T, "code": T, "type": T, "param": T},
    },
    {
        "type": "local_shell_call",
        "id": T,
        "call_id": T,
        "action": {"type": "exec", "command": [T], "env": {T: T}, "user": T, "working_directory": T},
    },
    {"type": "local_shell_call_output", "id": T, "output": T},
    {"type": "shell_call", "call_id": T, "action": {"commands": [T]}, "caller": {"type": "program", "caller_id": T}},
    {
        "type": "shell_call_output",
        "call_id": T,
        "output": [{"stdout": T, "stderr": T, "outcome": {"type": "exit", "exit_code": 1}}],
    },
    {"type": "apply_patch_call", "call_id": T, "operation": {"type": "update_file", "path": T, "diff": T}},
    {"type": "apply_patch_call_output", "call_id": T, "output": T},
    {
        "type": "mcp_list_tools",
        "id": T,
        "server_label": T,
        "error": T,
        "tools": [
            {
                "name": T,
                "description": T,
                "input_schema": {"type": "object", "properties": {T: {"type": "string", "description": T}}},
                "annotations": {"title": T},
            }
        ],
    },
    {"type": "mcp_approval_request", "id": T, "arguments": T, "name": T, "server_label": T},
    {"type": "mcp_approval_response", "approval_request_id": T, "approve": True, "reason": T},
    {"type": "mcp_call", "id": T, "name": T, "server_label": T, "arguments": T, "output": T, "error": T},
    {"type": "mcp_call", "error": {"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": T}]}},
    {"type": "custom_tool_call", "call_id": T, "name": T, "input": T},
    {"type": "custom_tool_call_output", "call_id": T, "output": T},
    {"type": "custom_tool_call_output", "call_id": T, "output": [{"type": "input_text", "text": T}]},
    {"type": "tool_search_call", "call_id": T, "arguments": {"goal": T, T: T}},
    {"type": "tool_search_output", "tools": [{"type": "function", "name": T, "description": T}]},
    {"type": "additional_tools", "role": "developer", "tools": [{"type": "custom", "name": T, "description": T}]},
    {"type": "program", "id": T, "code": T, "fingerprint": T},
    {"type": "program_output", "call_id": T, "result": T},
    {"type": "item_reference", "id": T},
    {"id": T},
    {"type": "kind_of_tomorrow", "deep": [{"er": {"est": T}}], T: 1},
]
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": T,
        "description": T,
        "parameters": {
            "type": "object",
            "title": T,
            "properties": {T: {"type": "string", "description": T, "enum": [T], "default": T, "examples": [T]}},
        },
    },
    {"type": "custom", "name": T, "description": T, "format": {"type": "grammar", "syntax": T, "definition": T}},
    {
        "type": "mcp",
        "server_label": T,
        "server_url": T,
        "server_description": T,
        "headers": {T: T},
        "authorization": T,
        "connector_id": T,
        "allowed_tools": [T],
        "require_approval": {"always": {"tool_names": [T]}},
    },
    {"type": "web_search", "filters": {"allowed_domains": [T]}, "user_location": {"type": "approximate", "city": T}},
    {
        "type": "file_search",
        "vector_store_ids": [T],
        "filters": {"type": "and", "filters": [{"type": "eq", "key": T, "value": T}]},
    },
    {
        "type": "code_interpreter",
        "container": {
            "type": "auto",
            "file_ids": [T],
            "network_policy": {
                "type": "allowlist",
                "allowed_domains": [T],
                "domain_secrets": [{"domain": T, "name": T, "value": T}],
            },
        },
    },
    {"type": "code_interpreter", "container": T},
    {"type": "image_generation", "model": T, "input_image_mask": {"image_url": T, "file_id": T}},
    {"type": "computer_use_preview", "display_width": 1, "environment": T},
    {"type": "local_shell"},
    {"type": "namespace", "name": T, "description": T, "tools": [{"type": "function", "name": T, "description": T}]},
    {
        "type": "shell",
        "environment": {
            "type": "local",
            "skills": [
                {"type": "skill_reference", "skill_id": T},
                {"type": "inline", "name": T, "description": T, "source": {"type": "base64", "data": T}},
            ],
        },
    },
    {"type": "gadget", "whatever": {"deep": [T]}},
]
REQUEST: dict[str, Any] = {
    "model": T,
    "instructions": T,
    "input": ITEMS,
    "tools": TOOLS,
    "tool_choice": {"type": "function", "name": T},
    "text": {
        "verbosity": T,
        "format": {"type": "json_schema", "name": T, "description": T, "schema": {"title": T, "properties": {T: {}}}},
    },
    "metadata": {T: T},
    "user": T,
    "safety_identifier": T,
    "prompt": {
        "id": T,
        "version": T,
        "variables": {T: T, "picture": {"type": "input_image", "image_url": T}},
    },
    "prompt_cache_key": T,
    "previous_response_id": T,
    "conversation": {"id": T},
    "reasoning": {"effort": T, "summary": T},
    "include": [T],
    "service_tier": T,
    "truncation": T,
    "stream_options": {"note": T},
    "max_output_tokens": 1,
    "moderation": {"model": T},
    "unknown": {"deep": [T], T: T},
}
ANSWER: dict[str, Any] = {
    "id": T,
    "object": T,
    "created_at": 1_700_000_000,
    "status": T,
    "error": {"code": T, "message": T},
    "incomplete_details": {"reason": T},
    "instructions": [{"role": "user", "content": T}],
    "model": T,
    "output": ITEMS,
    "tools": TOOLS,
    "tool_choice": T,
    "metadata": {T: T},
    "user": T,
    "previous_response_id": T,
    "conversation": {"id": T},
    "text": {"format": {"type": "json_schema", "schema": {T: T}}},
    "reasoning": {"summary": T},
    "usage": {"input_tokens": 5, "note": T},
    "unknown": {"deep": [T], T: T},
}
OPAQUE = ("/encrypted_content", "/result")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every text and, marked, of every key that is one."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == T:
                yield (*path, ("key", key))
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))
    elif isinstance(value, str) and path[-1] not in ("type", "role"):
        yield path


def planted(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    root = copy.deepcopy(document)
    node: Any = root
    for step in path[:-1]:
        node = node[step]
    last = path[-1]
    if isinstance(last, tuple):
        node[SSN] = node.pop(last[1])
    else:
        node[last] = f"the number {SSN}"
    return root


def pointer(path: tuple[Any, ...]) -> str:
    return "".join(f"/{SSN if isinstance(step, tuple) else step}" for step in path)


def read(document: dict[str, Any], *, answer: bool = False) -> Reader:
    reader = Reader()
    (reader.answer if answer else reader.request)(document)
    return reader


@pytest.mark.parametrize(("document", "answer"), [(REQUEST, False), (ANSWER, True)])
def test_an_identifier_in_every_place_is_found_where_it_stands(document: dict[str, Any], answer: bool) -> None:
    listed = list(places(document))
    assert len(listed) > 100
    for path in listed:
        parts = read(planted(document, path), answer=answer).parts
        place = pointer(path)
        if place.endswith(OPAQUE) and "program_output" not in str(
            document["input" if not answer else "output"][path[1]]
        ):
            assert Part(place, "", "unreadable") in parts, place
        else:
            assert place in [part.pointer for part in parts if SSN in part.text], place


def test_words_of_the_protocol_alone_are_no_parts() -> None:
    reader = read(
        {
            "model": "m",
            "input": [
                {"type": "message", "role": "user", "status": "completed", "content": []},
                {"type": "reasoning", "summary": [], "encrypted_content": None},
            ],
            "tools": [{"type": "function", "strict": True, "parameters": {"type": "object", "properties": {}}}],
            "tool_choice": "auto",
            "reasoning": {"effort": "high"},
            "max_output_tokens": 100_000,
            "truncation": "auto",
        }
    )
    assert reader.parts == [Part("/model", "m", "name")]


@pytest.mark.parametrize(
    ("item", "place"),
    [
        ({"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AA"}]}, "/content/0"),
        ({"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}, "/content/0"),
        ({"role": "user", "content": [{"type": "hologram"}]}, "/content/0"),
        ({"type": "reasoning", "summary": [], "encrypted_content": "x"}, "/encrypted_content"),
        ({"type": "compaction", "encrypted_content": "x"}, "/encrypted_content"),
        ({"type": "image_generation_call", "result": "x"}, "/result"),
        ({"type": "computer_call_output", "output": {"type": "computer_screenshot", "image_url": "x"}}, "/output"),
        ({"type": "function_call_output", "output": [{"type": "input_image", "image_url": "x"}]}, "/output/0"),
        ({"type": "kind_of_tomorrow"}, ""),
    ],
)
def test_what_cannot_be_read_is_unreadable(item: dict[str, Any], place: str) -> None:
    assert Part(f"/input/0{place}", "", "unreadable") in read({"model": "m", "input": [item]}).parts


@pytest.mark.parametrize(
    ("request_", "references"),
    [
        ({"previous_response_id": "resp_1"}, ("openai-response:resp_1",)),
        ({"conversation": "conv_1"}, ("openai-conversation:conv_1",)),
        ({"conversation": {"id": "conv_1"}}, ("openai-conversation:conv_1",)),
        ({"prompt": {"id": "pmpt_1"}}, ("openai-prompt:pmpt_1",)),
        ({"input": [{"type": "item_reference", "id": "rs_1"}]}, ("openai-item:rs_1",)),
        ({"input": [{"id": "rs_1"}]}, ("openai-item:rs_1",)),
        ({"input": [{"type": "image_generation_call", "id": "ig_1"}]}, ("openai-item:ig_1",)),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, ("file:f",)),
        ({"input": [{"type": "code_interpreter_call", "container_id": "c"}]}, ("container:c",)),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["a", "b"]}]}, ("vector-store:a", "vector-store:b")),
        ({"tools": [{"type": "code_interpreter", "container": "c"}]}, ("container:c",)),
        ({"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["f"]}}]}, ("file:f",)),
        ({"tools": [{"type": "image_generation", "input_image_mask": {"file_id": "f"}}]}, ("file:f",)),
        (
            {"prompt": {"id": "p", "variables": {"v": {"type": "input_file", "file_id": "f"}}}},
            ("openai-prompt:p", "file:f"),
        ),
        ({"input": [{"type": "file_search_call", "results": [{"file_id": "f"}]}]}, ()),
        ({"input": "x", "previous_response_id": None, "conversation": None}, ()),
    ],
)
def test_what_the_provider_holds_is_a_reference(request_: dict[str, Any], references: tuple[str, ...]) -> None:
    assert read({"model": "m", **request_}).beyond.references == references


def test_what_goes_on_from_the_provider_is_a_session_and_a_conversation_is_stored() -> None:
    beyond = read({"model": "m", "previous_response_id": "r", "conversation": "c"}).beyond
    assert beyond.sessions == ("openai-response:r", "openai-conversation:c")
    assert beyond.onward == ("onward:store",)


@pytest.mark.parametrize(
    ("tool", "onward"),
    [
        ({"type": "function", "name": "f"}, ()),
        ({"type": "custom", "name": "f"}, ()),
        ({"type": "local_shell"}, ()),
        ({"type": "apply_patch"}, ()),
        ({"type": "shell", "environment": {"type": "local"}}, ()),
        ({"type": "shell", "environment": {"type": "container_auto"}}, ("onward:shell",)),
        ({"type": "shell"}, ("onward:shell",)),
        ({"type": "web_search_preview"}, ("onward:web_search",)),
        ({"type": "web_search_2025_08_26"}, ("onward:web_search",)),
        ({"type": "file_search"}, ("onward:file_search",)),
        ({"type": "code_interpreter", "container": {"type": "auto"}}, ("onward:code_interpreter",)),
        ({"type": "image_generation"}, ("onward:image_generation",)),
        ({"type": "mcp", "server_url": "https://x.test"}, ("onward:mcp",)),
        ({"type": "mcp", "connector_id": "connector_gmail"}, ("onward:mcp",)),
        ({"type": "computer_use_preview"}, ("onward:computer_use",)),
        ({"type": "computer"}, ("onward:computer_use",)),
        ({"type": "gadget"}, ("onward:gadget",)),
        ({"type": "Gad get"}, ("onward:tool",)),
        ({}, ("onward:tool",)),
        ("web_search", ("onward:tool",)),
        ({"type": "namespace", "tools": [{"type": "mcp"}]}, ("onward:mcp",)),
    ],
)
def test_what_the_provider_would_do_elsewhere_is_an_action(tool: Any, onward: tuple[str, ...]) -> None:
    assert read({"model": "m", "tools": [tool]}).beyond.onward == onward
    item = {"type": "additional_tools", "role": "developer", "tools": [tool]}
    assert read({"model": "m", "input": [item]}).beyond.onward == onward


@pytest.mark.parametrize(
    ("request_", "onward"),
    [
        ({"store": True}, ("onward:store",)),
        ({"store": False}, ()),
        ({}, ()),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "https://x"}]}]},
            ("onward:url",),
        ),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "https://x"}]}]}, ("onward:url",)),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:,x"}]}]}, ()),
        ({"input": [{"role": "user", "content": [{"image_url": "https://x"}]}]}, ("onward:url",)),
        (
            {"input": [{"role": "user", "content": [{"type": "input_text", "text": "", "image_url": "https://x"}]}]},
            ("onward:url",),
        ),
        ({"plugins": [{"id": "web"}]}, ("onward:tool",)),
        ({"fallbacks": ["other"]}, ("onward:model",)),
        ({"hook": "https://x"}, ("onward:url",)),
        ({"prompt_cache_retention": "24h"}, ("onward:store",)),
        ({"input": [{"type": "mcp_approval_response", "approval_request_id": "m", "approve": True}]}, ("onward:mcp",)),
        ({"input": [{"type": "mcp_approval_response", "approval_request_id": "m", "approve": False}]}, ()),
    ],
)
def test_storing_and_fetching_are_actions(request_: dict[str, Any], onward: tuple[str, ...]) -> None:
    assert read({"model": "m", **request_}).beyond.onward == onward


def test_tools_beyond_the_bound_of_parts_are_still_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.agents.bodies.MAX_PARTS", 3)
    reader = read({"model": "m", "input": ["a"] * 10, "tools": [{"type": "mcp", "server_url": "x"}]})
    assert reader.beyond.onward == ("onward:mcp",)
    assert reader.parts[-1].kind == "unreadable"


words = st.sampled_from(
    ["type", "content", "tools", "text", "input_image", "item_reference", "function", "id", "file_id"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=3), inner, max_size=4),
    max_leaves=15,
)
requests = st.fixed_dictionaries(
    {"model": st.just("m")},
    optional=dict.fromkeys(("input", "tools", "text", "prompt", "metadata", "conversation", "x"), values),
)


@settings(max_examples=150)
@given(requests, st.data())
def test_an_identifier_planted_anywhere_is_in_some_part(document: dict[str, Any], data: st.DataObject) -> None:
    found: list[tuple[Any, Any]] = []

    def look(value: Any) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in items:
            found.append((value, key))
            look(item)

    look(document)
    container, key = data.draw(st.sampled_from(found))
    container[key] = SSN
    for answer in (False, True):
        assert any(SSN in part.text for part in read(document, answer=answer).parts)


def test_a_response_to_compare_a_cache_with_is_a_reference() -> None:
    reader = read({"model": "m", "prompt_cache_options": {"comparison_response_id": "resp_1"}})
    assert reader.beyond.references == ("openai-response:resp_1",)


def test_an_answer_with_pictures_in_its_settings_is_read_as_before() -> None:
    """Only what content has by address makes an attachment of an object without a type."""
    reader = Reader()
    reader.answer({"output": [], "image": {"context_compression": "auto"}})
    assert not [part for part in reader.parts if part.kind == "unreadable"]
