"""What one exchange has reserved of its limits, until its end settles it."""

from collections.abc import Callable

import msgspec

from gateway.core.counters import Change, Counters, Level
from gateway.exchange.applying import Rule, Wanted
from gateway.exchange.usage import Used

_REQUEST = frozenset({"requests", "concurrency"})
"""Of these an exchange uses one of each counter, however many agents are asked."""


class _Held(msgspec.Struct):
    """What an exchange has reserved of one counter, for the agent that is asked now. `kept`: for one that may have done
    its work before, and will not say how much: it stays as it was estimated."""

    wanted: Wanted
    level: Level
    amount: int
    agent: str
    kept: bool = False

    @property
    def key(self) -> str:
        return self.wanted.want.key

    @property
    def what(self) -> str:
        return self.wanted.rule.what


class Reservation:
    """What one exchange has reserved. Settled once; given back once or more often."""

    __slots__ = ("_counters", "_held", "_lease", "estimated", "settled")

    def __init__(self, counters: Counters, lease: str, estimated: Callable[[], Used]) -> None:
        self._counters, self._lease, self.estimated = counters, lease, estimated
        self._held: list[_Held] = []
        self.settled = False

    def add(self, wanted: list[Wanted], levels: tuple[Level, ...], agent: str) -> None:
        """What was granted, for this agent, with all that is not kept of the same counters."""
        for one, level in zip(wanted, levels, strict=True):
            self._held.append(_Held(one, level, one.want.amount, agent))

    def beyond(self, before: str, wanted: list[Wanted], *, undone: bool) -> list[Wanted]:
        """What a further agent wants of these beyond what is held for it already. Of the agent `before`, what the
        further one does not want is given back, but for the request, if it surely did nothing (`undone`). Else its
        tokens and its spend stay whatever comes, and the further one's are wanted beside them; the bytes of the request
        are those of the exchange, and are wanted once."""
        keys = {one.want.key for one in wanted}
        left, changes = [], []
        for held in self._held:
            if held.agent == before and not held.kept and held.what not in _REQUEST:
                if undone and held.key not in keys:
                    changes.append(self._change(held, -held.amount))
                    continue
                if not undone and not (held.what == "bytes" and held.key in keys):
                    held.kept = True
            left.append(held)
        self._held = left
        if changes:
            self._counters.settle(changes)
        return [more for one in wanted if (more := self._more(one)) is not None]

    def hand_on(self, wanted: list[Wanted], agent: str) -> None:
        """What is held of these counters, and not kept, is for this agent from now on."""
        keys = {one.want.key for one in wanted}
        for held in self._held:
            if held.key in keys and not held.kept and held.what not in _REQUEST:
                held.agent = agent

    def settle(self, agent: str | None, amount: Callable[[Rule], int]) -> None:
        """What was really used of each limit, by `amount`, with this agent's answer. What another agent may have used
        stays as it was estimated, and what is held for one that was never asked is given back. Without an agent,
        everything is settled to `amount`."""
        if self.settled:
            return
        self.settled = True
        changes: list[Change] = []
        for same in self._by_key(everything=agent is None):
            rule = same[0].wanted.rule
            used = amount(rule) if agent is None or same[0].agent == agent else 0
            changes += self._changes(same, used - sum(held.amount for held in same))
        if changes:
            self._counters.settle(changes)

    def release(self, sent: bool) -> None:
        """Give back what was under way; and, unless anything may have been `sent`, all the rest."""
        if not sent:
            self.settle(None, lambda rule: 0)
        changes = [Change(held.key, 0, 0, 0, self._lease) for held in self._held if not held.wanted.want.window_us]
        self._held = [held for held in self._held if held.wanted.want.window_us]
        if changes:
            self._counters.settle(changes)

    def _more(self, one: Wanted) -> Wanted | None:
        same = [held for held in self._held if held.key == one.want.key and not held.kept]
        held = sum(held.amount for held in same)
        if held >= one.want.amount or (same and one.rule.what in _REQUEST):
            return None
        return one if not held else Wanted(one.rule, msgspec.structs.replace(one.want, amount=one.want.amount - held))

    def _by_key(self, *, everything: bool) -> list[list[_Held]]:
        """What is held in windows and to be settled, by counter."""
        found: dict[str, list[_Held]] = {}
        for held in self._held:
            if held.wanted.want.window_us and (everything or not (held.kept or held.what in _REQUEST)):
                found.setdefault(held.key, []).append(held)
        return list(found.values())

    def _changes(self, same: list[_Held], change: int) -> list[Change]:
        """One counter's change: more counts from now on; less is given back to where it was taken from."""
        if change > 0:
            return [self._change(same[-1], change)]
        changes = []
        for held in reversed(same):
            given = min(held.amount, -change)
            change += given
            if given:
                changes.append(self._change(held, -given))
        return changes

    def _change(self, held: _Held, amount: int) -> Change:
        level = held.level
        return Change(held.key, held.wanted.want.window_us, amount, level.slice, self._lease, level.here)
