"""The trail as it grows: server-sent events (WHATWG HTML §9.2) of records as they come on record.

Each record is an event `record` whose id is its number, so that a client that comes back with `Last-Event-ID` misses
nothing and repeats nothing. Those of an emergency ledger come before the record that stitches it in, and without an id:
who comes back in their midst gets them again. One whose file is not at hand is an event `emergency`, and records that
were archived before they were read are an event `archived`, whatever the filters. Where nothing fits, the number that
was looked at goes out alone now and then: it keeps the connection open, and is where a client goes on. One lot of
records is held for a reader, however slow; one that takes nothing for `SLOW_S` is cut, on record, with
`reader_too_slow`.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import TypeAlias

import msgspec
from litestar.response import Stream

from gateway.core.refusal import Refusal
from gateway.exchange.auditor import Away
from gateway.exchange.exchange import Exchange
from gateway.exchange.following import Gone
from gateway.store.search import Filters, Hit
from gateway.web.access import Access, ApiRequest
from gateway.web.cutting import lasts
from gateway.web.problems import Refused
from gateway.web.showing import shown

Told: TypeAlias = Sequence[Hit] | int | Away | Gone
EVENTS = "text/event-stream"
SLOW_S = 60.0
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No proxy is to wait for more of it."""


async def follow(request: ApiRequest, allowed: Access, filters: Filters) -> Stream:
    """What is found from now on, or after `Last-Event-ID`, until the reader goes or may not read on."""
    after = request.headers.get("last-event-id")
    if after is not None and not _NUMBER.fullmatch(after):
        refusal = Refusal(code="parameter_invalid", field="Last-Event-ID", hint="the id of an event of such a stream")
        raise Refused(refusal, allowed.exchange.id, allowed.exchange.rate)
    stack = lasts(request, allowed)
    found = allowed.auditor.tail(allowed.by, filters, after=None if after is None else int(after))
    lots = await stack.enter_async_context(aclosing(found))
    # The reading is recorded when the first of it is asked for: do that before the status goes out.
    first = await anext(lots)
    events = await stack.enter_async_context(
        aclosing(_taken(_events(first, lots), allowed.exchange, asyncio.current_task()))
    )
    return Stream(events, media_type=EVENTS, headers={**allowed.headers, **_HEADERS})


async def _events(first: Told, rest: AsyncIterator[Told]) -> AsyncGenerator[bytes, None]:
    for event in _encoded(first):
        yield event
    async for lot in rest:
        for event in _encoded(lot):
            yield event


def _encoded(lot: Told) -> list[bytes]:
    if isinstance(lot, Away):
        told = ({"emergency": name, "held": False} for name in lot.emergencies)
        return [b"event: emergency\ndata: %b\n\n" % msgspec.json.encode(one) for one in told]
    if isinstance(lot, Gone):
        return [b"event: archived\ndata: %b\n\n" % msgspec.json.encode(lot)]
    if isinstance(lot, int):
        # Without data it is no event to a client, which remembers its id all the same. Before the first record there
        # is no number to go on from.
        return [b":\n\n" if lot < 0 else b":\nid: %d\n\n" % lot]
    return [_record(hit) for hit in lot]


def _record(hit: Hit) -> bytes:
    stored = hit.stored
    event = b"event: record\ndata: %b\n\n" % msgspec.json.encode(shown(hit))
    return event if stored.emergency is not None else b"id: %d\n%b" % (stored.seq, event)


async def _taken(
    events: AsyncGenerator[bytes, None], exchange: Exchange, task: "asyncio.Task[object] | None"
) -> AsyncGenerator[bytes, None]:
    """The events, and the end of a reader who leaves one lying. `task`: of the request, which is not who sends them."""
    loop = asyncio.get_running_loop()

    def cut() -> None:
        exchange.cut = Refusal(code="reader_too_slow", hint=f"take what comes within {SLOW_S:.0f} seconds")
        if task is not None:
            task.cancel()

    async with aclosing(events):
        async for event in events:
            waiting = loop.call_later(SLOW_S, cut)
            try:
                yield event
            finally:
                waiting.cancel()
