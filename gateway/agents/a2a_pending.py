"""What waits for people, as A2A says it: a task that needs input (§3.4.3 multi-turn, `TASK_STATE_INPUT_REQUIRED`).

The task is the gateway's, not the agent's: its id is the approval's, and nobody but its caller finds it. The client
sends its message again on that task, or on none; the agent gets it without the id, which means nothing there.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from gateway.agents.a2a_words import MEDIA_TYPE, Binding
from gateway.agents.bodies import write_json
from gateway.agents.mcp_rpc import Id

State = Literal["pending", "approved", "denied", "used", "expired", "superseded"]
APPROVAL = re.compile(r"ap_[0-9a-f]{26}")
_STATES: Mapping[State, tuple[str, str]] = {
    "pending": ("INPUT_REQUIRED", "People must allow this first. Once they have, send the same message on this task."),
    "approved": ("INPUT_REQUIRED", "It was allowed. Send the same message on this task."),
    "denied": ("REJECTED", "It was not allowed."),
    "used": ("COMPLETED", "It was allowed and sent on."),
    "expired": ("CANCELED", "It was not answered, or not sent again, in time. Send the message anew."),
    "superseded": ("CANCELED", "It has to be asked anew. Send the message again."),
}


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """An approval that a message waits for. `at`: when this is said, RFC 3339; `exchange`: in which."""

    approval: str
    link: str
    exchange: str
    at: str
    state: State = "pending"
    context: str | None = None
    """The caller's own; None where the message named none."""


def approval_in(message: Mapping[str, Any]) -> str | None:
    """The approval that a message is sent again for: the task that it names, if the gateway gave that away."""
    task = message.get("taskId")
    return task if type(task) is str and APPROVAL.fullmatch(task) else None


def without_approval(message: Mapping[str, Any], approval: str) -> dict[str, Any]:
    """The message as the agent knows it: without the task that is none of its own, nor the context made up for it."""
    made_up = {"taskId"} | ({"contextId"} if message.get("contextId") == approval else set())
    return {name: value for name, value in message.items() if name not in made_up}


def said(waits: Waits, binding: Binding, identifier: Id | None, *, stream: bool, bare: bool) -> tuple[str, bytes]:
    """Media type and body of the answer. `stream`: as the one event of a stream; `bare`: the task itself, as the answer
    to a question for it is."""
    value: Any = _task(waits) if bare else {"task": _task(waits)}
    if binding == "JSONRPC":
        value = {"jsonrpc": "2.0", "id": identifier, "result": value}
    if stream:
        return "text/event-stream", b"data: " + write_json(value) + b"\n\n"
    return "application/json" if binding == "JSONRPC" else MEDIA_TYPE, write_json(value)


def _task(waits: Waits) -> dict[str, Any]:
    state, text = _STATES[waits.state]
    named = {"taskId": waits.approval, "contextId": waits.context or waits.approval}
    told = {"approval": waits.approval, "link": waits.link, "exchange": waits.exchange}
    return {
        "id": waits.approval,
        "contextId": named["contextId"],
        "status": {
            "state": f"TASK_STATE_{state}",
            "timestamp": waits.at,
            "message": {
                "messageId": f"{waits.approval}-{waits.state}",
                "role": "ROLE_AGENT",
                **named,
                "parts": [{"text": f"{text} {waits.link}"}],
                "metadata": told,
            },
        },
        "metadata": told,
    }
