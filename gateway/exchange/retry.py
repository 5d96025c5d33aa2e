"""When a message may be sent again to the same agent, and after how long: full jitter, under a budget.

The budget is a token bucket: each message puts in a share of a token, time puts in one a second, and a retry takes a
whole one. So an agent that is down gets a bounded share more of messages than it would without retries, instead of a
multiple, and what is called seldom can be retried all the same. (Twitter's Finagle, `RetryBudget`; full jitter as in
Marc Brooker's "Exponential Backoff And Jitter".)
"""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil

PER_SECOND = 1
"""Retries a second that the budget grants, however few messages there are."""
SAVED = 10
"""Tokens that may be saved up, at most."""
LONGEST_TOLD_S = 86_400
"""The longest wait that a caller is told of: whoever says more has said that it is not soon."""
_BASE_S = 0.05
_LONGEST_S = 1.0
_TOKEN = 1_000_000_000
"""A token in billionths, so that a nanosecond's share is a whole number."""


class Budget:
    """One agent's retries. `share` of its messages may be retried, and `PER_SECOND` more."""

    __slots__ = ("_held", "_share", "_since")

    def __init__(self, share: float, now: int) -> None:
        self._share = int(share * _TOKEN)
        self._held = SAVED * _TOKEN
        self._since = now

    def deposit(self) -> None:
        """A message is sent for the first time."""
        self._held = min(SAVED * _TOKEN, self._held + self._share)

    def withdraw(self, now: int) -> bool:
        """Whether one may be sent again; if so, it is counted."""
        held = min(SAVED * _TOKEN, self._held + (now - self._since) * PER_SECOND)
        self._since = now
        granted = held >= _TOKEN
        self._held = held - _TOKEN if granted else held
        return granted


def backoff_s(tries: int, random: Callable[[], float]) -> float:
    """Seconds before a message is sent again after `tries` tries: anything from none to a bound that doubles."""
    longest: float = min(_LONGEST_S, _BASE_S * 2 ** (tries - 1))
    return random() * longest


def retry_after_s(value: str | None, now_us: int) -> float | None:
    """Seconds that a `Retry-After` asks for, from seconds or a date (RFC 9110 §10.2.3); None where it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for an offset that no clock has
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.fromtimestamp(now_us / 1_000_000, UTC)).total_seconds())


def told_s(asked_s: float | None) -> int | None:
    """Whole seconds that a caller is told to wait, of those that the agent asked for; None where it asked for none."""
    return None if asked_s is None else ceil(min(asked_s, LONGEST_TOLD_S))
