"""The benchmark's agent: answers chat completions over bare sockets, and counts the requests that reached it.

One process, one listener for each name it is given, so that each gateway's requests are counted apart.
`GET /count` tells the count of its listener. Every third answer holds something to find.
"""

import asyncio
import json
import signal
import sys
from functools import partial
from typing import cast

import httptools
import uvloop

PROSE = (
    "The plan for the coming quarter was read by all who asked for it. The first part is about the stock that is held "
    "at the three sites and how it moves between them; the second is about hours and shifts, and what changes when one "
    "of the sites is closed for repairs. Nothing in it needs a decision this week. "
)
FOUND = "For questions write to Maria Lopez (maria.lopez@example.com) or call (415) 555-0132. "


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


class Counter:
    """Requests of one listener."""

    def __init__(self) -> None:
        self.requests = 0


class AgentProtocol(asyncio.Protocol):
    """One connection. Whoever pipelines is answered in order, since answers need nothing to wait for."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it

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
        counter = self._counter
        if self._url == b"/count":
            said = response(json.dumps({"requests": counter.requests}).encode())
        else:
            said = ANSWERS[counter.requests % len(ANSWERS)]
            counter.requests += 1
        if self._transport is not None:
            self._transport.write(said)


async def serve(names: list[str]) -> tuple[dict[str, int], list[asyncio.Server]]:
    """A listener on a free loopback port for each name; their ports."""
    loop = asyncio.get_running_loop()
    ports: dict[str, int] = {}
    servers = []
    for name in names:
        server = await loop.create_server(partial(AgentProtocol, Counter()), "127.0.0.1", 0)
        ports[name] = server.sockets[0].getsockname()[1]
        servers.append(server)
    return ports, servers


async def main(names: list[str]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    ports, servers = await serve(names)
    print(json.dumps(ports), flush=True)
    await stop.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
