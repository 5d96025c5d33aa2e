"""Errors in the forms of both bindings: JSON-RPC error objects (§9.5) and google.rpc.Status in JSON (§11.6).

A refusal that the protocol has an error for is that error; all others have the gateway's own code, in `ErrorInfo` as
everywhere. What the agent itself says is taken into neutral terms and written in the caller's binding.
"""

from typing import Any

import msgspec

from gateway.agents.a2a_words import BY_CODE, BY_REASON, DOMAIN, ERROR_INFO, RETRY_INFO, VERSION, Binding, Fault
from gateway.agents.bodies import read_json, write_json
from gateway.agents.mcp_rpc import Id, id_of
from gateway.core.message import Inbound
from gateway.core.ports import Bounds
from gateway.core.refusal import CODES, Refusal

REFUSED = -32050
"""Of the range that JSON-RPC leaves to implementations: the gateway refuses; `ErrorInfo` says why."""
OURS = "agent-compliance-gateway"
"""The domain of errors that are the gateway's own."""
_REASONS = {
    "not_found": "TASK_NOT_FOUND",
    "push_unsupported": "PUSH_NOTIFICATION_NOT_SUPPORTED",
    "version_unsupported": "VERSION_NOT_SUPPORTED",
    "agent_bad_answer": "INVALID_AGENT_RESPONSE",
    "body_not_json": "JSON_PARSE",
    "body_not_utf8": "JSON_PARSE",
    "body_duplicate_key": "JSON_PARSE",
    "body_too_deep": "JSON_PARSE",
    "body_incomplete": "JSON_PARSE",
    "feature_unsupported": "INVALID_REQUEST",
    "header_mismatch": "INVALID_REQUEST",
    "header_invalid": "INVALID_REQUEST",
    "method_unknown": "METHOD_NOT_FOUND",
    "schema_violation": "INVALID_PARAMS",
    "parameter_invalid": "INVALID_PARAMS",
    "internal": "INTERNAL_ERROR",
}
_STATES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_ENVELOPE = frozenset({"", "/jsonrpc", "/id", "/method", "/params"})
_IN_BAND = frozenset({400, 403, 404, 409, 422})
_BODY = Bounds(body_bytes=1 << 24, answer_bytes=1 << 24, depth=512)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An error that an agent gave, in neutral terms. `code` is JSON-RPC's, `status` HTTP's."""

    code: int
    status: int
    state: str
    message: Any
    details: list[Any]


def rpc_error(refusal: Refusal, exchange: str, request: Inbound | None) -> bytes:
    """The JSON-RPC error that answers this request."""
    fault = _fault(refusal, rpc=True)
    error = {
        "code": REFUSED if fault is None else fault.code,
        "message": _text(refusal),
        "data": _details(refusal, fault, exchange),
    }
    return write_json({"jsonrpc": "2.0", "id": _id(request), "error": error})


def rest_error(refusal: Refusal, exchange: str, request: Inbound | None) -> bytes:
    """The google.rpc.Status of a refusal."""
    fault = _fault(refusal, rpc=False)
    state = _STATES.get(refusal.status, "INTERNAL" if refusal.status >= 500 else "FAILED_PRECONDITION")
    error = {
        "code": refusal.status,
        "status": state if fault is None else fault.state,
        "message": _text(refusal),
        "details": _details(refusal, fault, exchange),
    }
    return write_json({"error": error})


def rpc_status(code: str) -> int:
    """The HTTP status of a refusal by JSON-RPC: what is said of a request that was understood is an answer like any
    other, and clients look into no other than one of 200. What concerns HTTP itself keeps its status."""
    status = CODES[code].status
    return 200 if status in _IN_BAND and code != "unknown_target" else status


def said_by(value: Any, binding: Binding, status: int) -> Said:
    """What an agent's error says. One that is none of its binding's keeps its HTTP status alone; in a stream that has
    none, HTTP+JSON says it itself."""
    error = value.get("error") if type(value) is dict else None
    if status < 400 and binding == "HTTP+JSON":
        stated = error.get("code") if type(error) is dict else None
        status = stated if type(stated) is int and 400 <= stated < 600 else 500
    if type(error) is not dict:
        return _bare(status)
    details = error.get("data" if binding == "JSONRPC" else "details")
    kept = details if type(details) is list else [] if details is None else [details]
    message = error.get("message", "")
    if binding == "JSONRPC":
        code = error.get("code")
        if type(code) is not int:
            return _bare(status)
        fault = BY_CODE.get(code)
        if fault is None:
            return Said(code=code, status=500, state="UNKNOWN", message=message, details=kept)
        return Said(code=code, status=fault.status, state=fault.state, message=message, details=kept)
    fault = next((BY_REASON[one] for one in _reasons(kept) if one in BY_REASON), None)
    state = error.get("status")
    code = _code(status) if fault is None else fault.code
    return Said(
        code=code,
        status=status,
        state=state if type(state) is str else _STATES.get(status, "UNKNOWN"),
        message=message,
        details=kept,
    )


def said_in(said: Said, binding: Binding) -> dict[str, Any]:
    """The error object in a binding, without what stands around it."""
    if binding == "JSONRPC":
        error: dict[str, Any] = {"code": said.code, "message": said.message}
        return {**error, "data": said.details} if said.details else error
    status = {"code": said.status, "status": said.state, "message": said.message}
    return {**status, "details": said.details} if said.details else status


def _bare(status: int) -> Said:
    state = _STATES.get(status, "UNKNOWN")
    return Said(code=_code(status), status=status, state=state, message="The agent refused the request", details=[])


def _code(status: int) -> int:
    """The JSON-RPC code of an HTTP status that says no more."""
    return {400: -32602, 404: -32601}.get(status, -32603)


def _reasons(details: list[Any]) -> list[str]:
    infos = [one for one in details if type(one) is dict and one.get("@type") == ERROR_INFO]
    return [one["reason"] for one in infos if type(one.get("reason")) is str]


def _fault(refusal: Refusal, *, rpc: bool) -> Fault | None:
    """The protocol's own error for a refusal, where it has one."""
    reason = _REASONS.get(refusal.code)
    if rpc and refusal.code == "schema_violation" and refusal.field in _ENVELOPE:
        reason = "INVALID_REQUEST"
    return None if reason is None else BY_REASON[reason]


def _text(refusal: Refusal) -> str:
    return refusal.text


def _details(refusal: Refusal, fault: Fault | None, exchange: str) -> list[dict[str, Any]]:
    """What a client is told besides; when to come back, too, which no header tells in a stream."""
    info = _info(refusal, fault, exchange)
    if refusal.retry_after is None:
        return [info]
    return [info, {"@type": RETRY_INFO, "retryDelay": f"{refusal.retry_after}s"}]


def _info(refusal: Refusal, fault: Fault | None, exchange: str) -> dict[str, Any]:
    """google.rpc.ErrorInfo. Its metadata are texts."""
    metadata = {"code": refusal.code, "exchange": exchange, **refusal.members}
    if refusal.field is not None:
        metadata["field"] = refusal.field
    if refusal.code == "version_unsupported":
        metadata["supported"] = VERSION
    reason, domain = (refusal.code.upper(), OURS) if fault is None else (fault.reason, DOMAIN)
    return {"@type": ERROR_INFO, "reason": reason, "domain": domain, "metadata": metadata}


def _id(request: Inbound | None) -> Id | None:
    if request is None or not request.body:
        return None
    read = read_json(request.body, _BODY)
    return None if isinstance(read, Refusal) else id_of(read.value)
