"""What a call to an agent costs with one HTTP client or another: the gateway's own, pyreqwest, and aiohttp where it is
installed.

    python -m benchmarks.clients [--rounds N] [--calls N]

Each client asks a server in another process for short answers and for streams of 200 events, over plain connections
and TLS, 16 at a time. Rounds are interleaved, medians told: time a call, and processor time of the client's process.
Streams come as slowly as models speak, so that of theirs the processor time alone says something.
"""

import argparse
import asyncio
import importlib
import importlib.util
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from pyreqwest.client import ClientBuilder

from benchmarks.answers import SHORT, SIZES, STREAM
from benchmarks.children import Unmeasured, child, split
from gateway.agents.client import AgentClient
from gateway.agents.http1 import tls
from gateway.core.message import Outgoing
from tests.agents.support import route as make_route
from tests.agents.wire import certificates

CONNECTIONS = 16
_BODY = b'{"model":"m","messages":[{"role":"user","content":"' + b"x" * 900 + b'"}]}'
_HEADERS = (
    ("content-type", "application/json"),
    ("accept", "application/json"),
    ("authorization", "Bearer none"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
)
Call = Callable[[str], Awaitable[int]]
"""Asks for a path and gives the size of the body that came."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One client at one kind of answer: microseconds a call, as the clock and as the processor count them."""

    client: str
    scheme: str
    path: str
    wall_us: float
    cpu_us: float


@asynccontextmanager
async def ours(url: str, root: Path) -> AsyncIterator[Call]:
    """The gateway's own."""
    route = make_route(url=url, ca=str(root) if url.startswith("https") else None)
    async with AgentClient([route]) as client:

        async def call(path: str) -> int:
            outgoing = Outgoing(method="POST", path=path, headers=_HEADERS, body=_BODY)
            if path == SHORT:
                return len((await client.send(route, outgoing, 1 << 20)).body)
            async with client.stream(route, outgoing, 1 << 20) as answer:
                return sum([len(piece) async for piece in answer])

        yield call


@asynccontextmanager
async def pyreqwest(url: str, root: Path) -> AsyncIterator[Call]:
    """reqwest (Rust) from Python."""
    builder = ClientBuilder().no_proxy().follow_redirects(False).http1_only().default_cookie_store(False)
    async with builder.add_root_certificate_der(_der(root)).build() as client:

        async def call(path: str) -> int:
            request = client.request("POST", url + path)
            for name, value in _HEADERS:
                request = request.header(name, value)
            request = request.body_bytes(_BODY)
            if path == SHORT:
                return len((await (await request.build().send()).bytes()).to_bytes())
            async with request.streamed_read_buffer_limit(0).build_streamed() as answer:
                size = 0
                while (chunk := await answer.body_reader.read_chunk()) is not None:
                    size += len(chunk.to_bytes())
                return size

        yield call


def _der(certificate: Path) -> bytes:
    return load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER)


@asynccontextmanager
async def aiohttp(url: str, root: Path) -> AsyncIterator[Call]:
    """aiohttp, which is no dependency: it is measured where somebody has installed it."""
    library: Any = importlib.import_module("aiohttp")
    context = tls.context(make_route(url=url, ca=str(root)))
    connector = library.TCPConnector(limit=CONNECTIONS, ssl=context)
    async with library.ClientSession(connector=connector, cookie_jar=library.DummyCookieJar()) as session:

        async def call(path: str) -> int:
            async with session.post(url + path, data=_BODY, headers=dict(_HEADERS), allow_redirects=False) as answer:
                if path == SHORT:
                    return len(await answer.read())
                return sum([len(piece) async for piece in answer.content.iter_any()])

        yield call


def clients() -> dict[str, Any]:
    """Those that are installed, by name."""
    found = {"ours": ours, "pyreqwest": pyreqwest, "aiohttp": aiohttp}
    return {name: client for name, client in found.items() if name == "ours" or importlib.util.find_spec(name)}


async def timed(call: Call, path: str, calls: int) -> tuple[float, float]:
    """Microseconds a call, by clock and by processor. `Unmeasured` if an answer was not whole."""

    async def ask(share: int) -> None:
        for _ in range(share):
            if await call(path) != SIZES[path]:
                raise Unmeasured(f"an answer to {path} was not whole")

    share = max(1, calls // CONNECTIONS)
    wall, processor = time.perf_counter(), time.process_time()
    await asyncio.gather(*(ask(share) for _ in range(CONNECTIONS)))
    made = share * CONNECTIONS / 1e6
    return (time.perf_counter() - wall) / made, (time.process_time() - processor) / made


async def measure(ports: dict[str, int], root: Path, *, rounds: int, calls: int) -> list[Row]:
    """All clients at all kinds of answers: of streams a twentieth as many."""
    rows = []
    for scheme, port in ports.items():
        for path in (SHORT, STREAM):
            share = calls if path == SHORT else max(1, calls // 20)
            taken: dict[str, list[tuple[float, float]]] = {name: [] for name in clients()}
            for turn in range(rounds + 1):
                for name, client in clients().items():
                    async with client(f"{scheme}://127.0.0.1:{port}", root) as call:
                        await timed(call, path, CONNECTIONS)  # connects
                        if turn:  # the first round warms up
                            taken[name].append(await timed(call, path, share))
            for name, figures in taken.items():
                wall, processor = (statistics.median(column) for column in zip(*figures, strict=True))
                rows.append(Row(client=name, scheme=scheme, path=path, wall_us=wall, cpu_us=processor))
    return rows


def lines(rows: Sequence[Row]) -> list[str]:
    """The rows for people, each beside the same of pyreqwest."""
    theirs = {(row.scheme, row.path): row for row in rows if row.client == "pyreqwest"}
    return [
        f"{row.scheme:5} {row.path:7} {row.client:9} {row.wall_us:8.0f} us, {row.cpu_us:6.0f} of them the processor's: "
        f"{theirs[row.scheme, row.path].cpu_us / row.cpu_us:.2f} times as fast as pyreqwest"
        for row in rows
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.clients", description="What a call to an agent costs.")
    parser.add_argument("--rounds", type=int, default=7, help="whose medians are told")
    parser.add_argument("--calls", type=int, default=3200, help="short answers in each")
    given = parser.parse_args(arguments)
    cores = split()
    with tempfile.TemporaryDirectory(prefix="gateway-clients-") as name:
        directory = Path(name)
        certificate, key = certificates(directory)
        server = ["-m", "benchmarks.answers", str(certificate), str(key)]
        with child("the server", server, cores[1], directory / "log") as (_, ports):
            os.sched_setaffinity(0, {cores[0]})
            rows = uvloop.run(measure(ports, directory / "root.pem", rounds=given.rounds, calls=given.calls))
    print("\n".join(lines(rows)))


if __name__ == "__main__":
    main()
