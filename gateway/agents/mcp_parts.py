"""Every place of a JSON-RPC message of MCP that can carry text, as parts: the whole document is walked.

Left out are only exact words of the protocol (`mcp_words`). Bytes in base64 (pictures, sounds, blobs, data URLs) cannot
be read here: each is one `unreadable` part. Places whose text means something to the protocol (names of tools and
prompts, URIs, ids, cursors) are scanned and not maskable: with another text in them the message would be another one.
"""

from typing import Any

from gateway.agents.bodies import MAX_PARTS, Vocabulary, escape, member, walk
from gateway.agents.mcp_words import FREE, RPC, SCHEMA, SCHEMAS
from gateway.core.message import Part

_PICTURES = ("image", "audio")
"""Types whose `data` is no text. No set: a type that is a list or an object is compared, too."""


def rpc_parts(value: Any) -> tuple[Part, ...]:
    """The parts of a message, in the order of the document."""
    parts: list[Part] = []
    _walk(value, "", parts)
    return tuple(parts)


def _walk(value: Any, place: str, parts: list[Part]) -> None:
    if len(parts) >= MAX_PARTS:
        if parts[-1].kind != "unreadable":
            parts.append(Part(place, "", "unreadable"))
    elif type(value) is dict:
        for key, item in value.items():
            _member(value, key, item, f"{place}/{escape(key)}", parts)
    elif type(value) is list:
        for index, item in enumerate(value):
            _walk(item, f"{place}/{index}", parts)
    else:
        _leaf(value, place, parts, "text")


def _member(holder: dict[str, Any], key: str, item: Any, place: str, parts: list[Part]) -> None:
    """One member of an object of the protocol's own."""
    if key == "blob" or (key == "data" and holder.get("type") in _PICTURES):
        parts.append(Part(place, "", "unreadable"))
        if type(item) is not str:
            walk(item, parts, place)
    elif key in SCHEMAS and type(item) in (dict, list):
        _free(item, place, parts, SCHEMA)
    elif (key in FREE or _is_form(key, item)) and type(item) in (dict, list):
        _free(item, place, parts)
    elif type(item) in (dict, list):
        if key not in RPC.keys:
            parts.append(Part(place, key, "name"))
        _walk(item, place, parts)
    elif type(item) is str and _is_data_url(item):
        parts.append(Part(place, "", "unreadable"))
    else:
        member(key, item, parts, place, RPC)


def _free(value: Any, place: str, parts: list[Part], vocabulary: Vocabulary | None = None) -> None:
    """What somebody made up: its keys are labels. Data URLs in it hold bytes."""
    before = len(parts)
    if vocabulary is None:
        walk(value, parts, place)
    else:
        walk(value, parts, place, vocabulary)
    for index in range(before, len(parts)):
        if _is_data_url(parts[index].text):
            parts[index] = Part(parts[index].pointer, "", "unreadable")


def _leaf(value: Any, place: str, parts: list[Part], kind: str) -> None:
    if type(value) is str and _is_data_url(value):
        parts.append(Part(place, "", "unreadable"))
    else:
        walk(value, parts, place, RPC)


def _is_form(key: str, item: Any) -> bool:
    """What somebody wrote into the form of an elicitation: an object of their own members, not a block of content."""
    return key == "content" and type(item) is dict and "type" not in item


def _is_data_url(text: str) -> bool:
    """A URL that holds its own bytes in base64 (RFC 2397)."""
    return text[:5].lower() == "data:" and ";base64," in text[:256].lower()
