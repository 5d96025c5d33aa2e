"""A generated year in a database: each report that the command makes of it is what the truth says."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks import year_database
from benchmarks.databases import Databases
from benchmarks.year_bundles import About, Bundle, asked, make, verifier_faults
from benchmarks.year_carried import FORMS, REPORTS, bundle_faults
from benchmarks.year_command import here
from benchmarks.year_database import Differences, advised_faults, compare
from benchmarks.year_filling import Written, write
from benchmarks.year_forms import form_faults
from benchmarks.year_logs import LOGS
from benchmarks.year_oscal import MEMBER, assessment_faults, oscal_faults, reach_of
from benchmarks.year_persons import ASKED, FEW, MANY, NOBODY, ONE
from benchmarks.year_reconciled import OUTCOMES, document_faults, reconciled_faults, sent_in
from benchmarks.year_site import RANGE
from gateway.evidence.reports.kinds import KINDS

EXCHANGES = 2_000
CARRIED_TOO = frozenset({"activity-review", "dpia", "processing", "transfers"})
LEFT_OUT = CARRIED_TOO | {MANY, FEW, ASKED, NOBODY, ONE, "eu-ai-act", "gdpr", "hipaa", "pci-dss", "soc2"}
"""Kinds, persons and frameworks of which a run by hand asks, too; these kinds are compared in bundles here."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write(tmp_path_factory.mktemp("year") / "site", EXCHANGES)


def test_every_report_by_the_command_equals_the_ground_truth(written: Written) -> None:
    first, last = written.year.truth.first, written.year.truth.last
    assert [(one.first, one.end) for one in written.archives] == [(0, RANGE), (RANGE, 2 * RANGE)]
    assert RANGE <= first - len(written.year.before) < first < 2 * RANGE <= last  # archives before it, and of it
    asked: list[str] = []

    def run(arguments: Sequence[str]) -> tuple[int, str]:
        asked.append(arguments[2])
        return here(arguments)

    found = compare(written, run, without=LEFT_OUT)
    assert found.faults == []
    assert set(asked) == set(KINDS) - CARRIED_TOO
    assert found.reports == len(asked)


@pytest.fixture(scope="module")
def whole(written: Written) -> Bundle:
    """A bundle about the period, with everything that one can take along."""
    found = make(written, here, About(), FORMS)
    assert isinstance(found, Bundle)
    return found


def test_all_that_a_bundle_of_the_period_carries_equals_the_ground_truth(whole: Bundle) -> None:
    found = [*whole.report_faults(), *verifier_faults(whole, here), *oscal_faults(whole), *form_faults(whole)]
    assert found == []


@pytest.mark.instrument
def test_a_bundle_that_opens_some_details_tells_what_these_say(written: Written) -> None:
    every = {one.kind: one for one in asked(written) if one.id != MANY}
    assert every["subject"].id == ASKED
    assert bundle_faults(written, here, [every["subject"], every["incident"]], REPORTS) == []


def test_a_year_that_is_drawn_again_is_the_one_that_was_written(written: Written) -> None:
    """Record by record, with the roots of the tree that there is; so said here too, where no bundle need be made."""
    again, truth = Bundle(written, About(details=False), Path("not made"), ""), written.year.truth
    records = [written.drawn[seq].envelope for seq in range(truth.first, truth.last + 1)]
    assert [one.envelope for one in again.selected] == records
    assert again.year.truth.checkpoints == truth.checkpoints != []
    first = written.drawn[truth.first]
    changed = first._replace(envelope=replace(first.envelope, count=7))
    other = Bundle(written._replace(drawn={**written.drawn, truth.first: changed}), again.about, again.file, "")
    with pytest.raises(ValueError, match=f"drawn again is another one: record {truth.first}$"):
        _ = other.year


class Changed(Bundle):
    """A bundle in which some members are others."""

    def __init__(self, one: Bundle, **members: bytes) -> None:
        super().__init__(one.written, one.about, one.file, one.created)
        self._members = members

    def read(self, member: str) -> bytes:
        return self._members.get(member, b"") or super().read(member)


def test_every_figure_and_state_of_an_assessment_that_is_wrong_is_found(whole: Bundle) -> None:
    told = json.loads(whole.read(MEMBER))
    texts, reach = list(_numbers(told["assessment-results"]["results"][:3])), reach_of(whole)
    assert (len(texts) > 100, list(assessment_faults(told, whole, reach))) == (True, [])
    for place, key, text in texts:
        place[key] = re.sub(r"\d+(?=\D*$)", lambda found: str(int(found[0]) + 1), text)
        place[key] += "!" if place[key] == text else ""
        assert list(assessment_faults(told, whole, reach)) != [], text
        place[key] = text


def _numbers(value: Any) -> Iterator[tuple[Any, Any, str]]:
    """Every text with a figure in it, by where it stands, but for ids, names and what is not told of records."""
    every = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in every:
        if isinstance(one, dict | list):
            yield from _numbers(one)
        elif key == "value" or (key == "description" and "In this range" in one):
            yield value, key, one


FORMS_OF_OTHERS = {
    "records.csv": "data/csv/records.csv",
    "disclosures.csv": "data/csv/disclosures.csv",
    "disclosures.jsonl": "data/disclosures.jsonl",
    "OCSF": "data/ocsf/api_activity.ndjson",
    "AuditEvent": "data/fhir/AuditEvent.ndjson",
}


