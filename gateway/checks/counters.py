"""Counters in the memory of one process: exact, bounded in keys, and about a microsecond for each.

For one serving process they are the truth; for several nodes they are what each falls back to (`share`) while the
counters that they have in common cannot be reached.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence

from gateway.core.counters import SLICES, Change, Exceeded, Level, Want, step_us
from gateway.core.ports import Clock

_SECOND_US = 1_000_000
_LOOKS = 16
"""Keys looked at, to find an idle one, when there is no room for a new one."""


class _Window:
    """What one key has used: [slice, amount], oldest first. Slices are numbered since the clock's beginning."""

    __slots__ = ("slices", "step", "total", "window_us")

    def __init__(self, window_us: int) -> None:
        self.window_us, self.step = window_us, step_us(window_us)
        self.slices: deque[list[int]] = deque()
        self.total = 0

    def expire(self, now_us: int) -> None:
        first, slices = now_us // self.step - SLICES, self.slices
        while slices and slices[0][0] < first:
            self.total -= slices.popleft()[1]

    def put(self, now_us: int, amount: int) -> int:
        """Count it now; the slice that it is in."""
        current, slices = now_us // self.step, self.slices
        if slices and slices[-1][0] == current:
            slices[-1][1] += amount
        else:
            slices.append([current, amount])
        self.total += amount
        return current

    def take(self, number: int, amount: int) -> None:
        """Give back what was counted in a slice, as far as it still counts."""
        for entry in reversed(self.slices):
            if entry[0] <= number:
                if entry[0] == number:
                    given = min(amount, entry[1])
                    entry[1] -= given
                    self.total -= given
                return

    def free_s(self, now_us: int, needed: int) -> int:
        """Seconds until so much of it is free again; the whole window where it never is."""
        freed = 0
        for number, amount in self.slices:
            freed += amount
            if freed >= needed:
                return max(1, -(-((number + SLICES + 1) * self.step - now_us) // _SECOND_US))
        return max(1, -(-self.window_us // _SECOND_US))


class MemoryCounters:
    """`core.counters.Counters` in memory, for at most `max_keys` windows of each tenant at once.

    When there is no room and no idle key is found to make room, what needs a new one is refused, and a soft want goes
    uncounted: a key in use is never forgotten, which would loosen its limit. No tenant takes the room of another. Each
    count is divided by `share`, rounded down.
    """

    def __init__(self, clock: Clock, max_keys: int = 100_000) -> None:
        self._now = clock.monotonic_ns
        self._max = max_keys
        self._tenants: dict[str, OrderedDict[str, _Window]] = {}
        """By the tenant's id, which every key begins with; a tenant is known here once it has counted anything."""
        self._open: dict[str, set[str]] = {}
        self.share = 1

    async def reserve(self, lease: str, wants: Sequence[Want]) -> tuple[Level, ...] | Exceeded:
        return self.take(lease, wants)

    def take(self, lease: str, wants: Sequence[Want], *, forced: bool = False) -> tuple[Level, ...] | Exceeded:
        """As `reserve`, at once. `forced`: counted whatever the limit says, because it was granted elsewhere; where
        there is no room for a key then, that key is left out."""
        now, share = self._now() // 1000, self.share
        windows: list[_Window | None] = []
        for index, want in enumerate(wants):
            checked = want.hard and not forced
            if not want.window_us:
                if checked and self.count(want.key) + want.amount > want.count // share:
                    return Exceeded(index, 1)
                windows.append(None)
                continue
            window = self._window(want.key, want.window_us, now)
            if window is None and checked:
                return Exceeded(index, 1)
            if checked and window is not None and window.total + want.amount > want.count // share:
                return Exceeded(index, window.free_s(now, window.total + want.amount - want.count // share))
            windows.append(window)
        return tuple([self._take(lease, want, window, now) for want, window in zip(wants, windows, strict=True)])

    def settle(self, changes: Sequence[Change]) -> None:
        now = self._now() // 1000
        for change in changes:
            if not change.window_us:
                self._release(change.key, change.lease)
                continue
            window = self._of(change.key).get(change.key)
            if window is None:  # forgotten, so that nothing of it counts any more
                if change.amount <= 0:
                    continue
                window = self._window(change.key, change.window_us, now)
                if window is None:
                    continue
            if change.amount < 0:
                window.take(change.slice, -change.amount)
            else:
                window.expire(now)
                window.put(now, change.amount)

    def count(self, key: str) -> int:
        """How many requests of a key are under way."""
        return len(self._open.get(key, ()))

    def leases(self) -> Iterator[tuple[str, str]]:
        """Key and lease of everything that is under way."""
        for key, leases in self._open.items():
            for lease in leases:
                yield key, lease

    def totals(self) -> Iterator[tuple[str, int, int]]:
        """Key, window and amount of everything that still counts."""
        now = self._now() // 1000
        for windows in self._tenants.values():
            for key, window in windows.items():
                window.expire(now)
                if window.total:
                    yield key, window.window_us, window.total

    def __len__(self) -> int:
        return sum(len(windows) for windows in self._tenants.values())

    def _of(self, key: str) -> OrderedDict[str, _Window]:
        """All windows of the tenant that the key belongs to."""
        tenant = key.partition(":")[0]
        windows = self._tenants.get(tenant)
        if windows is None:
            windows = self._tenants[tenant] = OrderedDict()
        return windows

    def _window(self, key: str, window_us: int, now: int) -> _Window | None:
        """The key's window, with nothing in it that does not count any more; None where there is no room for one."""
        windows = self._of(key)
        window = windows.get(key)
        if window is None:
            if len(windows) >= self._max and not _make_room(windows, now):
                return None
            window = windows[key] = _Window(window_us)
        else:
            window.expire(now)
        return window

    def _take(self, lease: str, want: Want, window: _Window | None, now: int) -> Level:
        if not want.window_us:
            leases = self._open.setdefault(want.key, set())
            leases.add(lease)
            return Level(len(leases), 0, 0)
        if window is None:
            return Level(want.amount, 0, 1)
        before = window.slices[-1][0] if window.slices else -1
        number = window.put(now, want.amount)
        if number != before:
            windows = self._of(want.key)
            windows[want.key] = window  # room may have been made with it for the next want of the same request
            windows.move_to_end(want.key)
        return Level(window.total, number, window.free_s(now, 1))

    def _release(self, key: str, lease: str) -> None:
        leases = self._open.get(key)
        if leases is not None:
            leases.discard(lease)
            if not leases:
                del self._open[key]


def _make_room(windows: OrderedDict[str, _Window], now: int) -> bool:
    """Drop an idle key among those not used for longest; the others move on, so that the next look goes further."""
    for _ in range(min(_LOOKS, len(windows))):
        key, window = windows.popitem(last=False)
        window.expire(now)
        if not window.total:
            return True
        windows[key] = window
    return False
