"""OpenAI embeddings: `POST /v1/embeddings`.

Texts are parts; an array of tokens is text that only the model can read, so one `unreadable` part. An answer's vectors
hold what they were made of and can neither be scanned nor masked: the answer is `derived`.
"""

import base64
import binascii
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gateway.agents.bodies import check_places, escape, member, replace, rewritten, walk, write_json
from gateway.agents.elsewhere import FIELDS, elsewhere
from gateway.agents.openai_beyond import Beyond
from gateway.agents.openai_wire import JSON, error_object, post, read_body, read_object, unsupported
from gateway.agents.openai_words import EMBEDDED, EMBEDDING, model_name, tokens
from gateway.agents.spelling import Spellings
from gateway.core.errors import AgentError
from gateway.core.message import Answer, Inbound, Message, Outgoing, Part, WireAnswer
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.core.refusal import Refusal

_SPELLINGS = Spellings(EMBEDDING.keys | FIELDS.keys() | {"messages"})
_TOKENS: dict[str, Any] = {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}}
EMBEDDING_REQUEST: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Embedding request",
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": {"type": "string", "minLength": 1, "maxLength": 256},
        "input": {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "minItems": 1, "maxItems": 2048, "items": {"type": "string"}},
                _TOKENS,
                {"type": "array", "minItems": 1, "maxItems": 2048, "items": _TOKENS},
            ]
        },
        "encoding_format": {"enum": ["float", "base64", None]},
        "dimensions": {"type": ["integer", "null"], "minimum": 1},
        "user": {"type": ["string", "null"]},
    },
}


class EmbeddingsAdapter:
    """The adapter of protocol `embeddings`. `schema` is what a request must fit, besides the agent's own."""

    protocol = "embeddings"
    schema: Mapping[str, Any] = EMBEDDING_REQUEST

    def __init__(self, answers: Bounds) -> None:
        """`answers`: what an answer may measure (`answer_bytes`, `depth`)."""
        self._answers = Bounds(body_bytes=answers.answer_bytes, answer_bytes=answers.answer_bytes, depth=answers.depth)

    def serves(self, message: Message, agent: Route) -> bool:
        """Whether this agent could be sent the message at all."""
        return agent.protocol == "openai" and (not agent.apis or "embeddings" in agent.apis)

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal:
        """The request's parts. Its schema is *not* checked here: what does not fit it is walked all the same."""
        body = read_body(request, bounds)
        if isinstance(body, Refusal):
            return body
        astray = _SPELLINGS.refusal(body.value)
        if astray is not None:
            return astray
        if body.value.get("stream"):
            return unsupported("/stream", "false: vectors come whole")
        beyond = Beyond()
        elsewhere(body.value, EMBEDDING.keys, beyond.contacts)
        parts: list[Part] = []
        for key, item in body.value.items():
            place = f"/{escape(key)}"
            if key == "model":
                parts.append(Part(place, item, "name"))
            elif key == "input":
                _input(item, parts)
            else:
                member(key, item, parts, place, EMBEDDING)
        return Message(
            protocol=self.protocol,
            action="embed",
            target=body.value["model"],
            stream=False,
            body=body.raw,
            media_type=JSON,
            parts=tuple(parts),
            document=body.value,
            inbound=request,
            onward=beyond.onward,
        )

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request for this agent: its own model name and credential, masked parts replaced, nothing else changed.

        The exact bytes of the caller where nothing changed. `FormatError` if a mask's place is not there.
        """
        check_places(masked, message.parts)
        document: Any = replace(message.document, masked)
        if agent.model is not None and agent.model != document["model"]:
            document = {**document, "model": agent.model}
        body = message.body if document is message.document else write_json(document)
        return post(agent, "/v1/embeddings", body)

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer's parts beside its vectors; `AgentError("bad_answer")` where it is no list of embeddings and no
        error object, or where something else stands in place of a vector."""
        value = read_object(answer, self._answers)
        parts: list[Part] = []
        for key, item in value.items():
            if key == "data" and answer.status < 400:
                _vectors(item, parts)
            else:
                member(key, item, parts, f"/{escape(key)}", EMBEDDED)
        if answer.status < 400 and "data" not in value:
            raise AgentError("bad_answer")
        return Answer(
            status=answer.status,
            media_type=JSON,
            headers=(("content-type", JSON),),
            body=answer.body,
            parts=tuple(parts),
            document=value,
            model=model_name(value.get("model")),
            tokens_in=tokens(value.get("usage"), "prompt_tokens"),
            derived=answer.status < 400,
        )

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes:
        """The answer's bytes, masked parts replaced; the agent's exact bytes where nothing is masked."""
        return rewritten(answer, masked)

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        """There are no streams of vectors: `read` refuses them, and an agent that sends one is not understood."""
        raise AgentError("bad_answer")

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        """OpenAI's error object."""
        return error_object(refusal, exchange)


def _input(value: Any, parts: list[Part]) -> None:
    """Texts as they are; one `unreadable` part for each array of tokens."""
    if type(value) is not list:
        walk(value, parts, "/input", EMBEDDING)
    elif any(type(item) is int for item in value):
        parts.append(Part("/input", "", "unreadable"))
        walk([item for item in value if type(item) is not int], parts, "/input", EMBEDDING)
    else:
        for index, item in enumerate(value):
            if type(item) is list:
                parts.append(Part(f"/input/{index}", "", "unreadable"))
                item = [one for one in item if type(one) is not int]
            walk(item, parts, f"/input/{index}", EMBEDDING)


def _vectors(data: Any, parts: list[Part]) -> None:
    if type(data) is not list:
        raise AgentError("bad_answer")
    for index, item in enumerate(data):
        if type(item) is not dict or not _is_vector(item.get("embedding")):
            raise AgentError("bad_answer")
        for key, value in item.items():
            if key != "embedding":
                member(key, value, parts, f"/data/{index}/{escape(key)}", EMBEDDED)


def _is_vector(value: Any) -> bool:
    """Numbers, or 32-bit floats in base64 (RFC 4648 §4): nothing else passes unseen."""
    if type(value) is list:
        return all(type(number) in (int, float, Decimal) for number in value)
    if type(value) is not str:
        return False
    try:
        return len(base64.b64decode(value, validate=True)) % 4 == 0
    except (binascii.Error, ValueError):
        return False
