"""Records in the forms of others are files of a bundle, that say what its records say and are signed with it."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from oscal_bindings import AssessmentResultsDocument

from gateway.core.errors import GatewayError
from gateway.evidence import forms
from gateway.evidence.attachment import Attachment
from gateway.evidence.figures.provisions import Question
from gateway.evidence.oscal import Assessment
from gateway.evidence.reports.register import NO_PROCESSOR
from gateway.evidence.selection import Selection
from gateway.evidence.verify import verify
from gateway.ledger.record import parse

from .apart import FILES, Files, main_ledger
from .making import POLICIES, VKEY, bundle, ledger
from .reports.registers import INC, NOTHING, Told, sent_to
from .tampering import Members, take_apart

QUESTIONS = tuple(
    Question(
        framework="hipaa", id=name, title=title, text=text, report="records", columns=(), queries=queries, needs=needs
    )
    for name, title, text, queries, needs in (
        ("164.312(b)", "Audit controls", "All.", ({},), ("detail.query",)),
        ("164.404", "Notification", "Breaches.", ({"event": "incident.opened"},), ()),
    )
)


async def frameworks() -> Sequence[Assessment]:
    return [Assessment(framework="hipaa", title="HIPAA", text="Support evidence.", questions=QUESTIONS)]


async def none() -> Sequence[Assessment]:
    return []


ALL: tuple[Attachment, ...] = (
    forms.audit_events(),
    forms.AuditEventCoverage(),
    forms.api_activity(),
    forms.table(),
    forms.AssessmentFile(frameworks),
    *forms.disclosures(NOTHING),
)
SELECTION = Selection(first=2, end=20, filters={"zone": "cloud"})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("forms") / "a.zip"
    bundle(ledger(24), made, SELECTION, attachments=ALL)
    return made


@pytest.fixture(scope="module")
def members(path: Path) -> Members:
    return take_apart(path.read_bytes())


def test_the_verifier_takes_a_bundle_with_all_of_them(path: Path) -> None:
    assert verify(path, VKEY).selected == 8


def test_audit_events_are_of_the_selected_records_about_health_data(members: Members) -> None:
    events = [json.loads(line) for line in members["data/fhir/AuditEvent.ndjson"].splitlines()]
    for event in events:
        AuditEvent.model_validate(event)
    records = [parse(line) for line in members["data/records.jsonl"].splitlines()]
    health = [one.id for one in records if one.zone == "cloud" and one.classes and "phi" in one.classes.found]
    assert [event["id"] for event in events] == health
    assert health
    coverage = json.loads(members["data/fhir/coverage.json"])
    assert coverage == {"classes": ["phi"], "records": 8, "mapped": len(health), "events": len(events), "unscanned": 0}
    opened = [event for event in events if any("altId" in agent for agent in event["agent"])]
    assert len(opened) == len(events), "each of them has its detail in the bundle"


def test_api_activity_is_one_event_for_each_selected_record(members: Members) -> None:
    events = [json.loads(line) for line in members["data/ocsf/api_activity.ndjson"].splitlines()]
    assert [event["metadata"]["sequence"] for event in events] == [4, 5, 8, 9, 12, 13, 16, 17]


def test_the_table_is_that_of_the_selected_records(members: Members) -> None:
    head, *rows = csv.reader(io.StringIO(members["data/csv/records.csv"].decode()))
    assert (head[0], *head[-2:]) == ("seq", "hash", "emergency")
    assert [row[0] for row in rows] == ["4", "5", "8", "9", "12", "13", "16", "17"]


def test_disclosures_are_told_as_lines_and_as_a_table(members: Members) -> None:
    rows = [json.loads(line) for line in members["data/disclosures.jsonl"].splitlines()]
    head, *cells = csv.reader(io.StringIO(members["data/csv/disclosures.csv"].decode()))
    sent = [4, 8, 12, 16]
    assert [row["seq"] for row in rows] == sent == [int(row[0]) for row in cells]
    assert dict(zip(head, cells[0], strict=True))["registered_name"] == NO_PROCESSOR


def test_the_assessment_speaks_of_the_whole_range_and_hashes_its_records(members: Members) -> None:
    found = json.loads(members["data/oscal/assessment-results.json"])
    AssessmentResultsDocument.model_validate(found)
    (result,) = found["assessment-results"]["results"]
    assert "18 records, the first 2 and the last 19" in result["observations"][0]["description"]
    assert len(result["findings"]) == 1
    *_, file = found["assessment-results"]["back-matter"]["resources"]
    digest = file["rlinks"][0]["hashes"][0]["value"]
    assert f"{digest}  data/records.jsonl\n" in members["manifest-sha256.txt"].decode()
    assert file["rlinks"][0]["href"] == "../records.jsonl"


def test_the_same_bundle_is_the_same_bytes(path: Path, tmp_path: Path) -> None:
    bundle(ledger(24), tmp_path / "b.zip", SELECTION, attachments=ALL)
    assert (tmp_path / "b.zip").read_bytes() == path.read_bytes()


def test_without_a_framework_no_bundle_is_made(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="control framework"):
        bundle(ledger(4), tmp_path / "c.zip", attachments=(forms.AssessmentFile(none),))


def test_many_records_come_in_several_pieces_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "PIECE", 100)
    bundle(ledger(9), tmp_path / "d.zip", msgspec.structs.replace(SELECTION, first=0, end=9), attachments=ALL)
    found = take_apart((tmp_path / "d.zip").read_bytes())
    assert found["data/csv/records.csv"].count(b"\r\n") == 6


def test_the_assessment_says_what_it_lacks_and_whether_details_were_opened_for_it(tmp_path: Path) -> None:
    for name, selection, opened in (("some", SELECTION, False), ("all", Selection(first=2, end=20), True)):
        bundle(ledger(24), tmp_path / name, selection, attachments=(forms.AssessmentFile(frameworks),))
        found = json.loads(take_apart((tmp_path / name).read_bytes())["data/oscal/assessment-results.json"])
        (result,) = found["assessment-results"]["results"]
        assert (forms.UNOPENED in result["remarks"]) == (not opened)
        closed = "" if opened else " (the details of 7 are not opened here)"
        assert result["observations"][0]["remarks"] == f"In part: detail.query: in 0 of 18 records{closed}."


def test_what_was_sent_in_an_emergency_is_told_with_its_ledger(tmp_path: Path) -> None:
    files = Files(tmp_path, FILES, {})
    selection = Selection(filters={"event": "exchange.requested"})
    bundle(main_ledger(), tmp_path / "e.zip", selection, attachments=ALL, emergencies=files)
    found = take_apart((tmp_path / "e.zip").read_bytes())
    head, *rows = csv.reader(io.StringIO(found["data/csv/records.csv"].decode()))
    assert [(row[0], row[-1]) for row in rows] == [("0", ""), ("1", "em_1"), ("1", "em_2"), ("1", "em_3")]
    assert head[-1] == "emergency"
    events = [json.loads(line)["metadata"]["log_name"] for line in found["data/ocsf/api_activity.ndjson"].splitlines()]
    assert events == ["ledger", "emergency em_1", "emergency em_2", "emergency em_3"]
    (result,) = json.loads(found["data/oscal/assessment-results.json"])["assessment-results"]["results"]
    assert "records of emergency ledgers that it stitches in" in result["observations"][0]["description"]
    assert "of 3 emergency ledgers that they stitch in." in result["remarks"]
    told = result["observations"][0]["relevant-evidence"][1]["description"]
    assert told == "Every record of emergency em_1, an archive"


def test_the_assessment_names_emergencies_whose_files_are_not_at_hand(tmp_path: Path) -> None:
    files = Files(tmp_path, {"em_1": FILES["em_1"]}, {})
    bundle(main_ledger(), tmp_path / "f.zip", Selection(), attachments=ALL, emergencies=files)
    found = json.loads(take_apart((tmp_path / "f.zip").read_bytes())["data/oscal/assessment-results.json"])
    remarks = found["assessment-results"]["results"][0]["remarks"]
    assert "of 1 emergency ledgers" in remarks
    assert "not looked at: emergency em_2, em_3." in remarks


def test_disclosures_are_told_by_the_version_that_each_was_decided_under(tmp_path: Path) -> None:
    """And what only completes something is looked up for nobody."""
    (version, *_), told = POLICIES, Told({next(iter(POLICIES)): INC})
    path = tmp_path / "a.zip"
    bundle(sent_to("inc"), path, attachments=forms.disclosures(told))
    members = take_apart(path.read_bytes())
    (row,) = [json.loads(line) for line in members["data/disclosures.jsonl"].splitlines()]
    head, cells = csv.reader(io.StringIO(members["data/csv/disclosures.csv"].decode()))
    assert (row["policy"], row["registered_name"], row["registered_country"]) == (version, "Inc.", "US")
    assert dict(zip(head, cells, strict=True))["registered_name"] == "Inc."
    assert told.asked == [version], "once for both files"
