"""The benchmark's agent: answers chat completions over bare sockets, and counts the requests that reached it.

    python -m benchmarks.agent [--pace SECONDS] [--hold DELTAS] [--tls CERTIFICATE KEY] NAME …

One process, one listener for each name it is given, so that each gateway's requests are counted apart. Every third
answer holds something to find. Who asks for a stream gets `DELTAS` deltas, each in a write of its own: one every
`--pace` seconds, or as fast as the event loop turns. With `--hold` a stream stops after so many of them until the
agent is told to go on.

`GET /count` tells of its listener how many requests came, and how many streams are held; `GET /release` lets those go.
"""

import argparse
import asyncio
import json
import signal
import ssl
import sys
from collections.abc import Sequence
from functools import partial
from typing import cast

import httptools
import msgspec
import uvloop

from benchmarks.deltas import FOUND, HEAD, LAST, PROSE, STREAMS


def answer(text: str) -> bytes:
    """A whole HTTP response with a chat completion in it."""
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": "bench",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 180, "completion_tokens": 90, "total_tokens": 270},
        }
    ).encode()
    return response(body)


def response(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


ANSWERS = tuple(answer(text) for text in (PROSE, PROSE[40:] + PROSE[:40], PROSE[:-40] + FOUND))


class Manner(msgspec.Struct, frozen=True):
    """How streams are given: seconds between two deltas, and after how many a stream is held."""

    pace_s: float = 0.0
    hold: int | None = None


AT_ONCE = Manner()


class Counter:
    """What one listener has seen."""

    def __init__(self) -> None:
        self.requests = 0
        self.held: list[Stream] = []

    def release(self) -> None:
        """Let the streams go on that are held."""
        held, self.held = self.held, []
        for stream in held:
            stream.go_on()


class Stream:
    """One stream on its way."""

    def __init__(self, transport: asyncio.Transport, chunks: Sequence[bytes], manner: Manner, counter: Counter) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport, self._chunks = transport, chunks
        self._manner, self._counter = manner, counter
        self._next = 0
        transport.write(HEAD)
        self._later()

    def go_on(self) -> None:
        """The next chunk, and the one after it when its time has come."""
        if self._transport.is_closing():
            return
        if self._next == len(self._chunks):
            self._transport.write(LAST)
            return
        self._transport.write(self._chunks[self._next])
        self._next += 1
        if self._next - 1 == self._manner.hold:  # the first chunk is no delta
            self._counter.held.append(self)
        else:
            self._later()

    def _later(self) -> None:
        if self._manner.pace_s:
            self._loop.call_later(self._manner.pace_s, self.go_on)
        else:
            self._loop.call_soon(self.go_on)


class AgentProtocol(asyncio.Protocol):
    """One connection. Whoever pipelines is answered in order, since answers need nothing to wait for."""

    def __init__(self, counter: Counter, manner: Manner) -> None:
        self._counter, self._manner = counter, manner
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.close()

    def on_message_begin(self) -> None:
        self._url = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        counter, transport = self._counter, self._transport
        if transport is None:
            return
        if self._url in (b"/count", b"/release"):
            said = {"requests": counter.requests, "held": len(counter.held)}
            transport.write(response(json.dumps(said).encode()))
            if self._url == b"/release":
                counter.release()
            return
        turn, counter.requests = counter.requests % len(ANSWERS), counter.requests + 1
        if b'"stream":true' in self._body or b'"stream": true' in self._body:
            Stream(transport, STREAMS[turn], self._manner, counter)
        else:
            transport.write(ANSWERS[turn])


async def serve(
    names: Sequence[str], manner: Manner = AT_ONCE, tls: ssl.SSLContext | None = None
) -> tuple[dict[str, int], list[asyncio.Server]]:
    """A listener on a free loopback port for each name; their ports."""
    loop = asyncio.get_running_loop()
    ports: dict[str, int] = {}
    servers = []
    for name in names:
        counted = partial(AgentProtocol, Counter(), manner)
        server = await loop.create_server(counted, "127.0.0.1", 0, ssl=tls, backlog=2048)
        ports[name] = server.sockets[0].getsockname()[1]
        servers.append(server)
    return ports, servers


async def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.agent")
    parser.add_argument("--pace", type=float, default=0.0)
    parser.add_argument("--hold", type=int)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("names", nargs="+")
    given = parser.parse_args(arguments)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    tls = None
    if given.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*given.tls)
    ports, servers = await serve(given.names, Manner(given.pace, given.hold), tls)
    print(json.dumps(ports), flush=True)
    await stop.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
