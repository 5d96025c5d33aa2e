"""A bundle takes reports along: of all of its records, with the details that it opens, and the same bytes each time."""

import json
from pathlib import Path

from gateway.evidence.figures.provisions import Question
from gateway.evidence.figures.seen import Known
from gateway.evidence.reports.attached import FORMS, KINDS, Asked, attached
from gateway.evidence.reports.register import Register
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify
from tests.evidence.apart import FILES, Files, main_ledger
from tests.evidence.making import VKEY, bundle, ledger
from tests.evidence.reports.accessibility import faults
from tests.evidence.tampering import take_apart

PLACES = [f"data/reports/{kind}.{form}" for kind in KINDS for form, _ in FORMS]


def _made(path: Path, selection: Selection | None = None) -> dict[str, bytes]:
    bundle(ledger(24), path, selection, attachments=attached(Register(), Known()))
    assert verify(path, VKEY).end > 0
    return take_apart(path.read_bytes())


def test_reports_are_files_of_the_bundle_that_tell_of_all_its_records(tmp_path: Path) -> None:
    members = _made(tmp_path / "a.zip")
    assert set(PLACES) <= set(members)
    assert all(faults(members[place].decode()) == [] for place in PLACES if place.endswith(".html"))
    told = json.loads(members["data/reports/period.json"])
    assert (told["first"], told["end"]) == (0, 24)
    assert "are still there for 16 records" in members["data/reports/period.json"].decode()
    again = _made(tmp_path / "b.zip")
    assert all(again[place] == members[place] for place in PLACES)


def test_of_a_selection_all_records_are_told_and_that_details_were_not_opened(tmp_path: Path) -> None:
    members = _made(tmp_path / "a.zip", Selection(first=2, end=20, filters={"zone": "cloud"}))
    text = members["data/reports/period.json"].decode()
    told = json.loads(text)
    assert (told["first"], told["end"]) == (2, 20)
    fields = next(one for one in told["sections"] if one["id"] == "coverage")["blocks"][1]["rows"]
    assert ["Records", 18] in fields
    assert "were opened for 0 records" in text


def test_a_framework_has_a_report_of_its_own_which_says_where_details_were_not_opened(tmp_path: Path) -> None:
    one = Question(
        framework="own",
        id="1",
        title="One",
        text="What was asked.",
        report="records",
        columns=("event",),
        queries=({"event": "exchange.requested"},),
        needs=("detail.tls",),
    )
    for selection, opened in ((None, True), (Selection(filters={"zone": "cloud"}), False)):
        path = tmp_path / f"{opened}.zip"
        makers = attached(Register(), Known(), [Asked("own", "Own", "Of the house.", [one])])
        bundle(ledger(24), path, selection, attachments=makers)
        assert verify(path, VKEY).end > 0
        members = take_apart(path.read_bytes())
        text = members["data/reports/framework-own.json"].decode()
        told = json.loads(text)
        assert (told["kind"], told["title"]) == ("framework", "Evidence by provision: Own")
        assert told["subtitle"] == "Of the house."
        assert ("Details were not opened for this report" in text) is not opened
        assert faults(members["data/reports/framework-own.html"].decode()) == []


def test_what_emergency_ledgers_hold_is_in_the_figures_and_what_is_not_at_hand_is_said(tmp_path: Path) -> None:
    files = Files(tmp_path, {name: FILES[name] for name in ("em_1", "em_2")}, {})
    bundle(main_ledger(), tmp_path / "a.zip", attachments=attached(Register(), Known()), emergencies=files)
    assert verify(tmp_path / "a.zip", VKEY).end > 0
    text = take_apart((tmp_path / "a.zip").read_bytes())["data/reports/period.json"].decode()
    blocks = next(one for one in json.loads(text)["sections"] if one["id"] == "coverage")["blocks"]
    assert ["Records of emergency ledgers, counted too", 10] in blocks[1]["rows"]
    (rows,) = (one["rows"] for one in blocks if one.get("caption") == "Emergency ledgers")
    assert [(row[0], row[-1]) for row in rows] == [("em_1", 5), ("em_2", 5), ("em_3", "not at hand")]
    (events,) = (dict(one["rows"]) for one in blocks if one.get("caption") == "Records by event")
    assert (events["exchange.requested"], events["exchange.denied"]) == (3, 2)
    assert "are still there for 8 records" in text
