"""Failed identifications: counted by source, limited, and told to the ledger in a bounded number of records.

A source is an IPv4 address, or the /64 that an IPv6 address lies in: whoever has one of those has all of it.

- **Limit.** Who has failed `limit.count` times within a window of `limit.window_s` is refused for as long again, before
  its credential is looked at. Successes in between change nothing: a caller with one good key may not try others.
- **Ledger.** Each ledger is counted for by itself: the operator's own, and those of tenants whose credentials they
  provably were. In each window of `window_s` the first failure of a source is a record of its own at once, as long as
  there are not too many firsts of that code (`MAX_FIRSTS`); when the window ends, what was counted beyond that is told,
  the heaviest sources each by itself (`MAX_TOLD`), the rest in one record for each code that says how many sources it
  stands for (`OTHER`). So a flood can neither fill a ledger nor pass unseen, however many sources it comes from.
- **Memory.** `MAX_SOURCES` are known at once. Who failed longest ago makes room, and what it had counted goes to
  `OTHER`: who goes on failing is never forgotten for the sake of those who fail once.

What is counted and not yet on record is lost with the process: at most one window.
"""

import heapq
from collections import OrderedDict
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

import msgspec

from gateway.checks.limits import Rate
from gateway.core.ids import SYSTEM
from gateway.core.ports import Clock
from gateway.core.refusal import CODES, Refusal

MAX_SOURCES = 10_000
MAX_FIRSTS = 64
"""First failures of a code, in one window and ledger, that are records of their own: a flood of one kind hides no
other."""
MAX_TOLD = 256
"""Sources told by themselves in one ledger at the end of a window."""
OTHER = "other"
"""Stands for all sources that are not told by themselves. No address is written like that."""
_SECOND_NS = 1_000_000_000


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of one source and code: `count` of them within `window_s`. `sources`: for how many it stands; `ledger`:
    the id of the one that they are told in."""

    source: str
    code: str
    count: int
    window_s: int
    sources: int = 1
    ledger: str = SYSTEM


Kind = tuple[str, str]
"""What is told apart of one source: the ledger's id and the code."""


class _Source:
    """What one source has done. `counted`: failures by kind of this window, 0 where the first was told at once."""

    __slots__ = ("blocked_ns", "counted", "ends_ns", "failed")

    def __init__(self) -> None:
        self.counted: dict[Kind, int] = {}
        self.failed = 0
        self.ends_ns = 0
        self.blocked_ns = 0


