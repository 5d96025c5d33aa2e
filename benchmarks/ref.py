"""REF, what the pipeline is measured against: a bare ASGI pass-through on the same server and a fast HTTP client.

uvicorn with uvloop and httptools, pyreqwest, no framework. It reads the body, sends it on and gives back the answer; of
a stream each chunk as it comes. Nobody is identified, nothing is parsed, checked, decided or recorded.
"""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import uvicorn
import uvloop
from pyreqwest.client import Client, ClientBuilder

Message: TypeAlias = MutableMapping[str, Any]
_JSON = (b"content-type", b"application/json")
_EVENTS = (b"content-type", b"text/event-stream")
_STREAM = b'"stream": true'
"""Who asks for a stream says so in this way."""


class PassThrough:
    """An ASGI application in front of one address."""

    def __init__(self, client: Client, url: str) -> None:
        self._client, self._url = client, url

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        chunks, more = [], True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        sent = b"".join(chunks)
        request = self._client.request(scope["method"], self._url + scope["path"])
        request = request.header("content-type", "application/json").body_bytes(sent)
        if _STREAM in sent:
            async with request.streamed_read_buffer_limit(0).build_streamed() as stream:
                await send({"type": "http.response.start", "status": stream.status, "headers": [_EVENTS]})
                while (chunk := await stream.body_reader.read_chunk()) is not None:
                    await send({"type": "http.response.body", "body": chunk.to_bytes(), "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return
        answer = await request.build().send()
        body = (await answer.bytes()).to_bytes()
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": answer.status, "headers": [_JSON, length]})
        await send({"type": "http.response.body", "body": body})


def client() -> Client:
    return ClientBuilder().no_proxy().follow_redirects(False).http1_only().default_cookie_store(False).build()


class Server(uvicorn.Server):
    """uvicorn, which tells its address once it listens and ends at the first signal."""

    def __init__(self, config: uvicorn.Config, place: socket.socket) -> None:
        super().__init__(config)
        self._place = place

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(json.dumps({"url": f"http://127.0.0.1:{self._place.getsockname()[1]}"}), flush=True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.handle_exit, signal.SIGTERM, None)
        yield


async def main(url: str) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        async with client() as http:
            config = uvicorn.Config(
                PassThrough(http, url),
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
            )
            await Server(config, place).serve([place])


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
