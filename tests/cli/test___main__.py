"""The script of the command: the same as its entry point, with the collector of garbage on."""

import gc
import sys

import pytest

from gateway.cli.__main__ import run


def test_the_script_runs_the_command_and_leaves_the_collector_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gateway", "no-such-command"])
    thresholds = gc.get_threshold()
    try:
        assert run() == 2
        assert "no-such-command" not in capsys.readouterr().out
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 10_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
