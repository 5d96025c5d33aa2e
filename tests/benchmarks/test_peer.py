"""The peer is asked for the same, is a stranger to the gateway's environment, and is told with its version."""

import json
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks import peer, servers
from benchmarks.bodies import bodies
from benchmarks.children import split
from benchmarks.databases import Databases

RATES = {"litellm": [50.0, 100.0, 10.0], "sqlite": [1500.0, 2000.0, 900.0]}


def test_the_median_of_ratios_within_a_round_is_told() -> None:
    report = peer.Report(version="1", rates=RATES, times=peer.times(RATES), faults=[])
    assert report.times == {"sqlite": 30.0}
    assert peer.misses(report) == []
    assert "sqlite: 30.0 times litellm 1" in peer.lines(report)
    slow = peer.Report(version="1", rates=RATES, times={"sqlite": 24.9}, faults=[])
    assert "25 are wanted" in peer.misses(slow)[0]
    assert peer.times({"litellm": [0.0], "sqlite": [5.0]}) == {}


def test_it_is_sent_the_same_bodies_for_its_one_model() -> None:
    sent = peer.requests("sk-made-up")
    assert len(sent) == servers.BODIES
    for raw, body in zip(sent, bodies(servers.BODIES), strict=True):
        head, _, data = raw.partition(b"\r\n\r\n")
        assert b"authorization: Bearer sk-made-up" in head
        assert f"content-length: {len(data)}".encode() in head
        assert json.loads(data) == {**json.loads(body.data), "model": "summarize"}


def test_it_has_one_model_at_the_agent_and_its_key_from_the_environment() -> None:
    read = yaml.safe_load(peer.configuration(4711))
    (model,) = read["model_list"]
    assert model["litellm_params"]["api_base"] == "http://127.0.0.1:4711/v1"
    assert read["general_settings"]["master_key"].startswith("os.environ/")


def test_it_is_pinned_with_hashes() -> None:
    assert f"litellm[proxy]=={peer.pinned_version()}" in (peer.REQUIREMENTS.with_suffix(".in")).read_text("utf-8")
    lines = peer.REQUIREMENTS.read_text("utf-8").splitlines()
    packages = sum("==" in line and not line.startswith(" ") for line in lines)
    assert sum("--hash=sha256:" in line for line in lines) >= packages > 50


PROXY = f"""#!{sys.executable}
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer()
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        right = self.headers["authorization"] == "Bearer " + os.environ["LITELLM_MASTER_KEY"]
        self.answer(200 if right else 401)
    def answer(self, status=200):
        self.send_response(status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_):
        pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@pytest.mark.instrument
def test_a_short_run_loads_both_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "litellm"
    program.write_text(PROXY)
    program.chmod(0o755)
    monkeypatch.setattr(peer, "installed", lambda _: program)
    report = peer.measure(Databases(None), tmp_path / "run", seconds=0.4, rounds=1, cores=split())
    # Where the machine is busy so short a load may end before its first answer.
    assert all("nothing was answered" in fault for fault in report.faults)
    assert set(report.rates) == {"litellm", "sqlite"}
