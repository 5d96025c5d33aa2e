"""The MCP conformance suite against one server twice: directly, and through the gateway. The same scenarios must pass.

    python -m tests.conformance.run DIRECTORY

installs the suite (`SUITE`, by npm) into DIRECTORY, which may hold it already, and needs node. Exits 0 if everything
that passes directly passes through the gateway too, but for `EXPECTED`, if no scenario ran out of time on either way,
and if as many scenarios pass directly as did when somebody last looked (`FLOOR`): nothing compared with nothing is no
success. The suite has no option for a credential, so a shim stands before the gateway that adds one and changes nothing
else.
"""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.settings import parse
from gateway.store.migrate import upgrade
from tests.conformance.everything import application
from tests.system.site import SHIPPED, served, system

SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
VERSIONS = ("2025-11-25", "2026-07-28")
EXPECTED: dict[str, str] = {}
"""Scenario and check → why it may pass directly and not through the gateway."""
FLOOR: dict[str, int] = {"2025-11-25": 33, "2026-07-28": 38}
"""How many scenarios of each version the suite says pass directly, at least."""
_ENTRY = "node_modules/@modelcontextprotocol/conformance/dist/index.js"
_NODE = "node"
_LIMITS = {"credential": "100000/minute", "tenant": "100000/minute", "target": "100000/minute"}
_HOP = {b"connection", b"transfer-encoding", b"content-length", b"keep-alive", b"date", b"server"}
_SECONDS = 60
_WHOLE = "scenario"
"""Stands among the checks for a scenario that passes as a whole."""
_COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
_SUCCESS = re.compile(rb"\[([a-z0-9$-]+) *\] SUCCESS")


class Shim:
    """An ASGI application that passes everything on with a credential, streams included."""

    def __init__(self) -> None:
        self.url = self.key = ""
        self._http = httpx.AsyncClient(timeout=None)  # noqa: S113 — the suite has time-outs of its own

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = [(name, value.strip()) for name, value in scope["headers"] if name not in _HOP]
        headers.append((b"authorization", f"Bearer {self.key}".encode()))
        url = f"{self.url}/mcp/tools"
        async with self._http.stream(scope["method"], url, headers=headers, content=body) as answer:
            kept = [(name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _HOP]
            await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
            async for chunk in answer.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


async def main(directory: Path) -> int:
    """Compare; say what differs; the process's exit code."""
    await _installed(directory)
    worse, few = 0, list[str]()
    async with AsyncExitStack() as stack:
        direct = await stack.enter_async_context(served(application(), lifespan="on"))
        through = await stack.enter_async_context(_gateway(direct))
        for version in VERSIONS:
            passed = 0
            for scenario in await _scenarios(directory, version):
                first = await _passed(directory, f"{direct}/mcp", scenario, version)
                second = await _passed(directory, f"{through}/mcp", scenario, version)
                state, bad = _compared(scenario, first, second)
                worse += bad
                passed += _WHOLE in (first or ())
                counts = f"direct {len(first or ()):>3} gateway {len(second or ()):>3}"
                print(f"{version}  {scenario:<48} {counts}  {state}", flush=True)
            if passed < FLOOR[version]:
                few.append(f"{version}: {passed} scenarios pass directly, at least {FLOOR[version]} did")
    for line in few:
        print(line)
    print(f"{worse} scenarios do not pass as they do directly" if worse else "the same checks pass")
    return 1 if worse or few else 0


def _compared(scenario: str, first: set[str] | None, second: set[str] | None) -> tuple[str, bool]:
    """What there is to say of a scenario's checks, directly and through the gateway; and whether it is a failure. None:
    it ran out of time."""
    if first is None or second is None:
        return f"OUT OF TIME {'directly' if first is None else 'through the gateway'}", True
    lost = {check for check in first - second if f"{scenario}/{check}" not in EXPECTED}
    if lost:
        return f"LOST {' '.join(sorted(lost))}", True
    return "same" if first == second else "better" if second > first else "as expected", False


@asynccontextmanager
async def _gateway(agent: str) -> AsyncIterator[str]:
    """A gateway before the server, and the shim before it, from whose address its pages may call."""
    shim = Shim()
    with tempfile.TemporaryDirectory() as name:
        base = parse({"policy": {"directory": str(SHIPPED)}}, {}, Path(name))
        await upgrade(base)
        agents = {"tools": {"protocol": "mcp", "zone": "in-house", "url": f"{agent}/mcp"}}
        async with served(shim) as url:
            server = {"allowed_origins": [url, url.replace("127.0.0.1", "localhost")]}
            async with system(base, agents=agents, limits=_LIMITS, server=server) as site:
                shim.url, shim.key = site.url, await site.key("clerk")
                yield url
                await shim.close()


async def _installed(directory: Path) -> None:
    """The suite in a directory of its own."""
    if not _there(directory):
        await _run(directory, "npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", ".", SUITE)
    _patch(directory)


def _there(directory: Path) -> bool:
    directory.mkdir(parents=True, exist_ok=True)
    return (directory / _ENTRY).exists()


def _patch(directory: Path) -> None:
    """Node 20 has no `fs.globSync`, which the suite imports for a command that is not used here."""
    entry = directory / _ENTRY
    entry.write_text(re.sub(r"globSync as [A-Za-z_$]+,", "", entry.read_text("utf-8")), "utf-8")


async def _scenarios(directory: Path, version: str) -> list[str]:
    """Server scenarios of a version, but those of extensions."""
    listed = await _run(directory, _NODE, _ENTRY, "list")
    servers = listed.partition("Server scenarios")[2].partition("Client scenarios")[0]
    return [name for name, versions in re.findall(r"- (\S+) \[([^\]]*)\]", servers) if version in versions.split(",")]


async def _passed(directory: Path, url: str, scenario: str, version: str) -> set[str] | None:
    """The checks of a scenario that pass, and `_WHOLE` if the suite says so by its exit code; None where it ran out of
    time."""
    command = (_NODE, _ENTRY, "server", "--url", url, "--scenario", scenario, "--spec-version", version)
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    _keep(directory / "logs" / f"{version}-{scenario}-{url.rpartition(':')[2].partition('/')[0]}.txt", said)
    found = set(_SUCCESS.findall(_COLOURS.sub(b"", said)))
    return {check.decode("ascii") for check in found} | ({_WHOLE} if process.returncode == 0 else set())


def _keep(log: Path, said: bytes) -> None:
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(said)


async def _run(directory: Path, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, cwd=directory, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{command[0]} {command[1]} failed: {json.dumps(process.returncode)}")
    return said.decode("utf-8")


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(Path(sys.argv[1]).resolve())))
