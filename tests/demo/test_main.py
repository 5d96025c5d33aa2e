"""The demo as a whole: the real gateway, real agents, the official client."""

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.demo import main, material, show
from gateway.demo.processes import is_free
from gateway.demo.report import Report
from gateway.demo.show import Painter
from tests.demo.here import call_here, fork_here, prepare_here, verify_here
from tests.house.tree import ROOT
from tests.system.processes import forking


def report_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def ports_of(directory: Path) -> list[int]:
    settings = tomllib.loads((directory / "gateway.toml").read_text())
    return [settings["server"]["port"], *(int(agent["url"].split(":")[2].split("/")[0]) for agent in settings["agent"])]


def some(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Only these conversations, so that a run is short."""
    kept = tuple(one for one in material.conversations() if one.id in names)
    monkeypatch.setattr(material, "conversations", lambda: kept)


def test_the_script_holds_from_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_here(monkeypatch)
    directory = tmp_path / "demo"
    code = main.run(directory, script=True, as_json=True)
    report = report_of(capsys)
    differing = {one["id"]: one["differences"] for one in report["conversations"] if one["differences"]}
    assert differing == {}
    assert [check for check in report["checks"] if not check["held"]] == []
    assert (code, report["held"]) == (0, True)
    assert len(report["conversations"]) == len(material.conversations())
    assert (directory / report["bundle"]).stat().st_size > 0
    assert (directory / report["key"]).read_text().count("+") >= 2
    assert not (directory / "evidence-tampered.zip").exists()
    assert all(map(is_free, ports_of(directory)))
    said = _plain(_told(msgspec.convert(report, Report)))
    for piece in _printed_in_the_readme():
        assert _plain(piece) in said


def _told(report: Report) -> str:
    """What is on the screen without `--json`."""
    paint = Painter(sys.stdout)
    lines = [line for one in report.conversations for line in show.conversation(one, paint)]
    return "\n".join([*lines, *(line for one in report.checks for line in show.check(one, paint))])


def _printed_in_the_readme() -> list[str]:
    readme = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(r"```text\n(clinic-.*?)\n\n\d+ of \d+ conversations", readme, re.DOTALL)
    pieces = re.split(r"\n…\n|\n(?=ok  )", block)
    assert len(pieces) > 10
    return pieces


def _plain(text: str) -> str:
    """Times, sizes and numbers of records differ from run to run, and so where a line is broken."""
    return re.sub(r"[0-9][0-9,]*", "#", re.sub(r"\s+", " ", text))


def test_one_wrong_expectation_makes_it_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that is checked beside the conversations holds; the one conversation is told."""
    prepare_here(monkeypatch)
    verify_here(monkeypatch)
    call_here(monkeypatch)
    fork_here(monkeypatch, forking())
    names = ("clinic-02", "clinic-11", "support-05")
    some(monkeypatch, *names)
    shipped = json.loads(material.EXPECTED.read_text("utf-8"))
    expected = {name: shipped[name] for name in names}
    expected["clinic-11"]["masked"][0]["placeholder"] = "[PHONE]"
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(expected))
    assert main.run(tmp_path / "demo", script=True, as_json=False, expected=file) == 1
    said = capsys.readouterr().out
    assert "2 of 3 conversations and 11 of 11 checks held." in said
    assert "EXPECTED  cloud-oracle received another body" in said
    assert "\x1b" not in said


def test_expectations_that_do_not_fit_the_conversations_end_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    some(monkeypatch, "clinic-01")
    directory = tmp_path / "demo"
    assert main.run(directory, script=True, as_json=True) == 1
    told = capsys.readouterr()
    assert "conversations and expectations do not match" in told.err
    assert told.out == ""
    assert not directory.exists()


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    assert main.run(tmp_path, script=True, as_json=False) == 2
    assert "choose another one" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_interrupt_is_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "_script", interrupted)
    monkeypatch.setattr(main, "_serve", interrupted)
    assert main.run(tmp_path, script=True, as_json=False) == 130
    assert main.run(tmp_path, script=False, as_json=False) == 0