class Failures:
    """Counts failures by source, ledger and code. For one thread."""

    def __init__(self, clock: Clock, limit: Rate, window_s: int = 60) -> None:
        self._now, self._limit, self._window_s = clock.monotonic_ns, limit, window_s
        self._sources: OrderedDict[str, _Source] = OrderedDict()
        self._ends_ns: int | None = None
        self._firsts: dict[Kind, int] = {}
        self._others: dict[Kind, list[int]] = {}
        """By kind, what is told of no source by itself: count and number of sources."""
        self._ended: list[Counted] = []

    def blocked(self, source: str) -> Refusal | None:
        """The refusal of who has failed too often lately. Costs nothing while nobody fails."""
        if not self._sources:
            return None
        found = self._sources.get(source_of(source))
        left = 0 if found is None else found.blocked_ns - self._now()
        return Refusal(code="source_limited", retry_after=-(-left // _SECOND_NS)) if left > 0 else None

    def note(self, source: str, code: str, ledger: str = SYSTEM, *, limits: bool = True) -> Counted | None:
        """Count one failure; what to record now, or None when it is told with the rest of its window.

        Only failures that are the caller's own (401) count towards the limit, and where not `limits` none does: what
        the source sent once and is looked at again without it is on record, and is no attempt of its.
        """
        now, name = self._now(), source_of(source)
        self._roll(now)
        if self._ends_ns is None:
            self._ends_ns = now + self._window_s * _SECOND_NS
        known = self._known(name)
        if limits and CODES[code].status == 401:
            self._count(known, now)
        kind = ledger, code
        if kind not in known.counted and self._firsts.get(kind, 0) < MAX_FIRSTS:
            self._firsts[kind] = self._firsts.get(kind, 0) + 1
            known.counted[kind] = 0
            return self._told(name, kind, 1)
        known.counted[kind] = known.counted.get(kind, 0) + 1
        return None

    def due(self, everything: bool = False) -> list[Counted]:
        """What a window that has ended counted beyond its firsts; with `everything`, the open one too (at a stop)."""
        if everything:
            self._close(self._now())
        else:
            self._roll(self._now())
        found, self._ended = self._ended, []
        return found

    def again(self, counted: Counted) -> None:
        """Keep what could not be recorded for the end of the next window, where it is told without its source."""
        self._other((counted.ledger, counted.code), counted.count, counted.sources)
        if self._ends_ns is None:
            self._ends_ns = self._now() + self._window_s * _SECOND_NS

    def __len__(self) -> int:
        return len(self._sources)

    def _known(self, name: str) -> _Source:
        known = self._sources.get(name)
        if known is not None:
            self._sources.move_to_end(name)
            return known
        if len(self._sources) >= MAX_SOURCES:
            _, gone = self._sources.popitem(last=False)
            for kind, count in gone.counted.items():
                self._other(kind, count)
        known = self._sources[name] = _Source()
        return known

    def _count(self, known: _Source, now: int) -> None:
        if known.ends_ns <= now:
            known.ends_ns, known.failed = now + self._limit.window_s * _SECOND_NS, 0
        known.failed += 1
        if known.failed >= self._limit.count:
            known.blocked_ns, known.ends_ns = now + self._limit.window_s * _SECOND_NS, 0

    def _other(self, kind: Kind, count: int, sources: int = 1) -> None:
        if count:
            total = self._others.setdefault(kind, [0, 0])
            total[0] += count
            total[1] += sources

    def _roll(self, now: int) -> None:
        if self._ends_ns is not None and self._ends_ns <= now:
            self._close(now)

    def _close(self, now: int) -> None:
        """End the window: what it counted is due, and who is within its limit and not blocked is forgotten."""
        open_: dict[str, list[tuple[int, str, Kind]]] = {}
        for name, one in self._sources.items():
            for kind, count in one.counted.items():
                if count:
                    open_.setdefault(kind[0], []).append((count, name, kind))
        for counted in open_.values():
            self._heaviest(counted)
        for kind, (count, sources) in self._others.items():
            self._ended.append(self._told(OTHER, kind, count, sources))
        for name in [name for name, one in self._sources.items() if max(one.ends_ns, one.blocked_ns) <= now]:
            del self._sources[name]
        for one in self._sources.values():
            one.counted = {}
        self._ends_ns, self._firsts, self._others = None, {}, {}

    def _heaviest(self, counted: list[tuple[int, str, Kind]]) -> None:
        """Of one ledger (count, source, kind): the heaviest sources are due by themselves, the others together."""
        told = heapq.nlargest(MAX_TOLD, counted)
        for count, name, kind in told:
            self._ended.append(self._told(name, kind, count))
        if len(counted) > MAX_TOLD:
            for count, _, kind in set(counted) - set(told):
                self._other(kind, count)

    def _told(self, source: str, kind: Kind, count: int, sources: int = 1) -> Counted:
        ledger, code = kind
        return Counted(source=source, code=code, count=count, window_s=self._window_s, sources=sources, ledger=ledger)


@lru_cache(4096)
def source_of(address: str) -> str:
    """Under which name an address is counted: an IPv6 one by its /64, unless it stands for an IPv4 one."""
    if ":" not in address:
        return address
    try:
        found = IPv6Address(address.partition("%")[0])
    except AddressValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"
