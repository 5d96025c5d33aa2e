"""OpenAI chat completions: `POST /v1/chat/completions`, plain and streamed.

Default is that every string, key and longer number anywhere in the body is a part; only exact words of the protocol
itself (`openai_words`) are left out. Nothing of the caller's headers or query reaches the agent: the request is made
anew from its body, and the provider is told to store nothing unless the caller asked for it and policy permitted that
(`onward:store`). What a provider would do elsewhere (search, fetch, call) and what it holds already is named in the
message (`onward`, `references`), for policy to decide.
"""

from collections.abc import Mapping
from typing import Any

from gateway.agents.bodies import check_places, entry, member, replace, rewritten, walk, write_json
from gateway.agents.elsewhere import FIELDS, elsewhere
from gateway.agents.openai_beyond import ATTACHED, Beyond, attachment, tool_kind
from gateway.agents.openai_schema import CHAT_REQUEST
from gateway.agents.openai_stream import OpenAIStream
from gateway.agents.openai_usage import ASKED, FIELD, asking, unasked
from gateway.agents.openai_wire import JSON, error_object, post, read_body, read_object, unsupported
from gateway.agents.openai_words import ANSWER, CALL, MESSAGE, REQUEST, model_name, tokens
from gateway.agents.spelling import Spellings
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message, Outgoing, Part, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

_CALLERS_OWN = frozenset({"function", "custom"})
"""Tools that the caller runs; everything else is run by the provider."""
_READABLE = ("text", "refusal")
"""Types of what is read as it stands. No set: a type that is a list or an object is compared, too."""
_CALLS = frozenset({"tools", "tool_choice", "functions", "function_call", "response_format"})
_MESSAGE_CALLS = frozenset({"tool_calls", "function_call"})
_PIECES = frozenset({"content", "images"})
"""Lists of pieces of content. Some providers answer with pictures in a list of their own."""
_STORE = b',"store":false'
_SPELLINGS = Spellings(
    REQUEST.keys | MESSAGE.keys | CALL.keys | FIELDS.keys(),
    free=("metadata", "logit_bias", "arguments", "parameters", "schema", "properties"),
)


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
        refusal = _SPELLINGS.refusal(value) or _unsupported(value)
        if refusal is not None:
            return refusal
        beyond = Beyond()
        parts = _request_parts(value, beyond)
        _contacts(value, beyond)
        return Message(
            protocol=self.protocol,
            action="chat",
            target=value["model"],
            stream=value.get("stream") is True,
            body=body.raw,
            media_type=JSON,
            parts=tuple(parts),
            document=value,
            inbound=request,
            onward=beyond.onward,
            references=beyond.references,
        )

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request for this agent: its own model name and credential, masked parts replaced, and `store` false
        unless the caller asked for it, a stream's usage asked for (`openai_usage`); nothing else changed. `FormatError`
        if a mask's place is not there.

        Without `store` some providers keep what they were sent and said, so it is written for every agent that takes it
        (`store_field`): into the caller's own bytes, where nothing else changes them.
        """
        check_places(masked, message.parts)
        document: Any = replace(message.document, masked)
        added = b""
        if agent.model is not None and agent.model != document["model"]:
            document = {**document, "model": agent.model}
        if document.get("store") not in (True, False):
            if "store" in document:
                document = {**document, "store": False}
            elif agent.store_field:
                added = _STORE
        if unasked(message, agent):
            if FIELD in document:
                document = asking(document)
            else:
                added += ASKED
        body = message.body if document is message.document else write_json(document)
        if added:
            body = body.rstrip(b" \t\r\n")[:-1] + added + b"}"  # it is an object, and not an empty one: it has a model
        return post(agent, "/v1/chat/completions", body, stream=message.stream)

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts; `AgentError("bad_answer")` where it is no chat completion and no error object."""
        value, body = read_object(answer, self._answers), answer.body
        if answer.status < 400:
            stripped = _completion(value)
            if stripped is not value:
                value, body = stripped, write_json(stripped)
        usage = value.get("usage")
        return Answer(
            status=answer.status,
            media_type=JSON,
            headers=(("content-type", JSON),),
            body=body,
            parts=tuple(_answer_parts(value)),
            document=value,
            model=model_name(value.get("model")),
            tokens_in=tokens(usage, "prompt_tokens"),
            tokens_out=tokens(usage, "completion_tokens"),
        )

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        """The answer's bytes, masked parts replaced; the agent's exact bytes where nothing is masked."""
        return rewritten(answer, masked)

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        return OpenAIStream(lanes, bounds, quiet=unasked(message, agent))

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        return error_object(refusal, exchange)


