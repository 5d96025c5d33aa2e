"""The measuring program: corpus, files and disguises are told by type; nothing of the test half is shown."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import eval as program
from benchmarks import eval_document, scanners
from benchmarks.corpus import templates
from benchmarks.corpus.rows import Row, Span
from benchmarks.eval_measured import NAMES, PLACE
from gateway.checks.classification.engine import Engine
from gateway.core.finding import Finding
from gateway.evidence.measured import decode
from tests.checks.classification.conftest import StillClock
from tests.checks.classification.test_own import BADGE, toml

ENGINE = Engine(clock=StillClock(), budget_ms=1000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {
            "text": "mail bob@x.example or not",
            "template": 1,
            "spans": [{"type": "EMAIL_ADDRESS", "start": 5, "end": 18}],
        },
        {"text": "Nobody met Quorvix Zelm", "template": 3, "spans": [{"type": "PERSON", "start": 11, "end": 23}]},
    ]
    (tmp_path / "labelled.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    negatives = [
        {"text": "row 12", "category": "plain", "spans": []},
        {"text": "a@x.example", "category": "at", "spans": []},
    ]
    (tmp_path / "negatives.jsonl").write_text("\n".join(json.dumps(row) for row in negatives))
    (tmp_path / "prose.conll.txt").write_text("Dr. O\nAnna I-PER\nLee I-PER\ncame O\n. O\n\non O\n2024-05-01 O\n")
    return tmp_path


def test_it_measures_the_corpus_and_files_and_writes_misses(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    misses = tmp_path / "misses.out"
    assert program.main(["--each", "1", "--json", "--misses", str(misses), str(folder)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report["measured"]) == ["tuning", "test", "labelled.jsonl", "negatives.jsonl", "prose.conll.txt"]
    assert report["engine"] == ENGINE.version
    email = report["measured"]["labelled.jsonl"]["types"]["email"]
    assert (email["labels"], email["recall"], email["precision"]) == (1, 1.0, 1.0)
    assert report["measured"]["negatives.jsonl"]["negatives"]["categories"]["at"]["types"] == {"email": 1}
    assert report["measured"]["prose.conll.txt"]["types"]["person"]["recall"] == 1.0
    assert "date" not in report["measured"]["prose.conll.txt"]["types"]
    assert {"person", "mrn", "email"} <= set(report["measured"]["test"]["types"])
    assert report["disguised"]["percent, all"]["email"]["labels"] > 0
    written = [json.loads(line) for line in misses.read_text().splitlines()]
    tested = {one.name for one in templates.templates("test")}
    assert written
    assert not tested & {miss["template"] for miss in written}
    assert any(miss["value"] == "Quorvix Zelm" for miss in written)
    assert any(miss["kind"] == "flagged" and miss["value"] == "a@x.example" for miss in written)


def test_what_it_prints_shows_no_text_of_any_row(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    document = tmp_path / "docs" / "classification.md"
    document.parent.mkdir()
    (tmp_path / PLACE).parent.mkdir(parents=True)
    document.write_text("a <!-- types --><!-- /types --> b <!-- results -->\nstale figures\n<!-- /results --> c")
    monkeypatch.setattr(program, "ROOT", tmp_path)
    assert program.main(["--each", "1", "--write", str(folder / "labelled.jsonl")]) == 0
    said = capsys.readouterr().out
    assert "class phi" in said
    written = document.read_text()
    assert "### The test half" in written
    assert "### `labelled.jsonl`" in written
    assert "stale figures" not in written
    assert written.startswith("a <!-- types -->")
    assert written.endswith("<!-- /results --> c")
    (told,) = decode((tmp_path / PLACE).read_bytes()).values()
    assert {one.name for one in told.bodies} == {*NAMES.values(), "labelled.jsonl"}
    for shown in (said, written):
        assert "Quorvix" not in shown
        assert "bob@x" not in shown


@pytest.mark.parametrize("wrong", [["--each", "0"], ["nowhere.jsonl"]])
def test_what_cannot_be_measured_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(wrong)


def test_recognizers_of_an_operators_own_are_looked_for_too(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "badges.toml").write_bytes(toml(BADGE))
    row = {"text": "ask EMP-204518", "template": 9, "spans": [{"type": "x-badge", "start": 4, "end": 14}]}
    (folder / "badges.jsonl").write_text(json.dumps(row))
    arguments = ["--each", "1", "--json", "--recognizers", str(own), str(folder / "badges.jsonl")]
    assert program.main(arguments) == 0
    measured = json.loads(capsys.readouterr().out)["measured"]["badges.jsonl"]
    assert measured["types"]["x-badge"]["recall"] == 1.0
    for wrong in (["--write", "--recognizers", str(own)], ["--recognizers", str(tmp_path / "none")]):
        with pytest.raises(SystemExit):
            program.main(wrong)
    (own / "badges.toml").write_bytes(toml({**BADGE, "must_match": ["nothing"]}))
    with pytest.raises(SystemExit):
        program.main(arguments)


def test_a_file_that_is_not_in_its_form_is_named_and_nothing_of_it_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "bob@x.example"}\n{"text": "bob@x.example", "spans": 1}\n')
    assert program.main(["--each", "1", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.err == "eval: bad.jsonl, line 2: needs text and spans of type, start and end\n"
    assert said.out == ""


def test_only_what_is_disguised_counts_there_and_encoded_texts_count_as_held_when_they_are_not_called_read() -> None:
    text = "Anna Smith, bob@example.com, SSN 123-45-6789, and so on and so forth. " * 9
    row = Row(text, (Span("person", 0, 10), Span("email", 12, 27), Span("us-ssn", 33, 44)))
    told = {one.name: one.types for one in program.disguised(ENGINE, [row])}
    assert set(told["zero-width between"]) == {"email", "us-ssn"}
    assert told["zero-width between"]["us-ssn"].labels == 1
    whole = told["whole text, base64"]
    assert set(whole) == {"email", "us-ssn"}
    assert all(count.hidden == count.labels == 1 for count in whole.values())


def test_a_peer_is_asked_about_the_test_half_and_about_files_with_labels(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []

    class Peer(scanners.Presidio):
        def __init__(self) -> None:
            pass

        def findings(self, texts: Sequence[str]) -> list[tuple[Finding, ...]]:
            asked.append(len(texts))
            return [(Finding("email", 5, 18, 1.0, "peer"),) for _ in texts]

    @contextmanager
    def presidio() -> Iterator[scanners.Presidio]:
        yield Peer()

    monkeypatch.setattr(scanners, "presidio", presidio)
    assert program.main(["--each", "1", "--beside", "--json", str(folder)]) == 0
    told = json.loads(capsys.readouterr().out)["peer"]
    assert told["name"] == f"Presidio {scanners.version()}"
    assert list(told["measured"]) == ["test", "labelled.jsonl"]
    assert told["measured"]["labelled.jsonl"]["types"]["email"]["right"] == 1
    assert asked == [len(templates.templates("test")), 2]


def test_marks_that_are_not_there_are_an_error() -> None:
    with pytest.raises(ValueError, match="marks"):
        eval_document.between("nothing", "types", "x")
