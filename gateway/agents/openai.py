"""OpenAI chat completions: `POST /v1/chat/completions`, plain and streamed.

Default is that every string, key and longer number anywhere in the body is a part; only exact words of the protocol
itself (`openai_words`) are left out. Nothing of the caller's headers or query reaches the agent: the request is made
anew from its body. What a provider would do on its own account (search, store, fetch) is refused by name.
"""

from collections.abc import Mapping
from typing import Any

from gateway.agents.bodies import check_places, decompress, escape, member, read_json, replace, walk, write_json
from gateway.agents.openai_schema import CHAT_REQUEST
from gateway.agents.openai_stream import OpenAIStream
from gateway.agents.openai_words import ANSWER, CALL, MESSAGE, REQUEST, model_name, tokens
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message, Outgoing, Part, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

_ONWARD = ("web_search_options", "search_parameters", "data_sources", "plugins", "enable_search", "mcp_servers")
"""Fields by which providers are asked to disclose further (search, retrieval, remote tools)."""
_READABLE = frozenset({"text", "refusal"})
_CALLS = frozenset({"tools", "tool_choice", "functions", "function_call", "response_format"})
_MESSAGE_CALLS = frozenset({"tool_calls", "function_call"})
_ERROR_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_ENCODED_FROM = 1024
"""Strings of an attachment from this length on that hold no white space are its bytes in base64, not text."""
_JSON = "application/json"


class OpenAIAdapter:
    """The adapter of protocol `openai`. `schema` is what a request must fit, besides the agent's own."""

    protocol = "openai"
    schema: Mapping[str, Any] = CHAT_REQUEST

    def __init__(self, answers: Bounds) -> None:
        """`answers`: what an answer may measure (`answer_bytes`, `depth`)."""
        self._answers = Bounds(body_bytes=answers.answer_bytes, answer_bytes=answers.answer_bytes, depth=answers.depth)

    def serves(self, message: Message, agent: Route) -> bool:
        """Whether this agent could be sent the message at all."""
        return agent.protocol == message.protocol

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        """The request's parts. Its schema is *not* checked here: what does not fit it is walked all the same."""
        if request.method != "POST":
            return Refusal(code="method_not_allowed", hint="POST")
        if not _is_json(request.header("content-type")):
            return Refusal(code="media_type", field="content-type", hint=_JSON)
        body = decompress(request.body, request.header("content-encoding"), bounds)
        if isinstance(body, Refusal):
            return body
        document = read_json(body, bounds)
        if isinstance(document, Refusal):
            return document
        value = document.value
        refusal = _unreadable_shape(value) or _unsupported(value)
        if refusal is not None:
            return refusal
        return Message(
            protocol=self.protocol,
            action="chat",
            target=value["model"],
            stream=value.get("stream") is True,
            body=body,
            media_type=_JSON,
            parts=tuple(_request_parts(value)),
            document=value,
            inbound=request,
        )

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request for this agent: its own model name and credential, masked parts replaced, nothing else changed.

        The exact bytes of the caller where nothing changed. `FormatError` if a mask's place is not there.
        """
        check_places(masked, message.parts)
        document: Any = replace(message.document, masked)
        changes: dict[str, object] = {}
        if agent.model is not None and agent.model != document["model"]:
            changes["model"] = agent.model
        if "store" in document and document["store"] is not False:
            changes["store"] = False
        if changes:
            document = {**document, **changes}
        headers = [("content-type", _JSON), ("accept", "text/event-stream" if message.stream else _JSON)]
        if agent.credential is not None:
            headers.append(("authorization", f"Bearer {agent.credential}"))
        return Outgoing(
            method="POST",
            path="/chat/completions" if agent.url.endswith("/v1") else "/v1/chat/completions",
            headers=tuple(headers),
            body=message.body if document is message.document else write_json(document),
        )

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts; `AgentError("bad_answer")` where it is no chat completion and no error object.

        401 and 407 speak of the gateway's own credential, not of the caller's: they are a bad answer too.
        """
        read = read_json(answer.body, self._answers)
        if isinstance(read, Refusal) or type(read.value) is not dict or answer.status in (401, 407):
            raise AgentError("bad_answer")
        value, body = read.value, answer.body
        if answer.status < 400:
            if not 200 <= answer.status < 300:
                raise AgentError("bad_answer")
            stripped = _completion(value)
            if stripped is not value:
                value, body = stripped, write_json(stripped)
        parts: list[Part] = []
        walk(value, parts, vocabulary=ANSWER)
        usage = value.get("usage")
        return Answer(
            status=answer.status,
            media_type=_JSON,
            headers=(("content-type", _JSON),),
            body=body,
            parts=tuple(parts),
            document=value,
            model=model_name(value.get("model")),
            tokens_in=tokens(usage, "prompt_tokens"),
            tokens_out=tokens(usage, "completion_tokens"),
        )

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        """The answer's bytes, masked parts replaced; the agent's exact bytes where nothing is masked."""
        check_places(masked, answer.parts)
        document = replace(answer.document, masked)
        return answer.body if document is answer.document else write_json(document)

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        return OpenAIStream(lanes, bounds)

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        """OpenAI's error object: `type` by status, `param` the field, `code` the refusal's own."""
        text = f"{refusal.title}: {refusal.hint}" if refusal.hint else refusal.title
        kind = _ERROR_TYPES.get(refusal.status) or ("api_error" if refusal.status >= 500 else "invalid_request_error")
        error = {"message": text, "type": kind, "param": refusal.field, "code": refusal.code, "exchange": exchange}
        return write_json({"error": error})


