"""What was not chosen does the same as what was: the same answers come, over plain connections and TLS."""

import asyncio
from pathlib import Path

import pytest

from benchmarks import servers
from benchmarks.children import split
from benchmarks.databases import Databases
from benchmarks.deltas import END
from benchmarks.load import load
from benchmarks.servers import Plan
from benchmarks.variants import CLIENTS, ROUTES, Answered

INSTALLED = [name for name in CLIENTS if name != "aiohttp"]
WAYS = [(client, ROUTES[0]) for client in INSTALLED] + [("ours", route) for route in ROUTES[1:]]


@pytest.mark.instrument
def test_every_client_and_route_gives_whole_answers(tmp_path: Path) -> None:
    """Over TLS, which takes more than a plain connection does: that is what the gateway's own tests mostly have."""
    with servers.run(Databases(None), tmp_path, split(), secure=True) as run:
        server = servers.install(run, "sqlite", Plan(methods=("jwt",), rules=100))
        for client, route in WAYS:
            with servers.gateway(run, server, "-m", "benchmarks.variants", client, route) as running:
                for ends in (b"}", END):
                    asked = server.requests if ends == b"}" else _streamed(server.requests)
                    done = asyncio.run(load(running.port, asked, connections=2, seconds=60, total=6, ends=ends))
                    assert (done.statuses, done.broken) == ({"200": 6}, 0), (client, route)


def _streamed(requests: list[bytes]) -> list[bytes]:
    """The same requests, each for a stream."""
    made = []
    for request in requests[:12]:
        body = request.partition(b"\r\n\r\n")[2]
        asked = body[:-1] + b', "stream": true}'
        made.append(request.replace(body, asked).replace(b"length: %d" % len(body), b"length: %d" % len(asked)))
    return made


async def test_a_handlers_answer_begins_once_and_ends_with_its_last_piece() -> None:
    answered = Answered()
    await answered.start(201, [("content-type", "text/plain")])
    for data, last in ((b"a", False), (b"", False), (b"b", True)):
        await answered.write(data, last=last)
    await answered.begun
    assert (answered.status, answered.headers) == (201, {"content-type": "text/plain"})
    assert [piece async for piece in answered.pieces()] == [b"a", b"b"]
