"""Syslog messages to a receiver over TLS (RFC 5425), or over TCP on this machine: one connection, kept.

Syslog has no answers. So what was sent counts as received by the other machine when its kernel has acknowledged every
byte (`SIOCOUTQ` of Linux is 0), and the caller looks again after a while whether the connection has lived on (`holds`):
a receiver that dies over what it has read closes it. What lies in a receiver that dies later without a word, nobody can
know of.

The socket is a blocking one with a time-out, in a thread of its own: it is nobody else's that it holds up.
"""

import asyncio
import fcntl
import socket
import ssl
import struct
import termios
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar
from urllib.parse import urlsplit

from gateway.agents.http1 import tls
from gateway.agents.http1.address import Address, Resolver, spaces
from gateway.agents.http1.renewed import Renewed
from gateway.core.errors import AgentError
from gateway.core.ports import Route

TLS_PORT, TCP_PORT = 6514, 514
_LOOPBACK = ("127.0.0.0/8", "::1/128")
_LOOK_S = 0.005
_PIECE = 65_536
_READS = 64
"""Pieces of whatever a receiver says that are read and thrown away at one look: it has nothing to say."""
T = TypeVar("T")


class SyslogClient:
    """The way to one receiver: `route.url` is `tls://host[:port]` or, to this machine alone, `tcp://host[:port]`."""

    def __init__(self, route: Route) -> None:
        """`ConfigurationError` for a network or a certificate file that cannot be used."""
        found = urlsplit(route.url)
        self._secure, self._host = found.scheme == "tls", found.hostname or ""
        port = found.port or (TLS_PORT if self._secure else TCP_PORT)
        self._tls = Renewed(route, None) if self._secure else None
        # Without TLS nothing leaves this machine, whatever its name leads to.
        within = spaces(route.addresses) if self._secure else spaces(_LOOPBACK)
        self._route, self._port = route, port
        self._resolver = Resolver(self._host, port, within)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="syslog")
        self._socket: socket.socket | None = None
        self._closed = False

    async def send(self, data: bytes, *, holding: bool = False) -> None:
        """Send framed messages, all of them acknowledged by the other machine when this returns. `holding`: over the
        connection that was sent on last and no other, which must have lived on for what went over it. `AgentError`
        (`connect_failed`, `address_refused`, `timeout_total`, `closed_early`) where that could not be seen: any of them
        may have arrived all the same, and the connection is closed."""
        addresses = await self._resolver.addresses()
        await self._apart(lambda: self._sent(addresses, data, holding))

    async def holds(self) -> bool:
        """Whether the connection that was sent on last is still open."""
        return await self._apart(self._open)

    async def close(self) -> None:
        """Close it; a call that is under way ends with `AgentError`."""
        self._closed = True
        self._resolver.close()
        current = self._socket
        if current is not None:
            with suppress(OSError):
                current.shutdown(socket.SHUT_RDWR)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=False)

    async def _apart(self, work: Callable[[], T]) -> T:
        """In the thread. Who is cancelled meanwhile waits no longer; the thread ends by its own time-outs."""
        if self._closed:
            raise AgentError("closed_early")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # ------------------------------------------------------------------------------------------ from here in the thread

    def _sent(self, addresses: tuple[Address, ...], data: bytes, holding: bool) -> None:
        until = time.monotonic() + self._route.timeout_s
        if not self._open():
            if holding:
                raise AgentError("closed_early")
            self._connect(addresses, until)
        current = self._socket
        if current is None:
            raise AgentError("connect_failed")
        try:
            for start in range(0, len(data), _PIECE):
                current.settimeout(self._left(until))
                current.sendall(data[start : start + _PIECE])
            while _unacknowledged(current):
                if not self._open():  # of one that was reset nothing is acknowledged any more
                    raise AgentError("closed_early")
                self._left(until)
                time.sleep(_LOOK_S)
        except TimeoutError as error:
            self._drop()
            raise AgentError("timeout_total") from error
        except (OSError, ValueError) as error:
            self._drop()
            raise AgentError("closed_early") from error
        if not self._open():
            raise AgentError("closed_early")

    def _left(self, until: float) -> float:
        left = until - time.monotonic()
        if left <= 0 or self._closed:
            raise TimeoutError
        return left

    def _connect(self, addresses: tuple[Address, ...], until: float) -> None:
        """To the first of its addresses that answers."""
        limit, code = min(until, time.monotonic() + self._route.connect_timeout_s), "connect_failed"
        for index, address in enumerate(addresses):
            share = max(0.001, (limit - time.monotonic()) / (len(addresses) - index))
            try:
                self._socket = self._dialled(address, share)
                return
            except TimeoutError:
                code = "timeout_connect"
            except (OSError, ValueError):  # of which whatever TLS finds is one
                code = "connect_failed"
        raise AgentError(code)

    def _dialled(self, address: Address, seconds: float) -> socket.socket:
        made = socket.create_connection((str(address), self._port), timeout=seconds)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self._tls is not None:
                secured = self._tls.context().wrap_socket(made, server_hostname=self._host)
                made = secured
                if not tls.fits(secured, self._route.pin):
                    raise ConnectionAbortedError
        except BaseException:
            made.close()
            raise
        return made

    def _open(self) -> bool:
        """Whether there is a connection that is open; what came on it is thrown away."""
        current = self._socket
        if current is None:
            return False
        try:
            current.settimeout(0)
            for _ in range(_READS):
                if not current.recv(_PIECE):
                    break
            else:
                return True  # it talks without an end, which is its own affair
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except (OSError, ValueError):
            pass  # closed in another way: the same
        self._drop()
        return False

    def _drop(self) -> None:
        current, self._socket = self._socket, None
        if current is not None:
            with suppress(OSError, ValueError):
                current.close()


def _unacknowledged(current: socket.socket) -> int:
    """Bytes that the other machine's kernel has not acknowledged (Linux, tcp(7), SIOCOUTQ)."""
    found: int = struct.unpack("i", fcntl.ioctl(current.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]
    return found
