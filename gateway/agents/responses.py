"""OpenAI responses: `POST /v1/responses`, plain and streamed.

The request is made anew from its body: nothing of the caller's headers or query reaches the agent, and the provider is
told to store nothing unless the caller asked for it and policy permitted that (`onward:store`). What a provider would
do elsewhere and what it holds already is named in the message (`onward`, `references`), for policy to decide.
"""

from collections.abc import Mapping
from typing import Any

from gateway.agents.bodies import check_places, replace, rewritten, write_json
from gateway.agents.elsewhere import FIELDS
from gateway.agents.openai_wire import JSON, error_object, post, read_body, read_object, unsupported
from gateway.agents.openai_words import model_name, tokens
from gateway.agents.responses_reader import Reader
from gateway.agents.responses_schema import RESPONSE_REQUEST
from gateway.agents.responses_stream import ResponsesStream, held_by
from gateway.agents.responses_words import ECHOES, FREE_KEYS, SCHEMAS, TOOL
from gateway.agents.spelling import Spellings
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message, Outgoing, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

_SPELLINGS = Spellings(TOOL.keys | FIELDS.keys(), free=FREE_KEYS | SCHEMAS | ECHOES | {"properties"})
_LOGPROBS = "message.output_text.logprobs"


class ResponsesAdapter:
    """The adapter of protocol `responses`. `schema` is what a request must fit, besides the agent's own."""

    protocol = "responses"
    schema: Mapping[str, Any] = RESPONSE_REQUEST

    def __init__(self, answers: Bounds) -> None:
        """`answers`: what an answer may measure (`answer_bytes`, `depth`)."""
        self._answers = Bounds(body_bytes=answers.answer_bytes, answer_bytes=answers.answer_bytes, depth=answers.depth)

    def serves(self, message: Message, agent: Route) -> bool:
        """Whether this agent could be sent the message at all."""
        return agent.protocol == "openai"

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        """The request's parts. Its schema is *not* checked here: what does not fit it is walked all the same."""
        body = read_body(request, bounds)
        if isinstance(body, Refusal):
            return body
        refusal = _SPELLINGS.refusal(body.value) or _unsupported(body.value)
        if refusal is not None:
            return refusal
        reader = Reader()
        reader.request(body.value)
        return Message(
            protocol=self.protocol,
            action="respond",
            target=body.value["model"],
            stream=body.value.get("stream") is True,
            body=body.raw,
            media_type=JSON,
            parts=tuple(reader.parts),
            document=body.value,
            inbound=request,
            onward=reader.beyond.onward,
            sessions=reader.beyond.sessions,
            references=reader.beyond.references,
        )

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request for this agent: its own model name and credential, masked parts replaced, and `store` false
        unless the caller asked for it; nothing else changed. `FormatError` if a mask's place is not there.

        Without `store` a provider keeps what it was sent and said (it is true by default), so it is always written.
        """
        check_places(masked, message.parts)
        document: Any = replace(message.document, masked)
        changes: dict[str, object] = {}
        if agent.model is not None and agent.model != document["model"]:
            changes["model"] = agent.model
        if document.get("store") not in (True, False):
            changes["store"] = False
        if changes:
            document = {**document, **changes}
        body = message.body if document is message.document else write_json(document)
        return post(agent, "/v1/responses", body, stream=message.stream)

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts; `AgentError("bad_answer")` where it is no response and no error object."""
        value, body = read_object(answer, self._answers), answer.body
        if answer.status < 400:
            stripped = _response(value)
            if stripped is not value:
                value, body = stripped, write_json(stripped)
        reader = Reader()
        reader.answer(value)
        usage = value.get("usage")
        return Answer(
            status=answer.status,
            media_type=JSON,
            headers=(("content-type", JSON),),
            body=body,
            parts=tuple(reader.parts),
            document=value,
            model=model_name(value.get("model")),
            tokens_in=tokens(usage, "input_tokens"),
            tokens_out=tokens(usage, "output_tokens"),
            sessions=held_by(value) if answer.status < 400 else (),
        )

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        """The answer's bytes, masked parts replaced; the agent's exact bytes where nothing is masked."""
        return rewritten(answer, masked)

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        return ResponsesStream(lanes, bounds)

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        """OpenAI's error object."""
        return error_object(refusal, exchange)


def _unsupported(value: dict[str, Any]) -> Refusal | None:
    """What would run on unseen, or would be said in a form that cannot be masked."""
    if value.get("background") not in (None, False):
        return unsupported("/background", "false: what runs on after its answer cannot be inspected")
    if value.get("store") not in (None, True, False) or type(value.get("store")) is int:
        return Refusal(code="schema_violation", field="/store", hint="true or false")
    if value.get("top_logprobs") not in (None, 0):
        return unsupported("/top_logprobs", "0: tokens one by one cannot be masked")
    include = value.get("include")
    if type(include) is list and _LOGPROBS in include:
        return unsupported("/include", "without the probabilities of tokens: one by one they cannot be masked")
    if value.get("audio") is not None:
        return unsupported("/audio", "text only")
    if value.get("modalities") not in (None, ["text"]):
        return unsupported("/modalities", "text only")
    return None


def _response(value: dict[str, Any]) -> dict[str, Any]:
    """A response, without the probabilities of tokens: they would repeat the text piece by piece, unmasked.

    `AgentError("bad_answer")` where it has no output.
    """
    output = value.get("output")
    if type(output) is not list or not all(type(item) is dict for item in output):
        raise AgentError("bad_answer")
    if not any(_repeats(piece) for item in output for piece in _content(item)):
        return value
    return {**value, "output": [_without(item) for item in output]}


def _content(item: dict[str, Any]) -> list[Any]:
    content = item.get("content")
    return content if type(content) is list else []


def _repeats(piece: Any) -> bool:
    return type(piece) is dict and bool(piece.get("logprobs"))


def _without(item: dict[str, Any]) -> dict[str, Any]:
    content = _content(item)
    if not any(_repeats(piece) for piece in content):
        return item
    return {**item, "content": [{**piece, "logprobs": []} if _repeats(piece) else piece for piece in content]}
