"""The callers' process, from this side."""

import sys
from pathlib import Path

import pytest

from gateway.demo.calling import Callers
from gateway.demo.processes import DemoError
from tests.demo.serving_http import answering


def test_a_job_is_done_by_a_process_of_its_own(tmp_path: Path) -> None:
    with (
        answering([(403, {"error": {"code": "policy_denied"}})]) as asked,
        Callers(f"http://127.0.0.1:{asked.port}", tmp_path) as callers,
    ):
        reply = callers.call("k", {"model": "m", "messages": []}, {"X-Route": "exact"})
    assert (reply.status, reply.code) == (403, "policy_denied")
    assert asked.requests[0][1] == "/v1/chat/completions"
    assert asked.headers[0]["x-route"] == "exact"


def test_nobody_is_called_before_the_process_is_there(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="have not been started"):
        Callers("http://127.0.0.1:1", tmp_path).call("k", None)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ModuleNotFoundError: No module named 'openai'", "its extra `demo`"),
        ("something else", "last words:\nsomething else"),
    ],
)
def test_a_process_that_ended_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str) -> None:
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "{said}" >&2\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with Callers("http://127.0.0.1:1", tmp_path) as callers, pytest.raises(DemoError, match=told):
        callers.call("k", None)
