"""What all of OpenAI's protocols share on the wire: the envelope of a request, the request to an agent, the error."""

from typing import Any

import msgspec

from gateway.agents.bodies import decompress, read_json, write_json
from gateway.agents.own_credential import sent
from gateway.core.errors import AgentError
from gateway.core.message import Inbound, Outgoing, WireAnswer
from gateway.core.ports import Bounds, Route
from gateway.core.refusal import Refusal

JSON = "application/json"
_ERROR_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class Body(msgspec.Struct, frozen=True):
    """A request's body, content coding undone, and the JSON object in it."""

    raw: bytes
    value: dict[str, Any]


def read_body(request: Inbound, bounds: Bounds) -> Body | Refusal:
    """The object that a `POST` carries. Of its members only `model` (a name) and `stream` (true, false or null) are
    looked at, since reading itself stands on them; the rest is the schema's to say."""
    if request.method != "POST":
        return Refusal(code="method_not_allowed", hint="POST")
    if not _is_json(request.header("content-type")):
        return Refusal(code="media_type", field="content-type", hint=JSON)
    raw = decompress(request.body, request.header("content-encoding"), bounds)
    if isinstance(raw, Refusal):
        return raw
    document = read_json(raw, bounds)
    if isinstance(document, Refusal):
        return document
    value = document.value
    if type(value) is not dict:
        return Refusal(code="schema_violation", field="", hint="an object")
    if type(value.get("model")) is not str or not value["model"]:
        return Refusal(code="schema_violation", field="/model", hint="the name of an agent or a capability")
    if value.get("stream") not in (None, True, False) or type(value.get("stream")) is int:
        return Refusal(code="schema_violation", field="/stream", hint="true or false")
    return Body(raw, value)


def unsupported(field: str, hint: str) -> Refusal:
    """A feature that is refused by name: `field` is where it stands, `hint` what would be right."""
    return Refusal(code="feature_unsupported", field=field, hint=hint)


def post(agent: Route, path: str, body: bytes, *, stream: bool = False) -> Outgoing:
    """The request to an agent, made anew: its own credential, nothing of the caller's headers. `path` starts with
    `/v1/`, which is not doubled where the agent's address ends with it."""
    headers = [("content-type", JSON), ("accept", "text/event-stream" if stream else JSON)]
    headers += sent(agent)
    shown = path.removeprefix("/v1") if agent.url.endswith("/v1") else path
    return Outgoing(method="POST", path=shown, headers=tuple(headers), body=body)


def read_object(answer: WireAnswer, bounds: Bounds) -> dict[str, Any]:
    """The object that an agent answered with, an error's included; `AgentError("bad_answer")` where there is none.

    401 and 407 speak of the gateway's own credential, not of the caller's: they are a bad answer too, and so is
    what is neither a success nor an error.
    """
    read = read_json(answer.body, bounds)
    if isinstance(read, Refusal) or type(read.value) is not dict or answer.status in (401, 407):
        raise AgentError("bad_answer")
    if answer.status < 400 and not 200 <= answer.status < 300:
        raise AgentError("bad_answer")
    value: dict[str, Any] = read.value
    return value


def error_object(refusal: Refusal, exchange: str) -> bytes:
    """OpenAI's error object: `type` by status, `param` the field, `code` the refusal's own."""
    text = refusal.text
    kind = _ERROR_TYPES.get(refusal.status) or ("api_error" if refusal.status >= 500 else "invalid_request_error")
    error = {"message": text, "type": kind, "param": refusal.field, "code": refusal.code, "exchange": exchange}
    return write_json({"error": {**error, **refusal.members}})


def _is_json(content_type: str | None) -> bool:
    if content_type == JSON:
        return True
    essence, _, parameters = (content_type or "").lower().partition(";")
    charset = parameters.replace('"', "").replace(" ", "")
    return essence.strip() == JSON and charset in ("", "charset=utf-8", "charset=utf8")
