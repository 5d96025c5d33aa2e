"""The middle that every translation goes through: what the three forms can say, in words of none of them.

Texts stand as they were written, arguments of tool calls as the JSON text that they are. Fields that only one form has
are not here: its reader says `Lost` for them.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from gateway.agents.translate.fields import Number

Stop: TypeAlias = Literal["end", "length", "stop_sequence", "tool_use", "refusal"]


class Untranslatable(msgspec.Struct, frozen=True):
    """A request that the other form has no words for. `feature` names what, never a value of it."""

    feature: str


class Text(msgspec.Struct, frozen=True):
    text: str


class Refused(msgspec.Struct, frozen=True):
    """The assistant's own words of refusal."""

    text: str


class Reasoned(msgspec.Struct, frozen=True):
    """What a model says of its thinking, in answers only."""

    text: str


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image: an address that the provider fetches, or the bytes in base64 with their media type."""

    url: str = ""
    media_type: str = ""
    data: str = ""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A document's bytes in base64."""

    media_type: str
    data: str
    name: str | None = None


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call. `arguments` is JSON as text."""

    id: str
    name: str
    arguments: str


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a call gave. `failed`: the tool says that it went wrong."""

    id: str
    content: tuple[Text | Image | File, ...]
    failed: bool = False


Block: TypeAlias = Text | Refused | Reasoned | Image | File | ToolUse | ToolResult


class Turn(msgspec.Struct, frozen=True):
    """One speaker's blocks. Results of tools stand in turns of the user."""

    role: Literal["system", "developer", "user", "assistant"]
    blocks: tuple[Block, ...]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the caller runs. `schema` is the JSON Schema of its arguments."""

    name: str
    description: str | None = None
    schema: Mapping[str, Any] | None = None
    strict: bool | None = None


class Choice(msgspec.Struct, frozen=True):
    """Which tools may be called: `name` for `tool`."""

    kind: Literal["auto", "any", "none", "tool"]
    name: str = ""


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """The form that the answer must have: any JSON object (`schema` None), or one that fits a JSON Schema.
    OpenAI's forms want a name for it, which is no more than a label."""

    schema: Mapping[str, Any] | None
    name: str = "answer"
    description: str | None = None
    strict: bool | None = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request. None is what its writer did not say; the agent's own default applies then."""

    model: str
    turns: tuple[Turn, ...]
    stream: bool = False
    usage: bool = False
    """The caller of a stream asked for its usage."""
    tools: tuple[Tool, ...] = ()
    choice: Choice | None = None
    parallel: bool | None = None
    max_tokens: int | None = None
    temperature: Number | None = None
    top_p: Number | None = None
    stop: tuple[str, ...] = ()
    format: Format | None = None
    effort: str | None = None
    verbosity: str | None = None
    user: str | None = None
    safety: str | None = None
    cache_key: str | None = None
    metadata: Mapping[str, Any] = {}


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens. `input` counts all that went in, those from (`cached`) and into (`written`) a cache among them; `output`
    counts those of `reasoning` too."""

    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0
    reasoning: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer. `created` is in seconds since the epoch, 0 where the agent does not say."""

    id: str
    model: str
    created: int
    blocks: tuple[Text | Refused | Reasoned | ToolUse, ...]
    stop: Stop
    stop_sequence: str | None = None
    usage: Usage = Usage()


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's error: its words for people and, where it has one, its code."""

    message: str
    code: str | None = None


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A stream's beginning: always the first event, once."""

    id: str
    model: str
    created: int
    usage: Usage = Usage()


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A block begins. Numbers rise by one; an earlier block is closed before the next opens."""

    block: int
    kind: Literal["text", "refusal", "reasoning", "tool"]
    id: str = ""
    name: str = ""


class Grown(msgspec.Struct, frozen=True, kw_only=True):
    """More of an open block: text, or a piece of a call's arguments."""

    block: int
    text: str


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    block: int


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's own end of the stream: always the last event, once, after every block was closed."""

    stop: Stop
    stop_sequence: str | None = None
    usage: Usage = Usage()


class Alive(msgspec.Struct, frozen=True):
    """Nothing yet, but the agent is there."""


StreamEvent: TypeAlias = Alive | Begun | Opened | Grown | Closed | Ended
