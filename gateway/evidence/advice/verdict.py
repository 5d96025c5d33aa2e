"""A verdict on where the agents of a capability should run: cloud, hybrid or on-premise, or that too little is known.

Four axes, as deployments of agents are weighed: how volatile the load is and how sensitive the data, from the record;
how ready the house is and what its people can do, from the questionnaire. Sensitivity comes first: no lack of readiness
or expertise moves sensitive data into a cloud, it becomes what has to be made up for. Only of plain data does the load
decide, then the cost on record, and whether the house can.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from gateway.evidence.advice.seen import AgentSeen, CapabilitySeen, Load
from gateway.settings import AdviseSettings

Placement = Literal["cloud", "hybrid", "on-premise", "not enough recorded"]
Level = Literal["sensitive", "mixed", "plain"]
Course = Literal["volatile", "between", "steady"]
READINESS = ("orchestration", "observability", "on_call", "accelerators")
EXPERTISE = ("operations", "security", "models")
_WORDS = {
    "orchestration": "an orchestrator for services of the house's own",
    "observability": "somebody who watches what runs in the house",
    "on_call": "somebody who is called at any hour",
    "accelerators": "machines that models run on fast enough",
    "operations": "people who can run such services",
    "security": "people who can secure them",
    "models": "people who can run models",
    "cloud": "people who can run and pay for services in a cloud",
}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What fits a capability, why, what it takes that is not there, and what nobody has said."""

    fits: Placement
    sensitivity: Level | None
    course: Course | None
    reasons: tuple[str, ...]
    lacking: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()


def judge(seen: CapabilitySeen, load: Load, settings: AdviseSettings, inside: frozenset[str]) -> Verdict:
    """`inside` are the zones of the house."""
    if seen.requests < settings.min_requests or load.days < settings.min_days:
        reason = (
            f"{seen.requests} requests in {load.days:.1f} days are on record; {settings.min_requests} requests and"
            f" {settings.min_days} days are asked for before anything is concluded"
        )
        return Verdict(fits="not enough recorded", sensitivity=None, course=None, reasons=(reason,))
    level, course = _level(seen, settings), _course(load, settings)
    fits, reasons = _placed(level, course, seen, settings, inside)
    lacking, unanswered = _wanting(fits, settings)
    return Verdict(
        fits=fits,
        sensitivity=level,
        course=course,
        reasons=(*_figures(seen, load, level, course), *reasons),
        lacking=lacking,
        unanswered=unanswered,
    )


def can_inside(settings: AdviseSettings) -> bool:
    """Whether the questionnaire says that the house is ready, and that its people can."""
    lacking, unanswered = _wanting("on-premise", settings)
    return not lacking and not unanswered


def _level(seen: CapabilitySeen, settings: AdviseSettings) -> Level:
    share = seen.sensitive / seen.requests
    if share >= settings.sensitive_share:
        return "sensitive"
    return "plain" if share <= settings.plain_share else "mixed"


def _course(load: Load, settings: AdviseSettings) -> Course:
    if load.volatility >= settings.volatile:
        return "volatile"
    return "steady" if load.volatility <= settings.steady else "between"


def _placed(
    level: Level, course: Course, seen: CapabilitySeen, settings: AdviseSettings, inside: frozenset[str]
) -> tuple[Placement, tuple[str, ...]]:
    # 1. Sensitive data stays in the house; what of a volatile load is plain may leave it.
    if level == "sensitive":
        plain = 1 - seen.sensitive / seen.requests
        if course == "volatile" and plain > settings.plain_share:
            return "hybrid", ("sensitive requests belong in the house; the plain ones may follow the load elsewhere",)
        return "on-premise", ("most of it is sensitive, which comes before everything else",)
    # 2. Mixed data is parted: each request goes by its classes, as policy routes it.
    if level == "mixed":
        return "hybrid", ("some of it is sensitive: that in the house, the rest where it is best served",)
    # 3. Of plain data the load decides first.
    if course == "volatile":
        return "cloud", ("little of it is sensitive, and capacity for its peaks would stand idle in the house",)
    # 4. Then whether the house can at all.
    if not can_inside(settings):
        return "cloud", ("little of it is sensitive, and the house is not known to be able to run it",)
    # 5. Then what it costs, where both are on record; then the load again.
    own, others = _cost(seen, inside, wanted=True), _cost(seen, inside, wanted=False)
    if own is not None and others is not None and own != others:
        cheaper: Placement = "on-premise" if own < others else "cloud"
        return cheaper, (f"a request costs {own:.0f} millionths in the house and {others:.0f} elsewhere",)
    if course == "steady":
        return "on-premise", ("a steady load makes full use of capacity of one's own",)
    return "cloud", ("its load varies, and little of it is sensitive",)


def _figures(seen: CapabilitySeen, load: Load, level: Level, course: Course) -> tuple[str, str]:
    share = 100 * seen.sensitive / seen.requests
    return (
        f"{level}: {share:.1f} % of {seen.requests} requests carried sensitive data",
        f"{course}: volatility {load.volatility:.2f}, {load.mean:.1f} requests an hour, {load.peak} in the busiest",
    )


def _wanting(fits: Placement, settings: AdviseSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What this placement takes that is said not to be there, and what nobody has said."""
    asked: list[str] = []
    if fits in ("on-premise", "hybrid"):
        asked += [*READINESS, *EXPERTISE]
    if fits in ("cloud", "hybrid"):
        asked.append("cloud")
    answers = {name: getattr(settings, name) for name in asked}
    lacking = tuple(_WORDS[name] for name, answer in answers.items() if answer is False or answer == "none")
    return lacking, tuple(f"advise.{name}" for name, answer in answers.items() if answer is None)


def _cost(seen: CapabilitySeen, inside: frozenset[str], *, wanted: bool) -> float | None:
    """What a request costs on average, in or out of the house; None where no cost is on record."""
    agents = [agent for agent in seen.agents.values() if (agent.zone in inside) is wanted]
    count = sum(agent.costed for agent in agents)
    return None if not count else sum(agent.cost for agent in agents) / count


def placement_now(agents: Iterable[AgentSeen], inside: frozenset[str]) -> Placement:
    """Where what was sent has gone."""
    zones = {agent.zone in inside for agent in agents if agent.requests}
    if not zones:
        return "not enough recorded"
    return "hybrid" if len(zones) == 2 else "on-premise" if True in zones else "cloud"
