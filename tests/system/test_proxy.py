"""Behind HAProxy, which ends TLS, looks at client certificates and spreads requests over two nodes."""

import asyncio
import base64
import shutil
import socket
import ssl
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.settings import Settings
from gateway.web.app import build_app
from gateway.web.protocol import HttpProtocol
from tests.agents.a2a_making import message, task
from tests.checks.identity.certifying import SERVER, SPIFFE, Authority, Issued
from tests.services import haproxy
from tests.system.kit import HEALTH, PUBLIC, Watch, code
from tests.system.site import System, event, pieces, served, system
from tests.system.test_a2a import VERSION, Said

AUTHORITY = Authority("clients")
TRIAGE = AUTHORITY.issue(uris=[SPIFFE])
STRANGER = Authority("strangers").issue(uris=[SPIFFE])
TABLE = {"match": f"uri:{SPIFFE}", "subject": "triage", "roles": ["agent"], "purposes": ["TREAT"], "zone": "in-house"}
BEHIND = {"trusted_proxies": ["127.0.0.1"], "client_ca": "clients.pem", "client_header": "client-cert"}
HERE = "127.0.0.2"
"""Where callers are: the proxy itself is at another address."""
BODY = {"model": "ward", "messages": [{"role": "user", "content": PUBLIC}]}
CONFIGURATION = """
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    option redispatch
    option abortonclose
    retries 2

frontend door
    bind 127.0.0.1:{port} ssl crt {certificate} ca-file {clients} verify optional crt-ignore-err all ca-ignore-err all
    option forwardfor
    http-request set-header X-Forwarded-Proto https
    http-request del-header Client-Cert
    http-request del-header Client-Cert-Chain
    http-request del-header X-Forwarded-Client-Cert
    http-request set-header Client-Cert :%[ssl_c_der,base64]: if {{ ssl_c_used }}
    default_backend nodes

backend nodes
    balance roundrobin
{servers}
"""


@asynccontextmanager
async def behind(folder: Path, nodes: list[str]) -> AsyncIterator[str]:
    """HAProxy before these nodes; its address."""
    program = haproxy()
    house = Authority("house")
    certificate, key = house.issue(dns=["localhost"], purposes=SERVER).write(folder, "proxy")
    (folder / "house.pem").write_bytes(house.pem)
    _joined(folder / "both.pem", certificate, key)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    servers = "\n".join(f"    server n{number} {url.removeprefix('http://')}" for number, url in enumerate(nodes))
    file = folder / "haproxy.cfg"
    file.write_text(
        CONFIGURATION.format(
            port=port, certificate=folder / "both.pem", clients=folder / "clients.pem", servers=servers
        )
    )
    running = await asyncio.create_subprocess_exec(program, "-db", "-q", "-f", str(file), stdout=DEVNULL)
    try:
        await _listening(running, port)
        yield f"https://localhost:{port}"
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


def _joined(file: Path, *given: str) -> None:
    file.write_bytes(b"".join(Path(one).read_bytes() for one in given))


