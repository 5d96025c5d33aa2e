"""The server of the clients' benchmark: a short JSON answer, or 200 events in a chunk each, on plain connections and
under TLS.

    python -m benchmarks.answers CERTIFICATE KEY

It says its two ports as JSON, and serves until it is asked to end.
"""

import asyncio
import json
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

import httptools
import uvloop

from benchmarks.agent import ANSWERS

EVENTS = 200
SHORT, STREAM = "/short", "/stream"
_DELTA = b'{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" word"}}]}'
_EVENT = b"data: " + _DELTA + b"\n\n"
_PACE_S = 0.002
"""Seconds between two events of a stream: so many that no client meets two at once."""
_CHUNK = b"%x\r\n%b\r\n" % (len(_EVENT), _EVENT)
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_LAST = b"0\r\n\r\n"
SIZES = {SHORT: len(ANSWERS[0].partition(b"\r\n\r\n")[2]), STREAM: EVENTS * len(_EVENT)}
"""Bytes of each answer's body, by path."""


class AnswerProtocol(asyncio.Protocol):
    """One connection, one request at a time. It stands in `opened` as long as it is open."""

    def __init__(self, opened: set["AnswerProtocol"]) -> None:
        self._opened = opened
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._opened.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._opened.discard(self)
        self.lost.set_result(None)

    def abort(self) -> None:
        """Close it, whatever it still has to say."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.close()

    def on_message_begin(self) -> None:
        self._url = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_message_complete(self) -> None:
        if self._url != STREAM.encode():
            self._write(ANSWERS[0])
            return
        self._write(_HEAD)
        self._loop.call_soon(self._event, EVENTS)

    def _event(self, left: int) -> None:
        """Each event is a write of its own, as from a model that speaks word by word."""
        self._write(_CHUNK if left else _LAST)
        if left and self._transport is not None:
            self._loop.call_later(_PACE_S, self._event, left - 1)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


@asynccontextmanager
async def serving(tls: ssl.SSLContext) -> AsyncIterator[dict[str, int]]:
    """A listener on a free loopback port for each scheme; their ports. Closes what is still open in the end."""
    loop = asyncio.get_running_loop()
    opened: set[AnswerProtocol] = set()
    ports: dict[str, int] = {}
    servers = []
    try:
        for scheme, context in (("http", None), ("https", tls)):
            server = await loop.create_server(partial(AnswerProtocol, opened), "127.0.0.1", 0, ssl=context)
            servers.append(server)
            ports[scheme] = server.sockets[0].getsockname()[1]
        yield ports
    finally:
        for server in servers:
            server.close()
        left = tuple(opened)
        for connection in left:
            connection.abort()
        await asyncio.gather(*(connection.lost for connection in left))


async def main(certificate: str, key: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    async with serving(tls) as ports:
        print(json.dumps(ports), flush=True)
        await stop.wait()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
