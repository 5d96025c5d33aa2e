"""Errors of A2A in both bindings: the protocol's own where there is one, and what agents said in the other's form."""

import json
from typing import Any

import pytest

from gateway.agents.a2a_errors import OURS, REFUSED, rest_error, rpc_error, rpc_status, said_by, said_in
from gateway.agents.a2a_words import DOMAIN, ERROR_INFO, RETRY_INFO, Binding
from gateway.core.refusal import CODES, Refusal
from tests.agents.a2a_making import rpc

ASKED = rpc("GetTask", {"id": "t-1"})


@pytest.mark.parametrize(
    ("refusal", "code", "reason", "domain"),
    [
        (Refusal(code="version_unsupported"), -32009, "VERSION_NOT_SUPPORTED", DOMAIN),
        (Refusal(code="not_found"), -32001, "TASK_NOT_FOUND", DOMAIN),
        (Refusal(code="push_unsupported"), -32003, "PUSH_NOTIFICATION_NOT_SUPPORTED", DOMAIN),
        (Refusal(code="agent_bad_answer"), -32006, "INVALID_AGENT_RESPONSE", DOMAIN),
        (Refusal(code="body_not_json"), -32700, "JSON_PARSE", DOMAIN),
        (Refusal(code="method_unknown"), -32601, "METHOD_NOT_FOUND", DOMAIN),
        (Refusal(code="schema_violation", field="/message"), -32602, "INVALID_PARAMS", DOMAIN),
        (Refusal(code="schema_violation", field="/id"), -32600, "INVALID_REQUEST", DOMAIN),
        (Refusal(code="internal"), -32603, "INTERNAL_ERROR", DOMAIN),
        (Refusal(code="policy_denied"), REFUSED, "POLICY_DENIED", OURS),
        (Refusal(code="destination_not_allowed"), REFUSED, "DESTINATION_NOT_ALLOWED", OURS),
    ],
)
def test_a_refusal_by_json_rpc(refusal: Refusal, code: int, reason: str, domain: str) -> None:
    document = json.loads(rpc_error(refusal, "ex_1", ASKED))
    error = document["error"]
    (info,) = error["data"]
    assert (document["jsonrpc"], document["id"], error["code"]) == ("2.0", 7, code)
    assert (info["@type"], info["reason"], info["domain"]) == (ERROR_INFO, reason, domain)
    assert info["metadata"]["code"] == refusal.code
    assert info["metadata"]["exchange"] == "ex_1"
    assert all(type(value) is str for value in info["metadata"].values())


