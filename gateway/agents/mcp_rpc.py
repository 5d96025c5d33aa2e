"""One JSON-RPC message of MCP, told from its body and headers, strictly: what two readers could take differently ends.

In the newest version (2026-07-28) the headers `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name` repeat what the body
says, so that what stands between may route by them; they must agree, or somebody in between decides on another request
than the agent answers. Older versions have the first of them alone.
"""

import base64
import binascii
import re
from typing import Any, Literal, TypeGuard

import msgspec

from gateway.agents.mcp_words import (
    ASSUMED,
    FREE,
    LISTENS,
    META_VERSION,
    METHODS,
    NAMED,
    NEW_VERSIONS,
    NOTIFICATIONS,
    OLD_VERSIONS,
    RPC,
    SCHEMAS,
    VERSIONS,
    Era,
)
from gateway.agents.spelling import Spellings
from gateway.core.message import Inbound
from gateway.core.refusal import Refusal

Kind = Literal["request", "notification", "response"]
Id = str | int
_ROUTING = ("mcp-protocol-version", "mcp-method", "mcp-name")
_WRAPPED = re.compile(r"=\?base64\?(.*)\?=")
_PLAIN = re.compile(r"[\x20-\x7e]*")
MAX_ID = 256
STATE = "requestState"
_APPROVAL = re.compile(r"ap_[0-9a-f]{26}")
_WAITING = frozenset({"tools/call", "resources/read", "prompts/get"})
"""Requests whose answer may be what is still required."""
_SPELLINGS = Spellings(RPC.keys, free=FREE | SCHEMAS | {"experimental", "extensions"}, forms=("content",))
_ENVELOPE = Spellings(("jsonrpc", "id", "method", "params", "result", "error"))
_TOOL = re.compile(r"[A-Za-z0-9_.*/-]{1,128}")


