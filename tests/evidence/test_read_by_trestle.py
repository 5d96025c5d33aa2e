"""compliance-trestle reads the assessment results of a bundle, as they lie in it. It needs an environment of its own,
which `make test` makes: without that this is skipped, and says so; in CI it fails."""

import json
from pathlib import Path

import pytest

from tests.services import lacking

from .read_by_trestle import read, written

PYTHON = Path(__file__).parents[2] / "build" / "trestle" / "bin" / "python"


@pytest.fixture
def python() -> str:
    return _python()


def _python() -> str:
    if not PYTHON.exists():
        lacking("compliance-trestle is not installed: `make oscal` brings it")
    return str(PYTHON)


def test_trestle_reads_what_lies_in_a_bundle_and_refuses_it_without_what_was_reviewed(python: str) -> None:
    whole, lacking = (json.loads(written()) for _ in range(2))
    (result,) = whole["assessment-results"]["results"]
    assert result["observations"]
    assert result["findings"]
    del lacking["assessment-results"]["results"][0]["reviewed-controls"]
    assert read(python, written(), json.dumps(lacking).encode()) == [
        f"trestle has read {whole['assessment-results']['uuid']}",
        "trestle refuses it",
    ]


def test_without_its_environment_this_is_skipped_and_in_ci_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.PYTHON", Path("nowhere"))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make oscal"):
        _python()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make oscal"):
        _python()
