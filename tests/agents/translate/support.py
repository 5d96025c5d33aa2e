"""What the tests of the translation share: one conversation in each of the three forms, and conversations at random."""

import json
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import strategies as st

from gateway.agents.bodies import write_json
from gateway.agents.translate.blocks import Documents
from gateway.agents.translate.forms import FORMS
from gateway.agents.translate.neutral import (
    Alive,
    Begun,
    Choice,
    Closed,
    Ended,
    Format,
    Grown,
    Image,
    Opened,
    Reasoned,
    Refused,
    Reply,
    Request,
    Stop,
    StreamEvent,
    Text,
    Tool,
    ToolResult,
    ToolUse,
    Turn,
    Usage,
)

from ..support import BOUNDS

SCHEMA = {"type": "object", "properties": {"city": {"type": "string", "description": "where"}}, "required": ["city"]}
FORMAT = {"type": "object", "properties": {"sky": {"type": "string"}}}

REQUEST = Request(
    model="weather",
    turns=(
        Turn("system", (Text("Be short."),)),
        Turn("user", (Text("Look:"), Image(media_type="image/png", data="aW1n"), Image(url="https://a.test/b.png"))),
        Turn("assistant", (Text("I look it up."), ToolUse(id="call_1", name="sky", arguments='{"city":"Ulm"}'))),
        Turn("user", (ToolResult(id="call_1", content=(Text("grey"),)),)),
        Turn("user", (Text("And tomorrow?"),)),
    ),
    stream=True,
    usage=True,
    tools=(Tool(name="sky", description="The sky over a city", schema=SCHEMA, strict=True),),
    choice=Choice("tool", "sky"),
    parallel=False,
    max_tokens=100,
    temperature=0.5,
    top_p=0.9,
    format=Format(schema=FORMAT, name="answer", strict=True),
    effort="low",
    user="user-7",
)
"""Everything that all three forms can say."""

CHAT: dict[str, Any] = {
    "model": "weather",
    "messages": [
        {"role": "system", "content": "Be short."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n"}},
                {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
            ],
        },
        {
            "role": "assistant",
            "content": "I look it up.",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "sky", "arguments": '{"city":"Ulm"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "grey"},
        {"role": "user", "content": "And tomorrow?"},
    ],
    "stream": True,
    "stream_options": {"include_usage": True},
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "sky",
                "description": "The sky over a city",
                "parameters": SCHEMA,
                "strict": True,
            },
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "sky"}},
    "parallel_tool_calls": False,
    "max_completion_tokens": 100,
    "temperature": 0.5,
    "top_p": 0.9,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": FORMAT, "strict": True},
    },
    "reasoning_effort": "low",
    "user": "user-7",
}

RESPONSES: dict[str, Any] = {
    "model": "weather",
    "input": [
        {"type": "message", "role": "system", "content": "Be short."},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Look:"},
                {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "auto"},
                {"type": "input_image", "image_url": "https://a.test/b.png", "detail": "auto"},
            ],
        },
        {"type": "message", "role": "assistant", "content": "I look it up."},
        {"type": "function_call", "call_id": "call_1", "name": "sky", "arguments": '{"city":"Ulm"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "grey"},
        {"type": "message", "role": "user", "content": "And tomorrow?"},
    ],
    "stream": True,
    "store": False,
    "tools": [
        {
            "type": "function",
            "name": "sky",
            "description": "The sky over a city",
            "parameters": SCHEMA,
            "strict": True,
        }
    ],
    "tool_choice": {"type": "function", "name": "sky"},
    "parallel_tool_calls": False,
    "max_output_tokens": 100,
    "temperature": 0.5,
    "top_p": 0.9,
    "text": {"format": {"type": "json_schema", "name": "answer", "schema": FORMAT, "strict": True}},
    "reasoning": {"effort": "low"},
    "user": "user-7",
}

MESSAGES: dict[str, Any] = {
    "model": "weather",
    "max_tokens": 100,
    "system": [{"type": "text", "text": "Be short."}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aW1n"}},
                {"type": "image", "source": {"type": "url", "url": "https://a.test/b.png"}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look it up."},
                {"type": "tool_use", "id": "call_1", "name": "sky", "input": {"city": "Ulm"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "grey"}]}
            ],
        },
        {"role": "user", "content": [{"type": "text", "text": "And tomorrow?"}]},
    ],
    "stream": True,
    "tools": [
        {"name": "sky", "description": "The sky over a city", "input_schema": SCHEMA, "strict": True},
    ],
    "tool_choice": {"type": "tool", "name": "sky", "disable_parallel_tool_use": True},
    "temperature": 0.5,
    "top_p": 0.9,
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": FORMAT}},
    "metadata": {"user_id": "user-7"},
}

