"""MCP on the wire: what is taken from callers, what agents get, what comes back."""

import gzip
import json
from typing import Any

import msgspec
import pytest

from gateway.agents.mcp import McpAdapter, note_session, talk_of
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Inbound, Message, WireAnswer
from gateway.core.refusal import Refusal
from tests.agents.mcp_making import ADAPTER, AGENT, BOTH, event, new, old, read, refusal, result, rpc
from tests.agents.support import BOUNDS, SSN, answer, route

CALL = rpc("tools/call", {"name": "add", "arguments": {"text": f"it is {SSN}"}})


def at(request: Inbound, **fields: Any) -> Inbound:
    return msgspec.structs.replace(request, **fields)


def sent(message: Message, **masked: str) -> dict[str, str]:
    """The headers that the agent gets."""
    return dict(ADAPTER.render(message, AGENT, masked).headers)


# ---------------------------------------------------------------------------------------------------- from the caller


def test_a_request_is_for_the_agent_of_its_path_and_for_no_other() -> None:
    message = read(old(CALL))
    assert (message.target, message.action, message.stream, message.lasting) == ("tools", "tool:add", True, False)
    assert ADAPTER.serves(message, AGENT)
    assert not ADAPTER.serves(message, route("other", protocol="mcp"))
    assert not ADAPTER.serves(message, route("tools"))


@pytest.mark.parametrize("path", ["/mcp/", "/mcp/tools/", "/mcp/tools/x"])
def test_a_path_names_an_agent_and_nothing_more(path: str) -> None:
    assert refusal(at(old(CALL), path=path)).code == "unknown_target"


def test_a_page_of_another_origin_is_refused() -> None:
    assert refusal(old(CALL, origin="https://evil.example")).code == "origin_not_allowed"
    assert refusal(old(CALL, origin="null")).code == "origin_not_allowed"
    assert refusal(old(b"", http="GET", origin="https://gateway.example:1")).code == "origin_not_allowed"
    assert read(old(CALL, origin="https://gateway.example")).target == "tools"


