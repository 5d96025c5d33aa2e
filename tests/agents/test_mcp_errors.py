"""Refusals of MCP are JSON-RPC errors about the very request, and quote nothing of it but its id."""

import json
from typing import Any

import pytest

from gateway.agents.mcp_errors import rpc_error
from gateway.core.message import Inbound
from gateway.core.refusal import CODES, Pending, Refusal
from tests.agents.mcp_making import old, rpc
from tests.agents.support import SSN


def error(code: str, request: Inbound | None = None, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rpc_error(Refusal(code=code, **fields), "ex_1", request))
    return found


@pytest.mark.parametrize(
    ("code", "field", "number"),
    [
        ("body_not_json", None, -32700),
        ("schema_violation", "/jsonrpc", -32600),
        ("schema_violation", "/params/arguments/a", -32602),
        ("feature_unsupported", "", -32600),
        ("feature_unsupported", "/method", -32601),
        ("method_unknown", "/method", -32601),
        ("header_mismatch", "mcp-name", -32020),
        ("version_unsupported", None, -32022),
        ("tool_unknown", None, -32602),
        ("internal", None, -32603),
        ("policy_denied", None, -32050),
        ("tool_quarantined", None, -32050),
        ("credential_missing", None, -32050),
    ],
)
def test_each_refusal_has_the_code_that_the_protocol_gives_it(code: str, field: str | None, number: int) -> None:
    assert error(code, field=field)["error"]["code"] == number


def test_an_error_names_its_request_its_exchange_and_its_code() -> None:
    found = error("policy_denied", old(rpc("ping", id="abc")))
    assert (found["id"], found["error"]["data"]) == ("abc", {"code": "policy_denied", "exchange": "ex_1"})


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"id":1.5}'])
def test_a_request_that_could_not_be_read_is_named_by_null(body: bytes) -> None:
    found = error("body_not_json", old(body))
    assert found["id"] is None
    assert "id" in found


def test_an_error_about_the_version_says_which_there_are_and_repeats_nothing_but_a_version() -> None:
    for asked in ("2099-01-01", "v9.0"):
        found = error("version_unsupported", old(rpc("ping"), mcp_protocol_version=asked))["error"]["data"]
        assert (found["supported"], found["requested"]) == (["2026-07-28"], asked)
    for asked in (SSN, "jane@example.com", ""):
        found = error("version_unsupported", old(rpc("ping"), mcp_protocol_version=asked))
        assert "requested" not in found["error"]["data"]
    assert "requested" not in error("version_unsupported")["error"]["data"]


def test_every_code_of_the_house_has_its_error() -> None:
    for code in CODES:
        assert error(code)["error"]["message"] == CODES[code].title


def test_what_waits_is_told_as_still_required_where_the_version_has_that_and_as_an_error_where_it_has_not() -> None:
    link = "http://gateway/approvals/ap_1"
    request = old(rpc("tools/call", id=7))
    waits = error("approval_required", request, pending=Pending(id="ap_1", link=link, told=200))
    assert waits == {
        "jsonrpc": "2.0",
        "id": 7,
        "result": {
            "resultType": "input_required",
            "requestState": "ap_1",
            "_meta": {"approval": "ap_1", "link": link},
        },
    }
    refused = error("approval_required", request, pending=Pending(id="ap_1", link=link))["error"]["data"]
    assert (refused["approval"], refused["link"]) == ("ap_1", link)
