"""Streamed chat completions whose events differ in one text only, read the short way.

All but a few events of a stream say the same as the one before, byte for byte, but for the piece of text in
`/choices/0/delta/content` (and the padding that is dropped). Where that is so, the text alone is read; the rest has
been looked at. Reading, checking and writing everything anew costs ten times as much.

Why it is the same: the event before was read in full, and holds no backslash, so that every key in it stands there as
it is called. `"content"` stands in it once: it is that key. What stands around its text is then the same bytes, and in
place of one JSON string there is another, so the document is the same but for that string.
"""

import re
from typing import Any, Self

import msgspec

from gateway.agents.bodies import write_json
from gateway.agents.openai_words import ANSWER
from gateway.agents.sse import Event, encode
from gateway.core.ports import TextFilter

_STARTS = re.compile(r'"content"\s*:\s*"')
_PADDED = re.compile(r'"obfuscation"\s*:\s*"')
_PLAIN = frozenset({"index", "delta", "finish_reason", "logprobs"})
_text = msgspec.json.Decoder(str)


class Repeat(msgspec.Struct, frozen=True):
    """What an event and those like it have in common, as read and as written.

    Read: `before`, the text, `after`; with padding `before`, the text, `between`, the padding, `after`. Written:
    `begin`, the text, `end`; where the lane holds the text back, `silent`.
    """

    before: str
    between: str
    after: str
    lane: TextFilter
    begin: bytes
    end: bytes
    silent: bytes

    @classmethod
    def of(cls, event: Event, chunk: dict[str, Any], safe: dict[str, Any], lane: TextFilter | None) -> Self | None:
        """Of an event that was read in full: what it holds, what of that may leave, the lane of its text. None where
        there is more to it than the text of one choice."""
        data = event.data or ""
        if lane is None or event.name or "\\" in data or not _is_plain(chunk) or data.count('"content"') != 1:
            return None
        choice = chunk["choices"][0]
        cut = _cut(data, _STARTS, choice["delta"]["content"])
        if cut is None:
            return None
        before, after, between = *cut, ""
        if "obfuscation" in chunk:
            padded = _cut(after, _PADDED, chunk["obfuscation"]) if data.count('"obfuscation"') == 1 else None
            if padded is None:
                return None
            between, after = padded
        index, delta = choice.get("index", 0), choice["delta"]
        begin, _, end = _written(safe, index, {**delta, "content": ""}).rpartition(b'""')
        others = {key: value for key, value in delta.items() if key != "content"}
        silent = _written(safe, index, others) if others else b""
        return cls(before, between, after, lane, begin, end, silent)

    def pass_on(self, event: Event) -> bytes | None:
        """What leaves of an event; None if it is not one of those, and nothing was done."""
        data = event.data or ""
        if event.name or not data.startswith(self.before) or not data.endswith(self.after):
            return None
        inside = data[len(self.before) : len(data) - len(self.after)]
        if self.between:
            inside, _, padding = inside.partition(self.between)
            if not padding.isascii() or not padding.isalnum():
                return None
        try:
            text = _text.decode(f'"{inside}"')
        except (msgspec.MsgspecError, ValueError):
            return None
        if not text:
            return None
        released = self.lane.feed(text)
        return self.begin + write_json(released) + self.end if released else self.silent


def _is_plain(chunk: dict[str, Any]) -> bool:
    """Whether all that a chunk says is a piece of the text of one choice."""
    choices = chunk.get("choices")
    if chunk.get("usage") is not None or type(choices) is not list or len(choices) != 1:
        return False
    choice = choices[0]
    delta = choice.get("delta")
    return (
        choice.keys() <= _PLAIN
        and choice.get("finish_reason") is None
        and choice.get("logprobs") is None
        and type(delta) is dict
        and "content" in delta
        and all(_says_nothing(key, value) for key, value in delta.items() if key != "content")
    )


def _says_nothing(key: str, value: Any) -> bool:
    """Whether a member of a delta is one of the protocol's own words, or nothing under one of its keys."""
    return key in ANSWER.keys and (value is None or (type(value) is str and value in ANSWER.words.get(key, ())))


def _written(safe: dict[str, Any], index: int, delta: dict[str, Any]) -> bytes:
    return encode(write_json({**safe, "choices": [{"index": index, "delta": delta, "finish_reason": None}]}))


def _cut(data: str, start: re.Pattern[str], text: Any) -> tuple[str, str] | None:
    """What stands before and after the text that begins where `start` ends; None if that is another text."""
    found = start.search(data)
    if found is None or type(text) is not str or not text:
        return None
    end = found.end() + len(text)
    if data[found.end() : end] != text or data[end : end + 1] != '"':
        return None
    return data[: found.end()], data[end:]
