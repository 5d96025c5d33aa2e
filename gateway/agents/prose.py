"""Where an answer says something to whoever reads it: plain text, and nothing that a program would take up.

Named are the places of it, in each protocol's own form, and nothing else: arguments and results of tools, their
definitions, reasoning, citations, structured output, names and addresses are not prose, and neither is what a later
version of a protocol adds. What of such a text is code or an address `checks.restoring` finds out.
"""

from collections.abc import Iterator
from typing import Any

from gateway.core.message import Message

_TEXTS = frozenset({None, "", "text/plain", "text/markdown"})
"""Media types of parts (A2A) whose text is prose."""


def has_prose(message: Message) -> bool:
    """Whether an answer to this message may hold any: none where structured output was asked for."""
    asked = message.document
    if message.protocol == "openai":
        return message.action == "chat" and _is_text(_member(asked, "response_format"))
    if message.protocol == "responses":
        return _is_text(_member(_member(asked, "text"), "format"))
    if message.protocol == "anthropic":
        wanted = (_member(_member(asked, "output_config"), "format"), _member(asked, "output_format"))
        return wanted == (None, None)
    return message.protocol in ("mcp", "a2a", "a2a-rest")


def prose(message: Message, document: Any) -> dict[str, str]:
    """The places (RFC 6901 pointers) of prose in a whole answer to this message, which is in the message's protocol, in
    the order in which it is read; with each the `told_in` of it."""
    if not has_prose(message):
        return {}
    match message.protocol:
        case "openai":
            return dict(_choices(document))
        case "responses":
            found = _outputs(document)
        case "anthropic":
            found = _blocks(document, "/content")
        case "mcp":
            found = _blocks(_member(document, "result"), "/result/content")
        case _:
            found = _parts(document)
    return dict.fromkeys(found, "")


def prose_of_event(event: Any) -> tuple[str, ...]:
    """The same places of one event of an A2A stream, but for the pieces of artifacts."""
    return tuple(_parts(event))


def told_in(pointer: str) -> str:
    """Which of several answers a text of a stream is part of: texts of one may be joined by whoever reads it. All are
    one but the choices of a chat completion."""
    return "/".join(pointer.split("/", 3)[:3]) if pointer.startswith("/choices/") else ""


def is_prose_part(part: Any) -> bool:
    """Whether a part of A2A holds prose."""
    media = _member(part, "mediaType")
    return type(_member(part, "text")) is str and (media is None or type(media) is str) and media in _TEXTS


def _choices(document: Any) -> Iterator[tuple[str, str]]:
    for index, choice in _items(document, "choices"):
        message, number = _member(choice, "message"), _member(choice, "index")
        told = f"/choices/{number if type(number) is int else index}"
        if type(_member(message, "content")) is str:
            yield f"/choices/{index}/message/content", told
        for at, part in _items(message, "content"):
            if _member(part, "type") == "text":
                yield f"/choices/{index}/message/content/{at}/text", told


def _outputs(document: Any) -> Iterator[str]:
    for index, item in _items(document, "output"):
        if _member(item, "type") == "message":
            for at, part in _items(item, "content"):
                if _member(part, "type") == "output_text":
                    yield f"/output/{index}/content/{at}/text"


def _blocks(holder: Any, place: str) -> Iterator[str]:
    for index, block in _items(holder, "content"):
        if _member(block, "type") == "text":
            yield f"{place}/{index}/text"


def _parts(document: Any) -> Iterator[str]:
    """Of a message, a task or its artifacts, bare or as an answer or an event holds them."""
    for kind in ("", "task", "statusUpdate"):
        place, holder = (f"/{kind}", _member(document, kind)) if kind else ("", document)
        status = _member(holder, "status")
        yield from _texts(_member(holder, "message"), f"{place}/message")
        yield from _texts(_member(status, "message"), f"{place}/status/message")
        for index, artifact in _items(holder, "artifacts"):
            yield from _texts(artifact, f"{place}/artifacts/{index}")


def _texts(holder: Any, place: str) -> Iterator[str]:
    """None after a text that is no prose: readers may join them."""
    for index, part in _items(holder, "parts"):
        if is_prose_part(part):
            yield f"{place}/parts/{index}/text"
        elif type(_member(part, "text")) is str:
            return


def _is_text(wanted: Any) -> bool:
    return wanted is None or _member(wanted, "type") == "text"


def _member(holder: Any, name: str) -> Any:
    return holder.get(name) if type(holder) is dict else None


def _items(holder: Any, name: str) -> Iterator[tuple[int, Any]]:
    items = _member(holder, name)
    return enumerate(items) if type(items) is list else iter(())
