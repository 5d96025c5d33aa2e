"""Without the script the demo serves until it is stopped, and what it shows works when it is copied."""

import io
import json
import multiprocessing
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo.configuration import HOLDERS
from gateway.demo.main import run
from gateway.demo.processes import DemoError, Processes, environment, is_free
from gateway.demo.seen import Logs
from gateway.demo.serving import serve
from gateway.demo.stage import Stage
from tests.demo.here import fork_here, prepare_here
from tests.forked import Forked, forked


def demo(arguments: list[str]) -> int:
    """What it starts is forked of this process, which has loaded it already."""
    with pytest.MonkeyPatch.context() as patch:
        prepare_here(patch)
        fork_here(patch, multiprocessing.get_context("fork"))
        return run(Path(arguments[0]), script=False, as_json=False)


def said(process: Forked, last: str) -> str:
    """Everything up to the line that ends with this."""
    lines: list[str] = []
    while not lines or not lines[-1].rstrip().endswith(last):
        line = process.stdout.readline()
        assert line, "the demo ended"
        lines.append(line)
    return "".join(lines)


def test_it_serves_until_it_is_terminated_and_the_snippet_on_the_screen_runs_as_it_stands(tmp_path: Path) -> None:
    with forked(demo, [str(tmp_path / "demo")], tmp_path) as process:
        try:
            shown = said(process, "stops all of it.")
            port = re.search(r"base URL +http://127\.0\.0\.1:(\d+)/v1", shown)
            snippet = re.search(r"^from openai.*?content\)$", shown, re.MULTILINE | re.DOTALL)
            assert port is not None
            assert snippet is not None
            command = [sys.executable, "-c", snippet[0]]
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
    assert done.stdout.startswith("ward-summarizer route\n")
    assert "Problems: pneumonia" in done.stdout
    assert code == 0
    assert is_free(int(port[1]))


def test_as_data_it_tells_addresses_and_keys_and_ends_when_a_process_does(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("brief", [sys.executable, "-c", "pass"], tmp_path)
        running = Stage(
            directory=tmp_path,
            logs=tmp_path,
            port=8787,
            keys={**{holder.name: f"key of {holder.name}" for holder in HOLDERS}, "stranger": "none"},
            processes=processes,
            received=Logs({}),
        )
        out = io.StringIO()
        with pytest.raises(DemoError, match="brief ended"):
            serve(running, True, out)
    told = json.loads(out.getvalue())
    assert told["base_url"] == "http://127.0.0.1:8787/v1"
    assert told["keys"]["clerk"] == "key of clerk"
    assert "stranger" not in told["keys"]