@pytest.mark.parametrize("method", ["PUT", "HEAD", "PATCH", "OPTIONS"])
def test_other_methods_of_http_are_not_taken(method: str) -> None:
    assert refusal(old(CALL, http=method)).code == "method_not_allowed"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_newest_version_is_posted_only(method: str) -> None:
    assert refusal(old(b"", http=method, mcp_protocol_version="2026-07-28")).code == "method_not_allowed"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream", "text/html", "application/*, image/*"])
def test_a_caller_takes_both_forms_of_an_answer(accept: str) -> None:
    assert refusal(old(CALL, accept=accept)).code == "not_acceptable"


@pytest.mark.parametrize("accept", [BOTH, "*/*", "application/*;q=0.5, text/*", ""])
def test_ranges_of_media_types_are_understood(accept: str) -> None:
    assert read(old(CALL, accept=accept)).action == "tool:add"


def test_a_stream_is_asked_for_by_who_takes_one() -> None:
    assert refusal(old(b"", http="GET", accept="application/json")).code == "not_acceptable"
    message = read(old(b"", http="GET", accept="text/event-stream"))
    assert (message.stream, message.lasting, message.parts) == (True, True, ())


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data"])
def test_a_post_is_json(content_type: str) -> None:
    assert refusal(old(CALL, content_type=content_type)).code == "media_type"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_where_none_belongs_is_refused(method: str) -> None:
    assert refusal(old(b"{}", http=method)).code == "media_type"


@pytest.mark.parametrize("identifier", ["x" * 257, "ü", "a\x01b"])
def test_an_event_id_is_short_and_visible(identifier: str) -> None:
    assert refusal(old(b"", http="GET", last_event_id=identifier)).code == "header_invalid"


@pytest.mark.parametrize(
    ("body", "code"), [(b"", "body_not_json"), (b"{", "body_not_json"), (b'{"a":1,"a":2}', "body_duplicate_key")]
)
def test_a_body_that_cannot_be_read_is_refused(body: bytes, code: str) -> None:
    assert refusal(old(body)).code == code


def test_a_compressed_body_is_read() -> None:
    packed = at(old(CALL, content_encoding="gzip"), body=gzip.compress(json.dumps(CALL).encode()))
    assert read(packed).body == json.dumps(CALL).encode()
    assert refusal(old(CALL, content_encoding="br")).code == "body_encoding"


def test_listening_to_subscriptions_lasts() -> None:
    assert read(new("subscriptions/listen", {"notifications": {}})).lasting


def test_notifications_and_responses_expect_no_stream() -> None:
    assert not read(old(rpc("notifications/initialized", id=None))).stream
    assert not read(old(result({}))).stream


# -------------------------------------------------------------------------------------------------------- to the agent


def test_an_agent_gets_the_callers_own_bytes_at_its_own_address() -> None:
    message = read(old(CALL))
    outgoing = ADAPTER.render(message, AGENT, {})
    assert (outgoing.method, outgoing.path, outgoing.body) == ("POST", "", message.body)


def test_what_is_masked_is_masked_and_nothing_else_is_changed() -> None:
    outgoing = ADAPTER.render(read(old(CALL)), AGENT, {"/params/arguments/text": "it is [US-SSN]"})
    assert json.loads(outgoing.body)["params"] == {"name": "add", "arguments": {"text": "it is [US-SSN]"}}
    with pytest.raises(FormatError):
        ADAPTER.render(read(old(CALL)), AGENT, {"/params/name": "x"})


def test_the_callers_credential_session_and_headers_stay_here() -> None:
    headers = sent(
        read(
            old(CALL, authorization="Bearer callers", mcp_session_id="callers", cookie="c", mcp_param_x="1", origin="")
        )
    )
    assert headers["authorization"] == "Bearer agent-secret"
    assert set(headers) == {"accept", "content-type", "mcp-protocol-version", "authorization"}


def test_a_session_is_the_agents_own() -> None:
    message = read(old(CALL))
    talk_of(message).upstream = "agents-own"
    assert sent(message)["mcp-session-id"] == "agents-own"


def test_the_newest_versions_headers_say_what_the_body_says() -> None:
    message = read(new("tools/call", {"name": "add", "arguments": {"n": {"deep": True}, "s": "ä", "x": None}}))
    talk_of(message).mirrored = (("deep", ("n", "deep")), ("s", ("s",)), ("gone", ("x",)), ("far", ("s", "y")))
    headers = sent(message)
    assert (headers["mcp-method"], headers["mcp-name"]) == ("tools/call", "add")
    assert (headers["mcp-param-deep"], headers["mcp-param-s"]) == ("true", "=?base64?w6Q=?=")
    assert not {"mcp-param-gone", "mcp-param-far"} & set(headers)


def test_a_resumed_stream_says_from_where() -> None:
    assert sent(read(old(b"", http="GET", last_event_id="e-7")))["last-event-id"] == "e-7"
    assert "last-event-id" not in sent(read(old(CALL, last_event_id="e-7")))


def test_an_agent_without_a_credential_gets_none() -> None:
    outgoing = ADAPTER.render(read(old(CALL)), route("tools", protocol="mcp"), {})
    assert "authorization" not in dict(outgoing.headers)


# --------------------------------------------------------------------------------------------------------- from agents


def test_a_response_passes_as_it_came() -> None:
    body = b'{"jsonrpc": "2.0", "id": 1, "result": {"content": []}}'
    got = ADAPTER.read_answer(answer(body), read(old(CALL)), AGENT)
    assert ADAPTER.render_answer(got, {}) == body
    assert got.headers == (("content-type", "application/json"),)


def test_a_response_is_governed_before_anybody_reads_it() -> None:
    message = read(old(rpc("tools/list")))
    talk_of(message).govern = lambda value: {**value, "result": {"tools": []}}
    got = ADAPTER.read_answer(answer(result({"tools": [{"name": "secret"}]})), message, AGENT)
    assert (got.parts, got.body) == ((), b'{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}')


def test_no_cache_may_give_one_callers_answer_to_another() -> None:
    value = result({"tools": [], "ttlMs": 1000, "cacheScope": "public"})
    message = read(old(rpc("tools/list")))
    private = {"tools": [], "ttlMs": 1000, "cacheScope": "private"}
    assert json.loads(ADAPTER.read_answer(answer(value), message, AGENT).body)["result"] == private
    frames = ADAPTER.frames(message, BOUNDS)
    (frame,) = frames.feed(event(value))
    assert json.loads(frames.render(frame, {}).partition(b"data: ")[2])["result"] == private


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"hello", result({}, id=2), {"id": 1, "result": {}}, {"jsonrpc": "2.0", "id": 1}, rpc("ping")],
)
def test_what_does_not_answer_the_request_is_a_bad_answer(body: object) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        ADAPTER.read_answer(answer(body), read(old(CALL)), AGENT)


@pytest.mark.parametrize("status", [401, 403, 407, 302, 100])
def test_what_speaks_of_the_gateways_own_credential_is_a_bad_answer(status: int) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        ADAPTER.read_answer(answer(result({}), status), read(old(CALL)), AGENT)


def test_an_agents_error_passes_and_one_that_is_none_keeps_its_status_alone() -> None:
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}}
    got = ADAPTER.read_answer(answer(error, 404), read(old(CALL)), AGENT)
    assert (got.status, json.loads(got.body)) == (404, error)
    for body in (b"", b"<html>secret</html>", b'{"secret": 1}', b'{"jsonrpc":"2.0","error":"secret"}'):
        got = ADAPTER.read_answer(answer(body, 405), read(old(CALL)), AGENT)
        assert (got.status, b"secret" in got.body, json.loads(got.body)["id"]) == (405, False, 1)


def test_nothing_is_owed_to_a_notification() -> None:
    message = read(old(rpc("notifications/initialized", id=None)))
    for status in (200, 202, 204):
        got = ADAPTER.read_answer(answer(b"", status), message, AGENT)
        assert (got.status, got.body, ADAPTER.render_answer(got, {})) == (status, b"", b"")
    assert ADAPTER.read_answer(answer({"said": SSN}, 202), message, AGENT).body == b""


def test_a_session_is_handed_out_under_the_gateways_own_id() -> None:
    message = read(old(rpc("initialize", {})))
    wire = (("content-type", "application/json"), ("mcp-session-id", "agents-own"))
    closed = ADAPTER.read_answer(
        WireAnswer(status=200, headers=wire, body=json.dumps(result({})).encode()), message, AGENT
    )
    assert "mcp-session-id" not in dict(closed.headers)
    talk_of(message).opens = "mcp_1"
    got = ADAPTER.read_answer(
        WireAnswer(status=200, headers=wire, body=json.dumps(result({})).encode()), message, AGENT
    )
    assert (dict(got.headers)["mcp-session-id"], got.sessions) == ("mcp_1", ("mcp:mcp_1",))
    assert talk_of(message).opened == "agents-own"


@pytest.mark.parametrize("value", ["", "x" * 513, "ü", "a\nb"])
def test_a_session_that_no_header_could_carry_is_none(value: str) -> None:
    talk = talk_of(read(old(rpc("initialize", {}))))
    talk.opens = "mcp_1"
    assert note_session(talk, (("mcp-session-id", value),)) == ()
    assert talk.opened is None


def test_streams_are_read_event_by_event_and_in_no_other_way() -> None:
    with pytest.raises(AgentError):
        ADAPTER.stream(read(old(CALL)), None, BOUNDS, AGENT)  # type: ignore[arg-type]
    assert json.loads(McpAdapter(BOUNDS).error(Refusal(code="internal"), "ex_1"))["id"] is None
