"""A2A 1.0 at `/a2a/{agent}`: JSON-RPC (`A2aRpc`) and HTTP+JSON (`A2aRest`), whichever of them the agent speaks.

A request is read into an operation and its parameters (`a2a_call`), masked in its parameters, and written anew for the
agent in the agent's own binding; the result is read, masked and written anew in the caller's. So every agent can be
reached in both, and nothing of an envelope passes. Places of parts are pointers into the parameters or the result.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from gateway.agents.a2a_answers import RPC_ID, fits, only, result_of, tasks_of
from gateway.agents.a2a_call import Call, read_rest, read_rpc
from gateway.agents.a2a_card import Cards, theirs
from gateway.agents.a2a_errors import Said, rest_error, rpc_error, said_in
from gateway.agents.a2a_parts import Reader, rewrite
from gateway.agents.a2a_stream import A2aStream
from gateway.agents.a2a_words import (
    CARD,
    CARDS,
    EXTENSIONS_NAME,
    MEDIA_TYPE,
    MESSAGES,
    OPERATIONS,
    VERSION,
    VERSION_NAME,
    Binding,
)
from gateway.agents.bodies import check_places, decompress, read_json, write_json
from gateway.agents.own_credential import sent
from gateway.core.errors import AgentError, FormatError
from gateway.core.message import Answer, Inbound, Message, Outgoing, Part, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

FAMILY = "a2a"
PREFIX = "/a2a/"
_JSON = "application/json"
_EVENTS = "text/event-stream"
_OURS = (401, 403, 407)
"""Statuses that speak of the gateway's own credential, not of the caller's."""
_CARD_AGE_S = 300


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request beside its parameters: the call, and URLs of files that the agent would fetch, each
    with its place (`Message.context`)."""

    call: Call
    files: tuple[tuple[str, str], ...] = ()


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is written (`Answer.form`)."""

    call: Call
    failed: bool = False


class A2a:
    """What both bindings share. `cards` makes the cards that callers are given."""

    protocol = FAMILY
    schema: Mapping[str, object] | None = None

    def __init__(self, answers: Bounds, cards: Cards) -> None:
        self._answers = Bounds(body_bytes=answers.answer_bytes, answer_bytes=answers.answer_bytes, depth=answers.depth)
        self._cards = cards

    def serves(self, message: Message, agent: Route) -> bool:
        return agent.protocol == FAMILY and agent.id == message.target

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request for the agent, in its own binding. `FormatError` if a mask's place is not there."""
        check_places(masked, message.parts)
        call = asked_of(message).call
        params = rewrite(call.params, dict(masked), self._answers)
        headers = [("accept", _EVENTS if call.stream else _JSON), (VERSION_NAME, VERSION)]
        if call.extensions:
            headers.append((EXTENSIONS_NAME, call.extensions))
        headers += sent(agent)
        if call.operation == CARD:
            return Outgoing(method="GET", path=agent.interface.card, headers=tuple(headers), body=b"")
        if agent.interface.binding == "JSONRPC":
            body = write_json({"jsonrpc": "2.0", "id": RPC_ID, "method": call.operation, "params": params})
            headers.append(("content-type", _JSON))
            return Outgoing(method="POST", path=agent.interface.path, headers=tuple(headers), body=body)
        method, path, rest = _resource(call.operation, params)
        if rest is not None:
            headers.append(("content-type", MEDIA_TYPE))
        body = b"" if rest is None else write_json(rest)
        return Outgoing(method=method, path=f"{agent.interface.path}{path}", headers=tuple(headers), body=body)

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts; `AgentError("bad_answer")` for what does not answer this request."""
        call = asked_of(message).call
        if answer.status in _OURS or 300 <= answer.status < 400 or answer.status < 200:
            raise AgentError("bad_answer")
        binding = "HTTP+JSON" if call.operation == CARD else agent.interface.binding
        found = result_of(self._value(answer, binding), binding, answer.status)
        if isinstance(found, Said):
            return self._failed(found, call)
        if call.operation not in CARDS:
            names = fits(call, found, agent.id)
            return self._answer(found, call, self._read(found), names)
        card = self._cards.taken(found, agent)
        return self._answer(card, call, self._read(theirs(card)))

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        check_places(masked, answer.parts)
        reply = answer.form
        if not isinstance(reply, Reply):
            raise FormatError("an answer of another protocol")
        document = rewrite(answer.document, dict(masked), self._answers)
        if reply.failed:
            return write_json(_enclosed(reply.call, document, "error"))
        if reply.call.operation in CARDS:
            document = self._cards.signed(document)
        if reply.call.operation == "DeleteTaskPushNotificationConfig" and reply.call.binding == "JSONRPC":
            document = document or None
        return write_json(_enclosed(reply.call, document, "result"))

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        return A2aStream(lanes, self._answers, asked_of(message).call, agent)

    def _message(self, request: Inbound, target: str, call: Call, body: bytes) -> Message | Refusal:
        reader = Reader(self._answers)
        try:
            reader.read(call.params)
        except FormatError as error:
            return Refusal(code="schema_violation", field=str(error), hint="the protocol's own spelling")
        parts = reader.parts
        if call.extensions:
            parts.append(Part(f"header:{EXTENSIONS_NAME}", call.extensions, "name"))
        known = OPERATIONS.get(call.operation)
        return Message(
            protocol=self.protocol,
            action="message" if known is None else known.action,
            target=target,
            stream=call.stream,
            body=body,
            media_type=_JSON if body else "",
            parts=tuple(parts),
            document=call.params,
            inbound=request,
            onward=_onward(call, reader.files),
            sessions=call.continues(target),
            references=call.refers(target),
            lasting=call.lasting,
            shaped=call.operation in MESSAGES,
            approval=call.approval,
            context=Asked(call=call, files=tuple(reader.files)),
        )

    def _value(self, answer: WireAnswer, binding: Binding) -> Any:
        """What the body holds; None where an error says no more than its status."""
        read = read_json(answer.body, self._answers) if answer.body else None
        if isinstance(read, Refusal):
            if answer.status >= 400:
                return None
            raise AgentError("bad_answer")
        return {} if read is None and binding == "HTTP+JSON" and answer.status < 400 else read and read.value

    def _read(self, value: Any) -> tuple[Part, ...]:
        return _parts(value, self._answers)

    def _failed(self, said: Said, call: Call) -> Answer:
        error = said_in(said, call.binding)
        status = 200 if call.binding == "JSONRPC" else said.status
        media = _media(call)
        return Answer(
            status=status,
            media_type=media,
            headers=(("content-type", media),),
            body=b"",
            parts=self._read(error),
            document=error,
            form=Reply(call=call, failed=True),
        )

    def _answer(self, result: Any, call: Call, parts: tuple[Part, ...], sessions: tuple[str, ...] = ()) -> Answer:
        media = _JSON if call.operation == CARD else _media(call)
        headers = [("content-type", media)]
        if call.operation in CARDS:
            headers.append(("cache-control", f"private, max-age={_CARD_AGE_S}"))
        return Answer(
            status=200,
            media_type=media,
            headers=tuple(headers),
            body=b"",
            parts=parts,
            document=result,
            sessions=sessions,
            form=Reply(call=call),
        )


class A2aRpc(A2a):
    """The adapter of protocol `a2a`: JSON-RPC by POST to the agent's address."""

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        """The request's parts. Whether its task is the caller's is for sessions to say."""
        target = request.path.removeprefix(PREFIX)
        if request.method != "POST":
            return Refusal(code="method_not_allowed", hint="POST")
        read = _body(request, bounds)
        if isinstance(read, Refusal):
            return read
        body, value = read
        call = read_rpc(request, value)
        return call if isinstance(call, Refusal) else self._message(request, target, call, body)

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        return rpc_error(refusal, exchange, None)