async def _listening(running: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            assert running.returncode is None, "the proxy ended"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return


def client(url: str, folder: Path, shown: Issued | None = None) -> httpx.AsyncClient:
    """A caller at another address than the proxy's, who shows this certificate."""
    context = ssl.create_default_context(cafile=str(folder / "house.pem"))
    if shown is not None:
        context.load_cert_chain(*shown.write(folder / "shown", "client"))
    return httpx.AsyncClient(
        base_url=url, transport=httpx.AsyncHTTPTransport(verify=context, local_address=HERE), timeout=30
    )


@asynccontextmanager
async def one_node(base: Settings, **sections: Any) -> AsyncIterator[tuple[System, str, Path]]:
    """A gateway behind the proxy: the gateway, the proxy's address, and where certificates lie."""
    folder = Path(base.base)
    (folder / "clients.pem").write_bytes(AUTHORITY.pem)
    async with (
        system(base, server=BEHIND, certificate=[TABLE], **sections) as site,
        served(build_app(site.gateway), http=HttpProtocol.within(15)) as node,
        behind(folder, [node]) as url,
    ):
        yield site, url, folder


async def detail(site: System, exchange: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {await site.key('auditor')}"}
    found: dict[str, Any] = (await site.http.get(f"/audit/exchanges/{exchange}", headers=headers)).json()["records"][0]
    return dict(found["detail"])


async def test_who_shows_a_certificate_is_known_by_it_and_where_they_are(sqlite_settings: Settings) -> None:
    async with one_node(sqlite_settings) as (site, url, folder), client(url, folder, TRIAGE) as http:
        answer = await http.post("/v1/chat/completions", json=BODY, headers={"x-forwarded-for": "203.0.113.9"})
        assert answer.status_code == 200, answer.text
        told = await detail(site, answer.headers["x-exchange-id"])
        assert (told["subject"], told["method"], told["source"], told["tls"]) == ("triage", "mtls", HERE, "proxy")
        ((headers, _),) = site.agents["ward"].received
        assert not {"client-cert", "x-forwarded-for", "x-forwarded-proto"} & headers.keys()


async def test_whom_nobody_vouches_for_is_refused_though_the_proxy_lets_them_through(sqlite_settings: Settings) -> None:
    async with one_node(sqlite_settings) as (site, url, folder), client(url, folder, STRANGER) as http:
        answer = await http.post("/v1/chat/completions", json=BODY)
        assert (answer.status_code, code(answer)) == (401, "credential_invalid")
        assert (await site.records("_system"))[-1]["outcome"]["code"] == "credential_invalid"
        assert not site.agents["ward"].received


@pytest.mark.parametrize("name", ["client-cert", "client-cert-chain", "x-forwarded-client-cert", "Client_Cert"])
async def test_a_certificate_that_a_caller_only_writes_is_nobodys(sqlite_settings: Settings, name: str) -> None:
    async with one_node(sqlite_settings) as (site, url, folder), client(url, folder) as http:
        written = {name: f":{base64.b64encode(TRIAGE.der).decode()}:"}
        answer = await http.post("/v1/chat/completions", json=BODY, headers=written)
        assert (answer.status_code, code(answer)) == (401, "credential_missing")
        assert not site.agents["ward"].received


async def test_failures_count_for_the_caller_and_not_for_the_proxy(sqlite_settings: Settings) -> None:
    async with one_node(sqlite_settings, limits={"failures": "2/minute"}) as (site, url, folder):
        good = {"authorization": f"Bearer {await site.key('agent')}"}
        async with client(url, folder) as http:
            bad = [
                await http.post(
                    "/v1/chat/completions",
                    json=BODY,
                    headers={"authorization": "Bearer nobody", "x-forwarded-for": f"203.0.113.{number}"},
                )
                for number in range(4)
            ]
            assert [answer.status_code for answer in bad] == [401, 401, 429, 429]
        context = ssl.create_default_context(cafile=str(folder / "house.pem"))
        async with httpx.AsyncClient(base_url=url, verify=context, timeout=30) as other:
            assert (await other.post("/v1/chat/completions", json=BODY, headers=good)).status_code == 200


async def test_a_stream_passes_piece_by_piece_and_the_agent_learns_that_its_caller_left(
    sqlite_settings: Settings,
) -> None:
    more, left = asyncio.Event(), asyncio.Event()

    async def slowly(scope: Any, receive: Any, send: Any) -> None:
        head = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for piece in pieces("words " * 60, 30):
            await send({"type": "http.response.body", "body": event({"content": piece}), "more_body": True})
        more.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    watch = Watch()
    async with (
        one_node(sqlite_settings, failpoint=watch) as (site, url, folder),
        client(url, folder, TRIAGE) as http,
    ):
        site.agents["ward"].behave = slowly
        async with http.stream("POST", "/v1/chat/completions", json={**BODY, "stream": True}) as stream:
            assert stream.status_code == 200
            async with asyncio.timeout(30):
                await more.wait()
                assert "words" in await anext(line async for line in stream.aiter_lines() if line)
            exchange = stream.headers["x-exchange-id"]

        async def ended() -> list[dict[str, Any]] | None:
            trail = await site.trail(exchange)
            return trail if len(trail) > 1 else None

        async with asyncio.timeout(30):
            await left.wait()
        trail = await watch.until(ended)
        assert trail[-1]["outcome"]["code"] == "client_disconnected"


@asynccontextmanager
async def two_nodes(base: Settings) -> AsyncIterator[tuple[System, Said, list[AsyncExitStack], str]]:
    """Two gateways on one database behind the proxy: one of them, what agents say, what ends each of the two, and the
    proxy's address."""
    folder = Path(base.base)
    (folder / "clients.pem").write_bytes(AUTHORITY.pem)
    async with AsyncExitStack() as stack:
        said = Said()
        ends: list[AsyncExitStack] = []
        nodes: list[str] = []
        sites: list[System] = []
        agents: dict[str, dict[str, Any]] = {
            name: {"protocol": "a2a", "zone": zone, "capabilities": ["triage"], **more}
            for name, zone, more in (("ward", "in-house", {}), ("sky", "cloud", {"processor": "cloud-inc"}))
        }
        for number in range(2):
            home = folder if not number else folder / "two"
            if number:
                home.mkdir()
                shutil.copy(folder / "clients.pem", home)
                shutil.copytree(folder / "keys", home / "keys", ignore=shutil.ignore_patterns("node-id"))
            here = msgspec.structs.replace(base, base=str(home))
            site = await stack.enter_async_context(system(here, agents=agents, server=BEHIND, certificate=[TABLE]))
            for name, agent in site.agents.items():
                agent.behave = agent.behave or said
                agents[name] = {**agents[name], "url": agent.url}
            end = await stack.enter_async_context(AsyncExitStack())
            nodes.append(await end.enter_async_context(served(build_app(site.gateway), http=HttpProtocol.within(15))))
            ends.append(end)
            sites.append(site)
        url = await stack.enter_async_context(behind(folder, nodes))
        yield sites[0], said, ends, url


@pytest.mark.postgres
async def test_what_was_said_to_one_node_sticks_at_the_other_also_once_the_first_is_gone(
    postgres_settings: Settings,
) -> None:
    folder = Path(postgres_settings.base)
    async with two_nodes(postgres_settings) as (site, said, ends, url), client(url, folder) as http:
        said.says = {"task": task()}
        given = {**VERSION, "authorization": f"Bearer {await site.key('clinician')}"}

        async def send(agent: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
            body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
            answer = await http.post(f"/a2a/{agent}", json=body, headers=given)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())

        assert "result" in await send("ward", "SendMessage", {"message": message({"text": HEALTH})})
        nodes = set()
        later = {"message": message(contextId="c-1", taskId="t-1")}
        for _ in range(4):
            refused = await send("sky", "SendMessage", {"message": message(contextId="c-1")})
            assert refused["error"]["data"][0]["metadata"]["code"] == "policy_denied"
            (denied,) = await site.trail(refused["error"]["data"][0]["metadata"]["exchange"])
            assert denied["classes"]["inherited"] == ["phi", "pii"]
            nodes.add(denied["node"]["id"])
        assert len(nodes) == 2, "both were asked"
        assert ["result" in await send("ward", "SendMessage", later) for _ in range(2)] == [True, True]
        await ends[0].aclose()
        for _ in range(4):
            refused = await send("sky", "SendMessage", {"message": message(contextId="c-1")})
            assert refused["error"]["data"][0]["metadata"]["code"] == "policy_denied"
            assert "result" in await send("ward", "SendMessage", later)
        assert not site.agents["sky"].received
