"""Every cell of every report on a generated year is what the account of the truth says, and a wrong one is found."""

import copy
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from benchmarks.year_documents import Asked, accounted, compared, composed, every, known
from benchmarks.year_kinds import OWN
from benchmarks.year_said import differing, part, said
from gateway.evidence.reports.document import Section
from gateway.evidence.reports.kinds import KINDS
from tests.benchmarks.years import a_year

FRAMEWORKS = ("hipaa", "gdpr", "eu-ai-act", "soc2", "pci-dss", "house-rules")
ASKED = tuple(every(FRAMEWORKS))


def test_every_cell_of_every_report_is_the_truth() -> None:
    _, figures, truth = a_year()
    faults, reports, cells = compared(figures, truth)
    assert faults == []
    assert reports == len(ASKED)
    assert cells > 50_000


def test_every_kind_is_made_for_every_framework_and_every_person() -> None:
    assert {one.kind for one in ASKED} == {*KINDS} == {*OWN}
    assert {one.framework for one in ASKED} == {"", *FRAMEWORKS}
    assert {one.subject for one in ASKED if KINDS[one.kind].subject} == {*a_year()[2]["persons"]}


@pytest.mark.parametrize("asked", {one.kind: one for one in ASKED}.values(), ids=str)
def test_whatever_a_report_says_otherwise_is_found(asked: Asked) -> None:
    """One value after the other: of a table the first and the last row's, of all else every one."""
    _, figures, truth = a_year()
    beside = known(truth)
    made, (head, *expected) = composed(asked, figures, beside), accounted(asked, beside)
    number = 0
    for section, wanted in zip(made.sections, expected, strict=True):
        for changed in _changed(section):
            number += 1
            assert differing((part(changed),), (wanted,))
    assert number > 100
    for name in ("title", "ledger", "since", "until", "first", "end"):
        headed = msgspec.structs.replace(made, **{name: _other(getattr(made, name))})
        assert differing(said(headed)[:1], (head,))


def test_a_block_or_a_section_more_or_less_is_found() -> None:
    _, figures, truth = a_year()
    beside = known(truth)
    made, expected = composed(ASKED[0], figures, beside), accounted(ASKED[0], beside)
    for place, section in enumerate(made.sections):
        shorter = msgspec.structs.replace(section, blocks=section.blocks[:-1])
        others = (made.sections[:place], made.sections[place + 1 :])
        parted = msgspec.structs.replace(made, sections=(*others[0], shorter, *others[1]))
        away = msgspec.structs.replace(made, sections=(*others[0], *others[1]))
        assert differing(said(parted), expected)
        assert differing(said(away), expected) == ["other sections"]


def test_a_wrong_figure_is_named_by_report_section_caption_row_and_column() -> None:
    _, figures, truth = a_year()
    wrong = copy.deepcopy(figures)
    wrong["decisions"]["outcomes"][0][1] += 1
    place = "decisions: How exchanges ended: row 0, column 1"
    assert f"period: {place}" in compared(wrong, truth).faults


def _changed(section: Section) -> Iterator[Section]:
    """The section with one value changed, for each value that is a figure or says what one is of."""
    told = msgspec.json.decode(msgspec.json.encode(section))
    for block in told["blocks"]:
        for holder, key in _places(block):
            value = holder[key]
            holder[key] = _other(value)
            yield msgspec.convert(told, Section)
            holder[key] = value


def _other(value: str | int) -> str | int:
    return value + 1 if isinstance(value, int) else f"{value}9"


def _places(block: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Where in a block a value may be changed; `empty`, `tone` and forms hold none."""
    for key, value in block.items():
        if key in ("type", "tone", "empty") or block["type"] == "form":
            continue
        if not isinstance(value, list):
            yield block, key
            continue
        rows = value if key != "rows" or block["type"] not in ("table", "stacks") else value[:1] + value[1:][-1:]
        for place, row in enumerate(rows):
            if isinstance(row, list):
                yield from ((row, cell) for cell in range(len(row)))
            else:
                yield value, place
