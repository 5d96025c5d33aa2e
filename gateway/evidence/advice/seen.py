"""What records say of each capability: how its load varies, how sensitive its data is, how its agents did.

Volatility is how much more the requests of an hour vary than they would by chance alone. Requests that come
independently of each other at one rate vary by the square root of their number (Poisson), so that from the variance of
the hourly numbers their mean is taken away; the root of the rest over the mean is the volatility: 0 for a steady load,
however small, and about 1.4 where the same load comes in a third of the hours.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gateway.ledger.record import Envelope
from gateway.ledger.times import parse_timestamp

EVENTS = ("exchange.requested", "exchange.attempted", "exchange.completed", "exchange.denied")
HOUR_US = 3_600_000_000
DAY_HOURS = 24
MAX_CAPABILITIES = 1_000
OTHERS = "(others)"
"""What capabilities beyond so many are counted under."""
_RATIO = 1.05
"""Between two bounds of the spread of latencies: what is told of one is at most 5 % too high."""


class Spread:
    """Latencies by size, in microseconds."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.total = 0

    def add(self, us: int) -> None:
        self._counts[0 if us <= 1 else math.ceil(math.log(us, _RATIO))] += 1
        self.total += 1

    def at(self, share: float) -> int | None:
        """What this share of them took at most, in microseconds; None of none."""
        wanted, seen = math.ceil(share * self.total), 0
        for place in sorted(self._counts):
            seen += self._counts[place]
            if seen >= wanted:
                return math.ceil(_RATIO**place)
        return None


class AgentSeen(msgspec.Struct, kw_only=True):
    """One agent, for one capability."""

    zone: str = ""
    requests: int = 0
    """Sent to it."""
    answers: int = 0
    """Ends of which it says that it answered."""
    failures: int = 0
    cost: int = 0
    """Millionths of the currency, of those whose cost is on record."""
    costed: int = 0
    tokens: int = 0
    spread: Spread


class CapabilitySeen(msgspec.Struct, kw_only=True):
    """One capability."""

    requests: int = 0
    denied: int = 0
    """Of these, refused."""
    sensitive: int = 0
    """Of these, with sensitive data."""
    kept: int = 0
    """Besides: answered with what was kept."""
    classes: Counter[str]
    hours: Counter[int]
    """Hour since the epoch → requests."""
    agents: dict[str, AgentSeen]


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How a load varies, over whole hours from its first one to the last of the ledger."""

    hours: int
    mean: float
    """Requests an hour."""
    peak: int
    """Of the busiest hour."""
    volatility: float

    @property
    def days(self) -> float:
        return self.hours / DAY_HOURS


class Seen:
    """Takes records of `EVENTS`, in any order. `offered`: agent → the capabilities that it is registered for, the one
    first that its records name where none was asked for; `sensitive`: names of the classes that count as such. Memory:
    a number for each capability and hour."""

    def __init__(self, offered: Mapping[str, Sequence[str]], sensitive: Iterable[str]) -> None:
        self._offered = {agent: names[0] for agent, names in offered.items() if names}
        self._names = frozenset(name for names in offered.values() for name in names)
        self._sensitive = frozenset(sensitive)
        self.capabilities: dict[str, CapabilitySeen] = {}
        self._last: int | None = None

    def feed(self, envelope: Envelope) -> None:
        if envelope.event not in EVENTS:
            return
        if envelope.event == "exchange.completed":
            if envelope.agent is not None:  # the end of a kept answer is of no capability
                _ended(self._of(envelope), envelope, envelope.agent)
            return
        seen = self._of(envelope)
        if envelope.event in ("exchange.requested", "exchange.denied"):
            hour = parse_timestamp(envelope.occurred_at) // HOUR_US
            self._last = hour if self._last is None else max(self._last, hour)
            if envelope.attempt == 0:
                seen.kept += 1
                return
            self._asked(seen, envelope, hour)
        if envelope.agent is not None:
            _agent(seen, envelope.agent, envelope.zone).requests += 1

    def load(self, name: str) -> Load:
        """How the load of a capability varies."""
        hours = self.capabilities[name].hours
        if not hours or self._last is None:
            return Load(hours=0, mean=0.0, peak=0, volatility=0.0)
        count = self._last - min(hours) + 1
        mean = sum(hours.values()) / count
        variance = sum(value * value for value in hours.values()) / count - mean * mean
        volatility = math.sqrt(max(0.0, variance - mean)) / mean
        return Load(hours=count, mean=mean, peak=max(hours.values()), volatility=volatility)

    def _asked(self, seen: CapabilitySeen, envelope: Envelope, hour: int) -> None:
        seen.requests += 1
        seen.denied += envelope.event == "exchange.denied"
        seen.hours[hour] += 1
        found = envelope.classes
        names = set() if found is None else {*found.found, *found.declared, *found.inherited, *found.floor}
        seen.classes.update(names)
        seen.sensitive += not names.isdisjoint(self._sensitive)

    def _of(self, envelope: Envelope) -> CapabilitySeen:
        """By the capability on record; of what no agent was found for, by what was asked for."""
        name = envelope.capability
        if name is None:
            asked = envelope.route_requested if envelope.agent is None else envelope.agent
            if asked in self._names:
                name = asked
            else:
                name = self._offered.get(asked or "", f"agent {asked}" if asked else "(nothing registered)")
        if name not in self.capabilities and len(self.capabilities) >= MAX_CAPABILITIES:
            name = OTHERS
        seen = self.capabilities.get(name)
        if seen is None:
            seen = self.capabilities[name] = CapabilitySeen(classes=Counter(), hours=Counter(), agents={})
        return seen


def _agent(seen: CapabilitySeen, agent: str, zone: str | None) -> AgentSeen:
    found = seen.agents.get(agent)
    if found is None:
        found = seen.agents[agent] = AgentSeen(zone=zone or "", spread=Spread())
    found.zone = zone or found.zone
    return found


def _ended(seen: CapabilitySeen, envelope: Envelope, name: str) -> None:
    outcome = envelope.outcome
    if outcome is None or outcome.code == "cached":
        return
    agent = _agent(seen, name, envelope.zone)
    if outcome.code != "ok":
        agent.failures += 1
        return
    agent.answers += 1
    agent.tokens += (outcome.tokens_in or 0) + (outcome.tokens_out or 0)
    if outcome.latency_us is not None:
        agent.spread.add(outcome.latency_us)
    if outcome.cost is not None:
        agent.cost += outcome.cost
        agent.costed += 1
