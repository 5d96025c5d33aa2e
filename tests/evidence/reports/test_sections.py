"""Sections tell the figures that they are made of, and warn where something is missing."""

import msgspec
import pytest

from gateway.evidence.figures.coverage import WITH, Coverage
from gateway.evidence.figures.facts import SECTIONS as FIGURES
from gateway.evidence.figures.seen import GONE
from gateway.evidence.reports.basis import Apart, Basis
from gateway.evidence.reports.document import Bars, Cell, Fields, Table, Text
from gateway.evidence.reports.register import Declared
from gateway.evidence.reports.sections import SECTIONS, coverage, keeping, subject_steps
from tests.evidence.reports.kit import basis

NOTHING = "nothing to take it of"


def test_every_section_of_the_figures_is_told_under_an_id_of_its_own() -> None:
    assert set(SECTIONS) == {*FIGURES, "processors", "transfers"}  # whose figures are those of what went where
    made = [make(basis()) for make in SECTIONS.values()]
    assert len({section.id for section in made}) == len(made)
    assert all(section.blocks for section in made)


def test_tables_hold_the_rows_of_the_figures() -> None:
    figures = basis().figures
    for name, caption, rows in (
        ("flows", "Messages by data class and zone", figures["flows"]["zones"]),
        ("decisions", "Rules that matched", figures["decisions"]["rules"]),
        ("approvals", "Waits", figures["approvals"]["spread"]),
        ("callers", "Refused credentials", figures["callers"]["failures"]),
        ("minimum", "Findings", figures["minimum"]["fields"]),
        ("incidents", "Opened", figures["incidents"]["opened"]),
    ):
        tables = {block.caption: block for block in SECTIONS[name](basis()).blocks if isinstance(block, Table)}
        assert [list(row) for row in tables[caption].rows] == rows


def test_a_gap_is_warned_of() -> None:
    told = {**basis().figures["coverage"], "missing": 2, "gaps": [[5, 6]]}
    made = coverage(msgspec.structs.replace(basis(), figures={**basis().figures, "coverage": told}))
    assert any(isinstance(block, Text) and block.tone == "warning" for block in made.blocks)
    assert not any(isinstance(block, Text) and block.tone == "warning" for block in coverage(basis()).blocks)
    (fields,) = (block for block in made.blocks if isinstance(block, Fields))
    assert ("Places without a record", 2) in fields.rows


@pytest.mark.parametrize(("word", "shown", "unknown"), [(WITH, "0.00 %", 0), (GONE, NOTHING, 12)])
def test_a_share_of_nothing_is_not_told_as_none(word: str, shown: str, unknown: int) -> None:
    made = Coverage()
    made.subjects.add(word, times=12)
    empty = msgspec.structs.replace(basis(), figures={**basis().figures, "coverage": made.document()})
    said = dict(next(one for one in coverage(empty).blocks if isinstance(one, Fields)).rows)
    assert said["Not scanned at all"] == said["Scanned in part"] == NOTHING
    assert said["Personal, but naming no subject"] == shown
    assert said["Personal, with no detail to tell it from"] == unknown


def test_what_there_was_no_room_for_is_warned_of() -> None:
    made = coverage(msgspec.structs.replace(basis(), figures={**basis().figures, "beyond": [["callers", 1_200]]}))
    (warning,) = (block.text for block in made.blocks if isinstance(block, Text) and block.tone == "warning")
    assert "“callers” 1,200 more were counted" in warning


def test_what_classification_misses_is_told_or_said_not_to_be_measured() -> None:
    def said(misses: tuple[str, ...]) -> str:
        made = coverage(msgspec.structs.replace(basis(), misses=misses))
        return " ".join(block.text for block in made.blocks if isinstance(block, Text))

    assert "misses: not measured" in said(())
    assert "misses: 2 of 100 messages" in said(("2 of 100 messages",))


