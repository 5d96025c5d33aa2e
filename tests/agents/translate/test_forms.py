"""Any form to any other: nothing is lost in silence, and what comes back is what went out."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.translate.fields import Lost
from gateway.agents.translate.forms import FORMS, translate_error, translate_reply, translate_request
from gateway.agents.translate.neutral import Begun, Reply, Request, Untranslatable
from gateway.core.errors import AgentError

from .support import DOCUMENTS, HELLO, MESSAGES, REQUEST, junk, leaves, requests, said

PAIRS = list(permutations(FORMS, 2))
ERRORS: dict[str, dict[str, Any]] = {
    "openai": {"error": {"message": "too long", "type": "invalid_request_error", "param": None, "code": None}},
    "responses": {"error": {"message": "too long", "type": "invalid_request_error", "param": None, "code": None}},
    "anthropic": {"type": "error", "error": {"type": "invalid_request_error", "message": "too long"}},
}


def translated(document: Any, source: str, target: str) -> dict[str, Any]:
    result = translate_request(document, source, target)
    assert isinstance(result, dict), result
    return result


def foreign(form: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Requests of a form that no other has words for, each with the feature that the refusal names."""
    more: dict[str, list[tuple[dict[str, Any], str]]] = {
        "openai": [
            ({"n": 2}, "n"),
            ({"logprobs": True}, "logprobs"),
            ({"top_logprobs": 3}, "top_logprobs"),
            ({"logit_bias": {"1": 5}}, "logit_bias"),
            ({"frequency_penalty": 0.5}, "frequency_penalty"),
            ({"presence_penalty": 0.5}, "presence_penalty"),
            ({"prediction": {"type": "content", "content": "x"}}, "prediction"),
            ({"modalities": ["text", "audio"]}, "modalities"),
            ({"audio": {"voice": "a"}}, "audio"),
            ({"store": True}, "store"),
            ({"web_search_options": {"x": 1}}, "web_search_options"),
            ({"functions": [{"name": "f"}]}, "functions"),
            ({"tools": [{"type": "custom"}]}, "tools that are no functions"),
            ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice of another form"),
            ({"messages": [{"role": "user", "content": "x", "name": "Ann"}]}, "the name of a message's author"),
            ({"messages": [{"role": "oracle", "content": "x"}]}, "a message of another role"),
            ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "audio"),
            ({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]}, "file_id"),
            ({"guided_regex": "Ann Smith"}, "guided_regex (of the request)"),
        ],
        "responses": [
            ({"previous_response_id": "resp_1"}, "previous_response_id"),
            ({"conversation": "conv_1"}, "conversation"),
            ({"prompt": {"id": "pmpt_1"}}, "prompt"),
            ({"background": True}, "background"),
            ({"context_management": [{"type": "compaction"}]}, "context_management"),
            ({"truncation": "auto"}, "truncation"),
            ({"include": ["message.output_text.logprobs"]}, "include"),
            ({"reasoning": {"summary": "auto"}}, "summary"),
            ({"tools": [{"type": "web_search"}]}, "tools that are no functions"),
            ({"tools": [{"type": "mcp", "server_url": "https://x.test"}]}, "tools that are no functions"),
            ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "item_reference"),
            ({"input": [{"type": "computer_call_output"}]}, "an input item of another type"),
            ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "file_id"),
            ({"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "u"}]}]}, "file_url"),
            ({"max_tool_calls": 3}, "max_tool_calls"),
            ({"Ann Smith": 1}, "an unknown field (of the request, its member number 3)"),
        ],
        "anthropic": [
            ({"top_k": 5}, "top_k"),
            ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "thinking with a budget"),
            ({"container": "c"}, "container"),
            ({"mcp_servers": [{"url": "https://x.test"}]}, "mcp_servers"),
            ({"thread": {"type": "create"}}, "thread"),
            ({"context_management": {"edits": []}}, "context_management"),
            ({"speed": "fast"}, "speed"),
            ({"max_tokens": 0}, "max_tokens of nothing, which only fills a cache"),
            ({"tools": [{"type": "web_search_20250305", "name": "w"}]}, "tools that the provider defines"),
            ({"messages": [{"role": "user", "content": [{"type": "search_result"}]}]}, "search results"),
            ({"messages": [{"role": "assistant", "content": "Once"}]}, "prefill"),
            (
                {"messages": [{"role": "user", "content": [{"type": "server_tool_use"}]}]},
                "a content block of another type",
            ),
            ({"metadata": {"Ann": "Smith"}}, "an unknown field (of the metadata, its member number 1)"),
            ({"Ann Smith": 1}, "an unknown field (of the request, its member number 4)"),
        ],
    }
    for fields, feature in more[form]:
        yield {**HELLO[form], **fields}, feature


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_same_conversation_becomes_the_golden_one_of_the_other_form(source: str, target: str) -> None:
    assert translated(DOCUMENTS[source], source, target) == DOCUMENTS[target]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_reads_its_golden_conversation_as_the_neutral_one(form: str) -> None:
    assert FORMS[form].read(DOCUMENTS[form]) == REQUEST


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60)
@given(request=requests())
def test_what_a_form_writes_it_reads_again(form: str, request: Request) -> None:
    assert FORMS[form].read(FORMS[form].write(request)) == request


