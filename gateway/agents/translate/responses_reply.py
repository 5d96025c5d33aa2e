"""Whole answers of OpenAI responses ⇄ neutral. Their errors are those of chat completions.

An answer in this form repeats nothing of the request: `tools` is empty and `tool_choice` is `auto`, whatever was asked.
"""

from typing import Any

from gateway.agents.translate.chat_reply import word
from gateway.agents.translate.fields import Fields, Lost, count_of, named
from gateway.agents.translate.neutral import Reasoned, Refused, Reply, Stop, Text, ToolUse, Usage

_INCOMPLETE: dict[str, Stop] = {"max_output_tokens": "length", "content_filter": "refusal"}
_REASONS: dict[Stop, str] = {"length": "max_output_tokens", "refusal": "content_filter"}


def read(document: dict[str, Any]) -> Reply:
    """`Lost` for what is no finished response, or says what the neutral form has no place for."""
    items = document.get("output")
    if type(items) is not list:
        raise Lost("an answer without output")
    blocks = tuple(block for item in items for block in blocks_of(item))
    return Reply(
        id=word(document.get("id")),
        model=word(document.get("model")),
        created=seconds(document.get("created_at")),
        blocks=blocks,
        stop=stop_of(document, called=any(isinstance(block, ToolUse) for block in blocks)),
        usage=usage_of(document.get("usage")),
    )


def write(reply: Reply) -> dict[str, Any]:
    """Every text and every call is an item of its own; the agent's thinking is left out."""
    name = identity(reply.id)
    said = [block for block in reply.blocks if not isinstance(block, Reasoned)]
    items = [written(block, item_id(name, at)) for at, block in enumerate(said)]
    return {**frame(name, reply.model, reply.created), **ending(reply.stop, reply.usage), "output": items}


def frame(name: str, model: str, created: int) -> dict[str, Any]:
    """A response that is under way."""
    return {
        "id": name,
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "store": False,
        "usage": None,
    }


def ending(stop: Stop, usage: Usage) -> dict[str, Any]:
    """What a response's end changes of its frame."""
    reason = _REASONS.get(stop)
    members: dict[str, Any] = {"status": "completed" if reason is None else "incomplete", "usage": usage_members(usage)}
    return members if reason is None else {**members, "incomplete_details": {"reason": reason}}


def written(block: Text | Refused | ToolUse, name: str, *, status: str = "completed") -> dict[str, Any]:
    """A block as an output item."""
    if isinstance(block, ToolUse):
        call = {"call_id": block.id, "name": block.name, "arguments": block.arguments}
        return {"type": "function_call", "id": f"fc_{name}", "status": status, **call}
    return {
        "type": "message",
        "id": f"msg_{name}",
        "status": status,
        "role": "assistant",
        "content": [part_of(block)],
    }


def part_of(block: Text | Refused) -> dict[str, Any]:
    """The content part of a message item."""
    if isinstance(block, Refused):
        return {"type": "refusal", "refusal": block.text}
    return {"type": "output_text", "text": block.text, "annotations": [], "logprobs": []}


def item_id(name: str, at: int) -> str:
    """What an item's identifier ends with: the response's own and the item's place in it."""
    return f"{name.removeprefix('resp_')}_{at}"


def identity(text: str) -> str:
    """An answer's identifier with the prefix that is usual here."""
    return named("resp_", text)


def blocks_of(item: Any) -> tuple[Text | Refused | Reasoned | ToolUse, ...]:
    """The blocks of one output item."""
    fields = Fields(item, "output item")
    fields.drop("id", "status")
    blocks: tuple[Text | Refused | Reasoned | ToolUse, ...]
    match fields.take("type"):
        case "message":
            fields.drop("role", "phase")
            blocks = tuple(_part(part) for part in fields.items("content"))
        case "function_call":
            fields.without("async", "namespace")
            if fields.take("caller") not in (None, {"type": "direct"}):
                raise Lost("tools called by code")
            use = ToolUse(
                id=fields.said("call_id"), name=fields.said("name"), arguments=fields.text("arguments") or "{}"
            )
            blocks = (use,)
        case "reasoning":
            fields.drop("encrypted_content")
            pieces = [*fields.items("summary"), *fields.items("content")]
            said = [word(piece.get("text")) for piece in pieces if type(piece) is dict]
            blocks = tuple(Reasoned(text) for text in said if text)
        case _:
            raise Lost("an output item of another type")
    fields.over()
    return blocks


def _part(part: Any) -> Text | Refused:
    fields = Fields(part, "output part")
    block: Text | Refused
    match fields.take("type"):
        case "output_text":
            fields.without("annotations")
            fields.drop("logprobs")
            block = Text(fields.said("text"))
        case "refusal":
            block = Refused(fields.said("refusal"))
        case _:
            raise Lost("an output part of another type")
    fields.over()
    return block


def stop_of(document: dict[str, Any], *, called: bool) -> Stop:
    """Why a response ended; `Lost` for one that failed or never ended."""
    status, details = document.get("status"), document.get("incomplete_details")
    if status == "incomplete":
        stop = _INCOMPLETE.get(word(details.get("reason"))) if type(details) is dict else None
        if stop is None:
            raise Lost("incomplete for another reason")
        return stop
    if status not in (None, "completed") or document.get("error") is not None:
        raise Lost("a response that did not end well")
    return "tool_use" if called else "end"


def usage_of(value: Any) -> Usage:
    """Tokens as the agent states them; nothing where it does not."""
    if type(value) is not dict:
        return Usage()
    given, made = value.get("input_tokens_details"), value.get("output_tokens_details")
    given, made = given if type(given) is dict else {}, made if type(made) is dict else {}
    return Usage(
        input=count_of(value.get("input_tokens")),
        output=count_of(value.get("output_tokens")),
        cached=count_of(given.get("cached_tokens")),
        written=count_of(given.get("cache_write_tokens")),
        reasoning=count_of(made.get("reasoning_tokens")),
    )


def usage_members(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.written},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }


def seconds(value: Any) -> int:
    """A time in whole seconds: `created_at` may have a fraction."""
    return int(value) if type(value) in (int, float) and 0 <= value < 1 << 40 else 0
