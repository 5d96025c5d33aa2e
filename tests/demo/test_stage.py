"""The stage is taken down when something on it does not start."""

import tomllib
from pathlib import Path

import pytest

from gateway.demo import stage as staging
from gateway.demo.configuration import AGENTS
from gateway.demo.processes import DemoError, is_free
from gateway.demo.stage import USUAL_PORT, stage
from tests.demo.here import prepare_here


def test_what_was_started_is_stopped_when_the_gateway_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_here(monkeypatch)
    monkeypatch.setattr(staging, "HOLDERS", ())
    monkeypatch.setattr(staging, "gateway_command", lambda *_: ["/bin/sh", "-c", "echo no ledger here; exit 1"])
    with (
        pytest.raises(DemoError, match="gateway ended; its last words:\nno ledger here"),
        stage(tmp_path / "demo", usual_port=False),
    ):
        raise AssertionError
    settings = tomllib.loads((tmp_path / "demo" / "gateway.toml").read_text())
    assert {agent["id"] for agent in settings["agent"]} == set(AGENTS)
    for agent in settings["agent"]:
        assert is_free(int(agent["url"].split(":")[2].split("/")[0]))


@pytest.mark.parametrize("free", [True, False])
def test_the_usual_port_is_taken_where_it_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: bool) -> None:
    seen: list[int] = []

    def prepare(directory: Path, port: int, agents: object) -> None:
        seen.append(port)
        raise DemoError("far enough")

    monkeypatch.setattr(staging, "prepare", prepare)
    monkeypatch.setattr(staging, "is_free", lambda port: free)
    with pytest.raises(DemoError), stage(tmp_path, usual_port=True):
        raise AssertionError
    assert (seen == [USUAL_PORT]) is free
