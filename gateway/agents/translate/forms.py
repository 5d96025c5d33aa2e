"""The three forms in one table, and the translations between any two of them.

Forms are known by the names of the protocols that callers speak: `openai` is chat completions.
"""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from gateway.agents.translate import (
    chat_in,
    chat_out,
    chat_reply,
    messages_in,
    messages_out,
    messages_reply,
    responses_in,
    responses_out,
    responses_reply,
)
from gateway.agents.translate.chat_stream import ChatReader, ChatWriter
from gateway.agents.translate.fields import Lost
from gateway.agents.translate.messages_stream import MessagesReader, MessagesWriter
from gateway.agents.translate.neutral import Fault, Reply, Request, StreamEvent, Untranslatable
from gateway.agents.translate.responses_stream import ResponsesReader, ResponsesWriter
from gateway.core.errors import AgentError


class StreamReader(Protocol):
    """Documents of one form's stream in, neutral events out. `Lost` for what cannot be said in them."""

    def read(self, document: dict[str, Any] | str) -> list[StreamEvent]: ...


class StreamWriter(Protocol):
    """Neutral events in, one form's bytes out."""

    def write(self, event: StreamEvent) -> bytes: ...


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How one form is read and written. `writer` is told whether the caller asked for the usage of a stream."""

    read: Callable[[Any], Request]
    write: Callable[[Request], dict[str, Any]]
    read_reply: Callable[[dict[str, Any]], Reply]
    write_reply: Callable[[Reply], dict[str, Any]]
    read_error: Callable[[dict[str, Any]], Fault]
    write_error: Callable[[Fault, int], dict[str, Any]]
    reader: Callable[[], StreamReader]
    writer: Callable[[bool], StreamWriter]


FORMS: dict[str, Form] = {
    "openai": Form(
        read=chat_in.read,
        write=chat_out.write,
        read_reply=chat_reply.read,
        write_reply=chat_reply.write,
        read_error=chat_reply.read_error,
        write_error=chat_reply.write_error,
        reader=ChatReader,
        writer=lambda usage: ChatWriter(usage=usage),
    ),
    "responses": Form(
        read=responses_in.read,
        write=responses_out.write,
        read_reply=responses_reply.read,
        write_reply=responses_reply.write,
        read_error=chat_reply.read_error,
        write_error=chat_reply.write_error,
        reader=ResponsesReader,
        writer=lambda usage: ResponsesWriter(),
    ),
    "anthropic": Form(
        read=messages_in.read,
        write=messages_out.write,
        read_reply=messages_reply.read,
        write_reply=messages_reply.write,
        read_error=messages_reply.read_error,
        write_error=messages_reply.write_error,
        reader=MessagesReader,
        writer=lambda usage: MessagesWriter(),
    ),
}


def translate_request(document: Any, source: str, target: str) -> dict[str, Any] | Untranslatable:
    """A request's document in another form."""
    try:
        return FORMS[target].write(FORMS[source].read(document))
    except Lost as lost:
        return Untranslatable(lost.feature)


def translate_reply(document: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    """A whole answer's document in another form; `AgentError("untranslatable")` for what that form has no words for."""
    try:
        return FORMS[target].write_reply(FORMS[source].read_reply(document))
    except Lost as lost:
        raise AgentError("untranslatable") from lost


def translate_error(document: dict[str, Any], source: str, target: str, status: int) -> dict[str, Any]:
    """An agent's error object in another form, its type by its HTTP status."""
    return FORMS[target].write_error(FORMS[source].read_error(document), status)
