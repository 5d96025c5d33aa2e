"""What the whole pipeline costs with one HTTP client or another, and behind one kind of route or another.

    python -m benchmarks.choices [--rounds N] [--seconds S]

Requests and streams of 200 deltas through the gateway on SQLite, records durable, over plain connections to agents and
TLS; rounds are interleaved, medians told. What counts is the processor's time of the gateway for one request or delta,
threads included: the rate stands beside it.
"""

import argparse
import importlib.util
import itertools
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec

from benchmarks import pipeline, servers
from benchmarks.children import split
from benchmarks.databases import Databases
from benchmarks.pipeline import TRIALS, Sample
from benchmarks.servers import Run, Server
from benchmarks.variants import CLIENTS, ROUTES

KIND = "sqlite"
CONNECTIONS = 64


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One client and route, asked in one way."""

    client: str
    route: str
    scheme: str
    streamed: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What it costs: microseconds of the processor for one request or delta, and how many a second there were."""

    choice: Choice
    cost_us: float
    rate: float


def choices() -> list[Choice]:
    """Every client before plain ASGI, every route with our own client without TLS; those that are installed."""
    clients = [name for name in CLIENTS if name != "aiohttp" or importlib.util.find_spec(name)]
    ways = [(client, ROUTES[0], scheme) for scheme in ("http", "https") for client in clients]
    ways += [("ours", route, "http") for route in ROUTES[1:]]
    return [
        Choice(client=client, route=route, scheme=scheme, streamed=streamed)
        for streamed in (False, True)
        for client, route, scheme in ways
    ]


def measure(
    directory: Path, asked: Sequence[Choice], *, seconds: float, rounds: int, cores: tuple[int, int]
) -> tuple[list[Row], list[str]]:
    """A row for each, and why they do not count."""
    samples: dict[Choice, list[Sample]] = {choice: [] for choice in asked}
    with ExitStack() as stack:
        installed: dict[tuple[str, bool], tuple[Run, Server]] = {}
        for scheme, streamed in dict.fromkeys((choice.scheme, choice.streamed) for choice in asked):
            trial, place = _trial(streamed), directory / f"{scheme}-{streamed}"
            run = servers.run(Databases(None), place, cores, *trial.agent, secure=scheme == "https")
            opened = stack.enter_context(run)
            installed[scheme, streamed] = opened, servers.install(opened, KIND, trial.plan)
        for number, choice in itertools.product(range(rounds), asked):
            run_, server = installed[choice.scheme, choice.streamed]
            program = ("-m", "benchmarks.variants", choice.client, choice.route)
            with servers.gateway(run_, server, *program) as running:
                samples[choice] += pipeline.loaded(running, _trial(choice.streamed), server.requests, seconds, number)
    found = [
        Row(
            choice=choice,
            cost_us=round(median(one.cost_us for one in taken), 1),
            rate=round(median(one.rate for one in taken)),
        )
        for choice, taken in samples.items()
    ]
    return found, [fault for taken in samples.values() for one in taken for fault in pipeline.faults(one)]


def _trial(streamed: bool) -> pipeline.Trial:
    trial = TRIALS["streaming" if streamed else "full"]
    return msgspec.structs.replace(trial, connections=(CONNECTIONS,))


def lines(rows: Sequence[Row]) -> list[str]:
    """The rows for people."""
    told = []
    for row in rows:
        choice, unit = row.choice, "delta" if row.choice.streamed else "request"
        what = f"{unit:8} {choice.scheme:5} {choice.client:9} {choice.route:6}"
        told.append(f"{what} {row.cost_us:8.1f} us, {row.rate:8.0f} a second")
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.choices", description="Clients and routes, in the pipeline.")
    parser.add_argument("--rounds", type=int, default=5, help="whose medians are told")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load")
    given = parser.parse_args(arguments)
    cores = split()
    os.sched_setaffinity(0, {cores[1]})
    with tempfile.TemporaryDirectory(prefix="gateway-choices-") as name:
        rows, faults = measure(Path(name), choices(), seconds=given.seconds, rounds=given.rounds, cores=cores)
    print("\n".join([*lines(rows), *faults]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
