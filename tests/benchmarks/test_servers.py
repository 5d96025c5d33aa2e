"""REF and gateways start as they do in service, each before a listener of the agent's own."""

import asyncio
from pathlib import Path

import pytest

from benchmarks import servers
from benchmarks.children import split
from benchmarks.databases import Databases
from benchmarks.load import load
from benchmarks.servers import Plan


@pytest.mark.instrument
def test_what_a_server_is_sent_reaches_its_own_listener(tmp_path: Path) -> None:
    plan = Plan(methods=("api-key",))
    with servers.run(Databases(None), tmp_path, split()) as run:
        server = servers.install(run, "sqlite", plan)
        assert len(server.requests) == servers.BODIES
        for started in (servers.ref(run), servers.gateway(run, server)):
            with started as running:
                assert Path(f"/proc/{running.pid}").exists()
                done = asyncio.run(load(running.port, server.requests, connections=1, seconds=60, total=3))
                assert done.statuses == {"200": 3}
            assert not Path(f"/proc/{running.pid}").exists()
        assert asyncio.run(servers.reached(server)) == 3


def test_a_plan_says_who_calls_and_what_for(tmp_path: Path) -> None:
    with servers.run(Databases(None), tmp_path, split()) as run:
        server = servers.install(run, "sqlite", Plan(methods=("jwt",), stream=True))
    assert len(server.requests) == servers.BODIES
    assert all(b'"stream": true' in request for request in server.requests)
    assert all(b"authorization: Bearer eyJ" in request for request in server.requests)
