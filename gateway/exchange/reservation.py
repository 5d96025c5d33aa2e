"""What one exchange has reserved of its limits, until its end settles it."""

from collections.abc import Callable

import msgspec

from gateway.core.counters import Change, Counters, Level
from gateway.exchange.applying import Rule, Wanted
from gateway.exchange.usage import Used


class _Held(msgspec.Struct):
    """What an exchange has reserved of one counter."""

    wanted: Wanted
    slice: int
    amount: int
    agent: str


class Reservation:
    """What one exchange has reserved. Settled once; given back once or more often."""

    __slots__ = ("_counters", "_held", "_lease", "estimated", "keys", "settled")

    def __init__(self, counters: Counters, lease: str, estimated: Callable[[], Used]) -> None:
        self._counters, self._lease, self.estimated = counters, lease, estimated
        self._held: list[_Held] = []
        self.keys: set[str] = set()
        self.settled = False

    def add(self, wanted: list[Wanted], levels: tuple[Level, ...], agent: str) -> None:
        for one, level in zip(wanted, levels, strict=True):
            self._held.append(_Held(one, level.slice, one.want.amount, agent))
            self.keys.add(one.want.key)

    def settle(self, agent: str | None, amount: Callable[[Rule], int]) -> None:
        """What was really used of each limit, by `amount`, with this agent's answer. What was reserved for another
        agent alone, which may have done its work too, stays as it is."""
        if self.settled:
            return
        self.settled = True
        changes = []
        for held in self._held:
            want, rule = held.wanted.want, held.wanted.rule
            if not want.window_us or (agent is not None and held.agent != agent and _alone(rule)):
                continue
            change = amount(rule) - held.amount
            if change:
                changes.append(Change(want.key, want.window_us, change, held.slice, self._lease))
        if changes:
            self._counters.settle(changes)

    def forgo(self, agent: str) -> None:
        """The agent surely did nothing: what was reserved for it alone is given back as far as it is no request."""
        kept, changes = [], []
        for held in self._held:
            want, rule = held.wanted.want, held.wanted.rule
            if held.agent != agent or not _alone(rule) or rule.what in ("requests", "concurrency"):
                kept.append(held)
                continue
            changes.append(Change(want.key, want.window_us, -held.amount, held.slice, self._lease))
            self.keys.discard(want.key)
        self._held = kept
        if changes:
            self._counters.settle(changes)

    def release(self, sent: bool) -> None:
        """Give back what was under way; and, unless anything may have been `sent`, all the rest."""
        if not sent:
            self.settle(None, lambda rule: 0)
        changes = [
            Change(held.wanted.want.key, 0, 0, 0, self._lease) for held in self._held if not held.wanted.want.window_us
        ]
        self._held = [held for held in self._held if held.wanted.want.window_us]
        if changes:
            self._counters.settle(changes)


def _alone(rule: Rule) -> bool:
    """Whether what is reserved of it is for one agent, and not for whoever answers."""
    return "agent" in rule.per or bool(rule.agents)