class Rpc(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of message it is. `id` as in the body, None for a notification; `method` empty for a response."""

    kind: Kind
    method: str
    id: Id | None
    era: Era
    version: str
    action: str

    @property
    def listens(self) -> bool:
        return self.method == LISTENS


def without_state(rpc: Rpc, value: Any) -> tuple[Any, str | None]:
    """The message without the state that the gateway gave away with it, and that state: the id of an approval. Any
    other state is the agent's own and stays."""
    params = value.get("params")
    state = params.get(STATE) if may_wait(rpc) and type(params) is dict else None
    if type(state) is not str or not _APPROVAL.fullmatch(state):
        return value, None
    return {**value, "params": {name: item for name, item in params.items() if name != STATE}}, state


def may_wait(rpc: Rpc) -> bool:
    """Whether a request may be answered with what is still required for it (2026-07-28, multi-round-trip requests)."""
    return rpc.era == "new" and rpc.method in _WAITING


def read_rpc(request: Inbound, value: Any) -> Rpc | Refusal:
    """The message in a POST's body; a refusal with its field otherwise."""
    if type(value) is list:
        return Refusal(code="feature_unsupported", field="", hint="one JSON-RPC message: batches are not taken")
    if type(value) is not dict or value.get("jsonrpc") != "2.0":
        return Refusal(code="schema_violation", field="/jsonrpc", hint="a JSON-RPC 2.0 message")
    astray = _SPELLINGS.refusal(value)
    if astray is not None:
        return astray
    shape = _shape(value)
    if isinstance(shape, Refusal):
        return shape
    kind, method, identifier = shape
    version = version_of(request)
    if isinstance(version, Refusal):
        return version
    era: Era = "new" if version in NEW_VERSIONS else "old"
    refusal = _agreement(request, value, method, era, version) if kind != "response" else None
    if refusal is not None:
        return refusal
    action = _action(kind, method, era, value)
    if isinstance(action, Refusal):
        return action
    return Rpc(kind=kind, method=method, id=identifier, era=era, version=version, action=action)


def version_of(request: Inbound) -> str | Refusal:
    """The version that a request's header names, or that one without it is taken to be of."""
    for name in _ROUTING:
        if sum(1 for key, _ in request.headers if key == name) > 1:
            return Refusal(code="header_mismatch", field=name, hint="each routing header once")
    version = _routing(request, "mcp-protocol-version")
    if version is None:
        return ASSUMED
    if version not in VERSIONS:
        return Refusal(code="version_unsupported", field="mcp-protocol-version", hint=", ".join(VERSIONS))
    return version


def id_of(value: Any) -> Id | None:
    """The id that an error about this message bears: None for what has none, or none that could be repeated."""
    found = value.get("id") if type(value) is dict else None
    if type(found) is str:
        return found if len(found) <= MAX_ID else None
    return found if type(found) is int else None


def is_response(value: dict[str, Any]) -> bool:
    """Whether a message answers a request: it has a result or an error, and no method."""
    return "method" not in value and ("result" in value) != ("error" in value)


def is_message(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a JSON-RPC 2.0 message that no reader takes for another one."""
    if type(value) is not dict or value.get("jsonrpc") != "2.0":
        return False
    return all(_ENVELOPE.meant(key) is None for key in value)


def encode_header(value: str) -> str:
    """A value as `Mcp-Name` and `Mcp-Param-*` carry it: as it is, or base64 in a wrapping where HTTP could not."""
    if _PLAIN.fullmatch(value) and value == value.strip() and not _WRAPPED.fullmatch(value):
        return value
    return f"=?base64?{base64.b64encode(value.encode('utf-8', 'surrogatepass')).decode('ascii')}?="


def decode_header(value: str | None) -> str | None:
    """What such a header says; None for one that is not there or whose wrapping is broken."""
    found = _WRAPPED.fullmatch(value or "")
    if value is None or found is None:
        return value
    try:
        plain = base64.b64decode(found[1], validate=True)
        if base64.b64encode(plain).decode("ascii") != found[1]:
            return None
        return plain.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None


def _shape(value: dict[str, Any]) -> tuple[Kind, str, Id | None] | Refusal:
    """JSON-RPC 2.0 §4 and §5, as MCP narrows it: ids are strings or integers, params an object."""
    identifier = value.get("id")
    if "id" in value and (type(identifier) not in (str, int) or (type(identifier) is str and len(identifier) > MAX_ID)):
        return Refusal(code="schema_violation", field="/id", hint=f"an integer, or at most {MAX_ID} characters")
    if "method" in value:
        if "result" in value or "error" in value:
            return Refusal(code="schema_violation", field="", hint="a request or a response, not both")
        if type(value["method"]) is not str:
            return Refusal(code="schema_violation", field="/method", hint="a method's name")
        if type(value.get("params", {})) is not dict:
            return Refusal(code="schema_violation", field="/params", hint="an object")
        return ("request" if "id" in value else "notification"), value["method"], identifier
    if ("result" in value) == ("error" in value) or "id" not in value:
        return Refusal(code="schema_violation", field="", hint="a method, or an id with a result or an error")
    return "response", "", identifier


def _agreement(request: Inbound, value: dict[str, Any], method: str, era: Era, version: str) -> Refusal | None:
    params = value.get("params", {})
    meta = params.get("_meta")
    if meta is not None and type(meta) is not dict:
        return Refusal(code="schema_violation", field="/params/_meta", hint="an object")
    stated = (meta or {}).get(META_VERSION)
    if era == "old":
        if stated is None or stated in OLD_VERSIONS:
            return None
        return Refusal(code="header_mismatch", field="mcp-protocol-version", hint="the version that the body states")
    if "id" not in value:  # what headers a notification must have is not defined
        return None
    if stated is None:
        return Refusal(
            code="schema_violation", field="/params/_meta", hint="the protocol's version, as its header says"
        )
    if stated != version:
        return Refusal(code="header_mismatch", field="mcp-protocol-version", hint="the version that the body states")
    if _routing(request, "mcp-method") != method:
        return Refusal(code="header_mismatch", field="mcp-method", hint="the method of the body")
    member = NAMED.get(method)
    if member is not None:
        named = params.get(member)
        if type(named) is str and decode_header(_routing(request, "mcp-name")) != named:
            return Refusal(code="header_mismatch", field="mcp-name", hint=f"params.{member} of the body")
    return None


def _routing(request: Inbound, name: str) -> str | None:
    """A routing header's value, without the white space around it (RFC 9110 §5.5), which not every server takes off."""
    value = request.header(name)
    return None if value is None else value.strip(" \t")


def _action(kind: Kind, method: str, era: Era, value: dict[str, Any]) -> str | Refusal:
    if kind == "response":
        # Only servers of the older versions ask their clients something in a request of their own.
        return "message" if era == "old" else _unexpected("a request: this version's answers go into a retry")
    if kind == "notification":
        known = method in NOTIFICATIONS
        return "message" if known else _unexpected("a notification that clients of this protocol send")
    action = METHODS[era].get(method)
    if action is None:
        hint = "a method of the protocol's version"
        return Refusal(code="method_unknown" if era == "new" else "feature_unsupported", field="/method", hint=hint)
    if action != "tool":
        return action
    name = value.get("params", {}).get("name")
    if type(name) is not str or not _TOOL.fullmatch(name) or "*" in name:
        return Refusal(code="tool_unknown", field="/params/name", hint="a tool that tools/list names")
    return f"tool:{name}"


def _unexpected(hint: str) -> Refusal:
    return Refusal(code="feature_unsupported", field="", hint=hint)
