"""Where a request is routed, and how, is as casbin's plain enforcer has it, asked class by class."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ManualClock
from tests.exchange import routing, talking
from tests.exchange.bodies import BODIES, Body
from tests.exchange.making import engine, message
from tests.exchange.plainly import Found, Holding

ROOT = Path(__file__).parents[2]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_it_goes_where_as_and_with_what_is_left_as_the_plain_enforcer_has_it(seed: int) -> None:
    for one in routing.compare(seed, requests=2):
        assert one.found == one.expected, one.asked


def test_some_are_routed_first_some_later_some_masked_and_some_nowhere() -> None:
    """Without this the comparison could be one of refusals alone."""
    places, effects, back, masked, tried, held = set(), set(), set(), 0, 0, 0
    for seed in range(30):
        before: Holding = {}
        for one in routing.compare(seed, requests=4):
            found, other, (returned, _), holding = one.found
            places.add(None if found.agent is None else one.asked.order.index(found.agent))
            effects.add(found.effect)
            back.add(returned)
            masked += found.agent is not None and len(found.left) < len(one.asked.body.values)
            tried += (found.agent, found.effect) != (other.agent, other.effect)
            held += found.agent is not None and any(name in before for name in one.asked.sessions)
            before = holding
    assert {None, 0, 1, 2} <= places
    assert effects == {"deny", "route", "redact", "tokenize", "approve"}
    assert back == {True, False}
    assert (masked > 5, tried > 1, held > 1) == (True, True, True)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.text[:20])
def test_a_body_holds_what_is_written_down_of_it(body: Body) -> None:
    found = engine(ManualClock()).scan(message(body.text).parts)
    assert found.classes == set(body.classes)
    assert {one.type for findings in found.parts for one in findings} - {"title"} == {kind for _, kind in body.values}


def test_another_order_of_hashes_routes_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.exchange.routing", "20"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert (routing.main(20), capsys.readouterr().out) == (0, ran.stdout)


def test_a_difference_is_told_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(talking, "_found", lambda *_: Found("nobody"))
    assert routing.main(1) == 1
    assert "the plain enforcer says" in capsys.readouterr().out
