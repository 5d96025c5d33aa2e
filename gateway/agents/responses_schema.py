"""What a request to `/v1/responses` must look like: what reading relies on; the rest is left open.

Source: the API reference of responses. Items and tools are open unions that grow by the month, so only the shapes that
all of them share are held to.
"""

from typing import Any

from gateway.agents.openai_schema import number

_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_OBJECT: dict[str, Any] = {"type": ["object", "null"]}
_BOOLEAN: dict[str, Any] = {"type": ["boolean", "null"]}

_CONTENT: dict[str, Any] = {
    "anyOf": [
        {"type": ["string", "null"]},
        {
            "type": "array",
            "items": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}},
        },
    ]
}

_ITEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"type": ["string", "null"]},
        "id": _TEXT,
        "role": {"enum": ["user", "assistant", "system", "developer"]},
        "content": _CONTENT,
        "call_id": _TEXT,
        "name": _TEXT,
    },
    "allOf": [
        {
            "if": {"properties": {"type": {"const": "function_call"}}, "required": ["type"]},
            "then": {
                "required": ["call_id", "name", "arguments"],
                "properties": {"name": {"type": "string"}, "arguments": {"type": "string"}},
            },
        },
        {
            "if": {"properties": {"type": {"const": "function_call_output"}}, "required": ["type"]},
            "then": {"required": ["output"], "properties": {"output": _CONTENT}},
        },
    ],
}

_TOOL: dict[str, Any] = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": {"type": "string", "minLength": 1, "maxLength": 64}},
    "if": {"properties": {"type": {"const": "function"}}},
    "then": {
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 128},
            "description": _TEXT,
            "parameters": _OBJECT,
            "strict": _BOOLEAN,
        },
    },
}

RESPONSE_REQUEST: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Response request",
    "type": "object",
    "required": ["model"],
    "properties": {
        "model": {"type": "string", "minLength": 1, "maxLength": 256},
        "input": {"anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": _ITEM}]},
        "instructions": _TEXT,
        "stream": _BOOLEAN,
        "stream_options": {"type": ["object", "null"], "properties": {"include_obfuscation": _BOOLEAN}},
        "store": _BOOLEAN,
        "background": _BOOLEAN,
        "previous_response_id": _TEXT,
        "conversation": {
            "anyOf": [
                {"type": ["string", "null"]},
                {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            ]
        },
        "prompt": {"type": ["object", "null"], "required": ["id"], "properties": {"id": {"type": "string"}}},
        "include": {"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "string"}}]},
        "temperature": number(0, 2),
        "top_p": number(0, 1),
        "top_logprobs": number(0, 20, "integer"),
        "max_output_tokens": number(0, kind="integer"),
        "max_tool_calls": number(0, kind="integer"),
        "metadata": _OBJECT,
        "parallel_tool_calls": _BOOLEAN,
        "reasoning": _OBJECT,
        "text": _OBJECT,
        "tools": {"anyOf": [{"type": "null"}, {"type": "array", "items": _TOOL}]},
        "tool_choice": {"type": ["string", "object", "null"]},
        "truncation": _TEXT,
        "user": _TEXT,
        "safety_identifier": _TEXT,
        "prompt_cache_key": _TEXT,
        "service_tier": _TEXT,
    },
}
