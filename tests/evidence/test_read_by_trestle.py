"""compliance-trestle reads the assessment results that we write. It needs an environment of its own (`make oscal`):
without that this is skipped, and says so."""

from pathlib import Path

import pytest

from .read_by_trestle import main, read
from .test_oscal import REQUESTED, results

PYTHON = Path(__file__).parents[2] / "build" / "trestle" / "bin" / "python"


@pytest.fixture
def python() -> str:
    if not PYTHON.exists():
        pytest.skip("compliance-trestle is not installed: `make oscal` brings it")
    return str(PYTHON)


def test_trestle_reads_what_we_write(python: str) -> None:
    assert main(python) == 0


def test_trestle_refuses_results_without_what_was_reviewed(python: str) -> None:
    found = results(REQUESTED)
    del found["results"][0]["reviewed-controls"]
    assert read(python, {"assessment-results": found}) != 0
