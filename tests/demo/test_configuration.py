"""The demo's installation, and a directory that may be somebody else's."""

import fcntl
import re
from pathlib import Path

import pytest

from gateway.checks.identity.api_key import _FORM
from gateway.demo import configuration
from gateway.demo.configuration import AGENTS, HOLDERS, MARK, STRANGER, create_key, prepare, write_verifier
from gateway.demo.processes import DemoError
from gateway.settings import load
from tests.demo.here import prepare_here

PORTS = {name: 9000 + number for number, name in enumerate(AGENTS)}


def test_an_installation_is_made_and_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By commands that are processes of their own; anew, in this one."""
    directory = tmp_path / "demo"
    prepare(directory, 8000, PORTS)
    settings = load(directory / "gateway.toml", {})
    assert settings.server.port == 8000
    assert {agent.id: agent.url for agent in settings.agent} == {
        name: f"http://127.0.0.1:{port}/v1" for name, port in PORTS.items()
    }
    assert {zone.id: zone.trusted for zone in settings.zone} == {"in-house": True, "partner": False, "cloud": False}
    assert (directory / "policies" / "policy.csv").is_file()
    key = create_key(directory, HOLDERS[0])
    assert re.fullmatch(r"gwk_\S+", key)
    assert key not in (directory / "gateway.toml").read_text()
    write_verifier(directory, "gateway.vkey")
    first = (directory / "gateway.vkey").read_text()
    (directory / "evidence.zip").write_text("of the last run")
    (directory / "notes.txt").write_text("the user's own")
    prepare_here(monkeypatch)
    prepare(directory, 8001, PORTS)
    assert load(directory / "gateway.toml", {}).server.port == 8001
    assert not (directory / "evidence.zip").exists()
    assert not (directory / "gateway.vkey").exists()
    assert (directory / "notes.txt").read_text() == "the user's own"
    write_verifier(directory, "gateway.vkey")
    assert (directory / "gateway.vkey").read_text() != first


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_text("precious")
    with pytest.raises(DemoError, match="choose another one with --dir"):
        prepare(tmp_path, 8000, PORTS)
    assert (tmp_path / "gateway.db").read_text() == "precious"
    assert not (tmp_path / MARK).exists()


def test_a_directory_that_a_gateway_serves_from_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / MARK).touch()
    (tmp_path / "gateway.db").write_text("precious")
    with (tmp_path / "gateway.db.serving").open("a") as claim:
        fcntl.flock(claim, fcntl.LOCK_EX)
        with pytest.raises(DemoError, match=r"a gateway serves from .*: stop it first"):
            prepare(tmp_path, 8000, PORTS)
        assert (tmp_path / "gateway.db").read_text() == "precious"


def test_a_command_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_here(monkeypatch)
    with pytest.raises(DemoError, match="`gateway keys create` failed"):
        create_key(tmp_path, HOLDERS[0])


def test_a_key_that_is_not_given_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "_gateway", lambda *_: "{}")
    with pytest.raises(DemoError, match="gave no key"):
        create_key(tmp_path, HOLDERS[0])


def test_the_strangers_key_has_the_form_of_one() -> None:
    assert _FORM.fullmatch(STRANGER)
