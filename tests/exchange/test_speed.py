"""How soon an agent answers is a mean of what it did lately, and who was slow is tried again, by one message."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.speed import HALVING_NS, HALVING_PASSES, Speed

MS = 1_000_000


def slow(took_ns: int = 800 * MS) -> Speed:
    speed = Speed()
    speed.told(0, took_ns)
    return speed


def passed(speed: Speed, times: int) -> None:
    for _ in range(times):
        speed.passed()


def test_who_was_never_heard_of_is_tried_but_not_by_everybody_at_once() -> None:
    speed = Speed()
    assert (speed.expected_ns(5), speed.mean_ns) == (0.0, None)
    speed.asked(5)
    assert speed.expected_ns(6) == math.inf
    assert speed.expected_ns(5 + HALVING_NS) == 0.0, "nobody said what came of it"
    speed.told(7, 3 * MS)
    assert speed.expected_ns(8) == speed.mean_ns == 3 * MS


def test_the_newest_answer_counts_most() -> None:
    speed = slow(100 * MS)
    speed.told(1, 200 * MS)
    assert speed.mean_ns == pytest.approx(120 * MS)
    for number in range(40):
        speed.told(2 + number, 200 * MS)
    assert speed.mean_ns == pytest.approx(200 * MS, rel=0.01)


@pytest.mark.parametrize(
    ("halvings_of_time", "halvings_of_messages", "left"),
    [(0, 4, 1.0), (4, 0, 1.0), (1, 1, 0.5), (3, 2, 0.25), (2, 3, 0.25)],
)
def test_what_is_known_fades_with_time_and_messages_whichever_takes_longer(
    halvings_of_time: int, halvings_of_messages: int, left: float
) -> None:
    speed = slow()
    passed(speed, halvings_of_messages * HALVING_PASSES)
    assert speed.expected_ns(halvings_of_time * HALVING_NS) == pytest.approx(800 * MS * left)


def test_while_it_is_tried_again_nobody_else_tries_it() -> None:
    speed = slow()
    passed(speed, 5 * HALVING_PASSES)
    later = 5 * HALVING_NS
    assert speed.expected_ns(later) == pytest.approx(25 * MS)
    speed.asked(later)
    assert speed.expected_ns(later) == pytest.approx(800 * MS)


def test_what_is_found_counts_the_more_the_less_was_left_of_what_was_known() -> None:
    speed = slow()
    passed(speed, 5 * HALVING_PASSES)
    speed.asked(5 * HALVING_NS)
    speed.told(5 * HALVING_NS + 1, 10 * MS)
    assert speed.mean_ns == pytest.approx(10 * MS + 0.8 / 32 * 790 * MS)
    speed.told(5 * HALVING_NS + 2, 10 * MS)
    assert speed.mean_ns == pytest.approx(10 * MS + 0.8 * 0.8 / 32 * 790 * MS), "and as ever from then on"


@given(st.lists(st.tuples(st.sampled_from(("told", "asked", "passed")), st.integers(0, 10**12)), max_size=60))
def test_whatever_happens_it_is_a_time_between_none_and_the_longest(moves: list[tuple[str, int]]) -> None:
    speed, now, longest = Speed(), 0, 0
    for move, amount in moves:
        now += amount
        if move == "told":
            speed.told(now, amount)
            longest = max(longest, amount)
        elif move == "asked":
            speed.asked(now)
        else:
            passed(speed, 1 + amount % 3000)
        expected, mean = speed.expected_ns(now), speed.mean_ns
        assert expected >= 0
        if mean is not None:
            assert expected <= mean * (1 + 1e-9)
            assert mean <= longest * (1 + 1e-9)
