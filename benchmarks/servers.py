"""What is measured, as processes: REF, and gateways on either database. Each has the server's core to itself.

A `Run` is what all parts of a benchmark share: where things lie, the databases, the two cores, the agent's ports.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks import site
from benchmarks.bodies import bodies
from benchmarks.children import child
from benchmarks.databases import Databases
from benchmarks.load import ask
from gateway.settings import Settings
from tests.agents.wire import certificates

BODIES = 1200
REF = "ref"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What gateways are configured with and asked for."""

    rules: int = site.RULES
    methods: tuple[str, ...] = site.METHODS
    stream: bool = False


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark under way. `cores` are those of the server and of the load; `ports` the agent's listeners, REF's
    and one for each database."""

    databases: Databases
    directory: Path
    cores: tuple[int, int]
    ports: dict[str, int]
    ca: Path | None = None
    """The authority of the agent's certificate, where it speaks TLS."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway to be started, and the requests for it."""

    name: str
    directory: Path
    settings: Settings
    requests: list[bytes]
    agent_port: int


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A server that takes requests."""

    name: str
    pid: int
    port: int


@contextmanager
def run(
    databases: Databases, directory: Path, cores: tuple[int, int], *options: str, secure: bool = False
) -> Iterator[Run]:
    """A benchmark with its agent started, `secure`: under TLS; `options` are the agent's. `Unmeasured` when it does
    not start."""
    directory.mkdir(parents=True, exist_ok=True)
    arguments = ["-m", "benchmarks.agent", *options, *(_certified(directory) if secure else ())]
    arguments += [REF, *databases.kinds]
    with child("agent", arguments, cores[1], directory / "agent.log") as (_, ports):
        yield Run(
            databases=databases,
            directory=directory,
            cores=cores,
            ports={name: int(port) for name, port in ports.items()},
            ca=directory / "root.pem" if secure else None,
        )


def install(run: Run, kind: str, plan: Plan) -> Server:
    """A gateway's directory, its database with keys for those who use them, and what it will be asked."""
    directory, port = run.directory / kind, run.ports[kind]
    url = run.databases.make(kind, directory)
    agent = f"{'http' if run.ca is None else 'https'}://127.0.0.1:{port}/v1"
    settings, callers = site.lay_out(directory, url, agent, plan.rules, run.ca)
    if "api-key" in plan.methods:
        callers += asyncio.run(site.keyed(settings, site.calling(plan.rules)))
    callers = [caller for caller in callers if caller.method in plan.methods]
    requests = site.requests(list(bodies(BODIES, stream=plan.stream)), callers)
    return Server(name=kind, directory=directory, settings=settings, requests=requests, agent_port=port)


@contextmanager
def ref(run: Run) -> Iterator[Running]:
    """The pass-through, before the agent's own listener for it."""
    arguments = ["-m", "benchmarks.ref", f"http://127.0.0.1:{run.ports[REF]}"]
    with child(REF, arguments, run.cores[0], run.directory / "ref.log") as (pid, said):
        yield Running(name=REF, pid=pid, port=_port(said))


@contextmanager
def gateway(run: Run, server: Server, *program: str) -> Iterator[Running]:
    """The gateway, started as it is in service. `program`: another that serves as it does."""
    arguments = [*(program or ("-m", "gateway.cli")), "serve", "--json", "--port", "0"]
    arguments += ["--config", str(server.directory / "gateway.toml")]
    with child(server.name, arguments, run.cores[0], server.directory / "gateway.log") as (pid, said):
        yield Running(name=server.name, pid=pid, port=_port(said))


async def reached(server: Server) -> int:
    """How many requests reached the agent through this gateway."""
    return await _counted(server, "requests")


async def streams_held(server: Server) -> int:
    """How many streams the agent holds that go through this gateway."""
    return await _counted(server, "held")


async def _counted(server: Server, what: str) -> int:
    return int(json.loads(await ask(server.agent_port, "/count"))[what])


def _certified(directory: Path) -> tuple[str, ...]:
    certificate, key = certificates(directory)
    return "--tls", str(certificate), str(key)


def _port(said: dict[str, object]) -> int:
    return int(str(said["url"]).rpartition(":")[2])
