"""Where a request is routed is where casbin's plain enforcer, asked class by class, first does not deny it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exchange import routing

ROOT = Path(__file__).parents[2]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_the_first_candidate_that_the_plain_enforcer_does_not_deny_is_taken(seed: int) -> None:
    for asked, found, expected in routing.compare(seed, requests=2):
        assert found == expected, asked


def test_some_are_routed_first_some_later_and_some_nowhere() -> None:
    """Without this the comparison could be one of refusals alone."""
    places = set()
    for seed in range(60):
        for asked, found, _ in routing.compare(seed, requests=2):
            places.add(None if found is None else asked.order.index(found))
    assert {None, 0, 1, 2} <= places


def test_another_order_of_hashes_routes_the_same() -> None:
    told = set()
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-m", "tests.exchange.routing", "20"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        told.add(ran.stdout)
    assert len(told) == 1


def test_a_difference_is_told_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(routing, "routed", lambda *_: "nobody")
    assert routing.main(1) == 1
    assert "the plain enforcer says" in capsys.readouterr().out
