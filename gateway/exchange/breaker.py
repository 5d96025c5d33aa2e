"""When to stop asking an agent: a circuit breaker over a sliding window, without a clock, lock or task of its own.

    closed ──(faults or slow calls reach their share of at least `calls`)──► open
    open ──(its time is over, and a call comes)──► half-open ──(`probes` good ones)──► closed
                                                       └──(one bad one)──► open, for twice as long

Who calls says what came of it: `fault` is an agent's own (an error of its server, a time-out, a broken connection, an
answer that is none), `well` is any answer at all, and `none` says nothing of the agent (the caller left). A call that
began under another state than the one it ends in changes nothing: late news of an agent that is let rest, or has
recovered since, is old news. Prior art and why no library is used: docs/decisions/0014-resilience.md.
"""

from collections import deque
from collections.abc import Callable
from typing import Literal

from gateway.settings import Breaker as Rules

State = Literal["closed", "open", "half-open"]
Verdict = Literal["well", "fault", "none"]
SLICES = 10
"""Pieces of the window: a call is forgotten after the window, or up to a tenth of it earlier."""
_JITTER = 0.25
"""Share of the open time by which it is longer at most, so that nodes do not come back in step."""
_SECOND_NS = 1_000_000_000


class Breaker:
    """One agent's breaker. Times are monotonic nanoseconds; `random` gives numbers in [0, 1)."""

    __slots__ = ("_admitted", "_faults", "_good", "_ring", "_rules", "_slow", "_total", "_width", "generation", "opens",
                 "random", "state", "until")  # fmt: skip

    def __init__(self, rules: Rules, random: Callable[[], float]) -> None:
        self._rules, self.random = rules, random
        self._width = max(1, int(rules.window_s * _SECOND_NS) // SLICES)
        self._ring: deque[list[int]] = deque()
        """Slices of [number, calls, faults, slow calls], oldest first."""
        self._total = self._faults = self._slow = 0
        self._admitted = self._good = 0
        self.state: State = "closed"
        self.generation = 0
        self.opens = 0
        """How often it opened since it was last closed."""
        self.until = 0
        """When an open breaker lets a call through again."""

    def admits(self, now: int) -> bool:
        """Whether `enter` would let a call through."""
        if self.state == "closed":
            return True
        if self.state == "open":
            return now >= self.until
        return self._admitted < self._rules.probes

    def enter(self, now: int) -> int | None:
        """The ticket of a call that may go, for `leave`; None where it may not."""
        if self.state != "closed":
            if not self.admits(now):
                return None
            if self.state == "open":
                self._turn("half-open")
            self._admitted += 1
        return self.generation

    def leave(self, ticket: int, now: int, verdict: Verdict, took_ns: int = 0) -> None:
        """What came of a call. `took_ns`: until its answer began."""
        if ticket != self.generation:
            return
        slow = verdict == "well" and 0 < self._rules.slow_s * _SECOND_NS <= took_ns
        if self.state == "closed":
            if verdict != "none":
                self._count(now, 1, verdict == "fault", slow)
            return
        if verdict == "none":
            self._admitted -= 1
        elif verdict == "fault" or slow:
            self._open(now)
        else:
            self._good += 1
            if self._good >= self._rules.probes:
                self._turn("closed")
                self.opens = 0

    def belie(self, now: int) -> None:
        """A call that was told as well went wrong after all: its answer broke off, or was not what it should be."""
        if self.state == "closed":
            self._count(now, 0, True, False)

    def wait_s(self, now: int) -> int:
        """Whole seconds after which a call may be let through, at least one."""
        return max(1, -(-(self.until - now) // _SECOND_NS)) if self.state == "open" else 1

    def _count(self, now: int, calls: int, fault: bool, slow: bool) -> None:
        number = now // self._width
        ring = self._ring
        while ring and ring[0][0] <= number - SLICES:
            _, gone, faults, slowly = ring.popleft()
            self._total, self._faults, self._slow = self._total - gone, self._faults - faults, self._slow - slowly
        if not ring or ring[-1][0] != number:
            ring.append([number, 0, 0, 0])
        if fault and self._faults + 1 > self._total + calls:
            calls = 1  # the call that it belies has left the window
        last = ring[-1]
        last[1], last[2], last[3] = last[1] + calls, last[2] + fault, last[3] + slow
        self._total, self._faults, self._slow = self._total + calls, self._faults + fault, self._slow + slow
        if (fault or slow) and self._total >= self._rules.calls and self._bad():
            self._open(now)

    def _bad(self) -> bool:
        rules = self._rules
        return self._faults >= rules.fault_share * self._total or (
            rules.slow_s > 0 and self._slow >= rules.slow_share * self._total
        )

    def _open(self, now: int) -> None:
        rules = self._rules
        resting = min(rules.open_s * 2 ** min(self.opens, 32), max(rules.open_max_s, rules.open_s))
        self._turn("open")
        self.opens += 1
        self.until = now + int(resting * (1 + _JITTER * self.random()) * _SECOND_NS)

    def _turn(self, state: State) -> None:
        self.state = state
        self.generation += 1
        self._admitted = self._good = 0
        self._ring.clear()
        self._total = self._faults = self._slow = 0