def _is_json(content_type: str | None) -> bool:
    essence, _, parameters = (content_type or "").lower().partition(";")
    charset = parameters.replace('"', "").replace(" ", "")
    return essence.strip() == _JSON and charset in ("", "charset=utf-8", "charset=utf8")


def _unreadable_shape(value: Any) -> Refusal | None:
    """The few things that reading itself stands on; the rest is the schema's to say."""
    if type(value) is not dict:
        return Refusal(code="schema_violation", field="", hint="an object")
    if type(value.get("model")) is not str or not value["model"]:
        return Refusal(code="schema_violation", field="/model", hint="the name of an agent or a capability")
    if value.get("stream") not in (None, True, False) or type(value.get("stream")) is int:
        return Refusal(code="schema_violation", field="/stream", hint="true or false")
    return None


def _unsupported(value: dict[str, Any]) -> Refusal | None:
    """What a provider would do beyond answering, or would say in a form that cannot be masked."""
    for field in _ONWARD:
        if value.get(field) not in (None, False):
            return _refused(f"/{field}", "functions that the caller runs, in `tools`")
    if value.get("store") not in (None, False):
        return _refused("/store", "false: the provider may not keep what is sent")
    if value.get("audio") is not None:
        return _refused("/audio", "text only")
    if value.get("modalities") not in (None, ["text"]):
        return _refused("/modalities", "text only")
    if value.get("logprobs") not in (None, False) or value.get("top_logprobs") not in (None, 0):
        return _refused("/logprobs", "false: tokens one by one cannot be masked")
    tools = value.get("tools")
    for index, tool in enumerate(tools if type(tools) is list else ()):
        if type(tool) is not dict or tool.get("type") != "function":
            return _refused(f"/tools/{index}/type", "function: tools that the provider would run are not available")
    return None


def _refused(field: str, hint: str) -> Refusal:
    return Refusal(code="feature_unsupported", field=field, hint=hint)


def _request_parts(value: dict[str, Any]) -> list[Part]:
    parts: list[Part] = []
    for key, item in value.items():
        if key == "messages" and type(item) is list:
            for index, message in enumerate(item):
                _message(message, f"/messages/{index}", parts)
        elif key == "model":
            parts.append(Part("/model", item, "name"))
        elif key in _CALLS:
            walk(item, parts, f"/{key}", CALL)
        elif key == "prediction":
            walk(item, parts, "/prediction", MESSAGE)
        elif key in ("metadata", "logit_bias"):
            walk(item, parts, f"/{key}")
        else:
            member(key, item, parts, f"/{escape(key)}", REQUEST)
    return parts


def _message(message: Any, place: str, parts: list[Part]) -> None:
    """The parts of one message; content parts that are no text are attachments."""
    if type(message) is not dict:
        walk(message, parts, place)
        return
    for key, item in message.items():
        if key == "content" and type(item) is list:
            for index, piece in enumerate(item):
                _piece(piece, f"{place}/content/{index}", parts)
        elif key in _MESSAGE_CALLS:
            walk(item, parts, f"{place}/{key}", CALL)
        elif key == "audio" and item is not None:
            _attachment(item, f"{place}/audio", parts)
        else:
            member(key, item, parts, f"{place}/{escape(key)}", MESSAGE)


def _piece(piece: Any, place: str, parts: list[Part]) -> None:
    if type(piece) is dict and piece.get("type") not in _READABLE:
        _attachment(piece, place, parts)
    else:
        walk(piece, parts, place, MESSAGE)


def _attachment(item: Any, place: str, parts: list[Part]) -> None:
    """An image, a sound, a file, or a reference to what the provider holds: not readable here, so one `unreadable`
    part, and beside it whatever can be read of it (its address, its name, a form of content not known here)."""
    parts.append(Part(place, "", "unreadable"))
    beside: list[Part] = []
    walk(item, beside, place, MESSAGE)
    parts.extend(part for part in beside if not _encoded(part.text))


def _encoded(text: str) -> bool:
    return len(text) >= _ENCODED_FROM and text.isascii() and not any(space in text for space in " \n\t\r")


def _completion(value: dict[str, Any]) -> dict[str, Any]:
    """A chat completion, without the tokens' probabilities: they would repeat the text piece by piece, unmasked.

    `AgentError("bad_answer")` where it has no choices with messages.
    """
    choices = value.get("choices")
    if type(choices) is not list:
        raise AgentError("bad_answer")
    for choice in choices:
        if type(choice) is not dict or type(choice.get("message")) is not dict:
            raise AgentError("bad_answer")
    if all(choice.get("logprobs") is None for choice in choices):
        return value
    return {**value, "choices": [{**choice, "logprobs": None} for choice in choices]}
