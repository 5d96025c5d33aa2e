"""The parts of the script that a whole run (`test_main`) does not show."""

from pathlib import Path

import msgspec
import pytest

from gateway.demo import evidence, material, script
from gateway.demo.evidence import Verified
from gateway.demo.processes import DemoError, Processes
from gateway.demo.script import matched
from gateway.demo.seen import Logs
from gateway.demo.stage import Stage


def test_an_expectation_without_its_conversation_is_told() -> None:
    expected, conversations = material.expectations(), material.conversations()
    matched(conversations, expected)
    with pytest.raises(DemoError, match="do not match: bank-02"):
        matched([one for one in conversations if one.id != "bank-02"], expected)
    with pytest.raises(DemoError, match="do not match: bank-02"):
        matched(conversations, {name: one for name, one in expected.items() if name != "bank-02"})


@pytest.mark.parametrize(("code", "held"), [(0, False), (1, True), (2, False)])
def test_a_changed_bundle_must_be_found_bad_and_not_just_unverifiable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, held: bool
) -> None:
    monkeypatch.setattr(evidence, "verify", lambda *_: Verified(code, "told"))
    file = tmp_path / "x.zip"
    check = script._tampered(file, b"data", 7, tmp_path / "k")
    assert (check.held, check.told) == (held, "told")
    assert not file.exists()


def test_a_changed_bundle_is_removed_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Verified:
        raise DemoError("stopped")

    monkeypatch.setattr(evidence, "verify", fail)
    with pytest.raises(DemoError):
        script._tampered(tmp_path / "x.zip", b"data", 7, tmp_path / "k")
    assert list(tmp_path.iterdir()) == []


def test_the_address_is_written_as_clients_write_it(tmp_path: Path) -> None:
    stage = Stage(
        directory=tmp_path, logs=tmp_path, port=8787, keys={}, processes=Processes(tmp_path), received=Logs({})
    )
    assert stage.url == "http://127.0.0.1:8787"
    assert msgspec.structs.replace(stage, port=1).url.endswith(":1")
