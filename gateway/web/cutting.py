"""Readings that last, streams of the trail and downloads of bundles, end with their reader's right to them.

Whoever is denied, or loses the key, while such an answer is on its way gets nothing more of it, as of an exchange that
is under way (`exchange.underway`): the task of the request is cancelled wherever it waits. The cut is on record; an
answer of which nothing had left is refused, and of another the connection is closed before its end, so that nobody
takes what came for all there was.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from gateway.agents.problem import MEDIA_TYPE, problem
from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.exchange.challenge import challenge
from gateway.exchange.exchange import Exchange
from gateway.exchange.underway import CUT
from gateway.pipeline import Pipeline
from gateway.web.access import Access, ApiRequest, gateway_of
from gateway.web.traffic import Receive, Scope, Send

_LASTS = "gateway.lasts"
_log = logging.getLogger("gateway.web")


def lasts(request: ApiRequest, allowed: Access) -> AsyncExitStack:
    """What this request is answered with goes on as long as its caller may have it. For a handler, before its first
    byte. What is put on the stack is left with the request, however that ends: a generator that a cut found between two
    pieces would else be closed when nobody knows."""
    stack = AsyncExitStack()
    request.scope[_LASTS] = (allowed.exchange, stack)  # type: ignore[literal-required]  # our own entry
    gateway_of(request).pipeline.parts.underway.opened(allowed.exchange)
    return stack


class Cutting:
    """The API, where what lasts is cut."""

    def __init__(self, api: Any, pipeline: Pipeline) -> None:
        """`api`: the ASGI application."""
        self._api, self._pipeline = api, pipeline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sent(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._api(scope, receive, sent)
        except asyncio.CancelledError:
            exchange, task = scope.get(_LASTS, (None,))[0], asyncio.current_task()
            # Who stops the server cancels too, and is obeyed.
            if exchange is None or exchange.cut is None or task is None or task.uncancel():
                raise
            await self._cut(exchange, exchange.cut, send, started=started)
        finally:
            if (lasting := scope.get(_LASTS)) is not None:
                self._pipeline.parts.underway.over(lasting[0])
                await lasting[1].aclose()

    async def _cut(self, exchange: Exchange, refusal: Refusal, send: Send, *, started: bool) -> None:
        """A crash before the record: the connection is gone too. Nothing more leaves, whether it can be made or not."""
        try:
            told = 200 if started else None
            await self._pipeline.deny(exchange, msgspec.structs.replace(refusal, explanation=CUT), told=told)
        except LedgerUnavailable:
            _log.error("that a reading was cut could not be recorded")
            refusal = Refusal(code="ledger_unavailable", retry_after=1)
        if not started:
            await _refused(exchange, refusal, send)


async def _refused(exchange: Exchange, refusal: Refusal, send: Send) -> None:
    body, challenged = problem(refusal, exchange.id), challenge(refusal)
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), "x-exchange-id": exchange.id}
    headers |= {} if challenged is None else {"www-authenticate": challenged}
    headers |= {} if refusal.retry_after is None else {"retry-after": str(refusal.retry_after)}
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
