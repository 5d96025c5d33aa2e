"""Memory is looked at after each step, and while streams are open; figures count only if every answer came."""

import os
import socket
from pathlib import Path

import pytest

from benchmarks import memory, servers
from benchmarks.children import Unmeasured, split
from benchmarks.databases import Databases
from benchmarks.servers import Running, Server
from gateway.settings import parse


@pytest.mark.instrument
def test_memory_is_looked_at_after_each_step(tmp_path: Path) -> None:
    told: list[str] = []
    report = memory.growth(Databases(None), tmp_path, cores=split(), requests=90, step=30, tell=told.append)
    # So few requests need not meet every pair of role and class.
    assert [fault for fault in report.faults if "pairs" not in fault and "findings" not in fault] == []
    assert len(report.resident_mb["sqlite"]) == len(told) == 3
    assert 0.5 < report.ratio("sqlite") < 2
    assert "after each 30 requests" in memory.growth_lines(report)[0]


@pytest.mark.instrument
def test_memory_is_looked_at_while_streams_are_held(tmp_path: Path) -> None:
    report = memory.held(Databases(None), tmp_path, cores=split(), streams=20)
    assert report.faults == []
    assert report.held_mb["sqlite"] > report.before_mb["sqlite"] / 2 > 1
    assert "20 streams held in" in memory.held_lines(report)[0]


async def test_streams_that_do_not_open_give_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: object) -> int:
        return 0

    monkeypatch.setattr(servers, "streams_held", none)
    monkeypatch.setattr(memory, "ask", none)
    monkeypatch.setattr(memory, "_OPEN_S", 0.1)
    settings = parse({}, {}, tmp_path)
    server = Server(
        name="sqlite", directory=tmp_path, settings=settings, requests=[b"POST / HTTP/1.1\r\n\r\n"], agent_port=0
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        running = Running(name="sqlite", pid=os.getpid(), port=silent.getsockname()[1])
        with pytest.raises(Unmeasured, match="not all of 2 streams"):
            await memory._held(running, server, 2)
