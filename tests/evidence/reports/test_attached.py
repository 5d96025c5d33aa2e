"""A bundle takes reports along: of all of its records, with the details that it opens, and the same bytes each time."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from gateway.evidence.attachment import Given, Material
from gateway.evidence.figures.provisions import Question
from gateway.evidence.figures.seen import Known
from gateway.evidence.figures.standing import Before, Stood
from gateway.evidence.reports.attached import FORMS, KINDS, PRINTED, Asked, attached
from gateway.evidence.reports.standing import NOT_LOOKED_AT
from gateway.evidence.selection import Query, Scope, Selection
from gateway.evidence.verify import verify
from gateway.ledger.commitment import committed
from gateway.ledger.granted import Granted
from gateway.ledger.record import ClassesInfo, Detail, Envelope, encode_detail, parse, timestamp
from gateway.ledger.times import parse_timestamp
from tests.evidence.apart import FILES, Files, main_ledger
from tests.evidence.figures.kit import record
from tests.evidence.figures.test_in_force import key
from tests.evidence.making import POLICIES, SIGNER, T0, VKEY, MemoryLedger, bundle, ledger
from tests.evidence.reports.accessibility import faults
from tests.evidence.reports.registers import INC, NOTHING, Told, sent_to
from tests.evidence.tampering import take_apart

SALT = bytes(range(32))
PLACES = [f"data/reports/{kind}.{form}" for kind in KINDS for form, _ in FORMS]


def _made(path: Path, selection: Selection | None = None) -> dict[str, bytes]:
    bundle(ledger(24), path, selection, attachments=attached(NOTHING, Known()))
    assert verify(path, VKEY).end > 0
    return take_apart(path.read_bytes())


def test_the_records_are_gone_over_once_for_all_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone_over, whole = list[str](), Material.whole

    def counted(self: Material) -> AsyncGenerator[Given, None]:
        gone_over.append(self.manifest.origin)
        return whole(self)

    monkeypatch.setattr(Material, "whole", counted)
    assert len(_made(tmp_path / "a.zip")) > len(PLACES) > len(gone_over) == 1


def test_reports_are_files_of_the_bundle_that_tell_of_all_its_records(tmp_path: Path) -> None:
    members = _made(tmp_path / "a.zip")
    assert set(PLACES) <= set(members)
    assert all(faults(members[place].decode()) == [] for place in PLACES if place.endswith(".html"))
    told = json.loads(members["data/reports/period.json"])
    assert (told["first"], told["end"]) == (0, 24)
    assert "are still there for 16 records" in members["data/reports/period.json"].decode()
    again = _made(tmp_path / "b.zip")
    assert all(again[place] == members[place] for place in PLACES)


EVERY = Question(framework="own", id="1", title="One", text="All.", report="records", columns=("event",), queries=({},))


def test_who_got_something_is_told_by_the_versions_that_the_bundles_records_name(tmp_path: Path) -> None:
    """The record before which nothing stood is the first: no version was activated, and one decided."""
    version, path = next(iter(POLICIES)), tmp_path / "a.zip"
    bundle(sent_to("inc"), path, attachments=attached(Told({version: INC}), Known()))
    told = json.loads(take_apart(path.read_bytes())["data/reports/processing.json"])
    tables = {one["caption"]: one["rows"] for part in told["sections"] for one in part["blocks"] if "caption" in one}
    assert [row[:4] for row in tables["Register of processors"]] == [["inc", "Inc.", "1 Way", "US"]]
    assert [row[5:8] for row in tables["Processing by purpose"]] == [["Inc.", "US", "SCC"]]
    assert tables["Days for which records are kept"] == [[400, "not known", "not known"]]


def test_of_a_selection_all_records_are_told_and_that_details_were_not_opened(tmp_path: Path) -> None:
    members = _made(tmp_path / "a.zip", Selection(first=2, end=20, filters={"zone": "cloud"}))
    text = members["data/reports/period.json"].decode()
    told = json.loads(text)
    assert (told["first"], told["end"]) == (2, 20)
    fields = next(one for one in told["sections"] if one["id"] == "coverage")["blocks"][1]["rows"]
    assert ["Records", 18] in fields
    assert "were opened for 5 records" in text, "those of selected ones"


def test_a_bundle_of_a_period_tells_of_its_records_with_their_details_and_of_no_more(tmp_path: Path) -> None:
    """The range holds a record at each side that shows that it holds the whole period: they are in no figure."""
    made = ledger(24)
    since, until = (str(parse(made.stored[seq].envelope).recorded_at) for seq in (4, 12))
    for scope in (
        Scope(kind="period", period=(since, until)),
        Scope(kind="framework", ids=("own",), period=(since, until), queries=(Query("own 1", {}),)),
    ):
        path = tmp_path / f"{scope.kind}.zip"
        makers = attached(NOTHING, Known(), [Asked("own", "Own", "Of the house.", [EVERY])])
        bundle(made, path, Selection(first=3, end=13, scope=scope), attachments=makers)
        assert verify(path, VKEY).end > 0
        members = take_apart(path.read_bytes())
        told = json.loads(members["data/reports/period.json"])
        assert (told["first"], told["end"], told["since"], told["until"]) == (4, 12, since, until)
        text = members["data/reports/framework-own.json"].decode()
        assert '["1","supported","",8,"One"]' in "".join(text.split())
        assert "not opened" not in text
        fields = next(one for one in told["sections"] if one["id"] == "coverage")["blocks"][1]["rows"]
        assert ["Records", 8] in fields


def test_a_bundle_of_a_period_without_records_says_that_there_are_none(tmp_path: Path) -> None:
    made, path = ledger(24), tmp_path / "none.zip"
    last, until = (str(parse(made.stored[seq].envelope).recorded_at) for seq in (11, 12))
    since = timestamp(parse_timestamp(last) + 1)
    asked = Selection(first=11, end=13, scope=Scope(kind="period", period=(since, until)))
    bundle(made, path, asked, attachments=attached(NOTHING, Known()))
    assert verify(path, VKEY).selected == 0
    text = take_apart(path.read_bytes())["data/reports/period.json"].decode()
    told = json.loads(text)
    assert (told["first"], told["end"]) == (12, 12), "where they would lie"
    assert "was written in the period" in text
    assert "those written in the period" not in text


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
        makers = attached(NOTHING, Known(), [Asked("own", "Own", "Of the house.", [one])])
        bundle(ledger(24), path, selection, attachments=makers)
        assert verify(path, VKEY).end > 0
        members = take_apart(path.read_bytes())
        text = members["data/reports/framework-own.json"].decode()
        told = json.loads(text)
        assert (told["kind"], told["title"]) == ("framework", "Evidence by provision: Own")
        assert told["subtitle"] == "Of the house."
        assert ("Not every detail was opened for this report" in text) is not opened
        # Every third of its records never had a detail.
        assert "detail.tls: in 0 of 12 records" in text
        assert ("detail.tls: in 0 of 12 records (the details of 4 are not opened here)" in text) is not opened
        assert faults(members["data/reports/framework-own.html"].decode()) == []


def test_what_emergency_ledgers_hold_is_in_the_figures_and_what_is_not_at_hand_is_said(tmp_path: Path) -> None:
    files = Files(tmp_path, {name: FILES[name] for name in ("em_1", "em_2")}, {})
    bundle(main_ledger(), tmp_path / "a.zip", attachments=attached(NOTHING, Known()), emergencies=files)
    assert verify(tmp_path / "a.zip", VKEY).end > 0
    text = take_apart((tmp_path / "a.zip").read_bytes())["data/reports/period.json"].decode()
    blocks = next(one for one in json.loads(text)["sections"] if one["id"] == "coverage")["blocks"]
    assert ["Records of emergency ledgers, counted too", 10] in blocks[1]["rows"]
    (rows,) = (one["rows"] for one in blocks if one.get("caption") == "Emergency ledgers")
    assert [(row[0], row[-1]) for row in rows] == [("em_1", 5), ("em_2", 5), ("em_3", "not at hand")]
    (events,) = (dict(one["rows"]) for one in blocks if one.get("caption") == "Records by event")
    assert (events["exchange.requested"], events["exchange.denied"]) == (3, 2)
    assert "are still there for 8 records" in text


ABOUT = ("data/reports/disclosures.json", "data/reports/access-receipt.json", "data/reports/erasure-receipt.json")
EXCHANGES = ("ex_1", "ex_2")


def _about_a_person(path: Path, **more: Any) -> dict[str, bytes]:
    """A bundle about a person whom two exchanges name, for a purpose that is to be accounted for."""
    made = MemoryLedger(SIGNER)
    for number, named in enumerate(("su_1", "su_2", "su_9", "su_1")):
        exchange = ("ex_1", "ex_2", "ex_2", "ex_3")[number]
        detail = encode_detail(Detail(subjects=(named,)))
        made.append(_sent(number, exchange, detail), detail, SALT)
    made.publish()
    scope = Scope(kind="subject", ids=("su_1", "su_2"), exchanges=EXCHANGES)
    selection = Selection(scope=scope, **more)
    bundle(made, path, selection, attachments=attached(NOTHING, Known(), selection=selection))
    assert verify(path, VKEY).end > 0
    return take_apart(path.read_bytes())


def _sent(number: int, exchange: str, detail: bytes) -> Envelope:
    return Envelope(
        id=f"01900000-0000-7000-8000-{number:012x}",
        tenant="tn_1",
        event="exchange.requested",
        occurred_at=timestamp(T0 + number),
        exchange=exchange,
        agent="ward",
        zone="in-house",
        purpose="HRESCH",
        attempt=1,
        classes=ClassesInfo(found=("phi",), declared=(), inherited=(), floor=()),
        detail=committed(SALT, "detail", detail),
    )


def test_a_bundle_about_a_person_has_its_accounting_and_receipts(tmp_path: Path) -> None:
    members = _about_a_person(tmp_path / "a.zip")
    assert set(ABOUT) <= set(members)
    told = json.loads(members[ABOUT[0]])
    (own,) = (one for one in told["sections"] if one["id"] == "disclosures")
    (rows,) = (one["rows"] for one in own["blocks"] if one.get("caption") == "Accounting of disclosures")
    assert [(row[1], row[3], row[8]) for row in rows] == [(2, "ward", "HRESCH")], "one of su_9 and one outside"
    assert own["blocks"][0]["rows"] == [
        ["Pseudonyms", "su_1, su_2"],
        ["Records about this person in the period", 2],
    ]
    assert "No such step is on record" in members[ABOUT[1]].decode()


def test_an_accounting_that_would_not_be_whole_is_in_no_bundle(tmp_path: Path) -> None:
    less: tuple[dict[str, Any], ...] = ({"filters": {"zone": "cloud"}}, {"details": False})
    for number, left_out in enumerate(less):
        assert not set(ABOUT) & set(_about_a_person(tmp_path / f"{number}.zip", **left_out))


def test_a_bundle_about_an_incident_has_its_breach_pack_and_of_no_other(tmp_path: Path) -> None:
    made = MemoryLedger(SIGNER)
    details = [encode_detail(Detail(subjects=(name,))) for name in ("su_1", "su_2")]
    for number, detail in enumerate(details):
        made.append(_sent(number, f"ex_{number}", detail), detail, SALT)
    for number, detail in enumerate(details, 2):
        found = _sent(number, f"ex_{number - 2}", detail)
        found.event, found.attempt, found.purpose = "incident.opened", None, None
        made.append(found, detail, SALT)
    made.publish()
    named = "01900000-0000-7000-8000-000000000002"
    selection = Selection(scope=Scope(kind="incident", ids=(named,), exchanges=("ex_0",)))
    path = tmp_path / "a.zip"
    bundle(made, path, selection, attachments=attached(NOTHING, Known(), selection=selection))
    assert verify(path, VKEY).end > 0
    told = json.loads(take_apart(path.read_bytes())["data/reports/breach.json"])
    parts = {one["id"]: one for one in told["sections"]}
    counts = dict(parts["affected"]["blocks"][1]["rows"])
    assert (counts["Incidents"], counts["Persons named, each once"], counts["Records of what was sent"]) == (1, 1, 1)
    (pack,) = (dict(one["rows"]) for one in parts["each"]["blocks"] if one["type"] == "fields")
    assert (pack["Incident"], pack["Pseudonyms"]) == (named, "su_1")
    assert "each pseudonym counted as a person" in json.dumps(parts["affected"])


def test_reports_are_typeset_for_a_bundle_and_held_to_its_manifest(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    bundle(ledger(24), path, attachments=attached(NOTHING, Known(), forms=PRINTED))
    report = verify(path, VKEY)
    members = take_apart(path.read_bytes())
    for kind in KINDS:
        place = f"data/reports/{kind}.pdf"
        assert place in report.attachments
        assert members[place].startswith(b"%PDF")


STATE = Question(
    framework="own",
    id="1",
    title="Keys",
    text="Keys in force.",
    report="records",
    columns=("event",),
    queries=({"event": "key.created"},),
    needs=("key.created: detail.diff",),
    standing=True,
)


def _stood() -> Stood:
    before = Before()
    before.feed(key("created", 1, "ak_1", Granted(owner="Ada Ward", roles=("clerk",))))
    return Stood(start=before.start(timestamp(T0)))


def _framed(path: Path, selection: Selection, stood: Stood | None) -> str:
    makers = attached(NOTHING, Known(), [Asked("own", "Own", "Own.", [STATE])], stood=stood)
    bundle(ledger(24), path, selection, attachments=makers)
    assert verify(path, VKEY).end > 0
    members = take_apart(path.read_bytes())
    return "".join(members[f"data/reports/{name}.json"].decode() for name in ("framework-own", "period"))


def test_what_stood_before_the_range_counts_and_the_bundle_says_where_its_records_are(tmp_path: Path) -> None:
    told = _framed(tmp_path / "a.zip", Selection(first=4), _stood())
    assert '["1","supported","",1,"Keys"]' in "".join(told.split())
    assert "1 of the records lie before the period" in told
    assert "Ada Ward" in told
    assert "--first 0 --end 4" in told
    assert told == _framed(tmp_path / "b.zip", Selection(first=4), _stood())


def test_a_bundle_that_closes_details_tells_no_detail_of_what_stood(tmp_path: Path) -> None:
    told = _framed(tmp_path / "a.zip", Selection(first=4, details=False), _stood())
    assert "ak_1" in told
    assert "Ada Ward" not in told
    assert "not known (detail deleted)" in told


def test_a_bundle_tells_what_was_open_before_its_range(tmp_path: Path) -> None:
    before = Before()
    before.feed(record("incident.opened", 1, id="in_1"))
    lent = Detail(diff=("role clinician", "until then"))
    before.feed(record("alert.review_overdue", 2, break_glass="bg_1", detail=lent, committed=True))
    stood = Stood(start=before.start(timestamp(T0)))
    told = _framed(tmp_path / "a.zip", Selection(first=4), stood)
    assert all(name in told for name in ("in_1", "bg_1", "clinician"))
    closed = _framed(tmp_path / "b.zip", Selection(first=4, details=False), stood)
    assert all(name in closed for name in ("in_1", "bg_1"))
    assert "clinician" not in closed, "a detail that the bundle does not open is not told"


def test_where_nobody_looked_before_the_range_that_is_said(tmp_path: Path) -> None:
    assert NOT_LOOKED_AT in _framed(tmp_path / "a.zip", Selection(first=4), None)
    assert NOT_LOOKED_AT not in _framed(tmp_path / "b.zip", Selection(), None)