class A2aRest(A2a):
    """The adapter of protocol `a2a-rest`: HTTP+JSON below the agent's address, its card among it."""

    protocol = "a2a-rest"

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        """As of `A2aRpc`."""
        target, _, path = request.path.removeprefix(PREFIX).partition("/")
        read: tuple[bytes, Any] | Refusal = (b"", None)
        if request.body:
            read = _body(request, bounds)
        if isinstance(read, Refusal):
            return read
        body, value = read
        call = read_rest(request, path, value)
        return call if isinstance(call, Refusal) else self._message(request, target, call, body)

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        return rest_error(refusal, exchange, None)


def asked_of(message: Message) -> Asked:
    """What is known of a message of this protocol beside its parameters."""
    if not isinstance(message.context, Asked):
        raise FormatError("a message of another protocol")
    return message.context


def listed(answer: Answer) -> tuple[str, ...]:
    """The ids of the tasks in the answer to `ListTasks`; none in an error."""
    failed = isinstance(answer.form, Reply) and answer.form.failed
    return () if failed or not isinstance(answer.document, dict) else tuple(t["id"] for t in tasks_of(answer.document))


def only_listed(answer: Answer, kept: frozenset[str], bounds: Bounds) -> Answer:
    """The answer to `ListTasks` with the tasks of these ids alone; an error as it is."""
    failed = isinstance(answer.form, Reply) and answer.form.failed
    if failed or not isinstance(answer.document, dict):
        return answer
    document = only(answer.document, kept)
    return msgspec.structs.replace(answer, document=document, parts=_parts(document, bounds))


