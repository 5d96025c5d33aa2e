"""MCP over Streamable HTTP: `/mcp/{agent}`, in both eras (`mcp_words`).

What an agent gets is made anew from what was read: the body, and the protocol's own headers. The caller's session id
and credential never go out: the session is the agent's own, as the governor knows it (`exchange.mcp`). Answers come
whole as JSON or as an event stream (`mcp_events`); where they come as JSON, they are one response to the request.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from gateway.agents.bodies import check_places, decompress, read_json, replace, rewritten, write_json
from gateway.agents.mcp_errors import rpc_error
from gateway.agents.mcp_events import RpcFrames, answers
from gateway.agents.mcp_parts import rpc_parts
from gateway.agents.mcp_rpc import Rpc, encode_header, is_message, is_response, read_rpc, version_of, without_state
from gateway.agents.mcp_talk import Talk
from gateway.agents.mcp_words import NAMED, NEW_VERSIONS
from gateway.agents.own_credential import sent
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message, Outgoing, Part, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

PREFIX = "/mcp/"
SESSION = "mcp-session-id"
_JSON = "application/json"
_EVENTS = "text/event-stream"
_BOTH = f"{_JSON}, {_EVENTS}"
_METHODS = "GET, POST or DELETE"
LAST_EVENT = "last-event-id"
_OURS = (401, 403, 407)
"""Statuses that speak of the gateway's own credential, not of the caller's."""


class McpAdapter:
    """The adapter of protocol `mcp`. `origins` are those whose pages may call (2025-11-25, Transports, Security)."""

    protocol = "mcp"
    schema: Mapping[str, object] | None = None

    def __init__(self, answers: Bounds, origins: frozenset[str] = frozenset()) -> None:
        self._answers = Bounds(body_bytes=answers.answer_bytes, answer_bytes=answers.answer_bytes, depth=answers.depth)
        self._origins = origins

    def serves(self, message: Message, agent: Route) -> bool:
        return agent.protocol == self.protocol and agent.id == message.target

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        """The request's parts. Whether its session and its tool exist is the governor's to say."""
        target = request.path.removeprefix(PREFIX)
        if not target or "/" in target:
            return Refusal(code="unknown_target", field="path", hint="/mcp/ and the id of an agent")
        origin = request.header("origin")
        if origin is not None and origin not in self._origins:
            return Refusal(code="origin_not_allowed", field="origin", hint="one of server.allowed_origins")
        if request.method == "POST":
            return self._posted(request, target, bounds)
        if request.method in ("GET", "DELETE"):
            return self._bare(request, target)
        return Refusal(code="method_not_allowed", hint=_METHODS)

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request for the agent. `FormatError` if a mask's place is not there."""
        check_places(masked, message.parts)
        document = replace(message.document, masked)
        talk, headers = talk_of(message), [("accept", _EVENTS if message.inbound.method == "GET" else _BOTH)]
        rpc = talk.rpc
        if rpc is not None:
            headers.append(("content-type", _JSON))
        version = message.inbound.header("mcp-protocol-version")
        if version is not None:
            headers.append(("mcp-protocol-version", version.strip(" \t")))
        if talk.upstream is not None:
            headers.append((SESSION, talk.upstream))
        resumed = message.inbound.header(LAST_EVENT)
        if resumed is not None and message.inbound.method == "GET":
            headers.append((LAST_EVENT, resumed))
        if rpc is not None and rpc.era == "new":
            headers += _standard(rpc, document, talk)
        headers += sent(agent)
        whole = document is message.document and message.approval is None
        body = message.body if whole else write_json(document)
        return Outgoing(method=message.inbound.method, path="", headers=tuple(headers), body=body)

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts; `AgentError("bad_answer")` for what does not answer this request."""
        talk = talk_of(message)
        if answer.status in _OURS or 300 <= answer.status < 400 or answer.status < 200:
            raise AgentError("bad_answer")
        if answer.status >= 400:
            return self._failed(answer, talk)
        headers = note_session(talk, answer.headers)
        if talk.rpc is None or talk.rpc.kind != "request":
            # Nothing is owed here: 202 to what was posted, 200 or 204 to the end of a session.
            return Answer(status=answer.status, media_type="", headers=headers, body=b"", parts=())
        value = self._response(answer.body, talk.rpc)
        governed = _governed(talk, value)
        return Answer(
            status=answer.status,
            media_type=_JSON,
            headers=(("content-type", _JSON), *headers),
            body=answer.body if governed is value else write_json(governed),
            parts=rpc_parts(governed),
            document=governed,
            sessions=(*(() if talk.opened is None else (f"mcp:{talk.opens}",)), *begun_in(governed, message.target)),
        )

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        return rewritten(answer, masked)

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        """Streams of MCP are read event by event: `frames`."""
        raise AgentError("bad_answer")

    def frames(self, message: Message, bounds: Bounds) -> RpcFrames:
        """The reader of this message's stream."""
        talk = talk_of(message)
        named = partial(begun_in, agent=message.target)
        return RpcFrames(self._answers, talk.rpc, lambda value: _governed(talk, value), named)

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        return rpc_error(refusal, exchange, None)

    def _posted(self, request: Inbound, target: str, bounds: Bounds) -> Message | Refusal:
        if (request.header("content-type") or "").partition(";")[0].strip().lower() != _JSON:
            return Refusal(code="media_type", field="content-type", hint=_JSON)
        if not _accepts(request, _JSON) or not _accepts(request, _EVENTS):
            return Refusal(code="not_acceptable", field="accept", hint=_BOTH)
        body = decompress(request.body, request.header("content-encoding"), bounds)
        if isinstance(body, Refusal):
            return body
        read = read_json(body, bounds)
        if isinstance(read, Refusal):
            return read
        rpc = read_rpc(request, read.value)
        if isinstance(rpc, Refusal):
            return rpc
        document, approval = without_state(rpc, read.value)
        task = _task_of(rpc, document)
        if isinstance(task, Refusal):
            return task
        return Message(
            protocol=self.protocol,
            action=rpc.action,
            target=target,
            stream=rpc.kind == "request",
            body=body,
            media_type=_JSON,
            parts=rpc_parts(document),
            document=document,
            inbound=request,
            lasting=rpc.listens,
            context=Talk(rpc),
            approval=approval,
            sessions=() if task is None else (task_name(target, task),),
        )

    def _bare(self, request: Inbound, target: str) -> Message | Refusal:
        """GET, which listens, and DELETE, which ends a session: both without a body, both of the older versions."""
        version = version_of(request)
        if isinstance(version, Refusal):
            return version
        if version in NEW_VERSIONS:
            return Refusal(code="method_not_allowed", hint="POST")
        listens = request.method == "GET"
        if listens and not _accepts(request, _EVENTS):
            return Refusal(code="not_acceptable", field="accept", hint=_EVENTS)
        if request.body:
            return Refusal(code="media_type", hint="no body")
        resumed = request.header(LAST_EVENT) or ""
        if len(resumed) > 256 or not resumed.isascii() or not resumed.isprintable():
            return Refusal(code="header_invalid", field=LAST_EVENT, hint="at most 256 characters of visible ASCII")
        return Message(
            protocol=self.protocol,
            action="message",
            target=target,
            stream=listens,
            body=b"",
            media_type="",
            parts=(Part(f"header:{LAST_EVENT}", resumed, "name"),) if listens and resumed else (),
            inbound=request,
            lasting=listens,
            context=Talk(None),
        )

    def _response(self, body: bytes, rpc: Rpc) -> dict[str, Any]:
        read = read_json(body, self._answers)
        if isinstance(read, Refusal) or not is_message(read.value):
            raise AgentError("bad_answer")
        value: dict[str, Any] = read.value
        if not is_response(value) or not answers(value, rpc):
            raise AgentError("bad_answer")
        return value

    def _failed(self, answer: WireAnswer, talk: Talk) -> Answer:
        """An error of the agent's. One that is no JSON-RPC error keeps its status alone."""
        read = read_json(answer.body, self._answers) if answer.body else None
        value = None if read is None or isinstance(read, Refusal) else read.value
        if not is_message(value) or type(value.get("error")) is not dict:
            identifier = None if talk.rpc is None else talk.rpc.id
            error = {"code": -32603, "message": "The agent refused the request"}
            value = {"jsonrpc": "2.0", "id": identifier, "error": error}
        return Answer(
            status=answer.status,
            media_type=_JSON,
            headers=(("content-type", _JSON),),
            body=write_json(value),
            parts=rpc_parts(value),
            document=value,
        )


