"""Every route, by every spelling of its path that others take for the same: nobody without a credential is let in."""

import asyncio
import re
from collections.abc import Iterator
from itertools import cycle, groupby
from operator import itemgetter

from gateway.settings import Settings
from gateway.web.app import FURTHER_BELOW, TRAFFIC, TRAFFIC_BELOW, Application, build_app
from gateway.web.protocol import HttpProtocol
from tests.system.site import served, system
from tests.web.test_access import OPEN

EVERYBODYS = {re.sub(r"\{[^}]*\}", "1", path) for path in OPEN}
REFUSED = {400, 401, 404, 405}


def routes(app: Application) -> Iterator[tuple[str, str]]:
    """Method and path of every route that there is, its variables filled in."""
    for route in app.api.routes:
        for method in sorted(getattr(route, "methods", ())):
            yield method, re.sub(r"\{[^}]*\}", "1", route.path)
    for path in (*TRAFFIC, *(f"{prefix}ward" for prefix in TRAFFIC_BELOW), *(f"{it}ward/x" for it in FURTHER_BELOW)):
        yield "POST", path


def spellings(path: str) -> Iterator[str]:
    """What proxies, frameworks and file systems take for a path, or for one that is open."""
    first, rest = path[1], path[2:]
    yield from (path, f"/{path}", f"//{path}", f"{path}/", f"{path}//", f"{path}/.", f"{path}/..", f"{path}/..;/")
    yield from (f"/.{path}", f"/..{path}", f"/x/..{path}", f"/healthz/..{path}", f"/healthz/..;{path}", f"/;{path}")
    yield from (f"/healthz%2f..{path}", f"/%2e{path}", f"/%2e%2e{path}", f"/healthz/%2e%2e{path}", f"/%252e{path}")
    yield from (path.replace("/", "%2F"), "/" + path[1:].replace("/", "%2f"), path.replace("/", "\\"), f"/\\{path[1:]}")
    yield from (f"/%{ord(first):02x}{rest}", f"/%25{ord(first):02x}{rest}", f"/%u00{ord(first):02x}{rest}")
    yield from (path.upper(), path.title(), path.swapcase(), f"{path}.", f"{path}..", f"{path}...", f"{path}%2e")
    yield from (
        f"{path}%20",
        f"{path}%09",
        f"{path}%00",
        f"{path}%00.json",
        f"{path}%0a",
        f"{path}%0d%0aX: y",
        f"{path}%",
    )
    yield from (
        f"{path};",
        f"{path};x=/healthz",
        f"{path}?/healthz",
        f"{path}?",
        f"{path}#/healthz",
        f"{path}%3f/healthz",
    )
    yield from (
        f"{path}%23/healthz",
        f"{path}.json",
        f"{path}/healthz",
        f"{path}/../healthz/..{path}",
        f"{path}~",
        f"{path}*",
    )
    yield from (f"http://x{path}", f"http://x/{path}", f"https://u:p@x:1{path}", f"{path}%c0%af", f"{path}%ef%bc%8f")
    yield from (f"/%ef%bc%8e%ef%bc%8e{path}", f"/\u2024{path}", f"{path}\u0130", f"/%ff%fe{path}", f"{path}%e2%80%8b")


class Raw:
    """One connection after another on which bytes go out as they are."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def asks(self, method: str, target: str) -> int:
        """The status of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        line = f"{method} {target} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}"
        writer.write(line.encode("utf-8"))
        async with asyncio.timeout(20):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            found = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(0 if found is None or method == "HEAD" else int(found[1]))
        if b"connection: close" in head:
            self.close()
        return int(head[9:12])

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def test_no_spelling_of_any_path_is_let_in_without_a_credential(sqlite_settings: Settings) -> None:
    limits = {"failures": "1000000/minute"}
    async with system(sqlite_settings, agents={"ward": {"zone": "in-house"}}, limits=limits) as site:
        app = build_app(site.gateway)
        records = len(await site.records())
        every = sorted({(path, method) for method, path in routes(app)})
        assert len(every) > 30
        async with served(app, http=HttpProtocol.within(5)) as url:
            raw = Raw(int(url.rpartition(":")[2]))
            for path, methods in groupby(every, itemgetter(0)):
                # As it stands by each method, and in another way by one of them each: by each method in many of them.
                turns = [method for _, method in methods]
                asked = [(method, path) for method in turns]
                asked += zip(cycle(turns), (one for one in spellings(path) if one != path), strict=False)
                for method, spelled in asked:
                    opened = path in EVERYBODYS or spelled in EVERYBODYS
                    status = await raw.asks(method, spelled)
                    # An open path may be spelled in some other ways, as its router has it; what is not open may not.
                    assert status in REFUSED or (opened and status in (200, 204)), (method, spelled, status)
            raw.close()
        # Nothing came of any of it but counts in the operator's own ledger.
        assert len(await site.records()) == records
        assert not any(agent.received for agent in site.agents.values())
        assert {record["event"] for record in await site.records("_system")} <= {"auth.failed", "ledger.started"}
