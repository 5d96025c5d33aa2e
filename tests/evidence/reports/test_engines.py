"""What is told of the versions of the classification that records name."""

import msgspec

from gateway.evidence.measured import Body, Count, Measurement, Share
from gateway.evidence.reports.document import Block, Table, Text
from gateway.evidence.reports.engines import versions
from tests.evidence.reports.kit import basis

GOOD, BAD = Share(40, 40, 9_124, 10_000), Share(20, 40, 3_520, 6_480)
BODIES = (
    Body(name="old texts", texts=9, tuned=True, all=Count(GOOD, GOOD), types={"card": Count(BAD, BAD)}),
    Body(
        name="new texts",
        texts=8,
        all=Count(BAD, GOOD),
        types={"card": Count(GOOD, GOOD), "term": Count(BAD), "url": Count(GOOD, BAD)},
    ),
)


def _told(*measured: str) -> list[Block]:
    coverage = {**basis().figures["coverage"], "engines": [["8-x", "a", 2, "b"], ["9-y", "a", 1, "b"]]}
    figures = {**basis().figures, "coverage": coverage}
    known = {name: Measurement(date="2026-11-28", bodies=BODIES) for name in measured}
    return versions(msgspec.structs.replace(basis(), figures=figures, measured=known, misses=("2 of 100",)))


def test_a_version_has_its_figures_on_all_texts_and_by_type_the_weakest_first() -> None:
    tables = {block.caption: block for block in _told("9-y") if isinstance(block, Table)}
    assert tables["Measured figures of 9-y"].rows == (
        ("old texts (tuned on)", 9, 40, str(GOOD), str(GOOD)),
        ("new texts", 8, 40, str(GOOD), str(BAD)),
    )
    assert [row[0] for row in tables["By type, of 9-y"].rows] == ["term", "url", "card"]
    assert tables["By type, of 9-y"].rows[0] == ("term", "new texts", 40, "not told", str(BAD))


def test_a_version_without_figures_is_named() -> None:
    said = [block.text for block in _told("9-y") if isinstance(block, Text)]
    assert any(one.startswith("No measured figures are known of 8-x.") for one in said)
    assert not any("No measured figures" in block.text for block in _told("8-x", "9-y") if isinstance(block, Text))


def test_what_people_found_here_is_told_beside_them() -> None:
    *_, last = _told()
    assert isinstance(last, Text)
    assert last.text == "What people found that classification misses: 2 of 100."
