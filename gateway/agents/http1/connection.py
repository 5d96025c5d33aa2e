"""One connection to an agent, for one call at a time.

The common path is one write and one wake-up: a short answer is read whole before its caller is woken, and there is no
timer for a call. A connection has one timer, which looks every few seconds whether the moment that `_limit` says has
passed; to give a call more time is to write another number there.
"""

import asyncio
import select
import ssl
from collections.abc import Callable
from typing import cast

from gateway.agents.http1.reader import BODY, DONE, FAILED, HEAD, IDLE, AnswerReader
from gateway.core.errors import AgentError
from gateway.core.ports import Route

IDLE_S = 4.0
"""Idle connections are given up before common servers (five seconds) do, so that no request meets a closing one."""
BUFFER = 262_144
"""Bytes of an answer that wait for who reads it; beyond, the agent is not read from until they were taken."""
_CLOCK_S = 0.001
"""What uvloop's clock counts in: a timer may be that early."""
_NEVER = float("inf")


class Connection(asyncio.Protocol):
    """Lend it with `send`, wait with `answered` and `piece`, and end the call with `rest` or `abort`.

    `gone` is called once, when the connection is closed, whoever closed it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, gone: Callable[["Connection"], None]) -> None:
        self.reader = AnswerReader()
        self.closed = False
        self.tls: str | None = None
        """Version and cipher, once the handshake is over; None without TLS."""
        self.early = False
        """Whether the answer began before all of the request had left."""
        self._loop, self._gone = loop, gone
        self._idle_s = 0.0
        self._transport: asyncio.Transport | None = None
        self._poll = select.poll()
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = self._limit = self._deadline = _NEVER
        self._whole = self._paused = self._full = False

    # A call, from the side of who makes it.

    def send(
        self, request: bytes, route: Route, *, bodiless: bool, max_bytes: int, deadline: float, whole: bool
    ) -> None:
        """Send a request. `route`: how long the agent may be silent; `deadline`: when all must be over, by the loop's
        clock. `whole`: the caller wants the answer once it has ended, and not before."""
        self.reader.begin(bodiless=bodiless, max_bytes=max_bytes)
        self._whole, self._deadline, self._idle_s = whole, deadline, route.idle_timeout_s
        self.early = False
        self._until(min(self._loop.time() + route.first_byte_timeout_s, deadline))
        if self._transport is None or self._transport.is_closing():
            self.reader.fail("connect_failed")
        else:
            self._transport.write(request)

    async def pour(self, piece: bytes) -> bool:
        """Send more of a request's body, and wait until there is room for the next. False: no more is to be sent, since
        there is an answer already, or the call has failed; `answered` tells."""
        transport = self._transport
        if transport is None or self.reader.state != HEAD:
            return False
        transport.write(piece)
        while self._full and self.reader.state == HEAD:
            await self._wait()
        # The agent took something: it has its time again.
        self._until(min(self._loop.time() + self._idle_s, self._deadline))
        return self.reader.state == HEAD

    async def answered(self) -> AnswerReader:
        """When the head is there, or the end where the whole is wanted. `AgentError` for whatever ends it before."""
        reader = self.reader
        while reader.state == HEAD or (self._whole and reader.state == BODY):
            await self._wait()
        if reader.state == FAILED:
            raise AgentError(reader.error or "bad_answer")
        return reader

    async def piece(self) -> bytes:
        """All that has come of the body since the last one; empty at its end. `AgentError` as `answered`."""
        reader = self.reader
        while not reader.waiting:
            if reader.state == DONE:
                return b""
            if reader.state != BODY:
                raise AgentError(reader.error or "closed_early")
            self._until(min(self._loop.time() + self._idle_s, self._deadline))
            await self._wait()
        data = reader.take()
        # While nobody waits for the agent, its silence is not counted.
        self._limit = self._deadline
        if self._paused:
            self._resume()
        return data

    def rest(self) -> bool:
        """The call is over: whether another may follow on this connection. If not, it is closed now."""
        transport = self._transport
        if (
            self.reader.state == DONE
            and self.reader.reusable
            and not self._paused
            and transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0  # it answered before it had the whole request
        ):
            self.reader.state = IDLE
            self._until(self._loop.time() + IDLE_S)
            return True
        self.abort()
        return False

    def fresh(self) -> bool:
        """Whether an idle connection is still good: neither closed nor closing, and silent."""
        if self._transport is None or self._transport.is_closing():
            return False
        if self.reader.state != IDLE or self._loop.time() >= self._limit:
            return False
        # What the agent sent since the loop last looked, an end or anything else.
        return not self._poll.poll(0)

    def fail(self, code: str) -> None:
        """End the call under way with this `AgentError`, and close."""
        if self.reader.state in (HEAD, BODY):
            self.reader.fail(code)
        self.abort()

    def abort(self) -> None:
        """Close at once: the agent sees it now, whatever was still to be sent."""
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    # A connection, from the side of the loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()  # whoever waits for an answer finds none, and waits on

    def data_received(self, data: bytes) -> None:
        reader = self.reader
        before, received = reader.state, reader.received
        reader.feed(data)
        state = reader.state
        if state == HEAD:
            return
        if before == HEAD and self._transport is not None:
            self.early = self._transport.get_write_buffer_size() > 0
        if state == FAILED:
            self.abort()
            return
        if state == BODY:
            # Framing alone is no progress: neither does it wake anybody, nor give the agent more time.
            if before == BODY and received == reader.received:
                return
            if self._whole:
                self._limit = min(self._loop.time() + self._idle_s, self._deadline)
                return
            if reader.waiting > BUFFER and not self._paused:
                self._pause()
        self._wake()

    def eof_received(self) -> None:
        self.reader.end(clean=self._ended_in_order())
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        if self.closed:
            return
        self.closed = True
        self.reader.end(clean=False)
        self.reader.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()
        self._gone(self)

    def _ended_in_order(self) -> bool:
        """Under TLS only a closing alert ends an answer (RFC 9112 §9.8): anybody on the way can cut a connection."""
        peer = self._transport.get_extra_info("ssl_object") if self._transport is not None else None
        if peer is None:
            return True
        try:
            return bool(peer.read(1) == b"")
        except ssl.SSLError:
            return False

    # Waiting.

    def _pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _until(self, limit: float) -> None:
        self._limit = limit
        if self._timer is None or limit < self._timer_at:
            self._set_timer(limit)

    def _set_timer(self, limit: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = min(limit, self._loop.time() + IDLE_S)
        self._timer = self._loop.call_at(self._timer_at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._loop.time() < self._limit - _CLOCK_S:
            self._set_timer(self._limit)
        elif self.reader.state == IDLE:
            self._leave()
        elif self.reader.state in (HEAD, BODY):
            self.fail("timeout_total" if self._limit >= self._deadline else "timeout_response")

    def _leave(self) -> None:
        if self._transport is not None:
            self._transport.close()
