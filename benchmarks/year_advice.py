"""What is advised of a generated year, against what was drawn: load, data, agents and verdict of each capability,
reckoned anew from the records as `docs/advice.md` says."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import msgspec

from benchmarks.year_hand import HOUR_US
from benchmarks.year_messages import NIGHT, OFFERED, labels
from benchmarks.year_register import NOW
from benchmarks.year_site import ADVISE
from benchmarks.year_written import NUMBER
from gateway.evidence.advice.seen import Seen
from gateway.evidence.advice.telling import document
from gateway.ledger.record import Envelope
from gateway.ledger.times import parse_timestamp
from gateway.settings import AdviseSettings

SENSITIVE_SHARE, VOLATILE, STEADY = 0.5, 1.0, 0.5
MIN_REQUESTS, MIN_DAYS = 200, 7
"""The thresholds that are configured where nothing is said of them."""
TRUSTED = NOW.trusted
"""The zones of the house, as configured."""
MOST_TOO_HIGH = 1.05
"""What a latency is told as, of what it is, at most."""


class Agent:
    """One agent, for one capability."""

    def __init__(self, zone: str) -> None:
        self.zone, self.requests, self.failures, self.tokens = zone, 0, 0, 0
        self.latencies: list[int] = []
        self.costs: list[int] = []


class Capability:
    """One capability."""

    def __init__(self) -> None:
        self.requests = self.denied = self.kept = self.sensitive = 0
        self.classes: Counter[str] = Counter()
        self.hours: Counter[int] = Counter()
        self.agents: dict[str, Agent] = {}

    def agent(self, one: Envelope) -> Agent:
        return self.agents.setdefault(str(one.agent), Agent(str(one.zone)))


class Advice:
    """Takes the records of a year."""

    def __init__(self) -> None:
        self.all: dict[str, Capability] = {}
        self.last = 0
        """The hour of the last request."""

    def take(self, one: Envelope) -> None:
        """The next record, in any order."""
        if one.event == "exchange.completed" and one.agent is not None:
            self._ended(one)
        elif one.event in ("exchange.requested", "exchange.denied", "exchange.attempted"):
            self._asked(one)

    def _of(self, one: Envelope) -> Capability:
        asked = one.agent or one.route_requested or ""
        return self.all.setdefault(one.capability or OFFERED.get(asked, asked), Capability())

    def _asked(self, one: Envelope) -> None:
        found, hour = self._of(one), parse_timestamp(one.occurred_at) // HOUR_US
        if one.agent is not None:
            found.agent(one).requests += 1
        if one.event == "exchange.attempted":
            return
        self.last = max(self.last, hour)
        if one.attempt == 0:
            found.kept += 1
            return
        names = labels(one) or ()
        found.requests += 1
        found.denied += one.event == "exchange.denied"
        found.sensitive += bool({"pci"} & {*names})
        found.classes.update(names)
        found.hours[hour] += 1

    def _ended(self, one: Envelope) -> None:
        agent, outcome = self._of(one).agent(one), one.outcome
        if outcome is None or outcome.code != "ok":
            agent.failures += 1
            return
        agent.tokens += (outcome.tokens_in or 0) + (outcome.tokens_out or 0)
        agent.latencies.append(outcome.latency_us or 0)
        if outcome.cost is not None:
            agent.costs.append(outcome.cost)

    # -------------------------------------------------------------------------------------------------- as a document

    def document(self) -> dict[str, dict[str, Any]]:
        """Capability → what must be told of it, but for latencies."""
        return {name: self._told(one) for name, one in self.all.items()}

    def _told(self, one: Capability) -> dict[str, Any]:
        numbers = [one.hours[hour] for hour in range(min(one.hours), self.last + 1)]
        mean = fmean(numbers)
        volatility = math.sqrt(max(fmean((number - mean) ** 2 for number in numbers) - mean, 0)) / mean
        share, zones = one.sensitive / one.requests, {agent.zone in TRUSTED for agent in one.agents.values()}
        return {
            **self._verdict(one, share, volatility, numbers),
            "is": "hybrid" if len(zones) == 2 else "on-premise" if True in zones else "cloud",
            "requests": one.requests,
            "denied": one.denied,
            "kept": one.kept,
            "sensitive": one.sensitive,
            "sensitive_share": round(share, 4),
            "classes": dict(one.classes),
            "load": [round(len(numbers) / 24, 2), round(mean, 2), max(numbers), round(volatility, 4)],
            "hours_of_day": [sum(times for at, times in one.hours.items() if at % 24 == hour) for hour in range(24)],
            "agents": {name: _agent(agent) for name, agent in one.agents.items()},
        }

    def _verdict(self, one: Capability, share: float, volatility: float, numbers: Sequence[int]) -> dict[str, Any]:
        days = len(numbers) / 24
        if one.requests < MIN_REQUESTS or days < MIN_DAYS:
            why = [str(one.requests), f"{days:.1f}", str(MIN_REQUESTS), str(MIN_DAYS)]
            nothing = {"fits": "not enough recorded", "sensitivity": None, "course": None}
            return {**nothing, "reasons": [why], "lacking": [], "unanswered": []}
        level = self._level(share)
        course = "volatile" if volatility >= VOLATILE else "steady" if volatility <= STEADY else "between"
        fits, why = _placed(level, course, one)
        load = [f"{volatility:.2f}", f"{fmean(numbers):.1f}", str(max(numbers))]
        return {
            "fits": fits,
            "sensitivity": level,
            "course": course,
            "reasons": [[f"{100 * share:.1f}", str(one.requests)], load, why],
            "lacking": [],
            "unanswered": [] if fits == "on-premise" else ["advise.cloud"],
        }

    @staticmethod
    def _level(share: float) -> str:
        if share >= SENSITIVE_SHARE:
            return "sensitive"
        return "plain" if share <= float(str(ADVISE["plain_share"])) else "mixed"


def _placed(level: str, course: str, one: Capability) -> tuple[str, list[str]]:
    """The placement, and the figures that its reason names. The house is said to be ready and able in every answer."""
    if level == "sensitive":
        return "on-premise", []
    if level == "mixed":
        return "hybrid", []
    if course == "volatile":
        return "cloud", []
    own, others = (
        [cost for agent in one.agents.values() if (agent.zone in TRUSTED) is inside for cost in agent.costs]
        for inside in (True, False)
    )
    if own and others:
        fits = "on-premise" if fmean(own) < fmean(others) else "cloud"
        return fits, [f"{fmean(own):.0f}", f"{fmean(others):.0f}"]
    return ("on-premise" if course == "steady" else "cloud"), []


def _agent(one: Agent) -> dict[str, Any]:
    cost = round(sum(one.costs) / len(one.costs)) if one.costs else None
    return {"zone": one.zone, "requests": one.requests, "failures": one.failures, "cost": cost, "tokens": one.tokens}


# ------------------------------------------------------------------------------------------------------------ compared


def advised() -> tuple[Callable[[Envelope], None], Callable[[], dict[str, Any]]]:
    """What takes records for the product's advice, and what makes it of them."""
    answers = {name: tuple(one) if isinstance(one, list) else one for name, one in ADVISE.items()}
    settings = msgspec.convert(answers, AdviseSettings)
    offered = {name: (one, NIGHT) if name == "ward-scribe" else (one,) for name, one in OFFERED.items()}
    seen = Seen(offered, settings.sensitive)

    def told() -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document(seen, settings, TRUSTED, {}, "EUR")))
        return found

    return seen.feed, told


