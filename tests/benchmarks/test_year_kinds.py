"""The account of the kinds of reports: titles and sections, and what is said of an incident nobody could look up."""

from typing import Any

from benchmarks.year_account import Known
from benchmarks.year_kinds import OWN, SECTIONS, TITLES, breach
from benchmarks.year_said import fields
from gateway.evidence.figures.facts import SECTIONS as FIGURES
from gateway.evidence.reports.kinds import KINDS

ROW = ("in_1", "2026-01-02", "letters", "partner", "phi", "mrn 1", "ex_1", "2026-01-05", "2026-03-03", "none", "none")


def _told(about: dict[str, Any]) -> dict[str, Any]:
    incidents = {"opened": [[*ROW, "none"]], "closed_of_before": [], "searched": []}
    known = Known({"incidents": incidents, "affected": about}, 0, 1, "", (), (), (), (), ())
    _, in_all, each, _ = breach(known, "")
    return {str(name): cell for name, cell in (*each.blocks[1].rows, *in_all.blocks[0].rows)}


def test_every_kind_and_every_section_has_its_account() -> None:
    assert {*OWN} == {*KINDS}
    assert {*SECTIONS} == {*FIGURES}
    assert {*TITLES} == {*KINDS} - {"framework"}
    assert {name: kind.title for name, kind in KINDS.items() if name != "framework"} == TITLES


def test_an_incident_that_was_not_looked_up_says_so_and_is_counted() -> None:
    found = _told({})
    assert found["Persons named"] == "not looked up: more incidents than are looked up"
    assert (found["Incidents"], found["Incidents that were not looked up"]) == (1, 1)
    assert found["Closed"] == "not yet"


def test_an_incident_without_a_record_at_hand_says_so() -> None:
    nothing = {"subjects": (), "persons": frozenset(), "records": 0, "unnamed": 0, "deleted": 0}
    found = _told({"in_1": nothing})
    assert found["Persons named"] == "not known: no record of what was sent is at hand"
    assert found["Incidents of which no such record is at hand"] == 1
    assert fields(("Incident", "in_1")).rows[0] == ("Incident", found["Incident"])