DOCUMENTS = {"openai": CHAT, "responses": RESPONSES, "anthropic": MESSAGES}
HELLO: dict[str, dict[str, Any]] = {
    "openai": {"model": "m", "messages": [{"role": "user", "content": "Hello"}]},
    "responses": {"model": "m", "input": "Hello"},
    "anthropic": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]},
}

texts = st.text(min_size=1, max_size=12)
_identifiers = st.text("abcdefgh_-XYZ0123456789", min_size=1, max_size=8)
_leaves = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | texts
_objects = st.dictionaries(
    texts, _leaves | st.lists(_leaves, max_size=2) | st.dictionaries(texts, _leaves, max_size=2), max_size=3
)
_arguments = _objects.map(lambda value: write_json(value).decode())
_images = st.builds(lambda data: Image(media_type="image/png", data=data), _identifiers)
_texts = st.builds(Text, texts)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """What all three forms can say, in the order in which conversations go."""
    turns: list[Turn] = []
    if draw(st.booleans()):
        turns.append(Turn("system", tuple(draw(st.lists(_texts, min_size=1, max_size=2)))))
    for _ in range(draw(st.integers(0, 3))):
        turns.append(Turn("user", tuple(draw(st.lists(_texts | _images, min_size=1, max_size=3)))))
        calls = [
            ToolUse(id=f"{draw(_identifiers)}{at}", name=draw(_identifiers), arguments=draw(_arguments))
            for at in range(draw(st.integers(0, 2)))
        ]
        said = draw(st.lists(_texts, min_size=0 if calls else 1, max_size=2))
        turns.append(Turn("assistant", (*said, *calls)))
        if calls:
            told = st.lists(_texts, min_size=1, max_size=2).map(tuple)
            turns.append(Turn("user", tuple(ToolResult(id=call.id, content=draw(told)) for call in calls)))
    turns.append(Turn("user", tuple(draw(st.lists(_texts | _images, min_size=1, max_size=2)))))
    schemas = st.dictionaries(texts, _leaves, max_size=2)
    tool = st.builds(
        lambda name, description, schema: Tool(name=name, description=description, schema=schema, strict=True),
        _identifiers,
        st.none() | texts,
        schemas,
    )
    tools = tuple(draw(st.lists(tool, max_size=2)))
    choices = st.sampled_from([None, Choice("auto"), Choice("any"), Choice("none"), Choice("tool", "sky")])
    return Request(
        model=draw(_identifiers),
        turns=tuple(turns),
        usage=True,
        stream=True,
        tools=tools,
        choice=draw(choices) if tools else None,
        max_tokens=draw(st.integers(1, 10**6)),
        temperature=draw(st.none() | st.floats(0, 1)),
        top_p=draw(st.none() | st.floats(0, 1)),
        format=draw(st.none() | st.builds(lambda schema: Format(schema=schema, name="answer", strict=True), schemas)),
        effort=draw(st.sampled_from([None, "low", "medium", "high", "xhigh", "max"])),
        user=draw(st.none() | texts),
    )


def said(request: Request) -> list[str]:
    """Every text of a request that a person or a tool wrote."""
    found: list[str] = [request.user] if request.user is not None else []
    for tool in request.tools:
        found += [tool.name, *([tool.description] if tool.description is not None else [])]
    for turn in request.turns:
        for block in turn.blocks:
            match block:
                case Text(text) | Refused(text):
                    found.append(text)
                case Image():
                    found.append(block.url or block.data)
                case ToolUse():
                    found += [block.name, *leaves(json.loads(block.arguments))]
                case ToolResult():
                    found += [item.text for item in block.content if isinstance(item, Text)]
    return found


def leaves(value: Any) -> list[str]:
    """Every key and text in a JSON value; JSON in a string is opened, a data URL gives its data."""
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *leaves(item))]
    if isinstance(value, list):
        return [text for item in value for text in leaves(item)]
    if not isinstance(value, str):
        return []
    inner = [value.rpartition(",")[2]] if value.startswith("data:") else []
    if value.startswith("{"):
        with suppress(ValueError):
            inner += leaves(json.loads(value))
    return [value, *inner]


# ------------------------------------------------------------------------------------------------------------ answers

