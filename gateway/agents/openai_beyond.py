"""What a request reaches beyond its own text: what the provider would contact, what it holds, and attachments."""

import base64
import binascii
import re
from typing import Any

from gateway.agents.bodies import MAX_PARTS, Vocabulary, escape, member, walk
from gateway.agents.elsewhere import leads_elsewhere
from gateway.core.message import Part

_ENCODED_FROM = 1024
"""Strings of an attachment from this length on that hold no white space are its bytes in base64, not text."""
_DATA_URL = re.compile(r"data:([a-z0-9.+/-]{0,100})((?:;[a-z0-9=._-]{1,60}){0,4});base64,", re.IGNORECASE)
_TEXTS = frozenset({"text/plain", "text/csv", "text/markdown", "application/json"})
_CHARSETS = frozenset({"", ";charset=utf-8", ";charset=us-ascii"})
_CONTENT = frozenset({"data", "file_data", "image_data", "video_data"})
_ADDRESSES = frozenset({"url", "image_url", "file_url", "video_url", "audio_url", "document_url", "file_uri", "uri"})
ATTACHED = frozenset(
    {
        *("image_url", "file_url", "video_url", "audio_url", "document_url", "file_uri"),
        *("file_data", "image_data", "video_data", "input_audio"),
    }
)
"""Keys of content that is no text, whatever its `type` says: some readers go by these."""
_SAID = frozenset({"text", "title", "name", "filename", "file_name", "document_name", "context", "description", "type"})
"""Keys of an attachment whose texts are words about it: an address in them is none that is fetched."""
_KIND = re.compile(r"[a-z][a-z_]{0,63}")
_VERSION = re.compile(r"(?:_preview)?(?:_[0-9]{4}_[0-9]{2}_[0-9]{2})?$")
_HELD = {
    "file_id": "file",
    "file_ids": "file",
    "vector_store_ids": "vector-store",
    "container_id": "container",
    "skill_id": "skill",
    "cached_content": "cache",
    "cachedContent": "cache",
    "comparison_response_id": "openai-response",
}
"""Keys under which a caller names what the provider holds, and the kind of reference that it is."""


class Beyond:
    """Gathers what a request asks for beyond an answer, in the order in which it is met, each once."""

    def __init__(self) -> None:
        self._onward: dict[str, None] = {}
        self._references: dict[str, None] = {}
        self._sessions: dict[str, None] = {}

    @property
    def onward(self) -> tuple[str, ...]:
        """As in `Message.onward`."""
        return tuple(self._onward)

    @property
    def references(self) -> tuple[str, ...]:
        """As in `Message.references`."""
        return tuple(self._references)

    @property
    def sessions(self) -> tuple[str, ...]:
        """As in `Message.sessions`."""
        return tuple(self._sessions)

    def contacts(self, kind: str) -> None:
        """The provider would carry out something elsewhere, or keep something."""
        self._onward[f"onward:{kind}"] = None

    def refers(self, kind: str, name: object) -> None:
        """The provider holds what is named here. A name that is none is left to the schema and the scan."""
        if type(name) is str and name:
            self._references[f"{kind}:{name}"] = None

    def continues(self, kind: str, name: object) -> None:
        """The message goes on from what the provider holds: a reference that is also a session."""
        self.refers(kind, name)
        if type(name) is str and name:
            self._sessions[f"{kind}:{name}"] = None

    def holds_within(self, value: object) -> None:
        """Note what is named anywhere in a JSON value."""
        stack = [value]
        while stack:
            item = stack.pop()
            if type(item) is list:
                stack += item
            elif type(item) is dict:
                for key, child in item.items():
                    self.holds(key, child)
                    stack.append(child)

    def holds(self, key: str, value: object) -> None:
        """Note what a member names, where its key says that the provider holds it."""
        kind = _HELD.get(key)
        if kind is not None:
            for name in value if type(value) is list else (value,):
                self.refers(kind, name)


def tool_kind(tool: object) -> str | None:
    """The type of a tool as a word of policy: without version and preview (`web_search_preview_2025_03_11` is
    `web_search`). None where that is no such word."""
    kind = tool.get("type") if type(tool) is dict else None
    if type(kind) is not str:
        return None
    word = _VERSION.sub("", kind)
    return word if _KIND.fullmatch(word) else None


def attachment(item: Any, place: str, parts: list[Part], beyond: Beyond, vocabulary: Vocabulary) -> None:
    """The parts of an image, a sound, a file, or a form of content not known here.

    Text in a data URL is read. What cannot be read here (other bytes, what the provider holds or would fetch) is one
    `unreadable` part, and beside it stands whatever can be read of it: its address, its name, its description.
    """
    beside: list[Part] = []
    if type(item) is dict and leads_elsewhere(item, _SAID):
        beyond.contacts("url")
    read = _sources(item, place, beside, beyond, vocabulary)
    if len(parts) >= MAX_PARTS:  # what it reaches is noted; that it is not read, `walk` says
        walk(item, parts, place, vocabulary)
        return
    if not read:
        parts.append(Part(place, "", "unreadable"))
    parts.extend(beside)


def _sources(item: Any, place: str, beside: list[Part], beyond: Beyond, vocabulary: Vocabulary) -> bool:
    """Append what can be read; whether there was content, and all of it was read."""
    if type(item) is not dict:
        walk(item, beside, place, vocabulary)
        return False
    found: list[bool] = []
    for key, value in item.items():
        at = f"{place}/{escape(key)}"
        beyond.holds(key, value)
        if type(value) is dict and (key in _ADDRESSES or key in ("file", "input_audio", "source")):
            member(key, None, beside, at, vocabulary)
            found.append(_sources(value, at, beside, beyond, vocabulary))
        elif type(value) is str and value and (key in _ADDRESSES or key in _CONTENT):
            member(key, None, beside, at, vocabulary)
            found.append(_source(key, value, at, beside, beyond))
        else:
            if key in _HELD and value is not None:
                found.append(False)
            member(key, value, beside, at, vocabulary)
    return bool(found) and all(found)


def _source(key: str, value: str, at: str, beside: list[Part], beyond: Beyond) -> bool:
    """One source of content, as a part where it is text; whether its content was read."""
    text = _text(value)
    if text is not None:
        if text:
            beside.append(Part(at, text, "name"))
        return True
    fetched = key in _ADDRESSES and value[:5].lower() != "data:"
    if fetched:
        beyond.contacts("url")
    if fetched or not _encoded(value):
        beside.append(Part(at, value, "text"))
    return False


def _text(value: str) -> str | None:
    """The text in a data URL (RFC 2397) of a text format in UTF-8; None for everything else."""
    head = _DATA_URL.match(value)
    if head is None or head.group(1).lower() not in _TEXTS or head.group(2).lower() not in _CHARSETS:
        return None
    try:
        return base64.b64decode(value[head.end() :], validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _encoded(text: str) -> bool:
    return len(text) >= _ENCODED_FROM and text.isascii() and not any(space in text for space in " \n\t\r")
