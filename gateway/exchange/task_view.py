"""Tasks in words: what their callers, operators and callbacks are told of them."""

from typing import Any

from gateway.exchange.task_kept import Result
from gateway.exchange.task_order import content_told
from gateway.ledger.record import timestamp
from gateway.store.callbacks import Delivery
from gateway.store.tasks import Task


def shown(task: Task) -> dict[str, Any]:
    """A task as its caller sees it."""
    document: dict[str, Any] = {
        "id": task.id,
        "state": task.state,
        "target": task.target,
        "priority": task.priority,
        "created_at": timestamp(task.created_us),
        "due_at": timestamp(task.due_us),
        "ended_at": None if task.ended_us is None else timestamp(task.ended_us),
        "tries": task.tries,
        "code": task.code,
        "exchange": task.last_exchange,
        "trace": task.trace,
        "callback": None if task.callback is None else {"id": task.callback},
    }
    return {name: value for name, value in document.items() if value is not None}


def described(task: Task) -> dict[str, Any]:
    """A task as an operator sees it: codes, times, registered names and pseudonyms."""
    further = {
        "actor": task.actor,
        "protocol": task.protocol,
        "action": task.action,
        "most_tries": task.most_tries,
        "expires_at": timestamp(task.expires_us),
        "status": task.status,
        "submitted_in": task.exchange,
        "holder": task.holder,
        "cancelled_by": task.cancelled_by,
    }
    return {**shown(task), **{name: value for name, value in further.items() if value is not None}}


def told(result: Result) -> dict[str, Any]:
    """A result inside a document: JSON as it is, text as text, everything else as base64."""
    headers = dict(result.headers)
    return {"status": result.status, "headers": headers, **content_told(result.body, headers.get("content-type"))}


def delivered(one: Delivery) -> dict[str, Any]:
    """How far the callback of a task is."""
    document = {
        "id": one.callback,
        "delivery": one.id,
        "state": one.state,
        "tries": one.tries,
        "code": one.code,
        "ended_at": None if one.ended_us is None else timestamp(one.ended_us),
    }
    return {name: value for name, value in document.items() if value is not None}