REPLY = Reply(
    id="a1",
    model="tiny-1",
    created=1_700_000_000,
    blocks=(
        Text("I look it up."),
        ToolUse(id="call_1", name="sky", arguments='{"city":"Ulm","days":[1,2]}'),
        ToolUse(id="call_2", name="wind", arguments="{}"),
    ),
    stop="tool_use",
    usage=Usage(input=20, output=7, cached=5, written=3, reasoning=2),
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Answers that all three forms can give: something said, then calls."""
    calls = tuple(
        ToolUse(id=f"{draw(_identifiers)}{at}", name=draw(_identifiers), arguments=draw(_arguments))
        for at in range(draw(st.integers(0, 2)))
    )
    silent = draw(st.booleans())
    said = () if calls and silent else (Text(draw(texts)),)
    counts = st.integers(0, 10**6)
    cached, written, output = draw(counts), draw(counts), draw(counts)
    usage = Usage(input=cached + written + draw(counts), output=output, cached=cached, written=written)
    stop: Stop = "tool_use" if calls else draw(st.sampled_from(["end", "length"]))
    return Reply(
        id=draw(_identifiers), model=draw(_identifiers), created=0, blocks=(*said, *calls), stop=stop, usage=usage
    )


def events(reply: Reply, size: int = 3) -> list[StreamEvent]:
    """The reply as a stream, its texts in pieces of `size` characters."""
    found: list[StreamEvent] = [Begun(id=reply.id, model=reply.model, created=reply.created)]
    for at, block in enumerate(reply.blocks):
        match block:
            case ToolUse():
                found.append(Opened(block=at, kind="tool", id=block.id, name=block.name))
                text = block.arguments
            case Refused(text):
                found.append(Opened(block=at, kind="refusal"))
            case Reasoned(text):
                found.append(Opened(block=at, kind="reasoning"))
            case Text(text):
                found.append(Opened(block=at, kind="text"))
        found += [Grown(block=at, text=text[cut : cut + size]) for cut in range(0, len(text), size)]
        found.append(Closed(block=at))
    return [*found, Ended(stop=reply.stop, stop_sequence=reply.stop_sequence, usage=reply.usage)]


def written(form: str, reply: Reply, size: int = 3) -> bytes:
    """The reply as that form's stream."""
    writer = FORMS[form].writer(True)
    return b"".join(writer.write(event) for event in events(reply, size))


def whole(found: list[StreamEvent]) -> Reply:
    """A stream's events as the reply that they tell."""
    begun, ended = found[0], found[-1]
    assert isinstance(begun, Begun)
    assert isinstance(ended, Ended)
    opened: dict[int, Opened] = {}
    said: dict[int, str] = {}
    for event in found[1:-1]:
        match event:
            case Opened():
                assert event.block == len(opened)
                opened[event.block], said[event.block] = event, ""
            case Grown():
                said[event.block] += event.text
            case Closed() | Alive():
                pass
            case _:
                raise AssertionError(event)
    blocks: list[Text | Refused | Reasoned | ToolUse] = []
    for at, block in opened.items():
        match block.kind:
            case "tool":
                blocks.append(ToolUse(id=block.id, name=block.name, arguments=said[at]))
            case "text":
                blocks.append(Text(said[at]))
            case "refusal":
                blocks.append(Refused(said[at]))
            case "reasoning":
                blocks.append(Reasoned(said[at]))
    return Reply(
        id=begun.id,
        model=begun.model,
        created=begun.created,
        blocks=tuple(blocks),
        stop=ended.stop,
        stop_sequence=ended.stop_sequence,
        usage=ended.usage,
    )


def read_stream(form: str, data: bytes) -> Reply:
    """What a form's stream tells."""
    documents, reader = Documents(BOUNDS), FORMS[form].reader()
    found: list[StreamEvent] = []
    for document in [*documents.feed(data), *documents.finish()]:
        found += [Alive()] if document is None else reader.read(document)
        if found and isinstance(found[-1], Ended):
            break
    return whole([event for event in found if not isinstance(event, Alive)])


def same(reply: Reply) -> Reply:
    """A reply without what forms name in their own way: identifiers with their prefix, the time of making."""
    name = reply.id
    for prefix in ("chatcmpl-", "resp_", "msg_"):
        name = name.removeprefix(prefix)
    usage = msgspec.structs.replace(reply.usage, reasoning=0)
    return msgspec.structs.replace(reply, id=name, created=0, usage=usage)


_WORDS = sorted(
    {
        *(text for document in (*DOCUMENTS.values(), *HELLO.values()) for text in leaves(document)),
        *[
            "response",
            "output",
            "item",
            "part",
            "delta",
            "choices",
            "message",
            "finish_reason",
            "usage",
            "index",
            "arguments",
            "refusal",
            "thinking",
        ],
        *[
            "content_block",
            "partial_json",
            "output_index",
            "content_index",
            "summary",
            "status",
            "stop_reason",
            "error",
            "citations",
        ],
        *["message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "text_delta"],
        *["response.created", "response.output_item.added", "response.output_text.delta", "response.completed"],
    }
)
junk: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(_WORDS),
    st.recursive(
        st.sampled_from(_WORDS) | _leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)
"""Documents of the right words in the wrong places."""
