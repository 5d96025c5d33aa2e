"""Retries stay a share of what is sent, come back at random instants, and as late as an agent asks for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.exchange.retry import LONGEST_TOLD_S, PER_SECOND, SAVED, Budget, backoff_s, retry_after_s, told_s

S = 1_000_000_000
NOW_US = int(datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC).timestamp() * 1_000_000)


@settings(max_examples=100, deadline=None)
@given(
    share=st.sampled_from([0.0, 0.1, 0.25, 1.0]),
    doings=st.lists(st.sampled_from(["send", "retry", "tenth of a second"]), max_size=300),
)
def test_a_budget_never_grants_more_than_its_share_and_what_time_brings(share: float, doings: list[str]) -> None:
    budget, sent, granted, now = Budget(share, 0), 0, 0, 0
    for doing in doings:
        if doing == "send":
            budget.deposit()
            sent += 1
        elif doing == "retry":
            granted += budget.withdraw(now)
        else:
            now += S // 10
        assert granted <= share * sent + PER_SECOND * now / S + SAVED


def test_an_agent_that_is_down_gets_its_share_of_retries_and_no_more() -> None:
    budget = Budget(0.2, 0)
    granted = 0
    for _ in range(1000):
        budget.deposit()
        granted += budget.withdraw(0)
    assert granted == SAVED + 199, "a fifth of them, less what the full bucket could not hold"


def test_time_brings_tokens_back_up_to_a_bound() -> None:
    budget = Budget(0.0, 0)
    for now in (0, 3600 * S):
        granted = 0
        while budget.withdraw(now):
            granted += 1
        assert granted == SAVED
    assert not budget.withdraw(3600 * S + S // 2)
    assert budget.withdraw(3601 * S)


def test_the_wait_is_anything_up_to_a_bound_that_doubles() -> None:
    assert [backoff_s(tries, lambda: 0.5) for tries in (1, 2, 3, 40)] == [0.025, 0.05, 0.1, 0.5]
    assert backoff_s(1, lambda: 0.0) == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 7 ", 7),
        ("1.5", None),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        ("9" * 400, 999_999_999),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2026 12:00:30 +99999999999999999999", None),
    ],
)
def test_what_an_agent_asks_for(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, NOW_US) == seconds


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_whatever_an_agent_writes_there_is_read_or_not(value: str) -> None:
    found = retry_after_s(value, NOW_US)
    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("asked_s", "told"), [(None, None), (0.0, 0), (0.2, 1), (7.0, 7), (1e9, LONGEST_TOLD_S), (86_400.5, LONGEST_TOLD_S)]
)
def test_a_caller_is_told_whole_seconds_of_a_day_at_most(asked_s: float | None, told: int | None) -> None:
    assert told_s(asked_s) == told
