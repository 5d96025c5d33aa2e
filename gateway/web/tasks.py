"""Tasks: submitted, polled and cancelled by their callers below `/v1/tasks`; looked after by operators below `/tasks`.

A caller sees its own tasks and nobody else's. An operator sees those of its tenant, and nothing of what they hold.
"""

import asyncio
from typing import Any, NoReturn

from litestar import Response, delete, get, post
from litestar.params import FromPath

from gateway.core.caller import Caller
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange
from gateway.exchange.task_kept import Result
from gateway.exchange.task_order import read_order
from gateway.exchange.task_scribe import Who, detail_of
from gateway.exchange.task_view import delivered, described, shown, told
from gateway.exchange.tasks import Recorded, Tasks, Withheld
from gateway.store.tasks import COMPLETED, FAILED, STATES, Task
from gateway.web.access import ApiRequest, admitted, gateway_of
from gateway.web.problems import Refused

PATH = "/v1/tasks"
MAX_LISTED = 1000
_UNKNOWN = "application/octet-stream"
_ROOM = 65_536
"""Bytes of a submission besides the request's own body."""


@post(
    PATH, operation_id="submit_task", status_code=202, summary="Have a request made later", request_max_body_size=None
)
async def submit(request: ApiRequest) -> Response[Any]:
    """202 with the task's address. The same `Idempotency-Key` and body give the same task; see docs/tasks.md."""
    gateway = gateway_of(request)
    exchange, caller = await admitted(request)
    raw = await body_of(request, gateway.site.settings.server.max_body_bytes)
    if isinstance(raw, Refusal):
        await refuse(request, exchange, raw)
    order = read_order(raw, max_delay_s=gateway.site.settings.tasks.max_delay_s)
    if isinstance(order, Refusal):
        await refuse(request, exchange, order)
    protocol: str | None = request.app.state.protocol_of(order.method, order.path)
    if protocol is None:
        await refuse(request, exchange, _wrong("/path", "a path of the traffic plane, sent by POST"))
    found = await gateway.tasks.submit(exchange, caller, order, protocol, raw)
    if isinstance(found, Refusal):
        await refuse(request, exchange, found)
    headers = {**_headers(exchange), "Location": f"{PATH}/{found.id}"}
    return Response(shown(found), status_code=202, headers=headers)


@get(f"{PATH}/{{task_id:str}}", operation_id="get_task", summary="How far a task is, and what came of it")
async def poll(request: ApiRequest, task_id: FromPath[str]) -> Response[Any]:
    exchange, caller, task = await _own(request, task_id)
    document = {**shown(task), **await _callback(request, task)}
    if task.state in (COMPLETED, FAILED):
        result = await _result(request, exchange, caller, task)
        if result is not None:
            document["result"] = told(result)
    return Response(document, headers=_headers(exchange))


@get(f"{PATH}/{{task_id:str}}/result", operation_id="get_task_result", summary="What came of it, as it would have come")
async def result_of(request: ApiRequest, task_id: FromPath[str]) -> Response[bytes]:
    """The answer's own status, media type and bytes. 409 while there is none."""
    exchange, caller, task = await _own(request, task_id)
    result = await _result(request, exchange, caller, task) if task.state in (COMPLETED, FAILED) else None
    if result is None:
        await refuse(request, exchange, Refusal(code="conflict", field="id", hint="a task that has a result"))
    # As it was said: told as the media type, a text would be said to be UTF-8, whatever it says of itself.
    headers = {"content-type": _UNKNOWN, **dict(result.headers)}
    return Response(result.body, status_code=result.status, media_type=headers["content-type"], headers=headers)


@delete(f"{PATH}/{{task_id:str}}", operation_id="cancel_task", status_code=200, summary="Cancel a task")
async def cancel(request: ApiRequest, task_id: FromPath[str]) -> Response[Any]:
    """At once where it waits; where it is under way, as soon as whoever runs it has heard of it."""
    exchange, caller, task = await _own(request, task_id)
    return await _changed(request, exchange, await _tasks(request).cancel(task, _who(exchange, caller)))


# ------------------------------------------------------------------------------------------------------- operators


@get("/tasks", operation_id="list_tasks", summary="Tasks of the tenant, the newest first, without what they hold")
async def tasks(request: ApiRequest) -> Response[Any]:
    """`state` (`failed` are the dead letters), `limit`, and `before`, the last id of the page before."""
    exchange, caller = await admitted(request)
    given = dict(request.query_params.multi_items())
    state, limit, before = given.get("state"), given.get("limit", "100"), given.get("before")
    if not {"state", "limit", "before"}.issuperset(given) or (state is not None and state not in STATES):
        await refuse(request, exchange, _wrong("state", f"one of {', '.join(STATES)}"))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_LISTED):
        await refuse(request, exchange, _wrong("limit", f"1 to {MAX_LISTED}"))
    found = await _tasks(request).store.page(caller.tenant, state, before=before, limit=int(limit))
    return Response({"tasks": [described(one) for one in found]}, headers=_headers(exchange))


