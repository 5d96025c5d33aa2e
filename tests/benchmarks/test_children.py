"""The benchmark's processes start, say so, and end, whatever happens."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks.children import Unmeasured, child, cpu_seconds, resident_mb, split, stranger
from tests.services import free_port

SAYS = "import json, signal; print(json.dumps({'port': 7}), flush=True); signal.pause()"


def test_a_child_runs_on_its_core_and_ends_with_the_block(tmp_path: Path) -> None:
    core, _ = split()
    with child("one", ["-c", SAYS], core, tmp_path / "log") as (pid, said):
        assert said == {"port": 7}
        assert os.sched_getaffinity(pid) == {core}
        assert cpu_seconds(pid) >= 0
    assert not Path(f"/proc/{pid}").exists()


SERVES = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == os.environ["ALIVE"] else 503)
        self.end_headers()
server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print(f"serves on {server.server_port}", file=sys.stderr, flush=True)
server.serve_forever()
"""


def test_a_strangers_program_is_there_once_it_answers(tmp_path: Path) -> None:
    core, port = split()[0], free_port()
    command = [sys.executable, "-c", SERVES, str(port)]
    url = f"http://127.0.0.1:{port}/alive"
    with stranger("one", command, core, tmp_path / "log", {"ALIVE": "/alive"}, url, 60) as pid:
        assert os.sched_getaffinity(pid) == {core}
        assert resident_mb(pid) > 1
    assert not Path(f"/proc/{pid}").exists()


def test_a_strangers_program_that_never_answers_is_told_with_its_last_words(tmp_path: Path) -> None:
    core, port = split()[0], free_port()
    url = f"http://127.0.0.1:{port}/alive"
    for code, start_s, said in ((SERVES, 1.0, "GET /alive"), ("raise SystemExit('no')", 60.0, "no")):
        command = [sys.executable, "-c", code, str(port)]
        with (
            pytest.raises(Unmeasured, match=said),
            stranger("one", command, core, tmp_path / "log", {"ALIVE": "/"}, url, start_s),
        ):
            pass


def test_who_is_gone_has_no_memory() -> None:
    with pytest.raises((Unmeasured, OSError)):
        resident_mb(2**22 + 1)


def test_one_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    core, _ = split()
    with (
        pytest.raises(Unmeasured, match="that was all"),
        child("one", ["-c", "raise SystemExit('that was all')"], core, tmp_path / "log"),
    ):
        pass


def test_settings_and_proxies_of_the_shell_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_LIMITS_TENANT", "1/day")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    says = "import json, os, signal; print(json.dumps(dict(os.environ)), flush=True); signal.pause()"
    with child("one", ["-c", says], split()[0], tmp_path / "log") as (_, said):
        assert not {"GATEWAY_LIMITS_TENANT", "https_proxy"} & said.keys()


def test_there_is_always_a_core_for_each_side() -> None:
    assert set(split()) <= os.sched_getaffinity(0)
