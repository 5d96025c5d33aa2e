"""Certificates of the gateway's own, and the authorities that vouch for agents, may be renewed while it serves."""

import logging
import ssl
from pathlib import Path

import pytest

from gateway.agents.http1.renewed import Renewed
from gateway.agents.watched import LOOK_S
from gateway.core.errors import ConfigurationError
from tests.conftest import ManualClock

from ..support import route
from ..wire import certificates


def renewed(directory: Path, clock: ManualClock) -> Renewed:
    certificate, key = certificates(directory)
    root = str(directory / "root.pem")
    return Renewed(route(ca=root, client_certificate=str(certificate), client_key=str(key)), clock=clock.monotonic_ns)


def roots(context: ssl.SSLContext) -> list[object]:
    return [root["serialNumber"] for root in context.get_ca_certs()]


def test_files_that_stay_are_read_once(tmp_path: Path) -> None:
    clock = ManualClock()
    files = renewed(tmp_path, clock)
    first = files.context()
    clock.advance(LOOK_S)
    assert files.context() is first


def test_what_is_written_anew_holds_for_the_next_connection_after_a_look(tmp_path: Path) -> None:
    clock = ManualClock()
    files = renewed(tmp_path, clock)
    first = files.context()
    certificates(tmp_path)
    assert files.context() is first
    clock.advance(LOOK_S)
    second = files.context()
    assert second is not first
    assert roots(second) != roots(first)
    clock.advance(LOOK_S)
    assert files.context() is second


def test_what_is_being_written_changes_nothing_and_is_looked_at_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    files = renewed(tmp_path, clock)
    first = files.context()
    (tmp_path / "other").mkdir()
    certificate, key = certificates(tmp_path / "other")
    certificate.replace(tmp_path / "agent.pem")  # and its key is another one still
    with caplog.at_level(logging.INFO, "gateway.agents"):
        for _ in range(3):
            clock.advance(LOOK_S)
            assert files.context() is first
        key.replace(tmp_path / "agent.key")
        clock.advance(LOOK_S)
        assert files.context() is not first
    said = [(one.levelname, one.getMessage()) for one in caplog.records]
    assert [level for level, _ in said] == ["ERROR", "INFO"]
    assert all("scribe" in text and str(tmp_path) not in text for _, text in said)


def test_a_file_that_is_away_for_a_while_is_taken_when_it_is_back(tmp_path: Path) -> None:
    clock = ManualClock()
    files = renewed(tmp_path, clock)
    first = files.context()
    file = tmp_path / "agent.key"
    kept = file.read_bytes()
    file.unlink()
    clock.advance(LOOK_S)
    assert files.context() is first
    file.write_bytes(kept)
    clock.advance(LOOK_S)
    assert files.context() is not first


def test_a_start_needs_files_that_hold_what_they_should(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigurationError):
        Renewed(route(ca=str(tmp_path / "ca.pem")))


def test_without_files_there_is_nothing_to_look_at() -> None:
    clock = ManualClock()
    files = Renewed(route(), clock=clock.monotonic_ns)
    first = files.context()
    clock.advance(LOOK_S)
    assert files.context() is first
