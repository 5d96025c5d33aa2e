"""Whole answers and errors of Anthropic messages ⇄ neutral."""

from typing import Any

from gateway.agents.bodies import write_json
from gateway.agents.translate.chat_reply import word
from gateway.agents.translate.fields import Fields, Lost, arguments, count_of, cut_off, members, named
from gateway.agents.translate.messages_out import identifier
from gateway.agents.translate.neutral import Fault, Reasoned, Refused, Reply, Stop, Text, ToolUse, Usage

_STOPS: dict[str, Stop] = {
    "end_turn": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "refusal": "refusal",
}
_REASONS: dict[Stop, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "refusal": "refusal",
}
_ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def read(document: dict[str, Any]) -> Reply:
    """`Lost` for what is no message, or says what the neutral form has no place for."""
    content = document.get("content")
    if document.get("type") != "message" or type(content) is not list:
        raise Lost("an answer without content")
    blocks = tuple(block for block in map(block_of, content) if block is not None)
    return Reply(
        id=word(document.get("id")),
        model=word(document.get("model")),
        created=0,
        blocks=blocks,
        stop=stop_of(document.get("stop_reason")),
        stop_sequence=word(document.get("stop_sequence")) or None,
        usage=usage_of(document.get("usage")),
    )


def write(reply: Reply) -> dict[str, Any]:
    """The agent's thinking is left out: here it would need a signature. `Lost` for arguments that are no object, unless
    the answer was too long for them: of a call that was cut off there are none."""
    refused = any(isinstance(block, Refused) for block in reply.blocks)
    return {
        **frame(reply.id, reply.model, reply.usage),
        "content": [
            _written(block, cut=reply.stop == "length" and block is reply.blocks[-1])
            for block in reply.blocks
            if not isinstance(block, Reasoned)
        ],
        **ending(reply.stop, reply.stop_sequence, refused=refused),
    }


def frame(name: str, model: str, usage: Usage) -> dict[str, Any]:
    """A message of which nothing was said yet."""
    return {
        "id": identity(name),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage_members(usage),
    }


def ending(stop: Stop, sequence: str | None, *, refused: bool) -> dict[str, Any]:
    """`stop_reason` and `stop_sequence`; words of refusal make any ordinary end a refusal."""
    reason = _REASONS["refusal" if refused and stop == "end" else stop]
    return {"stop_reason": reason, "stop_sequence": sequence}


def read_error(document: dict[str, Any]) -> Fault:
    error = document.get("error")
    said = error.get("message") if type(error) is dict else None
    return Fault(message=said if type(said) is str else "")


def write_error(fault: Fault, status: int) -> dict[str, Any]:
    kind = _ERROR_TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": fault.message}}


def identity(text: str) -> str:
    """An answer's identifier with the prefix that is usual here."""
    return named("msg_", text)


def block_of(value: Any) -> Text | Reasoned | ToolUse | None:
    """A block; None for thinking that its provider sealed."""
    fields = Fields(value, "answer block")
    block: Text | Reasoned | ToolUse | None
    match fields.take("type"):
        case "text":
            fields.without("citations")
            block = Text(fields.said("text"))
        case "thinking":
            fields.drop("signature")
            block = Reasoned(fields.said("thinking"))
        case "redacted_thinking":
            return None
        case "tool_use":
            fields.without("toolset_name")
            if fields.take("caller") not in (None, {"type": "direct"}):
                raise Lost("tools called by code")
            given = members(fields.take("input"), "a tool call's input")
            block = ToolUse(id=fields.said("id"), name=fields.said("name"), arguments=write_json(given).decode())
        case _:
            raise Lost("an answer block of another type")
    fields.over()
    return block


def _written(block: Text | Refused | ToolUse, *, cut: bool) -> dict[str, Any]:
    if isinstance(block, ToolUse):
        given = {} if cut and cut_off(block.arguments) else arguments(block.arguments)
        return {"type": "tool_use", "id": identifier(block.id), "name": block.name, "input": given}
    return {"type": "text", "text": block.text}


def stop_of(reason: Any) -> Stop:
    stop = _STOPS.get(reason) if type(reason) is str else None
    if stop is None:
        raise Lost("stop_reason of another kind")
    return stop


def usage_of(value: Any) -> Usage:
    """Tokens as the agent states them. Here `input_tokens` leaves out what came from or went into a cache."""
    if type(value) is not dict:
        return Usage()
    cached, written = count_of(value.get("cache_read_input_tokens")), count_of(value.get("cache_creation_input_tokens"))
    made = value.get("output_tokens_details")
    return Usage(
        input=count_of(value.get("input_tokens")) + cached + written,
        output=count_of(value.get("output_tokens")),
        cached=cached,
        written=written,
        reasoning=count_of(made.get("thinking_tokens")) if type(made) is dict else 0,
    )


def usage_members(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": max(0, usage.input - usage.cached - usage.written),
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": usage.written,
        "output_tokens": usage.output,
    }
