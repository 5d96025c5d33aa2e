"""OpenAI chat completions: `POST /v1/chat/completions`, plain and streamed.

Default is that every string, key and longer number anywhere in the body is a part; only exact words of the protocol
itself (`openai_words`) are left out. Nothing of the caller's headers or query reaches the agent: the request is made
anew from its body. What a provider would do on its own account (search, store, fetch) is refused by name.
"""

from collections.abc import Mapping
from typing import Any

from gateway.agents.bodies import check_places, escape, member, replace, walk, write_json
from gateway.agents.openai_schema import CHAT_REQUEST
from gateway.agents.openai_stream import OpenAIStream
from gateway.agents.openai_wire import JSON, error_object, post, read_body, read_object, unsupported
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
_ENCODED_FROM = 1024
"""Strings of an attachment from this length on that hold no white space are its bytes in base64, not text."""


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
        body = read_body(request, bounds)
        if isinstance(body, Refusal):
            return body
        value = body.value
        refusal = _unsupported(value)
        if refusal is not None:
            return refusal
        return Message(
            protocol=self.protocol,
            action="chat",
            target=value["model"],
            stream=value.get("stream") is True,
            body=body.raw,
            media_type=JSON,
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
        body = message.body if document is message.document else write_json(document)
        return post(agent, "/v1/chat/completions", body, stream=message.stream)

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts; `AgentError("bad_answer")` where it is no chat completion and no error object."""
        value, body = read_object(answer, self._answers), answer.body
        if answer.status < 400:
            stripped = _completion(value)
            if stripped is not value:
                value, body = stripped, write_json(stripped)
        parts: list[Part] = []
        walk(value, parts, vocabulary=ANSWER)
        usage = value.get("usage")
        return Answer(
            status=answer.status,
            media_type=JSON,
            headers=(("content-type", JSON),),
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
        return error_object(refusal, exchange)


def _unsupported(value: dict[str, Any]) -> Refusal | None:
    """What a provider would do beyond answering, or would say in a form that cannot be masked."""
    for field in _ONWARD:
        if value.get(field) not in (None, False):
            return unsupported(f"/{field}", "functions that the caller runs, in `tools`")
    if value.get("store") not in (None, False):
        return unsupported("/store", "false: the provider may not keep what is sent")
    if value.get("audio") is not None:
        return unsupported("/audio", "text only")
    if value.get("modalities") not in (None, ["text"]):
        return unsupported("/modalities", "text only")
    if value.get("logprobs") not in (None, False) or value.get("top_logprobs") not in (None, 0):
        return unsupported("/logprobs", "false: tokens one by one cannot be masked")
    tools = value.get("tools")
    for index, tool in enumerate(tools if type(tools) is list else ()):
        if type(tool) is not dict or tool.get("type") != "function":
            return unsupported(f"/tools/{index}/type", "function: tools that the provider would run are not available")
    return None


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