def test_a_line_that_is_missing_and_a_count_that_is_wrong_are_found(whole: Bundle) -> None:
    lines = {member: whole.read(member).splitlines(keepends=True) for member in FORMS_OF_OTHERS.values()}
    counts = "data/fhir/coverage.json"
    wrong = whole.read(counts).replace(b'"events":', b'"events":1')
    missing = {member: b"".join(some[:-1]) for member, some in lines.items()}
    faults = [fault.partition(":")[0] for fault in form_faults(Changed(whole, **missing, **{counts: wrong}))]
    assert sorted(faults) == sorted([*FORMS_OF_OTHERS, "FHIR coverage"])


def test_a_line_about_something_else_is_found(whole: Bundle) -> None:
    others = (b"su_many", b"su_nobody"), (b"exchange.denied", b"exchange.late"), (b"2025-01-02", b"2025-01-03")
    wrong = {member: whole.read(member) for member in FORMS_OF_OTHERS.values()}
    for one, other in others:
        wrong = {member: data.replace(one, other) for member, data in wrong.items()}
    assert {fault.partition(":")[0] for fault in form_faults(Changed(whole, **wrong))} == set(FORMS_OF_OTHERS)


def test_a_report_or_verdict_of_another_bundle_is_found(whole: Bundle) -> None:
    period = "data/reports/period.json"
    changed = Changed(whole, **{period: whole.read(period).replace(b"Sent to agents", b"Sent to nobody")})
    assert {fault.split(": ")[0] for fault in changed.report_faults()} == {period}
    other = Changed(whole)
    other.selected.pop()
    assert {"selected"} <= {fault.split(": ")[1] for fault in verifier_faults(other, here)}


def test_advice_by_the_command_equals_the_ground_truth(written: Written) -> None:
    assert advised_faults(written, here) == []
    code, said = here(["advise", "--config", "nowhere.toml"])
    assert advised_faults(written, lambda arguments: (code, said)) == [f"exit code {code}: {said.strip()}"]


def test_what_logs_are_said_to_show_equals_what_is_known_of_them(written: Written) -> None:
    said = list[str]()

    def run(arguments: Sequence[str]) -> tuple[int, str]:
        found = here(arguments)
        said.append(found[1])
        return found

    assert reconciled_faults(written, run) == []
    sent, told = sent_in(written), json.loads(said[0])
    logs = {name: make(sent) for name, make in LOGS.items()}
    assert {kind for log in logs.values() for kind in log.kinds()} == set(OUTCOMES) - {"check"}, (
        "no agent has a health check"
    )
    counted = (*OUTCOMES, "elsewhere", "other_ports", "outside")
    wrong = [(one, key) for one in told["sources"] for key in counted if key in one]
    wrong += [(one, "seq" if one["seq"] is not None else "line") for one in told["findings"][::20]]
    wrong += [(one, key) for one in told["days"][::20] for key in OUTCOMES if one.get(key)]
    wrong.append((told["records"], "sent"))
    for place, key in wrong:
        place[key] += 1
        assert list(document_faults(told, written, sent, logs)) != [], key
        place[key] -= 1


def test_a_report_that_is_another_differs_and_one_that_is_refused_too(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(year_database, "STANDING", frozenset())
    only = {"transfers": "--to", "dpia": "--tenant"}

    def run(arguments: Sequence[str]) -> tuple[int, str]:
        kind, changed = arguments[2], list(arguments)
        if kind == "transfers":
            changed[changed.index(only[kind]) + 1] = "2025-12-31T00:00:00Z"
        elif kind == "dpia":
            changed[changed.index(only[kind]) + 1] = "nobody"
        else:
            return 1, "not asked here"
        return here(changed)

    found = compare(written, run, without=LEFT_OUT - CARRIED_TOO).faults
    assert any(fault.startswith("report transfers: Transfer log: until: ") for fault in found)
    assert any(fault.startswith("report transfers: Transfer log: coverage: ") for fault in found)
    assert any(fault.startswith("report dpia: exit code 2: ") for fault in found)


def test_the_command_ends_with_1_and_names_what_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def compared(written: Path, run: object) -> Differences:
        return Differences(7, 8, 9, 3, [f"report breach: {written.name}"] if written.name != "sqlite" else [])

    monkeypatch.setattr(year_database, "_on", lambda kind, exchanges, found, directory, seed: directory)
    monkeypatch.setattr(year_database, "everything", compared)
    one = year_database.measure(60, Databases(None), Path("x"))
    assert one.lines() == [
        "7 records of the year in a database, 8 in archives, 9 reports, 3 bundles: every block equals the truth"
    ]
    monkeypatch.setattr(Databases, "kinds", property(lambda self: ("sqlite", "other")))
    assert year_database.measure(60, Databases(None), Path("x")) == (14, 16, 18, 6, ["other: report breach: other"])
    monkeypatch.setattr(year_database, "databases", lambda: nullcontext(Databases(None)))
    assert year_database.main(["--exchanges", "60"]) == 1
    assert "differs: other: report breach: other\n" in capsys.readouterr().out