def _parts(value: Any, bounds: Bounds) -> tuple[Part, ...]:
    reader = Reader(bounds)
    try:
        reader.read(value)
    except FormatError as error:
        raise AgentError("bad_answer") from error
    return tuple(reader.parts)


def _body(request: Inbound, bounds: Bounds) -> tuple[bytes, Any] | Refusal:
    """The body without its coding, and the JSON value in it."""
    media = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if media not in (_JSON, MEDIA_TYPE):
        return Refusal(code="media_type", field="content-type", hint=f"{_JSON} or {MEDIA_TYPE}")
    body = decompress(request.body, request.header("content-encoding"), bounds)
    if isinstance(body, Refusal):
        return body
    read = read_json(body, bounds)
    return read if isinstance(read, Refusal) else (body, read.value)


def _onward(call: Call, files: list[tuple[str, str]]) -> tuple[str, ...]:
    """What the agent would contact by itself: where news go, and where files lie."""
    push = ("onward:push",) if call.pushes() else ()
    return (*push, "onward:url") if files else push


def _resource(operation: str, params: Mapping[str, Any]) -> tuple[str, str, dict[str, Any] | None]:
    """Method, path and body of an operation in HTTP+JSON. `FormatError` for a parameter that a query cannot hold."""
    known, rest = OPERATIONS[operation], dict(params)
    path = known.path
    for name in ("id", "taskId"):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(str(rest.pop(name)), safe=""))
    tenant = rest.pop("tenant", None)
    path = f"/{tenant}/{path}" if tenant else f"/{path}"
    if known.method == "POST":
        return known.method, path, rest
    query: list[tuple[str, str]] = []
    for name, value in rest.items():
        if type(value) in (dict, list):
            raise FormatError("a parameter that a query cannot hold")
        if value is not None:
            query.append((name, str(value).lower() if type(value) is bool else str(value)))
    return known.method, f"{path}?{urlencode(query)}" if query else path, None


def _media(call: Call) -> str:
    return _JSON if call.binding == "JSONRPC" else MEDIA_TYPE


def _enclosed(call: Call, value: Any, member: str) -> Any:
    """A result or an error as the caller's binding has it."""
    if call.binding == "JSONRPC":
        return {"jsonrpc": "2.0", "id": call.id, member: value}
    return {"error": value} if member == "error" else value
