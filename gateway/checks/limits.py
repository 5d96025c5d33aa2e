"""How often and how many at once: exact sliding windows and gauges, in the memory of one process.

Never more than a rate's count in *any* span of its window: each request is counted until its own window has passed, or
up to a sixtieth of the window longer, since requests closer together than that share an entry. That keeps a key to
about 60 entries however high its rate, and a check to about a microsecond. Prior art and why the `limits` library is
not used: docs/decisions/0005-rate-limits.md.
"""

import re
from collections import OrderedDict, deque

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_FORM = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour|day)")
_SLICES = 60
_SECOND_NS = 1_000_000_000
_LOOKS = 16
"""Keys looked at, to find an idle one, when there is no room for a new one."""


class Rate(msgspec.Struct, frozen=True):
    """`count` requests in any `window_s` seconds."""

    count: int
    window_s: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """From `COUNT/second|minute|hour|day`; `ConfigurationError` for anything else."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ConfigurationError(
                "a rate must be COUNT/second, COUNT/minute, COUNT/hour or COUNT/day, like 600/minute"
            )
        return cls(int(found[1]), _SECONDS[found[2]])


class Allowed(msgspec.Struct, frozen=True):
    """A request within its rate: `remaining` more are free for the next `reset_s` seconds, after which more are."""

    limit: int
    window_s: int
    remaining: int
    reset_s: int


class Lease:
    """One request under way. Give it back with `Gauge.release`, once or more often."""

    __slots__ = ("key", "out")

    def __init__(self, key: str) -> None:
        self.key = key
        self.out = True


class _Window:
    """What one key has used: entries of [first, last, count], times in nanoseconds, oldest first."""

    __slots__ = ("entries", "rate", "total")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.entries: deque[list[int]] = deque()
        self.total = 0

    def expire(self, now: int) -> None:
        entries = self.entries
        gone = now - self.rate.window_s * _SECOND_NS
        while entries and entries[0][1] <= gone:
            self.total -= entries.popleft()[2]


class Limiter:
    """Request rates by key, for at most `max_keys` keys at once.

    When there is no room and no idle key is found to make room, a new key is refused: a key in use is never forgotten,
    which would loosen its limit.
    """

    def __init__(self, clock: Clock, max_keys: int = 100_000) -> None:
        self._now = clock.monotonic_ns
        self._max = max_keys
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def check(self, key: str, rate: Rate) -> Allowed | Refusal:
        """Count one request of `key`, or refuse it (uncounted) with the seconds after which one will be free."""
        now = self._now()
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= self._max and not self._make_room(now):
                return Refusal(code="rate_limited", retry_after=1)
            window = self._windows[key] = _Window(rate)
        else:
            window.expire(now)
            if window.rate != rate:  # what was used stays used, under the new rate
                window.rate = rate
        entries = window.entries
        whole = rate.window_s * _SECOND_NS
        if window.total >= rate.count:
            return Refusal(code="rate_limited", retry_after=_seconds(entries[0][1] + whole - now))
        window.total += 1
        if entries and now - entries[-1][0] < whole // _SLICES:
            entries[-1][1] = now
            entries[-1][2] += 1
        else:
            entries.append([now, now, 1])
            self._windows.move_to_end(key)
        return Allowed(rate.count, rate.window_s, rate.count - window.total, _seconds(entries[0][1] + whole - now))

    def __len__(self) -> int:
        return len(self._windows)

    def _make_room(self, now: int) -> bool:
        """Drop an idle key among those not used for longest; the others move on, so that the next look goes further."""
        for _ in range(min(_LOOKS, len(self._windows))):
            key, window = self._windows.popitem(last=False)
            window.expire(now)
            if not window.total:
                return True
            self._windows[key] = window
        return False


class Gauge:
    """How many requests of each key are under way. Holds as many keys as are in use, and no more."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def acquire(self, key: str, limit: int) -> Lease | Refusal:
        """A lease, or `concurrency_limited` where `limit` of them are out."""
        count = self._open.get(key, 0)
        if count >= limit:
            return Refusal(code="concurrency_limited", retry_after=1)
        self._open[key] = count + 1
        return Lease(key)

    def release(self, lease: Lease) -> None:
        """Give a lease back. A second time does nothing, so that every way out of a request may do it."""
        if not lease.out:
            return
        lease.out = False
        count = self._open[lease.key] - 1
        if count:
            self._open[lease.key] = count
        else:
            del self._open[lease.key]

    def count(self, key: str) -> int:
        return self._open.get(key, 0)

    def __len__(self) -> int:
        return len(self._open)


def headers(answer: Allowed | Refusal, rate: Rate, name: str = "default") -> tuple[tuple[str, str], ...]:
    """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 §3, §4); `Retry-After` if refused.

    `name` is the policy's name: from the code, never from a request.
    """
    policy = ("RateLimit-Policy", f'"{name}";q={rate.count};w={rate.window_s}')
    if isinstance(answer, Allowed):
        return ("RateLimit", f'"{name}";r={answer.remaining};t={answer.reset_s}'), policy
    wait = answer.retry_after or 1
    return ("RateLimit", f'"{name}";r=0;t={wait}'), policy, ("Retry-After", str(wait))


def _seconds(ns: int) -> int:
    """Whole seconds, rounded up, at least one: waiting that long is always enough."""
    return max(1, -(-ns // _SECOND_NS))
