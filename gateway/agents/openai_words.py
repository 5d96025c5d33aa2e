"""The words that the OpenAI chat protocol itself uses, so that they are not scanned as if somebody had written them.

Source: the API reference of chat completions. What is not listed here is scanned: a word too few costs a little time,
never a finding.
"""

import re

from gateway.agents.bodies import Vocabulary

MAX_TOKENS = 2**31 - 1
_MODEL = re.compile(r"[A-Za-z0-9._:/@+-]{1,128}")


def tokens(usage: object, field: str) -> int | None:
    """A count of tokens as the agent states it; None where it does not, or states nonsense."""
    count = usage.get(field) if isinstance(usage, dict) else None
    return count if type(count) is int and 0 <= count <= MAX_TOKENS else None


def model_name(value: object) -> str | None:
    """The model as the agent states it; None where that is no name but free text."""
    return value if isinstance(value, str) and _MODEL.fullmatch(value) else None


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_TYPES = frozenset(
    {"text", "refusal", "function", "custom", "grammar", "content", "json_object", "json_schema", "allowed_tools"}
)
_TOKENS = (0, 9_999_999)
"""Counts of tokens: seven digits, too few for any identifier that is recognised by its digits alone."""

REQUEST = Vocabulary(
    keys=_set(
        "audio frequency_penalty function_call functions include_obfuscation include_usage logit_bias logprobs "
        "max_completion_tokens max_tokens messages metadata modalities model n parallel_tool_calls prediction "
        "presence_penalty prompt_cache_key reasoning_effort response_format safety_identifier seed service_tier stop "
        "store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity"
    ),
    words={
        "reasoning_effort": frozenset({"none", "minimal", "low", "medium", "high"}),
        "service_tier": frozenset({"auto", "default", "flex", "scale", "priority"}),
        "verbosity": frozenset({"low", "medium", "high"}),
    },
    numbers={"max_tokens": _TOKENS, "max_completion_tokens": _TOKENS},
)

MESSAGE = Vocabulary(
    keys=_set(
        "annotations content detail file file_data file_id filename format function_call image_url input_audio name "
        "reasoning_content refusal role text tool_call_id tool_calls type url"
    ),
    words={"role": _ROLES, "type": _TYPES, "detail": frozenset({"auto", "low", "high"})},
    names=frozenset({"tool_call_id", "file_id", "filename"}),
)

CALL = Vocabulary(
    keys=_set(
        "$defs $ref $schema additionalProperties allOf anyOf arguments const custom default definition description "
        "enum examples format function grammar id index input items json_schema maxItems maxLength maximum minItems "
        "minLength minimum mode name oneOf parameters pattern properties required schema strict syntax title tools type"
    ),
    words={
        "type": _TYPES | frozenset({"object", "string", "number", "integer", "boolean", "array", "null"}),
        "mode": frozenset({"auto", "required"}),
    },
    names=frozenset({"id", "name"}),
)
"""Tools, calls of tools, and the JSON Schemas in them."""

ANSWER = Vocabulary(
    keys=_set(
        "accepted_prediction_tokens annotations arguments audio_tokens cached_tokens choices code completion_tokens "
        "completion_tokens_details content created delta error finish_reason function function_call id index logprobs "
        "message model name object param prompt_tokens prompt_tokens_details reasoning_content reasoning_tokens "
        "refusal rejected_prediction_tokens role service_tier system_fingerprint tool_calls total_tokens type "
        "usage"
    ),
    words={
        "finish_reason": frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"}),
        "object": frozenset({"chat.completion", "chat.completion.chunk"}),
        "role": _ROLES,
        "service_tier": frozenset({"auto", "default", "flex", "scale", "priority"}),
        "type": _TYPES,
    },
    numbers={
        # Seconds since 1970, from 2017 to 2033: no telephone number in international or national form begins so.
        "created": (1_500_000_000, 1_999_999_999),
        **dict.fromkeys(
            _set(
                "accepted_prediction_tokens audio_tokens cached_tokens completion_tokens prompt_tokens "
                "reasoning_tokens rejected_prediction_tokens total_tokens"
            ),
            _TOKENS,
        ),
    },
    names=frozenset({"id", "model", "object", "system_fingerprint", "name", "finish_reason", "service_tier"}),
)

EMBEDDING = Vocabulary(
    keys=_set("dimensions encoding_format input model user"),
    words={"encoding_format": _set("float")},
    numbers={"dimensions": _TOKENS},
)
"""Requests for embeddings."""

EMBEDDED = Vocabulary(
    keys=_set("code data error index message model object param prompt_tokens total_tokens type usage"),
    words={"object": _set("list embedding")},
    numbers=dict.fromkeys(_set("prompt_tokens total_tokens"), _TOKENS),
    names=_set("model object"),
)
"""Answers to them, beside the vectors."""