def talk_of(message: Message) -> Talk:
    """What is known of a message of this protocol beside its bytes."""
    return message.context if isinstance(message.context, Talk) else Talk(None)


def task_name(agent: str, task: str) -> str:
    """The session's name of a task."""
    return f"mcp-task:{agent}/{task}"


def begun_in(response: Any, agent: str) -> tuple[str, ...]:
    """The name of the task that a response says was begun (`CreateTaskResult`; 2025-11-25, Tasks)."""
    result = response.get("result") if type(response) is dict else None
    task = result.get("task") if type(result) is dict else None
    name = task.get("taskId") if type(task) is dict else None
    return (task_name(agent, name),) if type(name) is str and name else ()


def _task_of(rpc: Rpc, document: Any) -> str | Refusal | None:
    """The id of the task that a request goes on with; None for a request that goes on with none."""
    if rpc.kind != "request" or not rpc.method.startswith("tasks/"):
        return None
    found = document.get("params", {}).get("taskId")
    if type(found) is str and found:
        return found
    return Refusal(code="schema_violation", field="/params/taskId", hint="the id of a task")


def note_session(talk: Talk, wire: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The header by which a caller is given its session, where this answer opens one; the agent's own id is noted."""
    if talk.opens is None:
        return ()
    for name, value in wire:
        if name == SESSION and 0 < len(value) <= 512 and value.isascii() and value.isprintable():
            talk.opened = value
            return ((SESSION, talk.opens),)
    return ()


def _governed(talk: Talk, value: Any) -> Any:
    """A response as its governor has it. What one caller may see another may not: no cache may share it
    (2026-07-28, Caching)."""
    governed = talk.govern(value)
    result = governed.get("result")
    if type(result) is not dict or result.get("cacheScope") != "public":
        return governed
    return {**governed, "result": {**result, "cacheScope": "private"}}


def _standard(rpc: Rpc, document: Any, talk: Talk) -> list[tuple[str, str]]:
    """The headers that repeat what the body, as it is sent, says (2026-07-28, Transports, Standard Headers)."""
    params = document.get("params", {})
    headers = [("mcp-method", rpc.method)]
    named = params.get(NAMED.get(rpc.method, ""))
    if type(named) is str:
        headers.append(("mcp-name", encode_header(named)))
    for name, path in talk.mirrored:
        value = params.get("arguments")
        for step in path:
            value = value.get(step) if type(value) is dict else None
        if value is not None:
            text = str(value).lower() if type(value) is bool else str(value)
            headers.append((f"mcp-param-{name}", encode_header(text)))
    return headers


def _accepts(request: Inbound, wanted: str) -> bool:
    """Whether the request takes this media type (RFC 9110 §12.5.1); one without the header takes any."""
    given = [value for name, value in request.headers if name == "accept"]
    if not given:
        return True
    ranges = {item.partition(";")[0].strip().lower() for item in ",".join(given).split(",")}
    return bool(ranges & {wanted, "*/*", f"{wanted.partition('/')[0]}/*"})
