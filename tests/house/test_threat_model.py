"""Each claim of the threat model has a test that is there, or says that it is a limit."""

import re

from tests.house.tree import ROOT, functions

_NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")
_HEADINGS = (
    "An outsider",
    "A caller",
    "An agent",
    "An operator",
    "A database administrator",
    "The holder of the signing key",
    "All of them together",
)


def _page() -> str:
    return (ROOT / "docs" / "threat-model.md").read_text("utf-8")


def _rows() -> list[tuple[str, str, str]]:
    """What may be tried, what comes of it, and what shows it."""
    cells = [
        line.strip("| ").split(" | ") for line in _page().splitlines() if line.startswith("|") and "---" not in line
    ]
    return [(row[0], row[1], row[2] if len(row) > 2 else "") for row in cells if not row[0].endswith("may try")]


def test_every_test_that_the_page_names_is_there() -> None:
    named = [(file, test) for file, test in _NAMED.findall(_page()) if not file.startswith("tests/house/")]
    assert len(named) > 50
    for file, test in named:
        there = functions(ROOT / "tests" / file)
        assert not test or test in there, f"{file}::{test}"


def test_every_claim_has_a_test_or_is_a_limit() -> None:
    rows = _rows()
    assert len(rows) > 40
    for tried, outcome, shown in rows:
        assert _NAMED.search(shown) or "**limit**" in outcome, tried


def test_everybody_is_spoken_of() -> None:
    assert tuple(line.removeprefix("## ") for line in _page().splitlines() if line.startswith("## ")) == _HEADINGS