@get("/tasks/{task_id:str}", operation_id="describe_task", summary="One of them")
async def task_of(request: ApiRequest, task_id: FromPath[str]) -> Response[Any]:
    exchange, _, task = await _any(request, task_id)
    return Response({**described(task), **await _callback(request, task)}, headers=_headers(exchange))


@post("/tasks/{task_id:str}/requeue", operation_id="requeue_task", status_code=200, summary="Begin a failed task anew")
async def requeue(request: ApiRequest, task_id: FromPath[str]) -> Response[Any]:
    exchange, caller, task = await _any(request, task_id)
    return await _changed(request, exchange, await _tasks(request).requeue(task, _who(exchange, caller)))


@post("/tasks/{task_id:str}/cancel", operation_id="cancel_any_task", status_code=200, summary="Cancel a task")
async def cancel_any(request: ApiRequest, task_id: FromPath[str]) -> Response[Any]:
    exchange, caller, task = await _any(request, task_id)
    return await _changed(request, exchange, await _tasks(request).cancel(task, _who(exchange, caller)))


async def body_of(request: ApiRequest, most_bytes: int) -> bytes | Refusal:
    """The whole body of a request that holds another body of `most_bytes`, within bounds of size and time."""
    server = gateway_of(request).site.settings.server
    limit, data = most_bytes * 4 // 3 + _ROOM, bytearray()
    try:
        async with asyncio.timeout(server.body_timeout_s):
            async for piece in request.stream():
                data += piece
                if len(data) > limit:
                    return Refusal(code="body_too_large", hint=f"at most {most_bytes} bytes of the body inside")
    except TimeoutError:
        return Refusal(code="body_too_slow", hint=f"the whole body within {server.body_timeout_s} seconds")
    return bytes(data)


async def _own(request: ApiRequest, task_id: str) -> tuple[Exchange, Caller, Task]:
    exchange, caller = await admitted(request)
    task = await _tasks(request).own(caller, task_id) if len(task_id) <= 64 else None
    if task is None:
        await refuse(request, exchange, Refusal(code="not_found"))
    return exchange, caller, task


async def _any(request: ApiRequest, task_id: str) -> tuple[Exchange, Caller, Task]:
    exchange, caller = await admitted(request)
    task = await _tasks(request).store.get(caller.tenant, task_id) if len(task_id) <= 64 else None
    if task is None:
        await refuse(request, exchange, Refusal(code="not_found"))
    return exchange, caller, task


async def _result(request: ApiRequest, exchange: Exchange, caller: Caller, task: Task) -> Result | None:
    result = await _tasks(request).result(exchange, caller, task)
    if isinstance(result, Refusal):
        await refuse(request, exchange, result)
    return result


async def _callback(request: ApiRequest, task: Task) -> dict[str, Any]:
    """How far the callback of a task is, where it has one that is to be told something."""
    if task.callback is None:
        return {}
    newest = await gateway_of(request).callbacks.newest(task.tenant, task.id)
    return {} if newest is None else {"callback": delivered(newest)}


async def _changed(request: ApiRequest, exchange: Exchange, found: Task | Refusal) -> Response[Any]:
    if isinstance(found, Refusal):
        await refuse(request, exchange, found)
    return Response(shown(found), headers=_headers(exchange))


async def refuse(request: ApiRequest, exchange: Exchange, refusal: Refusal) -> NoReturn:
    """Refuse, on record."""
    if isinstance(refusal, Recorded):
        raise Refused(refusal, refusal.exchange, exchange.rate)
    denied = refusal.denied if isinstance(refusal, Withheld) else None
    await gateway_of(request).pipeline.deny(exchange, refusal, denied)
    raise Refused(refusal, exchange.id, exchange.rate)


def _tasks(request: ApiRequest) -> Tasks:
    return gateway_of(request).tasks


def _who(exchange: Exchange, caller: Caller) -> Who:
    return Who(actor=caller.actor, kind=caller.identity.kind, detail=detail_of(caller.identity, exchange))


def _wrong(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)


def _headers(exchange: Exchange) -> dict[str, str]:
    return {**dict(exchange.rate), "X-Exchange-Id": exchange.id}


HANDLERS = (submit, poll, result_of, cancel, tasks, task_of, requeue, cancel_any)