@pytest.mark.parametrize(("source", "target"), PAIRS)
@settings(max_examples=40)
@given(request=requests())
def test_there_and_back_gives_the_same_document_and_every_text_is_in_the_translation(
    source: str, target: str, request: Request
) -> None:
    document = FORMS[source].write(request)
    there = translated(document, source, target)
    assert translated(there, target, source) == document
    found = leaves(there)
    assert [text for text in said(request) if text not in found] == []


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_what_no_other_form_can_say_is_refused_by_the_name_of_the_feature_alone(source: str, target: str) -> None:
    for document, feature in foreign(source):
        assert translate_request(document, source, target) == Untranslatable(feature)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("document", [None, [], "x", {}, {"model": 3}, {"model": "m", "messages": 1, "input": 1}])
def test_what_is_no_request_at_all_is_refused(form: str, document: Any) -> None:
    for target in FORMS:
        if target != form and document != {"model": "m", "messages": 1, "input": 1}:
            assert isinstance(translate_request(document, form, target), Untranslatable)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_an_error_comes_in_the_callers_form_with_the_agents_words(source: str, target: str) -> None:
    assert translate_error(ERRORS[source], source, target, 400) == ERRORS[target]


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("document", [{}, {"choices": []}, {"output": 3}, {"type": "message", "content": [{}]}])
def test_what_is_no_answer_of_the_form_is_not_translated(source: str, target: str, document: dict[str, Any]) -> None:
    with pytest.raises(AgentError, match="untranslatable"):
        translate_reply(document, source, target)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=150)
@given(document=junk, field=st.sampled_from(sorted(DOCUMENTS["openai"] | DOCUMENTS["responses"] | MESSAGES)))
def test_documents_of_the_right_words_in_the_wrong_places_are_told_or_read_and_nothing_else(
    form: str, document: dict[str, Any], field: str
) -> None:
    for tried in (document, {**DOCUMENTS[form], **document}, {**DOCUMENTS[form], field: document}):
        with suppress(Lost):
            assert isinstance(FORMS[form].read(tried), Request)
        with suppress(Lost):
            assert isinstance(FORMS[form].read_reply(tried), Reply)
        assert isinstance(FORMS[form].read_error(tried).message, str)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=150)
@given(documents=st.lists(junk, max_size=4))
def test_streams_of_such_documents_are_told_or_read_and_nothing_else(
    form: str, documents: list[dict[str, Any]]
) -> None:
    reader = FORMS[form].reader()
    begun: dict[str, dict[str, Any]] = {
        "openai": {"choices": [{"delta": {}}]},
        "responses": {"type": "response.created", "response": {}},
        "anthropic": {"type": "message_start", "message": {}},
    }
    assert isinstance(reader.read(begun[form])[0], Begun)
    with suppress(Lost, AgentError):
        for document in documents:
            assert isinstance(reader.read(document), list)
