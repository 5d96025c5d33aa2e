"""The conversations and what must come of each, as the demo's script reads them.

`conversations/*.jsonl` is what callers send; `conversations/expected.json` is what must come of it, by conversation.
The gateway reads neither.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from gateway.core.errors import FormatError

DIRECTORY = Path(__file__).parent / "conversations"
FILES = ("clinic", "bank", "support", "hostile")
EXPECTED = DIRECTORY / "expected.json"


class Conversation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one caller sends once: `caller` is the name of a key of the demo, `body` a chat completion request."""

    id: str
    desk: str
    title: str
    caller: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def stream(self) -> bool:
        return self.body.get("stream") is True


class Masked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A span that must not reach the agent: what was found there, its exact text, and what stands in its place."""

    type: str
    text: str
    placeholder: str


class ExpectedAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What policy must say of the answer (None where there is none), what it must hold, and what it must not."""

    decision: str | None
    holds: tuple[str, ...]
    lacks: tuple[str, ...]


class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must come of one conversation.

    `decision` is None for a caller that is not known: then nothing of it is an exchange on record. `agent` is the one
    that must have received it, None for no agent at all. `rules` are those that decided. `arrived` are texts that the
    agent must have received. `error` is the code that the caller must be told.
    """

    status: int
    decision: str | None
    agent: str | None
    classes: tuple[str, ...]
    rules: tuple[str, ...]
    masked: tuple[Masked, ...]
    arrived: tuple[str, ...]
    answer: ExpectedAnswer
    error: str | None


def conversations(directory: Path = DIRECTORY) -> tuple[Conversation, ...]:
    """All conversations in the order in which they are sent; `FormatError` names a file and line that is not one."""
    found: list[Conversation] = []
    decoder = msgspec.json.Decoder(Conversation)
    for name in FILES:
        file = directory / f"{name}.jsonl"
        for number, line in enumerate(_read(file).splitlines(), start=1):
            try:
                found.append(decoder.decode(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise FormatError(f"{file.name}, line {number}, is not a conversation: {error}") from error
    if len({conversation.id for conversation in found}) != len(found):
        raise FormatError("two conversations have the same id")
    return tuple(found)


def expectations(file: Path = EXPECTED) -> Mapping[str, Expectation]:
    """What must come of each conversation, by its id; `FormatError` for a file that does not say it."""
    try:
        return msgspec.json.decode(_read(file), type=dict[str, Expectation])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FormatError(f"{file.name} does not hold expectations: {error}") from error


def masked(value: Any, spans: tuple[Masked, ...]) -> Any:
    """A JSON value in which every string has placeholders where the spans stood: what the agent must have received."""
    if isinstance(value, str):
        for span in spans:
            value = value.replace(span.text, span.placeholder)
        return value
    if isinstance(value, list):
        return [masked(item, spans) for item in value]
    if isinstance(value, dict):
        return {key: masked(item, spans) for key, item in value.items()}
    return value


def strings(value: Any) -> list[str]:
    """Every string of a JSON value, keys too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *strings(item))]
    return []


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise FormatError(f"{file} cannot be read") from error