def _unsupported(value: dict[str, Any]) -> Refusal | None:
    """What would be said in a form that cannot be masked."""
    if value.get("store") not in (None, True, False) or type(value.get("store")) is int:
        return Refusal(code="schema_violation", field="/store", hint="true or false")
    if value.get("audio") is not None:
        return unsupported("/audio", "text only")
    if value.get("modalities") not in (None, ["text"]):
        return unsupported("/modalities", "text only")
    if value.get("logprobs") not in (None, False) or value.get("top_logprobs") not in (None, 0):
        return unsupported("/logprobs", "false: tokens one by one cannot be masked")
    return None


def _contacts(value: dict[str, Any], beyond: Beyond) -> None:
    """What the provider would carry out elsewhere, or keep."""
    elsewhere(value, REQUEST.keys, beyond.contacts)
    beyond.refers("openai-response", value.get("previous_response_id"))
    for field in ("extra_body", "cached_content", "prompt_cache_options"):
        if value.get(field) is not None:
            beyond.holds_within({field: value[field]})
    if value.get("store") is True:
        beyond.contacts("store")
    tools = value.get("tools")
    for tool in tools if type(tools) is list else ():
        kind = tool_kind(tool) or "tool"
        if kind not in _CALLERS_OWN:
            beyond.contacts(kind)


def _request_parts(value: dict[str, Any], beyond: Beyond) -> list[Part]:
    parts: list[Part] = []
    for key, item in value.items():
        if key == "messages" and type(item) is list:
            for index, message in enumerate(item):
                _message(message, f"/messages/{index}", parts, beyond)
        elif key == "model":
            parts.append(Part("/model", item, "name"))
        elif key in _CALLS:
            walk(item, parts, f"/{key}", CALL)
        elif key == "prediction":
            walk(item, parts, "/prediction", MESSAGE)
        elif key in ("metadata", "logit_bias"):
            walk(item, parts, f"/{key}")
        else:
            entry(key, item, parts, "", REQUEST)
    return parts


def _answer_parts(value: dict[str, Any]) -> list[Part]:
    """The parts of an answer or an error: messages as in a request, and all that stands around them."""
    parts: list[Part] = []
    for key, item in value.items():
        if key != "choices" or type(item) is not list:
            entry(key, item, parts, "", ANSWER)
            continue
        for index, choice in enumerate(item):
            place = f"/choices/{index}"
            if type(choice) is not dict:
                walk(choice, parts, place, ANSWER)
                continue
            for name, inner in choice.items():
                if name == "message":
                    _message(inner, f"{place}/message", parts, Beyond())
                else:
                    entry(name, inner, parts, place, ANSWER)
    return parts


def _message(message: Any, place: str, parts: list[Part], beyond: Beyond) -> None:
    """The parts of one message; content parts that are no text are attachments."""
    if type(message) is not dict:
        walk(message, parts, place)
        return
    for key, item in message.items():
        if key in _PIECES and type(item) is list:
            if key not in MESSAGE.keys:
                member(key, None, parts, f"{place}/{key}", MESSAGE)
            for index, piece in enumerate(item):
                _piece(piece, f"{place}/{key}/{index}", parts, beyond)
        elif key in _MESSAGE_CALLS:
            walk(item, parts, f"{place}/{key}", CALL)
        elif key == "audio" and item is not None:
            beyond.refers("openai-audio", item.get("id") if type(item) is dict else item)
            attachment(item, f"{place}/audio", parts, beyond, MESSAGE)
        else:
            entry(key, item, parts, place, MESSAGE)


def _piece(piece: Any, place: str, parts: list[Part], beyond: Beyond) -> None:
    """One part of content: a text, or an image, a sound, a file, or a form not known here."""
    if type(piece) is dict and (piece.get("type") not in _READABLE or not ATTACHED.isdisjoint(piece)):
        attachment(piece, place, parts, beyond, MESSAGE)
    else:
        walk(piece, parts, place, MESSAGE)


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
