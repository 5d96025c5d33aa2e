"""The measuring program reads the labelled forms, counts overlaps, and says so when there is nothing to read."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "benchmarks/eval.py", *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_labelled_text_it_says_so_and_ends_well(tmp_path: Path) -> None:
    done = run(str(tmp_path))
    assert done.returncode == 0
    assert "no labelled text" in done.stdout


def test_it_counts_by_type_by_category_and_in_prose(tmp_path: Path) -> None:
    rows = [
        {
            "text": "mail bob@x.example or not",
            "template": 1,
            "spans": [{"type": "EMAIL_ADDRESS", "start": 5, "end": 18}],
        },
        {"text": "on 2024-05-01", "template": 2, "spans": []},
        {"text": "Anna went", "template": 3, "spans": [{"type": "PERSON", "start": 0, "end": 4}]},
    ]
    (tmp_path / "labelled.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    negatives = [
        {"text": "row 12", "category": "plain", "spans": []},
        {"text": "a@x.example", "category": "at", "spans": []},
    ]
    (tmp_path / "negatives.jsonl").write_text("\n".join(json.dumps(row) for row in negatives))
    (tmp_path / "prose.conll.txt").write_text("Dr. O\nAnna I-PER\nLee I-PER\ncame O\n. O\n\nBob I-PER\nleft O\n")
    done = run("--json", str(tmp_path))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    types = report["labelled.jsonl"]["types"]
    assert types["EMAIL_ADDRESS"] == {"labels": 1, "precision": 1.0, "recall": 1.0}
    assert types["DATE_TIME"] == {"labels": 0, "precision": 0.0, "recall": None}
    assert types["PERSON"] == {"labels": 1, "precision": None, "recall": 0.0}
    assert report["negatives.jsonl"]["categories"]["at"] == {"flagged": 1.0, "types": {"email": 1}}
    assert report["negatives.jsonl"]["flagged"] == 0.5
    assert report["prose.conll.txt"]["I-PER"] == {"labels": 2, "precision": 1.0, "recall": 0.5}
    assert run(str(tmp_path)).returncode == 0
