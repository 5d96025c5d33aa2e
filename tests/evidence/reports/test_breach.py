"""A breach pack has its clocks, and says how many persons are known to be affected and how far nobody can know."""

from typing import Any

import msgspec

from gateway.evidence.reports.basis import Affected, Basis, Outside
from gateway.evidence.reports.document import Fields, Text
from gateway.evidence.reports.kinds import document
from tests.evidence.reports.kit import AFFECTED, basis


def _basis() -> Basis:
    """Of three incidents."""
    made = basis()
    (one, *_) = made.figures["incidents"]["opened"]
    opened = [[f"{one[0]}-{number}", *one[1:]] for number in range(3)]
    figures = {**made.figures, "incidents": {**made.figures["incidents"], "opened": opened}}
    return msgspec.structs.replace(made, figures=figures, affected={str(row[0]): AFFECTED for row in opened})


def _packs(given: Basis, section: str = "each") -> list[dict[str, Any]]:
    (found,) = (one for one in document("breach", given).sections if one.id == section)
    return [dict(block.rows) for block in found.blocks if isinstance(block, Fields)]


def _with(*affected: Affected) -> tuple[Basis, int]:
    """A basis whose first incidents are about these, and how many incidents there are."""
    opened = _basis().figures["incidents"]["opened"]
    told = {str(row[0]): one for row, one in zip(opened, affected, strict=False)}
    return msgspec.structs.replace(_basis(), affected=told), len(opened)


def test_each_incident_has_its_clocks_and_how_many_it_is_about() -> None:
    opened = _basis().figures["incidents"]["opened"]
    packs = _packs(_basis())
    assert len(packs) == len(opened) == 3
    assert (packs[0]["72 hours end"], packs[0]["60 days end"]) == (opened[0][7], opened[0][8])
    assert packs[0]["Persons named"] == 1
    assert packs[0]["Pseudonyms"] == "su_1, su_2"
    assert packs[0]["Of these naming nobody"] == packs[0]["Of these with a deleted detail"] == 1


def test_a_person_who_is_in_several_incidents_is_counted_once() -> None:
    (told,) = _packs(_basis(), "affected")
    assert told["Incidents"] == 3
    assert told["Persons named, each once"] == 1
    assert told["Records of what was sent"] == 3 * told["Incidents"]
    other = Affected(subjects=("su_9",), persons=frozenset({"su_9"}), records=1)
    given, _ = _with(AFFECTED, other)
    assert _packs(given, "affected")[0]["Persons named, each once"] == 2


def test_what_nobody_can_know_is_told_beside_the_number() -> None:
    given, incidents = _with(Affected(), Affected(records=2, unnamed=2))
    (told,) = _packs(given, "affected")
    assert told["Persons named, each once"] == 0
    assert told["Incidents that name nobody"] == 2
    assert told["Incidents of which no such record is at hand"] == 1
    assert told["Incidents that were not looked up"] == incidents - 2
    first, second, third = _packs(given)[:3]
    assert "no record of what was sent is at hand" in first["Persons named"]
    assert (second["Persons named"], second["Pseudonyms"]) == (0, "none")
    assert "not looked up" in third["Persons named"]


def test_a_pack_in_a_bundle_says_that_pseudonyms_are_counted_and_where_persons_are() -> None:
    def said(given: Basis) -> str:
        (affected,) = (one for one in document("breach", given).sections if one.id == "affected")
        return " ".join(block.text for block in affected.blocks if isinstance(block, Text))

    whole = said(msgspec.structs.replace(_basis(), outside=Outside()))
    bundled = said(msgspec.structs.replace(_basis(), outside=None))
    assert "under however many merged pseudonyms" in whole
    assert "under however many merged pseudonyms" not in bundled
    assert "there may be fewer persons" in bundled