def advice_faults(found: Mapping[str, Any], advice: Advice) -> Iterator[str]:
    """Where the product's document says something else than what was drawn."""
    wanted = advice.document()
    yield from _one("house", found["house"], sorted(TRUSTED))
    told = {one["capability"]: one for one in found["capabilities"]}
    yield from _one("capabilities", sorted(told), sorted(wanted))
    for name in sorted(told.keys() & wanted.keys()):
        one, must = told[name], wanted[name]
        said = {
            **one,
            "reasons": [NUMBER.findall(text) for text in one["reasons"]],
            "load": [one["load"][key] for key in ("days", "mean_per_hour", "peak_hour", "volatility")],
            "agents": {
                agent["agent"]: {key: agent[key] for key in ("zone", "requests", "failures", "cost", "tokens")}
                for agent in one["agents"]
            },
        }
        for key, value in must.items():
            yield from _one(f"{name}: {key}", said[key], value)
        yield from _latencies(name, one["agents"], advice.all[name])


def _latencies(name: str, told: Sequence[Mapping[str, Any]], one: Capability) -> Iterator[str]:
    for agent in told:
        times = sorted(one.agents[agent["agent"]].latencies) if agent["agent"] in one.agents else []
        for key, share in (("p50_ms", 0.5), ("p95_ms", 0.95)):
            if not times:
                yield from _one(f"{name}: {agent['agent']}: {key}", agent[key], None)
                continue
            exact = times[math.ceil(share * len(times)) - 1] / 1_000
            if not exact - 0.5 <= agent[key] <= exact * MOST_TOO_HIGH + 0.5:
                yield f"{name}: {agent['agent']}: {key}: {agent[key]}, must be {exact:.0f} to {MOST_TOO_HIGH} of it"


def _one(place: str, found: Any, wanted: Any) -> Iterator[str]:
    if found != wanted:
        yield f"{place}: {found!r}, must be {wanted!r}"