@pytest.mark.parametrize(
    ("code", "status", "state", "reason"),
    [
        ("version_unsupported", 400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED"),
        ("not_found", 404, "NOT_FOUND", "TASK_NOT_FOUND"),
        ("schema_violation", 400, "INVALID_ARGUMENT", "INVALID_PARAMS"),
        ("policy_denied", 403, "PERMISSION_DENIED", "POLICY_DENIED"),
        ("credential_missing", 401, "UNAUTHENTICATED", "CREDENTIAL_MISSING"),
        ("rate_limited", 429, "RESOURCE_EXHAUSTED", "RATE_LIMITED"),
        ("agent_timeout", 504, "DEADLINE_EXCEEDED", "AGENT_TIMEOUT"),
        ("agent_unavailable", 502, "INTERNAL", "AGENT_UNAVAILABLE"),
        ("body_too_large", 413, "FAILED_PRECONDITION", "BODY_TOO_LARGE"),
    ],
)
def test_a_refusal_by_http(code: str, status: int, state: str, reason: str) -> None:
    error = json.loads(rest_error(Refusal(code=code, field="/x", hint="right"), "ex_1", None))["error"]
    assert (error["code"], error["status"], error["details"][0]["reason"]) == (status, state, reason)
    assert error["message"].endswith(": expected right")
    assert error["details"][0]["metadata"]["field"] == "/x"


def test_when_to_come_back_is_told_in_both_bindings() -> None:
    refusal = Refusal(code="rate_limited", retry_after=7)
    told = {"@type": RETRY_INFO, "retryDelay": "7s"}
    assert json.loads(rpc_error(refusal, "ex_1", ASKED))["error"]["data"][1:] == [told]
    assert json.loads(rest_error(refusal, "ex_1", ASKED))["error"]["details"][1:] == [told]


def test_the_version_that_is_spoken_is_told() -> None:
    error = json.loads(rpc_error(Refusal(code="version_unsupported"), "ex_1", None))
    assert error["error"]["data"][0]["metadata"]["supported"] == "1.0"
    assert error["id"] is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": {}}'])
def test_an_error_about_what_could_not_be_read_has_no_id(body: bytes) -> None:
    request = ASKED if not body else type(ASKED)(method="POST", path="/a2a/ward", query="", headers=(), body=body)
    expected = 7 if not body else None
    assert json.loads(rpc_error(Refusal(code="body_not_json"), "ex_1", request))["id"] == expected


def test_what_is_said_of_a_request_that_was_understood_is_an_answer_like_any_other() -> None:
    """Clients look into the body of 200 alone; what concerns HTTP, a proxy or a retry keeps its status."""
    kept = {code: rpc_status(code) for code in CODES}
    for code in ("not_found", "policy_denied", "version_unsupported", "schema_violation", "answer_withheld"):
        assert kept[code] == 200
    for code in ("approval_used", "approval_mismatch", "idempotency_mismatch", "tasks_only"):
        assert kept[code] == 200
    for code in ("credential_invalid", "rate_limited", "ledger_unavailable", "body_too_large", "agent_timeout"):
        assert kept[code] == CODES[code].status
    assert kept["unknown_target"] == 404


NOT_FOUND = {"@type": ERROR_INFO, "reason": "TASK_NOT_FOUND", "domain": DOMAIN, "metadata": {"taskId": "t"}}


@pytest.mark.parametrize(
    ("value", "binding", "status", "rpc_form", "http_form"),
    [
        (
            {"error": {"code": -32001, "message": "gone", "data": [NOT_FOUND]}},
            "JSONRPC",
            200,
            {"code": -32001, "message": "gone", "data": [NOT_FOUND]},
            {"code": 404, "status": "NOT_FOUND", "message": "gone", "details": [NOT_FOUND]},
        ),
        (
            {"error": {"code": 404, "status": "NOT_FOUND", "message": "gone", "details": [NOT_FOUND]}},
            "HTTP+JSON",
            404,
            {"code": -32001, "message": "gone", "data": [NOT_FOUND]},
            {"code": 404, "status": "NOT_FOUND", "message": "gone", "details": [NOT_FOUND]},
        ),
        (
            {"error": {"code": -32099, "message": "odd", "data": {"a": 1}}},
            "JSONRPC",
            200,
            {"code": -32099, "message": "odd", "data": [{"a": 1}]},
            {"code": 500, "status": "UNKNOWN", "message": "odd", "details": [{"a": 1}]},
        ),
        (
            {"error": {"code": 409, "message": "busy"}},
            "HTTP+JSON",
            409,
            {"code": -32603, "message": "busy"},
            {"code": 409, "status": "ABORTED", "message": "busy"},
        ),
        (
            {"error": {"code": "x"}},
            "JSONRPC",
            400,
            {"code": -32602, "message": "The agent refused the request"},
            {"code": 400, "status": "INVALID_ARGUMENT", "message": "The agent refused the request"},
        ),
        (
            "teapot",
            "HTTP+JSON",
            418,
            {"code": -32603, "message": "The agent refused the request"},
            {"code": 418, "status": "UNKNOWN", "message": "The agent refused the request"},
        ),
        (
            {"error": {"code": 7, "message": "in a stream"}},
            "HTTP+JSON",
            200,
            {"code": -32603, "message": "in a stream"},
            {"code": 500, "status": "UNKNOWN", "message": "in a stream"},
        ),
    ],
)
def test_what_an_agent_said_is_said_in_either_binding(
    value: Any, binding: Binding, status: int, rpc_form: Any, http_form: Any
) -> None:
    said = said_by(value, binding, status)
    assert said_in(said, "JSONRPC") == rpc_form
    assert said_in(said, "HTTP+JSON") == http_form
