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
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None

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


async def serve(tls: ssl.SSLContext) -> tuple[dict[str, int], list[asyncio.Server]]:
    """A listener on a free loopback port for each scheme; their ports."""
    loop = asyncio.get_running_loop()
    ports: dict[str, int] = {}
    servers = []
    for scheme, context in (("http", None), ("https", tls)):
        server = await loop.create_server(AnswerProtocol, "127.0.0.1", 0, ssl=context)
        ports[scheme] = server.sockets[0].getsockname()[1]
        servers.append(server)
    return ports, servers


async def main(certificate: str, key: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    ports, servers = await serve(tls)
    print(json.dumps(ports), flush=True)
    await stop.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
