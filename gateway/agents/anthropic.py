"""Anthropic Messages: `POST /v1/messages`, plain and streamed, and `POST /v1/messages/count_tokens`.

Default is that every string, key and longer number anywhere in the body is a part; only exact words of the protocol
itself (`anthropic_words`) are left out. The request is made anew from its body; of the caller's headers only the
version and known betas of the protocol reach the agent.
"""

from collections.abc import Mapping
from typing import Any

from gateway.agents.anthropic_beyond import beyond, held, keeps
from gateway.agents.anthropic_content import content
from gateway.agents.anthropic_schema import COUNT_REQUEST, MESSAGES_REQUEST
from gateway.agents.anthropic_stream import AnthropicStream
from gateway.agents.anthropic_usage import tokens_in, tokens_out
from gateway.agents.anthropic_words import ANSWER, CONTENT, MAX_BETAS, REQUEST, TOOL, VERSION, beta, version
from gateway.agents.bodies import check_places, escape, member, read_json, replace, rewritten, walk, write_json
from gateway.agents.elsewhere import FIELDS
from gateway.agents.openai_wire import JSON, read_body, read_object
from gateway.agents.openai_words import model_name
from gateway.agents.own_credential import sent
from gateway.agents.spelling import Spellings
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message, Outgoing, Part, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

_CONTENT = frozenset({"messages", "system", "mcp_servers"})
_TOOLS = frozenset({"tools", "tool_choice", "output_config", "output_format"})
_PLAIN = frozenset({"metadata"})
_SPELLINGS = Spellings(
    REQUEST.keys | CONTENT.keys | TOOL.keys | FIELDS.keys() | {"thread"},
    free=("metadata", "input", "input_schema", "input_examples", "schema", "properties"),
)
_ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_BETA_QUERY = "beta=true"
"""The one query that clients of the protocol send."""
_MAY_BE_THREADS = frozenset({"policy_denied", "feature_unsupported"})
"""What is said of a request whose provider would keep it, and would not be said of the same without its `thread`."""
_UNTHREADED = {"error_code": "thread_unsupported_request"}
"""The protocol's own word for it: clients then send the whole conversation without a `thread`, as they would have to a
server that keeps none."""
_REQUEST = Bounds(body_bytes=1 << 30, answer_bytes=1 << 30, depth=512)
"""Of a request that was read before, or is not looked at here."""
_RETRY_AFTER = 5
"""Digits of a `retry-after` that is passed on."""


class AnthropicAdapter:
    """The adapter of protocol `anthropic`. `schema` is what a request must fit, besides the agent's own."""

    protocol = "anthropic"
    schema: Mapping[str, Any] = MESSAGES_REQUEST
    path = "/v1/messages"

    def __init__(self, answers: Bounds) -> None:
        """`answers`: what an answer may measure (`answer_bytes`, `depth`)."""
        self._answers = Bounds(body_bytes=answers.answer_bytes, answer_bytes=answers.answer_bytes, depth=answers.depth)

    def serves(self, message: Message, agent: Route) -> bool:
        """Whether this agent could be sent the message at all."""
        return agent.protocol == "anthropic"

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        """The request's parts. Its schema is *not* checked here: what does not fit it is walked all the same."""
        read = read_body(request, bounds)
        if isinstance(read, Refusal):
            return read
        value = read.value
        refusal = _SPELLINGS.refusal(value) or _unknown_headers(request)
        if refusal is not None:
            return refusal
        further = beyond(value)
        return Message(
            protocol=self.protocol,
            action="chat",
            target=value["model"],
            stream=self._streams(value),
            body=read.raw,
            media_type=JSON,
            parts=tuple(_request_parts(value)),
            document=value,
            inbound=request,
            onward=further.onward,
            references=further.references,
            sessions=further.sessions,
        )

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request for this agent: its own model name and credential, masked parts replaced, nothing else changed.

        The exact bytes of the caller where nothing changed. `FormatError` if a mask's place is not there.
        """
        check_places(masked, message.parts)
        document: Any = replace(message.document, masked)
        if agent.model is not None and agent.model != document["model"]:
            document = {**document, "model": agent.model}
        request = message.inbound
        headers = [
            ("content-type", JSON),
            ("accept", "text/event-stream" if message.stream else JSON),
            ("anthropic-version", request.header("anthropic-version") or VERSION),
        ]
        betas = _betas(request)
        if betas:
            headers.append(("anthropic-beta", ",".join(betas)))
        headers += sent(agent, "header:x-api-key")
        path = self.path.removeprefix("/v1") if agent.url.endswith("/v1") else self.path
        return Outgoing(
            method="POST",
            path=f"{path}?{_BETA_QUERY}" if request.query == _BETA_QUERY else path,
            headers=tuple(headers),
            body=message.body if document is message.document else write_json(document),
        )

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts; `AgentError("bad_answer")` where it is no message and no error object.

        401 and 407 speak of the gateway's own credential, not of the caller's: they are a bad answer too.
        """
        value = read_object(answer, self._answers)
        good = type(value.get("error")) is dict if answer.status >= 400 else self._answered(value)
        if not good:
            raise AgentError("bad_answer")
        return Answer(
            status=answer.status,
            media_type=JSON,
            headers=(("content-type", JSON), *_retry_after(answer)),
            body=answer.body,
            parts=tuple(_answer_parts(value)),
            document=value,
            model=model_name(value.get("model")),
            tokens_in=tokens_in(value.get("usage")),
            tokens_out=tokens_out(value.get("usage")),
            sessions=held(value, kept=keeps(message.document)),
        )

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        """The answer's bytes, masked parts replaced; the agent's exact bytes where nothing is masked."""
        return rewritten(answer, masked)

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        return AnthropicStream(lanes, bounds, kept=keeps(message.document))

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        return anthropic_error(refusal, exchange)

    def _streams(self, value: dict[str, Any]) -> bool:
        return value.get("stream") is True

    def _answered(self, value: dict[str, Any]) -> bool:
        """Whether a document is a message."""
        blocks = value.get("content")
        return type(blocks) is list and all(type(block) is dict for block in blocks)


