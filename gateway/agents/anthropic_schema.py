"""The shape of a Messages request, as JSON Schema (2020-12).

It holds clients to what the gateway relies on when it reads a request, and leaves the rest open: unknown fields and
unknown kinds of blocks are scanned and passed on.
"""

from typing import Any

_BLOCK: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"type": "string", "minLength": 1, "maxLength": 128},
        "text": {"type": ["string", "null"]},
        "thinking": {"type": ["string", "null"]},
        "tool_use_id": {"type": ["string", "null"]},
    },
}

_CONTENT: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "array", "items": _BLOCK}]}

_MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["role"],
    "properties": {"role": {"enum": ["user", "assistant", "system"]}, "content": _CONTENT},
    "if": {"properties": {"role": {"const": "system"}}},  # one that only sets how to answer has no content
    "else": {"required": ["content"]},
}

_TOOL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"type": ["string", "null"], "maxLength": 128},
        "name": {"type": "string", "minLength": 1, "maxLength": 128},
        "description": {"type": ["string", "null"]},
        "input_schema": {"type": "object"},
    },
}

_MCP_SERVER: dict[str, Any] = {
    "type": "object",
    "required": ["url"],
    "properties": {"url": {"type": "string"}, "name": {"type": ["string", "null"]}},
}


def _number(low: float, high: float | None = None, kind: str = "number") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [kind, "null"], "minimum": low}
    if high is not None:
        schema["maximum"] = high
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "null"}, schema]}


_COUNTED: dict[str, Any] = {
    "model": {"type": "string", "minLength": 1, "maxLength": 256},
    "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
    "system": _nullable(_CONTENT),
    "tools": _nullable({"type": "array", "items": _TOOL}),
    "tool_choice": {"type": ["object", "null"], "properties": {"type": {"type": "string"}}},
    "thinking": {"type": ["object", "null"]},
    "mcp_servers": _nullable({"type": "array", "items": _MCP_SERVER}),
}

MESSAGES_REQUEST: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Messages request",
    "type": "object",
    "required": ["model", "messages", "max_tokens"],
    "properties": {
        **_COUNTED,
        "max_tokens": {"type": "integer", "minimum": 0},
        "stream": {"type": ["boolean", "null"]},
        "stop_sequences": _nullable({"type": "array", "items": {"type": "string"}}),
        "temperature": _number(0, 1),
        "top_p": _number(0, 1),
        "top_k": _number(0, kind="integer"),
        "metadata": {"type": ["object", "null"], "properties": {"user_id": {"type": ["string", "null"]}}},
        "output_config": {"type": ["object", "null"]},
        "container": {"type": ["string", "object", "null"]},
    },
}

COUNT_REQUEST: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Token count request",
    "type": "object",
    "required": ["model", "messages"],
    "properties": _COUNTED,
}
