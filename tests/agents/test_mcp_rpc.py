"""A message of MCP is told from body and headers together, and what two readers could take differently ends there."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.mcp_rpc import (
    Rpc,
    decode_header,
    encode_header,
    id_of,
    is_response,
    may_wait,
    read_rpc,
    version_of,
    without_state,
)
from gateway.agents.mcp_words import Era
from gateway.core.refusal import Refusal
from tests.agents.mcp_making import NEW, new, old, read, refusal, rpc
from tests.agents.mcp_making import result as answered


def told(body: Any, **headers: str) -> Rpc | Refusal:
    return read_rpc(old(body, **headers), body)


def test_requests_notifications_and_responses_are_told_apart() -> None:
    kinds = [rpc("ping"), rpc("notifications/initialized", id=None), answered({})]
    assert [one.kind for one in map(told, kinds) if isinstance(one, Rpc)] == ["request", "notification", "response"]


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("initialize", "message"),
        ("ping", "message"),
        ("tools/list", "message"),
        ("resources/read", "message"),
        ("prompts/get", "message"),
        ("completion/complete", "message"),
        ("logging/setLevel", "message"),
        ("tasks/result", "task"),
    ],
)
def test_the_action_of_a_method_is_a_word_of_policy(method: str, action: str) -> None:
    found = told(rpc(method))
    assert isinstance(found, Rpc)
    assert found.action == action


def test_a_call_of_a_tool_is_an_action_of_its_own() -> None:
    assert read(old(rpc("tools/call", {"name": "files/read"}))).action == "tool:files/read"
    assert read(new("tools/call", {"name": "files/read"})).action == "tool:files/read"


@pytest.mark.parametrize("name", ["", "a b", "ü", "x" * 129, "*", "a*", None, 7, {}])
def test_a_tool_has_a_name_that_policy_can_speak_of(name: Any) -> None:
    assert refusal(old(rpc("tools/call", {"name": name}))).code == "tool_unknown"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([rpc("ping")], "feature_unsupported"),
        ([], "feature_unsupported"),
        (rpc("tasks/list"), "feature_unsupported"),
        ("ping", "schema_violation"),
        ({"id": 1, "method": "ping"}, "schema_violation"),
        ({**rpc("ping"), "jsonrpc": "1.0"}, "schema_violation"),
        ({**rpc("ping"), "id": None}, "schema_violation"),
        (rpc("ping", id=True), "schema_violation"),
        (rpc("ping", id=1.5), "schema_violation"),
        (rpc("ping", id="x" * 257), "schema_violation"),
        ({**rpc("ping"), "method": 7}, "schema_violation"),
        ({**rpc("ping"), "params": []}, "schema_violation"),
        ({**rpc("ping"), "result": {}}, "schema_violation"),
        ({"jsonrpc": "2.0", "id": 1}, "schema_violation"),
        ({"jsonrpc": "2.0", "result": {}}, "schema_violation"),
        ({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}}, "schema_violation"),
        (rpc("tools/list", {"_meta": 7}), "schema_violation"),
        (rpc("files/delete"), "feature_unsupported"),
        (rpc("notifications/else", id=None), "feature_unsupported"),
    ],
)
def test_what_is_no_message_of_the_protocol_is_refused(body: Any, code: str) -> None:
    assert refusal(old(body)).code == code


@pytest.mark.parametrize(
    ("headers", "code", "field"),
    [
        ({"mcp_method": ""}, "header_mismatch", "mcp-method"),
        ({"mcp_method": "tools/list"}, "header_mismatch", "mcp-method"),
        ({"mcp_name": ""}, "header_mismatch", "mcp-name"),
        ({"mcp_name": "other"}, "header_mismatch", "mcp-name"),
        ({"mcp_name": "=?base64?!?="}, "header_mismatch", "mcp-name"),
        ({"mcp_protocol_version": "2099-01-01"}, "version_unsupported", "mcp-protocol-version"),
        ({"mcp_protocol_version": "2025-11-25"}, "header_mismatch", "mcp-protocol-version"),
        ({"mcp_protocol_version": ""}, "header_mismatch", "mcp-protocol-version"),
    ],
)
def test_headers_that_do_not_say_what_the_body_says_are_refused(headers: dict[str, str], code: str, field: str) -> None:
    found = refusal(new("tools/call", {"name": "add", "arguments": {}}, **headers))
    assert (found.code, found.field) == (code, field)


def test_a_routing_header_that_comes_twice_is_refused() -> None:
    request = new("tools/list")
    twice = type(request)(
        method="POST",
        path=request.path,
        query="",
        body=request.body,
        headers=(*request.headers, ("mcp-method", "tools/call")),
    )
    assert refusal(twice).code == "header_mismatch"


def test_white_space_around_a_header_says_nothing() -> None:
    request = new(
        "tools/call", {"name": "add"}, mcp_name=" add\t", mcp_method=" tools/call", mcp_protocol_version=f"{NEW} "
    )
    assert read(request).action == "tool:add"


def test_a_name_may_come_wrapped() -> None:
    wrapped = encode_header("ward://säle")
    assert wrapped.startswith("=?base64?")
    assert read(new("resources/read", {"uri": "ward://säle"}, mcp_name=wrapped)).action == "message"


def test_a_newer_body_without_its_version_is_refused() -> None:
    assert refusal(new("tools/list", {"_meta": {}})).field == "/params/_meta"
    assert refusal(new("tools/list", {"_meta": {"io.modelcontextprotocol/protocolVersion": "2025-11-25"}})).code == (
        "header_mismatch"
    )


@pytest.mark.parametrize("method", ["initialize", "ping", "logging/setLevel", "resources/subscribe", "x"])
def test_a_method_that_the_newest_version_does_not_have_is_unknown(method: str) -> None:
    assert refusal(new(method)).code == "method_unknown"


def test_the_newest_version_takes_no_responses_and_the_older_ones_do() -> None:
    assert refusal(old(answered({}), mcp_protocol_version=NEW)).code == "feature_unsupported"
    assert read(old(answered({}))).action == "message"


def test_a_request_without_a_version_is_of_an_early_one() -> None:
    assert version_of(old(b"", mcp_protocol_version="")) == "2025-03-26"


def test_an_error_repeats_an_id_only_where_there_is_one() -> None:
    values: list[Any] = [rpc("a", id="x"), rpc("a", id=7), rpc("a", id=None), [], rpc("a", id=True)]
    assert [id_of(value) for value in values] == ["x", 7, None, None, None]
    assert id_of(rpc("a", id="x" * 257)) is None


def test_a_response_has_a_result_or_an_error() -> None:
    assert is_response(answered({}))
    assert not is_response({**answered({}), "error": {}})
    assert not is_response(rpc("ping"))


def _rpc(method: str, era: Era) -> Rpc:
    return Rpc(kind="request", method=method, id=1, era=era, version="2026-07-28", action="message")


def test_the_state_that_the_gateway_gave_away_is_taken_out_and_any_other_is_the_agents() -> None:
    ours = "ap_" + "0" * 26
    call = {"method": "tools/call", "params": {"name": "add", "requestState": ours}}
    assert without_state(_rpc("tools/call", "new"), call) == ({"method": "tools/call", "params": {"name": "add"}}, ours)
    for rpc_of, state in (
        (_rpc("tools/call", "new"), "the agent's own"),
        (_rpc("tools/call", "new"), None),
        (_rpc("tools/call", "old"), ours),
        (_rpc("tools/list", "new"), ours),
    ):
        other = {"params": {"requestState": state}}
        assert without_state(rpc_of, other) == (other, None)
    assert without_state(_rpc("tools/call", "new"), {"params": []}) == ({"params": []}, None)
    assert (may_wait(_rpc("prompts/get", "new")), may_wait(_rpc("prompts/get", "old"))) == (True, False)


@settings(max_examples=100)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_is_wrapped_comes_out_again(text: str) -> None:
    assert decode_header(encode_header(text)) == text


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["jsonrpc", "id", "method", "params", "result", "_meta"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_document_is_a_message_or_a_refusal(value: Any) -> None:
    assert isinstance(told(value), Rpc | Refusal)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"Method": "tools/call"}, "/method"),
        ({"PARAMS": {"name": "delete"}}, "/params"),
        ({"params": {"name": "add", "Name": "delete"}}, "/params/name"),
        ({"params": {"name": "add", "argument\u017f": {}}}, "/params/arguments"),
        ({"params": {"name": "add", "task": {"TTL": 1}}}, "/params/task/ttl"),
    ],
)
def test_a_member_in_another_case_is_refused_which_some_servers_take_for_it(more: dict[str, Any], field: str) -> None:
    """To a server that reads keys whatever their case, the later of `name` and `Name` is the tool that is called."""
    for request in (old({**rpc("tools/call", {"name": "add"}), **more}), _newest(more)):
        found = refusal(request)
        assert (found.code, found.field) == ("schema_violation", field)


def _newest(more: dict[str, Any]) -> Any:
    made = new("tools/call", {"name": "add"})
    body = json.loads(made.body)
    body |= {**more, "params": {**body["params"], **more.get("params", {})}}
    return msgspec.structs.replace(made, body=json.dumps(body).encode())


def test_what_is_somebodys_own_has_whatever_case() -> None:
    arguments = {"Name": "x", "Method": "y", "items": [{"Type": 1}]}
    assert isinstance(told(rpc("tools/call", {"name": "add", "arguments": arguments, "_meta": {"Cursor": 1}})), Rpc)
    assert isinstance(told(answered({"action": "accept", "content": {"Name": "x", "Role": "y"}})), Rpc)
