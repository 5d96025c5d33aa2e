"""Documents hold together: what they link to is there, and decisions are numbered and whole."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, committed, name

_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
_DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def _documents() -> list[Path]:
    return [path for path in committed() if path.suffix == ".md" and "tests/golden" not in name(path)]


def test_every_relative_link_leads_to_a_file() -> None:
    broken = [
        f"{name(path)}: {target}"
        for path in _documents()
        for target in _LINK.findall(path.read_text("utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists()
    ]
    assert broken == []


def test_every_file_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = re.findall(r"`((?:gateway|docs|migrations|policies|tests|docker|benchmarks)/[\w./-]*)`", text)
    assert named
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_the_architecture_fits_on_a_page() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 110


def test_no_two_decisions_have_the_same_number() -> None:
    numbers = [path.name[:4] for path in _DECISIONS]
    assert len(set(numbers)) == len(numbers)
    assert all(number.isdigit() for number in numbers)


@pytest.mark.parametrize("path", _DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_what_and_what_follows(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(f"# {path.name[:4]} · ")
    for heading in ("Context", "Decision", "Consequences"):
        assert f"**{heading}.**" in text