def test_an_emergency_ledger_that_was_not_at_hand_is_warned_of_and_in_no_figure() -> None:
    read = Apart(id="em_1", records=9, exchanges=4, began="from", ended="until", told=9)
    away = msgspec.structs.replace(read, id="em_2", told=None)
    for found, warned in (((read,), 0), ((read, away), 1)):
        made = coverage(msgspec.structs.replace(basis(), emergencies=found))
        said = [block.text for block in made.blocks if isinstance(block, Text) and block.tone == "warning"]
        assert len(said) == warned
        (fields,) = (block for block in made.blocks if isinstance(block, Fields))
        assert ("Emergency ledgers that are in no figure", warned) in fields.rows
        (rows,) = (block.rows for block in made.blocks if isinstance(block, Table) and "mergency" in block.caption)
        assert [row[-1] for row in rows] == [9, "not at hand"][: len(found)]


@pytest.mark.parametrize(
    ("known_from", "told"), [(0, []), (40, ["Records before 40 lie"]), (None, ["Records before the period were not"])]
)
def test_how_far_back_open_requests_are_known_is_said_where_it_is_not_from_the_first_record(
    known_from: int | None, told: list[str]
) -> None:
    made = SECTIONS["subjects"](msgspec.structs.replace(basis(), known_from=known_from))
    said = [block.text for block in made.blocks if isinstance(block, Text)]
    assert len(said) == len(told)
    assert all(one.startswith(begin) for one, begin in zip(said, told, strict=True))


@pytest.mark.parametrize(("created", "stands"), [("2027-02-01", "open, not due yet"), ("2027-03-01", "open, overdue")])
def test_a_case_of_a_period_that_is_not_over_is_overdue_by_when_the_report_was_made(created: str, stands: str) -> None:
    figures = {**basis().figures, "coverage": {**basis().figures["coverage"], "last_at": "2027-01-16T00:00:00.000000Z"}}
    row = ["sc_1", "erasure", "su_1", "2027-01-15T08:00:00.000000Z", "2027-02-15T23:59:59.999999Z", "none", "asked"]
    figures["subjects"] = {**figures["subjects"], "requests": [row]}
    running = msgspec.structs.replace(
        basis(), figures=figures, created=f"{created}T00:00:00.000000Z", until="2027-12-31T00:00:00.000000Z"
    )
    (table,) = (one for one in SECTIONS["subjects"](running).blocks if getattr(one, "caption", "") == "Requests")
    assert isinstance(table, Table)
    assert table.rows[0][-1] == stands


def test_receipts_hold_no_reason_of_an_officer_and_the_report_of_a_period_does() -> None:
    told = basis().figures["subjects"]
    assert told["reasons"]
    captions = [
        [block.caption for block in made.blocks if isinstance(block, Table)]
        for made in (SECTIONS["subjects"](basis()), subject_steps(basis(), told))
    ]
    assert ["Reasons given" in one for one in captions] == [True, False]


def test_a_share_into_trusted_zones_is_one_of_what_is_known() -> None:
    def told(one: Basis) -> dict[str, Cell]:
        (fields,) = (dict(block.rows) for block in SECTIONS["flows"](one).blocks if isinstance(block, Fields))
        return fields

    known, unknown = told(basis(300)), told(msgspec.structs.replace(basis(300), declared=Declared()))
    assert known["Of these, whether trusted is not known"] == 0
    assert known["Of these into trusted zones"] not in (NOTHING, "0.00 %")
    assert unknown["Of these into trusted zones"] == NOTHING
    assert unknown["Of these, whether trusted is not known"] == unknown["With personal data"] != 0


def test_that_the_days_of_before_are_not_known_is_told_where_they_are() -> None:
    def warned(known_from: int | None) -> bool:
        one = msgspec.structs.replace(basis(), known_from=known_from)
        one = msgspec.structs.replace(
            one, figures={**one.figures, "standing": {**one.figures["standing"], "policies": []}}
        )
        return any("is not known: records before it" in getattr(block, "text", "") for block in keeping(one).blocks)

    assert (warned(0), warned(None)) == (False, True)


def test_where_nobody_answered_there_are_no_waits_to_draw() -> None:
    made = basis()
    told = {
        **made.figures["approvals"],
        "answered": 0,
        "spread": tuple((row[0], 0) for row in made.figures["approvals"]["spread"]),
    }
    section = SECTIONS["approvals"](msgspec.structs.replace(made, figures={**made.figures, "approvals": told}))
    assert [block.rows for block in section.blocks if isinstance(block, Bars)] == [()]
    assert [block.rows for block in section.blocks if isinstance(block, Table) and block.caption == "Waits"] == [()]
