"""How soon an agent answers, as this process has seen it: a mean in which the newest answer counts most.

What fails counts as an answer that took as long as one may. Who is passed over for others is not heard of any more, so
what is known of it fades: each time that it was passed over often enough, and long enough ago, its figure is halved. So
whoever was slow is tried again by a single message, sooner where it was little slower, and what that one finds counts
the more the less was left of what was known. Fading needs both, time and messages: of a busy capability no more than a
few messages an hour are spent on a slow agent, of a quiet one no more than a few in a hundred.
"""

import math

HALVING_NS = 30_000_000_000
"""A figure is halved at most this often."""
HALVING_PASSES = 16
"""And at most each time that its agent was passed over so often."""
_KEPT = 0.8
"""What is kept of the mean with each answer; the rest is the answer's."""


class Speed:
    """One agent's. Times are monotonic nanoseconds."""

    __slots__ = ("_mean", "_passed", "_since", "_weight")

    def __init__(self) -> None:
        self._mean: float | None = None
        self._since: int | None = None
        """When it was last asked or heard of."""
        self._passed = 0
        self._weight = 1.0
        """How much what was known before counts when it is heard of the next time."""

    @property
    def mean_ns(self) -> float | None:
        """Until its answers begin; None where nothing is known."""
        return self._mean

    def expected_ns(self, now: int) -> float:
        """What it is ordered by. 0 for whoever was never heard of: it is tried; but not by everybody at once, so it is
        infinite while it is being tried."""
        if self._mean is None:
            return math.inf if self._since is not None and now - self._since < HALVING_NS else 0.0
        return self._mean * self._left(now)

    def passed(self) -> None:
        """It may have been asked, for what it is known for."""
        self._passed += 1

    def asked(self, now: int) -> None:
        """It is asked: until it is heard of, its figure is whole again, and nobody else tries it."""
        if self._mean is not None:
            self._weight *= self._left(now)
        self._since, self._passed = now, 0

    def told(self, now: int, took_ns: float) -> None:
        """Its answer began so long after it was asked, or counts as if it had."""
        kept = _KEPT * self._weight
        self._mean = took_ns if self._mean is None else kept * self._mean + (1.0 - kept) * took_ns
        self._since, self._passed, self._weight = now, 0, 1.0

    def _left(self, now: int) -> float:
        if not self._passed or self._since is None:
            return 1.0
        return float(2.0 ** -min((now - self._since) / HALVING_NS, self._passed / HALVING_PASSES))
