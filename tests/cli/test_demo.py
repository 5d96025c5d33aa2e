"""`gateway demo`: hands its options to the demo and its answer back."""

from pathlib import Path
from typing import Any

import pytest

from gateway.demo import main
from tests.cli.kit import Run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), (Path("demo-run"), False, False, None)),
        (("--script", "--json"), (Path("demo-data"), True, True, None)),
        (("--dir", "d", "--expected", "e"), (Path("d"), False, False, Path("e"))),
    ],
)
def test_options_reach_the_demo_and_its_code_comes_back(
    gateway: Run, empty: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], expected: tuple[Any, ...]
) -> None:
    seen: list[tuple[Any, ...]] = []

    def run(*given: Any) -> int:
        seen.append(given)
        return 1

    monkeypatch.setattr(main, "run", run)
    assert gateway("demo", *arguments).code == 1
    assert seen == [expected]
