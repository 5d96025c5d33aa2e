"""The benchmark's processes start, say so, and end, whatever happens."""

import os
from pathlib import Path

import pytest

from benchmarks.children import Unmeasured, child, cpu_seconds, split

SAYS = "import json, signal; print(json.dumps({'port': 7}), flush=True); signal.pause()"


def test_a_child_runs_on_its_core_and_ends_with_the_block(tmp_path: Path) -> None:
    core, _ = split()
    with child("one", ["-c", SAYS], core, tmp_path / "log") as (pid, said):
        assert said == {"port": 7}
        assert os.sched_getaffinity(pid) == {core}
        assert cpu_seconds(pid) >= 0
    assert not Path(f"/proc/{pid}").exists()


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
