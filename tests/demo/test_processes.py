"""Processes are started, awaited, watched, and stopped by their own ids, whatever ends the block."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.demo import processes
from gateway.demo.processes import (
    DemoError,
    Processes,
    answers,
    environment,
    free_ports,
    gateway_command,
    is_free,
    run,
)

SERVER = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)


def test_a_process_answers_until_the_block_is_left(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    with Processes(tmp_path / "logs") as running:
        running.start("web", [*SERVER, str(port)], tmp_path)
        running.await_ready("web", port, "/")
        running.check()
        assert not is_free(port)
        assert running.pids["web"] > 0
    assert is_free(port)
    assert running.pids == {}


def test_processes_are_stopped_when_the_block_fails(tmp_path: Path) -> None:
    port = free_ports(1)[0]

    def fail() -> None:
        with Processes(tmp_path) as running:
            running.start("web", [*SERVER, str(port)], tmp_path)
            running.await_ready("web", port, "/")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not answers(port, "/")


def test_a_process_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_S", 0.01)
    with Processes(tmp_path) as running:
        running.start("stubborn", [sys.executable, "-c", STUBBORN], tmp_path)
    assert running.pids == {}


def test_who_interrupts_again_while_they_are_stopped_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`timeout make run` sends two: one to the whole group, and one that make passes on."""
    waited, impatient = subprocess.Popen.wait, ["gateway"]

    def wait(process: "subprocess.Popen[bytes]", timeout: float | None = None) -> int:
        if timeout is not None and impatient:
            impatient.pop()
            raise KeyboardInterrupt
        return waited(process, timeout)

    started: list[subprocess.Popen[bytes]] = []

    def interrupted() -> None:
        with Processes(tmp_path) as running:
            for name in ("agent", "gateway"):
                running.start(name, [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path)
            started.extend(running._running.values())
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "wait", wait)
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert impatient == []
    assert [process.poll() is not None for process in started] == [True, True]


def test_a_process_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as running:
        running.start("brief", [sys.executable, "-c", "import sys; sys.exit('no such luck')"], tmp_path)
        with pytest.raises(DemoError, match="brief ended; its last words:\nno such luck"):
            running.await_ready("brief", free_ports(1)[0], "/")
        with pytest.raises(DemoError, match="brief ended"):
            running.check()


def test_a_process_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "START_S", 0.0)
    with Processes(tmp_path) as running:
        running.start("mute", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path)
        with pytest.raises(DemoError, match="mute did not become ready"):
            running.await_ready("mute", free_ports(1)[0], "/")


def test_the_environment_of_the_user_does_not_reach_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATEWAY_SERVER_PORT", "OPENAI_API_KEY", "https_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("KEPT", "y")
    found = environment({"ADDED": "z"})
    assert not {"GATEWAY_SERVER_PORT", "OPENAI_API_KEY", "https_proxy", "HTTP_PROXY"} & set(found)
    assert (found["KEPT"], found["ADDED"]) == ("y", "z")


def test_free_ports_differ() -> None:
    assert len(set(free_ports(5))) == 5


def test_a_command_is_run_to_its_end(tmp_path: Path) -> None:
    echo = "import sys, os; print(sys.stdin.read() + os.getcwd()); print('aside', file=sys.stderr); sys.exit(3)"
    done = run([sys.executable, "-c", echo], tmp_path, "said ")
    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (3, f"said {tmp_path}", "aside")


def test_a_command_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "COMMAND_S", 0.01)
    with pytest.raises(DemoError, match="did not end"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path)


def test_the_gateway_command_is_this_installations(tmp_path: Path) -> None:
    done = run(gateway_command("--version"), tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("gateway ")
