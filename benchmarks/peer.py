"""LiteLLM's proxy, bare: the same requests, passed through to the same agent, on the same core, in the same run.

It identifies nobody but the holder of its one key, checks and records nothing. It is installed from `litellm.txt` into
an environment of its own and is never a dependency. One worker, one model, which is the benchmark's agent.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import msgspec
import uvloop

from benchmarks import environments, pipeline, servers, site
from benchmarks.bodies import Body, bodies
from benchmarks.children import ROOT, stranger
from benchmarks.databases import Databases
from benchmarks.load import load
from benchmarks.servers import REF, Plan, Run, Running
from tests.services import free_port

TARGET = 25.0
"""The gateway's requests a second over LiteLLM's, at least."""
CONNECTIONS = 16
MAX_ROUNDS = 3
"""It takes long to start."""
PEER = "litellm"
REQUIREMENTS = Path(__file__).with_name("litellm.txt")
ENVIRONMENT = ROOT / ".venv" / PEER
_START_S = 180.0
_MODEL = b'"model": "summarize"'


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Requests a second by server, each round's; how many times LiteLLM's each database's are, medians."""

    version: str
    rates: dict[str, list[float]]
    times: dict[str, float]
    faults: list[str]


def measure(databases: Databases, directory: Path, *, seconds: float, rounds: int, cores: tuple[int, int]) -> Report:
    """Load each in turn. `Unmeasured` where LiteLLM cannot be installed or does not start."""
    program = installed(ENVIRONMENT)
    rates: dict[str, list[float]] = {}
    faults: list[str] = []
    with servers.run(databases, directory, cores) as run:
        gateways = [servers.install(run, kind, Plan(rules=1000, methods=("jwt",))) for kind in databases.kinds]
        for _ in range(rounds):
            key = f"sk-{secrets.token_urlsafe(32)}"
            with serving(run, program, key) as running:
                _add(running, requests(key), seconds, rates, faults)
            for server in gateways:
                with servers.gateway(run, server) as running:
                    _add(running, server.requests, seconds, rates, faults)
    return Report(version=pinned_version(), rates=rates, times=times(rates), faults=faults)


def times(rates: dict[str, list[float]]) -> dict[str, float]:
    """How many times LiteLLM's rate each other's is: medians of the ratios within a round."""
    return {
        name: round(median(one / peer for one, peer in zip(found, rates[PEER], strict=True) if peer), 1)
        for name, found in rates.items()
        if name != PEER and any(rates[PEER])
    }


def _add(running: Running, sent: list[bytes], seconds: float, rates: dict[str, list[float]], faults: list[str]) -> None:
    uvloop.run(load(running.port, sent, connections=CONNECTIONS, seconds=seconds / 4))  # warms up
    measured = uvloop.run(load(running.port, sent, connections=CONNECTIONS, seconds=seconds, start=len(sent) // 2))
    sample = pipeline.Sample(server=running.name, measured=measured, rate=measured.rate, server_cpu=0.0)
    rates.setdefault(running.name, []).append(round(measured.rate, 1))
    faults += pipeline.faults(sample)


def requests(key: str) -> list[bytes]:
    """The same bodies as for a gateway, all for the one model."""
    caller = site.Caller(role="", credential=key, method="api-key")
    sent = []
    for number, body in enumerate(bodies(servers.BODIES)):
        data = body.data.replace(b'"model": "cloud"', _MODEL)
        sent.append(site.request(Body(data=data, data_class="public"), caller, number))
    return sent


@contextmanager
def serving(run: Run, program: Path, key: str) -> Iterator[Running]:
    """The proxy on the server's core, before REF's listener of the agent."""
    file, port = run.directory / "litellm.yaml", free_port()
    file.write_text(configuration(run.ports[REF]), "utf-8")
    command = [str(program), "--config", str(file), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--num_workers", "1", "--telemetry", "False"]
    environment = {
        "LITELLM_MASTER_KEY": key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or it would fetch a table of prices
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
    }
    alive = f"http://127.0.0.1:{port}/health/liveliness"
    log = run.directory / "litellm.log"
    with stranger(PEER, command, run.cores[0], log, environment, alive, _START_S) as pid:
        yield Running(name=PEER, pid=pid, port=port)


def configuration(agent_port: int) -> str:
    """One model, at the benchmark's agent."""
    return f"""\
model_list:
  - model_name: summarize
    litellm_params:
      model: openai/summarize
      api_base: http://127.0.0.1:{agent_port}/v1
      api_key: none
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
"""


def installed(environment: Path) -> Path:
    """The proxy's program, installed where it is not there as it is pinned. `Unmeasured` if that fails."""
    return environments.installed(environment, REQUIREMENTS, PEER)


def lines(report: Report) -> list[str]:
    """The report for people."""
    told = [f"{name:12} {median(found):8.0f} requests/s" for name, found in report.rates.items()]
    return [*told, *(f"{name}: {many:.1f} times {PEER} {report.version}" for name, many in report.times.items())]


def misses(report: Report) -> list[str]:
    """Which databases fall short."""
    return [
        f"{name}: {many:.1f} times {PEER}'s requests a second, {TARGET:.0f} are wanted"
        for name, many in report.times.items()
        if many < TARGET
    ]


def pinned_version() -> str:
    """Which version is measured."""
    return environments.pinned_version(REQUIREMENTS, PEER)
