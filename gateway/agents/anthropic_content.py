"""The content of Messages, in requests and in answers: blocks within blocks, each string of them a part.

The reading does not depend on knowing a kind of block: every string, key and longer number anywhere is a part. Known
are only the few places that hold no text: what the provider has encrypted for itself, bytes in base64, and content
that lies elsewhere (an address, a file at the provider). They are `unreadable`, with what can be read beside them.
"""

import re
from typing import Any

from gateway.agents.anthropic_words import CONTENT
from gateway.agents.bodies import MAX_PARTS, escape, member, walk
from gateway.core.message import Part

CIPHERS = frozenset({"encrypted_content", "encrypted_index", "encrypted_stdout"})
"""Keys under which the provider hands out what it alone can read."""
READ_SOURCES = ("text", "content")
"""Kinds of sources that hold text. No set: a kind that is a list or an object is compared, too."""
ADDRESSED = frozenset({"image_url", "video_url", "audio_url", "document_url", "file_url"})
"""Content by address as other APIs write it, which servers of several APIs take here, too."""
_ENCODED_FROM = 1024
_ENCODED = re.compile(r"(?:data:[^,]{0,256},)?[A-Za-z0-9+/=_-]+")
"""Strings of this form from that length on are bytes in base64, not text."""
_FREE = frozenset({"text", "thinking", "cited_text", "stdout", "stderr"})
"""Keys under which long words are text all the same."""
_SECRET = "secret-api-key"  # noqa: S105 -- a finding type


def is_cipher(kind: object, key: str) -> bool:
    """Whether what stands under `key` in an object of this kind is encrypted by the provider for itself."""
    return key in CIPHERS or (kind == "redacted_thinking" and key == "data")


def is_binary(kind: object, key: str, text: str) -> bool:
    """Whether a string of an object of this kind is bytes in base64, or may be."""
    if kind == "base64" and key == "data":
        return True
    return key not in _FREE and len(text) >= _ENCODED_FROM and _ENCODED.fullmatch(text) is not None


def is_bare_signature(block: dict[str, Any], key: str) -> bool:
    """Whether a signature stands for thinking that is not beside it: then it holds the thinking, encrypted."""
    return key == "signature" and not block.get("thinking") and not block.get("content")


def content(value: Any, parts: list[Part], place: str, label: str = "") -> None:
    """Append the parts of content: a string, a block, a list of them, or anything else that stands there."""
    if type(value) is list:
        for index, item in enumerate(value):
            content(item, parts, f"{place}/{index}", label)
    elif type(value) is dict and len(parts) < MAX_PARTS:
        for key, item in value.items():
            _member(value, key, item, parts, f"{place}/{escape(key)}")
    else:
        walk(value, parts, place, CONTENT, label)


def _member(block: dict[str, Any], key: str, item: Any, parts: list[Part], place: str) -> None:
    """One member of an object. What has been taken into enough parts is left to `member`, which says so."""
    form, kind = type(item), block.get("type")
    if len(parts) >= MAX_PARTS or not item:
        member(key, item, parts, place, CONTENT)
    elif form is str and key == "signature" and not is_bare_signature(block, key):
        # Made of the thinking that is beside it, so it says no more than that, however long it is.
        parts.append(Part(place, item, "token"))
    elif form is str and (is_cipher(kind, key) or is_binary(kind, key, item) or is_bare_signature(block, key)):
        _named(key, parts, place)
        parts.append(Part(place, "", "unreadable"))
    elif form is str and key == "authorization_token":
        # A secret by the protocol's own definition; its label lets it be found by what stands before it, too.
        parts.append(Part(place, item, "text", "password", _SECRET))
    elif (form is dict and key == "source" and item.get("type") not in READ_SOURCES) or key in ADDRESSED:
        parts.append(Part(place, "", "unreadable"))
        content(item, parts, place)
    elif key == "input":
        walk(item, parts, place)
    elif form is dict or form is list:
        _named(key, parts, place)
        content(item, parts, place, "" if key in CONTENT.keys else key)
    else:
        member(key, item, parts, place, CONTENT)


def _named(key: str, parts: list[Part], place: str) -> None:
    if key and key not in CONTENT.keys:
        parts.append(Part(place, key, "name"))
