"""What stands in for processes of the demo does what they do."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo.processes import DemoError, Processes, answers, free_ports
from tests.demo.here import CallersHere, fork_here
from tests.demo.serving_http import answering
from tests.system.processes import forking


def test_a_module_serves_and_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fork_here(monkeypatch, forking())
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("of that directory")
    port = free_ports(1)[0]
    with Processes(tmp_path) as running:
        running.start(
            "web", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)], tmp_path / "there"
        )
        running.await_ready("web", port, "/file")
        running.check()
        with pytest.raises(subprocess.TimeoutExpired):
            running._running["web"].wait(0.01)
    assert running.pids == {}
    assert not answers(port, "/file")
    assert "GET /file" in (tmp_path / "web.log").read_text()


def test_one_that_ends_is_told_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fork_here(monkeypatch, forking())
    with Processes(tmp_path) as running:
        running.start("brief", [sys.executable, "-m", "http.server", "no-port"], tmp_path)
        with pytest.raises(DemoError, match=r"(?s)brief ended; its last words:.*invalid int value"):
            running.await_ready("brief", free_ports(1)[0], "/")


def test_a_caller_calls(tmp_path: Path) -> None:
    with (
        answering([(403, {"error": {"code": "policy_denied"}})]) as asked,
        CallersHere(f"http://127.0.0.1:{asked.port}", tmp_path) as callers,
    ):
        reply = callers.call("k", {"model": "m", "messages": []}, {"X-Route": "exact"})
    assert (reply.status, reply.code) == (403, "policy_denied")
    assert asked.headers[0]["x-route"] == "exact"
