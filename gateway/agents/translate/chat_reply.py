"""Whole answers and errors of OpenAI chat completions ⇄ neutral."""

from typing import Any

from gateway.agents.translate.fields import Fields, Lost, count_of, named
from gateway.agents.translate.neutral import Fault, Reasoned, Refused, Reply, Stop, Text, ToolUse, Usage

_STOPS: dict[str, Stop] = {
    "stop": "end",
    "length": "length",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
REASONS: dict[Stop, str] = {
    "end": "stop",
    "length": "length",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""A stop as `finish_reason`."""
_ERROR_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


def read(document: dict[str, Any]) -> Reply:
    """`Lost` for what is no completion with one choice, or says what the neutral form has no place for."""
    choices = document.get("choices")
    if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict:
        raise Lost("an answer without exactly one choice")
    message = Fields(choices[0].get("message"), "answer")
    message.drop("role")
    message.without("annotations", "audio", "function_call")
    thought, refusal = thought_of(message), refusal_of(message)
    text = message.text("content")
    calls = tuple(_call(call) for call in message.items("tool_calls"))
    message.over()
    blocks: list[Text | Refused | Reasoned | ToolUse] = []
    blocks += [Reasoned(thought)] if thought else []
    blocks += [Text(text)] if text else []
    blocks += [Refused(refusal)] if refusal else []
    return Reply(
        id=word(document.get("id")),
        model=word(document.get("model")),
        created=count_of(document.get("created")),
        blocks=(*blocks, *calls),
        stop=stop_of(choices[0].get("finish_reason"), called=bool(calls)),
        usage=usage_of(document.get("usage")),
    )


def write(reply: Reply) -> dict[str, Any]:
    texts = [block.text for block in reply.blocks if isinstance(block, Text)]
    refusals = [block.text for block in reply.blocks if isinstance(block, Refused)]
    thoughts = [block.text for block in reply.blocks if isinstance(block, Reasoned)]
    calls = [block for block in reply.blocks if isinstance(block, ToolUse)]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(texts) if texts else None,
        "refusal": "".join(refusals) if refusals else None,
    }
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in calls
        ]
    return {
        "id": identity(reply.id),
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": REASONS[reply.stop]}],
        "usage": usage_members(reply.usage),
    }


def read_error(document: dict[str, Any]) -> Fault:
    """OpenAI's error object, or what similar servers say instead (`message`, `detail`)."""
    error = document.get("error", document)
    if type(error) is dict:
        said = error.get("message", error.get("detail"))
        return Fault(message=said if type(said) is str else "", code=word(error.get("code")) or None)
    return Fault(message=error if type(error) is str else "")


def write_error(fault: Fault, status: int) -> dict[str, Any]:
    kind = _ERROR_TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": fault.message, "type": kind, "param": None, "code": fault.code}}


def thought_of(fields: Fields) -> str | None:
    """What a message or a delta says of thinking, under whichever name. Signed or structured it is its provider's."""
    said = fields.text("reasoning_content") or fields.text("reasoning")
    fields.drop("reasoning", "reasoning_details", "thinking_blocks")
    return said


def refusal_of(fields: Fields) -> str | None:
    """The words of refusal of a message or a delta. Routers of models say them among `provider_specific_fields`, where
    thinking is repeated as well; `Lost` for what else says anything there."""
    more = Fields(fields.take("provider_specific_fields") or {}, "provider_specific_fields")
    more.drop("reasoning", "reasoning_content", "reasoning_details", "thinking_blocks")
    said, repeated = fields.text("refusal"), more.text("refusal")
    more.over()
    return said or repeated


def word(value: Any) -> str:
    """A short word as the agent says it; empty where it says none."""
    return value if type(value) is str else ""


def identity(text: str) -> str:
    """An answer's identifier with the prefix that is usual here."""
    return named("chatcmpl-", text)


def stop_of(reason: Any, *, called: bool) -> Stop:
    """Why it stopped. Some servers say `stop` though they call tools: the calls count."""
    if reason is None:
        return "tool_use" if called else "end"
    stop = _STOPS.get(reason) if type(reason) is str else None
    if stop is None:
        raise Lost("finish_reason of another kind")
    return "tool_use" if called and stop == "end" else stop


def usage_of(value: Any) -> Usage:
    """Tokens as the agent states them; nothing where it does not."""
    if type(value) is not dict:
        return Usage()
    given, made = value.get("prompt_tokens_details"), value.get("completion_tokens_details")
    given, made = given if type(given) is dict else {}, made if type(made) is dict else {}
    return Usage(
        input=count_of(value.get("prompt_tokens")),
        output=count_of(value.get("completion_tokens")),
        cached=count_of(given.get("cached_tokens")),
        written=count_of(given.get("cache_write_tokens")),
        reasoning=count_of(made.get("reasoning_tokens")),
    )


def usage_members(usage: Usage) -> dict[str, Any]:
    members: dict[str, Any] = {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
    }
    if usage.cached or usage.written:
        written = {"cache_write_tokens": usage.written} if usage.written else {}
        members["prompt_tokens_details"] = {"cached_tokens": usage.cached, **written}
    if usage.reasoning:
        members["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning}
    return members


def _call(call: Any) -> ToolUse:
    fields = Fields(call, "tool call")
    fields.drop("index")
    if fields.take("type") not in (None, "function"):
        raise Lost("custom tools")
    function = Fields(fields.take("function"), "tool call")
    use = ToolUse(id=fields.said("id"), name=function.said("name"), arguments=function.text("arguments") or "{}")
    function.over()
    fields.over()
    return use
