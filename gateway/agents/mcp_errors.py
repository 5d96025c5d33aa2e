"""Refusals as JSON-RPC errors (JSON-RPC 2.0 §5.1), with the codes that MCP gives them."""

import re

from gateway.agents.bodies import read_json, write_json
from gateway.agents.mcp_rpc import id_of
from gateway.agents.mcp_words import NEW_VERSIONS
from gateway.core.message import Inbound
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

_VERSION = re.compile(r"[A-Za-z0-9.]{1,8}(-[0-9]{2}-[0-9]{2})?")
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
REFUSED = -32050
"""Of the range that JSON-RPC leaves to implementations: the gateway refuses; `data.code` says why."""
_CODES = {
    "body_not_json": PARSE_ERROR,
    "body_not_utf8": PARSE_ERROR,
    "body_duplicate_key": PARSE_ERROR,
    "body_too_deep": PARSE_ERROR,
    "body_incomplete": PARSE_ERROR,
    "method_unknown": METHOD_NOT_FOUND,
    "header_mismatch": HEADER_MISMATCH,
    "version_unsupported": UNSUPPORTED_VERSION,
    "schema_violation": INVALID_PARAMS,
    "tool_unknown": INVALID_PARAMS,
    "internal": INTERNAL_ERROR,
}
_BODY = Bounds(body_bytes=1 << 24, answer_bytes=1 << 24, depth=512)


def rpc_error(refusal: Refusal, exchange: str, request: Inbound | None) -> bytes:
    """The error object that answers this very request; `id` is null where the request has none that could be read."""
    if refusal.pending is not None and refusal.pending.told is not None:
        waits = {"resultType": "input_required", "requestState": refusal.pending.id, "_meta": refusal.members}
        return write_json({"jsonrpc": "2.0", "id": _id(request), "result": waits})
    data: dict[str, object] = {"code": refusal.code, "exchange": exchange, **refusal.members}
    if refusal.field is not None:
        data["field"] = refusal.field
    text = refusal.text
    if refusal.code == "version_unsupported":
        data |= _versions(request)
    code = _code(refusal)
    return write_json({"jsonrpc": "2.0", "id": _id(request), "error": {"code": code, "message": text, "data": data}})


def _versions(request: Inbound | None) -> dict[str, object]:
    """What such an error must say (2026-07-28, Versioning): the versions of the era without a handshake, and the one
    that was asked for, if it has the form of one."""
    asked = None if request is None else request.header("mcp-protocol-version")
    repeated = {"requested": asked} if asked is not None and _VERSION.fullmatch(asked) else {}
    return {"supported": list(NEW_VERSIONS), **repeated}


def _code(refusal: Refusal) -> int:
    if refusal.code == "feature_unsupported":
        return METHOD_NOT_FOUND if refusal.field == "/method" else INVALID_REQUEST
    if refusal.code == "schema_violation" and refusal.field in ("", "/jsonrpc", "/id", "/method"):
        return INVALID_REQUEST
    return _CODES.get(refusal.code, REFUSED)


def _id(request: Inbound | None) -> str | int | None:
    if request is None or not request.body:
        return None
    read = read_json(request.body, _BODY)
    return None if isinstance(read, Refusal) else id_of(read.value)
