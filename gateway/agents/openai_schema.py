"""The shape of a chat completion request, as JSON Schema (2020-12).

It holds clients to what the gateway relies on when it reads a request, and leaves the rest open: unknown fields are
scanned and passed on.
"""

from typing import Any

_TEXT_PART: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": {"type": "string"}, "text": {"type": "string"}, "refusal": {"type": "string"}},
}

_TOOL_CALL: dict[str, Any] = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {
        "id": {"type": "string"},
        "type": {"enum": ["function", "custom"]},
        "function": {
            "type": "object",
            "required": ["name", "arguments"],
            "properties": {"name": {"type": "string"}, "arguments": {"type": "string"}},
        },
        "custom": {
            "type": "object",
            "required": ["name", "input"],
            "properties": {"name": {"type": "string"}, "input": {"type": "string"}},
        },
    },
    "if": {"properties": {"type": {"const": "custom"}}},
    "then": {"required": ["custom"]},
    "else": {"required": ["function"]},
}

_MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"enum": ["system", "developer", "user", "assistant", "tool", "function"]},
        "content": {"anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": _TEXT_PART}]},
        "name": {"type": ["string", "null"]},
        "tool_call_id": {"type": ["string", "null"]},
        "tool_calls": {"anyOf": [{"type": "null"}, {"type": "array", "items": _TOOL_CALL}]},
        "refusal": {"type": ["string", "null"]},
    },
}

_FUNCTION: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 128},
        "description": {"type": ["string", "null"]},
        "parameters": {"type": ["object", "null"]},
        "strict": {"type": ["boolean", "null"]},
    },
}

_TOOL: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"type": "string"},
        "function": _FUNCTION,
        "custom": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": _FUNCTION["properties"]["name"],
                "description": {"type": ["string", "null"]},
                "format": {"type": ["object", "null"]},
            },
        },
    },
    "allOf": [
        {"if": {"properties": {"type": {"const": kind}}}, "then": {"required": [kind]}}
        for kind in ("function", "custom")
    ],
}
"""A function of the caller's, or a tool that the provider runs: of those only policy has a say."""


def number(low: float | None = None, high: float | None = None, kind: str = "number") -> dict[str, Any]:
    """A number between these, or null, which is how stock clients write what is not given."""
    schema: dict[str, Any] = {"type": [kind, "null"]}
    if low is not None:
        schema["minimum"] = low
    if high is not None:
        schema["maximum"] = high
    return schema


CHAT_REQUEST: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Chat completion request",
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        "model": {"type": "string", "minLength": 1, "maxLength": 256},
        "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
        "stream": {"type": ["boolean", "null"]},
        "stream_options": {"type": ["object", "null"], "properties": {"include_usage": {"type": ["boolean", "null"]}}},
        "n": number(1, 128, "integer"),
        "temperature": number(0, 2),
        "top_p": number(0, 1),
        "frequency_penalty": number(-2, 2),
        "presence_penalty": number(-2, 2),
        "max_tokens": number(0, kind="integer"),
        "max_completion_tokens": number(0, kind="integer"),
        "seed": number(kind="integer"),
        "stop": {
            "anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": {"type": "string"}, "maxItems": 16}]
        },
        "user": {"type": ["string", "null"]},
        "metadata": {"type": ["object", "null"]},
        "tools": {"anyOf": [{"type": "null"}, {"type": "array", "items": _TOOL}]},
        "tool_choice": {"type": ["string", "object", "null"]},
        "parallel_tool_calls": {"type": ["boolean", "null"]},
        "functions": {"anyOf": [{"type": "null"}, {"type": "array", "items": _FUNCTION}]},
        "response_format": {"type": ["object", "null"], "properties": {"type": {"type": "string"}}},
        "logit_bias": {"type": ["object", "null"], "additionalProperties": {"type": "number"}},
        "store": {"type": ["boolean", "null"]},
    },
}
