"""An evaluation's figures as data: written for one version, kept for the others, and those of the document."""

import re
from pathlib import Path

import msgspec

from benchmarks.eval import ROOT
from benchmarks.eval_document import DOCUMENT
from benchmarks.eval_measured import NAMES, PLACE, measurement, write
from benchmarks.scoring import wilson
from gateway.checks.classification.registry import DEFAULT
from gateway.evidence.measured import Body, Share, decode
from tests.benchmarks.test_eval_tables import REPORT

_HEADINGS = {NAMES["test"]: "The test half", NAMES["tuning"]: "The tuning half"}


def test_what_is_written_is_of_the_version_that_was_measured_and_the_others_stay(tmp_path: Path) -> None:
    place = tmp_path / "measured.json"
    write(place, REPORT)
    write(place, msgspec.structs.replace(REPORT, engine="2-y", date="2027-01-01"))
    found = decode(place.read_bytes())
    assert {name: one.date for name, one in found.items()} == {"1-x": "2026-11-27", "2-y": "2027-01-01"}
    write(place, msgspec.structs.replace(REPORT, date="2027-02-02"))
    assert {name: one.date for name, one in decode(place.read_bytes()).items()} == {
        "1-x": "2027-02-02",
        "2-y": "2027-01-01",
    }


def test_counts_and_bounds_are_those_of_the_report() -> None:
    (body,) = measurement(REPORT).bodies
    assert (body.name, body.texts, body.tuned) == (NAMES["test"], 100, False)
    assert body.types["email"].recall == Share(98, 100, *(round(one * 10_000) for one in wilson(98, 100)))
    assert body.types["title"].precision is None


def test_the_package_says_what_the_document_says() -> None:
    """Of the version that ships: its date, and every share of every type."""
    found, text = decode((ROOT / PLACE).read_bytes())[DEFAULT.version], DOCUMENT.read_text("utf-8")
    assert f"{found.date}, engine `{DEFAULT.version}`" in text
    assert {_HEADINGS.get(one.name, f"`{one.name}`") for one in found.bodies} <= set(
        re.findall(r"^### (.+)$", text, re.MULTILINE)
    )
    for one in found.bodies:
        _agrees(one, text.split(f"### {_HEADINGS.get(one.name, f'`{one.name}`')}\n")[1].split("\n### ")[0])


def _agrees(body: Body, part: str) -> None:
    precision, recall = body.all.precision, body.all.recall
    assert precision is not None
    assert f"{body.texts:,} rows: precision {_short(precision)}, recall {_short(recall)}, " in part
    assert f" of {recall.total:,}." in part
    told = part.split("\n\nBy class")[0]
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) (\| \d+ \| .+?)$", told, re.MULTILINE))
    assert rows.keys() == body.types.keys()
    for kind, count in body.types.items():
        right = "" if count.precision is None else _short(count.precision)
        assert rows[kind].startswith(f"| {count.recall.total} | {_short(count.recall)} | {right} |"), kind


def _short(share: Share) -> str:
    if not share.total:
        return "–"
    low, high = wilson(share.hits, share.total)
    assert (share.low, share.high) == (round(low * 10_000), round(high * 10_000))
    return f"{share.hits / share.total:.3f} [{low:.2f}, {high:.2f}]"