class AnthropicCountAdapter(AnthropicAdapter):
    """The adapter of protocol `anthropic-count`: the same message is disclosed, and its tokens are counted."""

    protocol = "anthropic-count"
    schema: Mapping[str, Any] = COUNT_REQUEST
    path = "/v1/messages/count_tokens"

    def _streams(self, value: dict[str, Any]) -> bool:
        return False

    def _answered(self, value: dict[str, Any]) -> bool:
        """Whether a document is a count."""
        return type(value.get("input_tokens")) is int


def anthropic_error(refusal: Refusal, exchange: str, request: Inbound | None = None) -> bytes:
    """Anthropic's error object: `type` by status, and beside it the refusal's own code and field. `details` say of a
    `request` with a `thread` that the same may be sent without, where that may be what is not allowed."""
    text = refusal.text
    kind = _ERROR_TYPES.get(refusal.status) or ("api_error" if refusal.status >= 500 else "invalid_request_error")
    error = {"type": kind, "message": text, "code": refusal.code, "param": refusal.field}
    details = {"details": _UNTHREADED} if refusal.code in _MAY_BE_THREADS and _threaded(request) else {}
    return write_json({"type": "error", "error": error | refusal.members | details, "request_id": exchange})


def _threaded(request: Inbound | None) -> bool:
    if request is None or b'"thread"' not in request.body:
        return False
    read = read_json(request.body, _REQUEST)
    return not isinstance(read, Refusal) and type(read.value) is dict and read.value.get("thread") is not None


def _unknown_headers(request: Inbound) -> Refusal | None:
    """Headers that would reach the agent hold words of the protocol, and nothing that somebody wrote."""
    asked = request.header("anthropic-version")
    if asked is not None and not version(asked):
        return Refusal(code="header_invalid", field="anthropic-version", hint=VERSION)
    betas = _betas(request)
    if len(betas) > MAX_BETAS or not all(map(beta, betas)):
        hint = f"at most {MAX_BETAS} betas that concern messages"
        return Refusal(code="header_invalid", field="anthropic-beta", hint=hint)
    return None


def _betas(request: Inbound) -> list[str]:
    values = (value for name, value in request.headers if name == "anthropic-beta")
    tokens = (token.strip() for value in values for token in value.split(","))
    return list(dict.fromkeys(token for token in tokens if token))


def _request_parts(value: dict[str, Any]) -> list[Part]:
    parts: list[Part] = []
    for key, item in value.items():
        if key == "model":
            parts.append(Part("/model", item, "name"))
        elif key in _CONTENT:
            content(item, parts, f"/{key}")
        elif key in _TOOLS:
            walk(item, parts, f"/{key}", TOOL)
        elif key in _PLAIN:
            walk(item, parts, f"/{key}")
        else:
            member(key, item, parts, f"/{escape(key)}", REQUEST)
    return parts


def _answer_parts(value: dict[str, Any]) -> list[Part]:
    parts: list[Part] = []
    for key, item in value.items():
        if key == "content":
            content(item, parts, "/content")
        else:
            member(key, item, parts, f"/{escape(key)}", ANSWER)
    return parts


def _retry_after(answer: WireAnswer) -> tuple[tuple[str, str], ...]:
    """When to ask again, in seconds: clients of the protocol wait that long."""
    given = answer.header("retry-after") or ""
    known = answer.status >= 400 and given.isascii() and given.isdigit() and len(given) <= _RETRY_AFTER
    return (("retry-after", given),) if known else ()
