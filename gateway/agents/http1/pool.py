"""The connections to one agent: the one used last is used next, none lies idle for long, and there are only so many."""

import asyncio
from collections import deque

from gateway.agents.http1 import tls
from gateway.agents.http1.address import Address, Resolver, spaces
from gateway.agents.http1.connection import Connection
from gateway.agents.http1.renewed import Renewed
from gateway.agents.http1.request import RequestForm
from gateway.core.errors import AgentError, ConfigurationError
from gateway.core.ports import Route

_SHUTDOWN_S = 1.0
"""Seconds in which an agent may answer the closing alert of an idle TLS connection."""
_CLOSE_S = 5.0


class Pool:
    """Take a connection with `take` or, where that has none, `connect`; give it back with `give`, whatever happened."""

    def __init__(self, route: Route) -> None:
        """`ConfigurationError` for an address, network or certificate file that is none."""
        try:
            self.form = RequestForm(route.url)
        except ConfigurationError as error:
            raise ConfigurationError(f"the url of agent {route.id} {error}") from error
        try:
            within = spaces(route.addresses)
        except ConfigurationError as error:
            raise ConfigurationError(f"the addresses of agent {route.id} {error}") from error
        told = route.ca is not None or route.client_certificate is not None
        files = Renewed(route) if self.form.secure or told else None
        self._tls = files if self.form.secure else None
        self._route = route
        self._resolver = Resolver(self.form.host, self.form.port, within)
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._connecting = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._drained: asyncio.Future[None] | None = None

    def take(self) -> Connection | None:
        """An idle connection that is still good, if there is one and nobody waits for it."""
        return None if self._waiting else self._rested()

    async def connect(self, deadline: float) -> Connection:
        """A connection, new or become free. `AgentError`: `overloaded` if none became free in the time to connect,
        `connect_failed`, `address_refused`, `timeout_connect`, `timeout_total`. Nothing was sent in any case."""
        limit = asyncio.get_running_loop().time() + self._route.connect_timeout_s
        slow = "timeout_connect" if limit < deadline else "timeout_total"
        limit = min(limit, deadline)
        connection = await self._free(limit, slow)
        if connection is not None:
            return connection
        try:
            async with asyncio.timeout_at(limit):
                connection = await self._connected(limit)
            self._open.add(connection)
        except TimeoutError as error:
            raise AgentError(slow) from error
        finally:
            self._connecting -= 1
            if connection is None:
                self._wake()
        return connection

    def give(self, connection: Connection) -> None:
        """The call on this connection is over, well or not."""
        if self._drained is None and connection.rest():
            self._idle.append(connection)
            self._wake()
        else:
            connection.abort()

    async def close(self) -> None:
        """Close all connections, at once; calls under way end with `closed_early`, those that wait `connect_failed`."""
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()
        self._resolver.close()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        for connection in tuple(self._open):
            connection.fail("closed_early")
        if self._open:
            await asyncio.wait([self._drained], timeout=_CLOSE_S)

    def _rested(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.fresh():
                return connection
            connection.abort()
        return None

    async def _free(self, limit: float, slow: str) -> Connection | None:
        """A connection that became free; None: one may be made, and is counted as being made."""
        waited = False
        while True:
            if self._drained is not None:
                raise AgentError("connect_failed")
            if waited or not self._waiting:
                connection = self._rested()
                if connection is not None:
                    return connection
                if len(self._open) + self._connecting < self._route.max_connections:
                    self._connecting += 1
                    return None
            waiter = asyncio.get_running_loop().create_future()
            (self._waiting.appendleft if waited else self._waiting.append)(waiter)
            await self._turn(waiter, limit, slow)
            waited = True

    async def _turn(self, waiter: asyncio.Future[None], limit: float, slow: str) -> None:
        try:
            async with asyncio.timeout_at(limit):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self._wake()  # it was this one's turn: the next one's then
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            if isinstance(error, TimeoutError):
                raise AgentError("overloaded" if slow == "timeout_connect" else slow) from error
            raise

    def _wake(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _connected(self, limit: float) -> Connection:
        """To the first of the agent's addresses that answers. Each has its share of the time that is left."""
        loop = asyncio.get_running_loop()
        addresses = await self._resolver.addresses()
        code = "connect_failed"
        for index, address in enumerate(addresses):
            share = (limit - loop.time()) / (len(addresses) - index)
            try:
                async with asyncio.timeout(share):
                    return await self._dialled(loop, address)
            except TimeoutError:
                code = "timeout_connect"
            except (OSError, ValueError):  # of which whatever TLS finds is one
                code = "connect_failed"
        raise AgentError(code)

    async def _dialled(self, loop: asyncio.AbstractEventLoop, address: Address) -> Connection:
        connection = Connection(loop, self._gone)
        context = None if self._tls is None else self._tls.context()
        transport, _ = await loop.create_connection(
            lambda: connection,
            str(address),
            self.form.port,
            ssl=context,
            server_hostname=None if context is None else self.form.host,
            ssl_shutdown_timeout=None if context is None else _SHUTDOWN_S,
        )
        good = True
        if context is not None:
            peer = transport.get_extra_info("ssl_object")
            good, connection.tls = tls.fits(peer, self._route.pin), tls.told(peer)
        if not good or connection.closed or self._drained is not None:
            transport.abort()
            raise ConnectionAbortedError
        return connection

    def _gone(self, connection: Connection) -> None:
        if connection in self._open:
            self._open.remove(connection)
            if connection in self._idle:
                self._idle.remove(connection)
            self._wake()
        if self._drained is not None and not self._open and not self._drained.done():
            self._drained.set_result(None)
