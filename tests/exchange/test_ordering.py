"""An order says who is asked first and never who may be, and equals stay as the configuration has them."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.exchange.choosing import Chooser
from gateway.exchange.exchange import Joined, Routed
from gateway.exchange.health import Health, Place
from gateway.exchange.ordering import MEASURED, MOST, WHY, Ordering
from gateway.exchange.planning import Planner
from gateway.exchange.router import MAX_CANDIDATES, Denied
from gateway.exchange.speed import HALVING_NS, HALVING_PASSES
from gateway.exchange.usage import Prices
from gateway.settings import Agent, Price
from tests.checks.policy.making import policy, rule
from tests.conftest import ManualClock
from tests.exchange.making import FRIEND, LOCAL, SKY, caller, classified, message, route, router

ALL = (LOCAL, FRIEND, SKY)
KINDS = ("fastest", "least_loaded", "cheapest")


def triage(text: str = "hello", **fields: Any) -> Message:
    return msgspec.structs.replace(message(text, **fields), target="triage")


class Site:
    """Agents whose capability has an order."""

    def __init__(self, clock: ManualClock, kind: str, *prices: Price, routes: tuple[Route, ...] = ALL) -> None:
        self.clock = clock
        agents = [
            Agent(id=one.id, protocol="openai", url="http://a", zone=one.zone, concurrency=8 if one is LOCAL else 4)
            for one in routes
        ]
        self.health = Health(agents, clock, lambda: 0.0, measured={one.id for one in routes})
        kinds = {"triage": kind} | {one.id: kind for one in routes}
        self.ordering = Ordering(kinds, self.health, Prices(prices), 100)
        self.routes = routes

    async def answers(self, agent: str, seconds: float, *, streamed: bool = False) -> None:
        place = await self.health.admit(agent)
        assert isinstance(place, Place)
        place.answered(int(seconds * 1e9), streamed=streamed)
        place.release()

    async def fails(self, agent: str) -> None:
        place = await self.health.admit(agent)
        assert isinstance(place, Place)
        place.failed("connect_failed")
        place.release()

    def order(self, about: Message | None = None) -> list[str]:
        about = about or triage()
        kind = self.ordering.kind(about, classified(self.clock, about.parts), self.routes)
        assert kind is not None
        return [one.id for one in self.ordering.ordered(kind, about, self.routes)]


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_known_the_order_is_that_of_the_configuration(clock: ManualClock, kind: str) -> None:
    assert Site(clock, kind).order() == ["local", "friend", "sky"]
    assert kind in WHY


async def test_the_fastest_comes_first_and_whoever_is_not_known_is_tried(clock: ManualClock) -> None:
    site = Site(clock, "fastest")
    await site.answers("local", 0.5)
    assert site.order() == ["friend", "sky", "local"], "two are not known"
    await site.answers("friend", 0.1)
    await site.answers("sky", 0.3)
    assert site.order() == ["friend", "sky", "local"]
    assert site.order(triage(stream=True)) == ["local", "friend", "sky"], "of streams nothing is known yet"
    for _ in range(20):
        await site.answers("friend", 2.0)
    assert site.order() == ["sky", "local", "friend"]


async def test_who_fails_fast_is_not_fast(clock: ManualClock) -> None:
    site = Site(clock, "fastest")
    for agent in ("local", "friend", "sky"):
        await site.answers(agent, 0.1 if agent == "local" else 0.5)
    await site.fails("local")
    assert site.order() == ["friend", "sky", "local"]


async def test_who_was_slow_is_tried_again_by_one_message(clock: ManualClock) -> None:
    site = Site(clock, "fastest", routes=(LOCAL, FRIEND))
    await site.answers("local", 0.8)
    await site.answers("friend", 0.1)
    assert site.order() == ["friend", "local"]
    clock.advance(4 * HALVING_NS / 1e9)
    for _ in range(4 * HALVING_PASSES):
        site.ordering.asked("fastest", triage(), FRIEND, site.routes)
    assert site.order() == ["local", "friend"]
    site.ordering.asked("fastest", triage(), LOCAL, site.routes)
    assert site.order() == ["friend", "local"], "one is enough"
    await site.answers("local", 0.01)
    assert site.order() == ["local", "friend"]


async def test_the_least_loaded_is_who_has_the_smallest_share_under_way(clock: ManualClock) -> None:
    site = Site(clock, "least_loaded")
    first = await site.health.admit("local")
    assert site.order() == ["friend", "sky", "local"]
    for agent in ("friend", "sky", "sky"):
        await site.health.admit(agent)
    assert site.order() == ["local", "friend", "sky"], "one of eight, one of four, two of four"
    assert isinstance(first, Place)
    first.release()
    assert site.order() == ["local", "friend", "sky"]


def test_the_cheapest_is_so_for_what_the_message_uses(clock: ManualClock) -> None:
    prices = (Price(agent="friend", input=8_000_000), Price(agent="sky", output=1_000_000, request=1))
    site = Site(clock, "cheapest", *prices)
    assert site.order(triage("hello", max_tokens=10_000)) == ["friend", "sky", "local"]
    assert site.order(triage("hello " * 2000, max_tokens=1)) == ["sky", "friend", "local"], "and who has no price, last"


async def test_an_agent_that_is_named_stays_in_front_of_the_others_in_order(clock: ManualClock) -> None:
    site = Site(clock, "fastest")
    for agent, seconds in (("local", 0.9), ("friend", 0.5), ("sky", 0.1)):
        await site.answers(agent, seconds)
    named = msgspec.structs.replace(message(), target="local")
    assert site.order(named) == ["local", "sky", "friend"]


def test_one_candidate_or_a_session_has_no_order(clock: ManualClock) -> None:
    site, about = Site(clock, "fastest"), triage()
    found = classified(clock, about.parts)
    assert site.ordering.kind(about, found, (LOCAL,)) is None
    named = msgspec.structs.replace(about, target="local")
    assert site.ordering.kind(named, found, (LOCAL, FRIEND)) is None
    assert site.ordering.kind(msgspec.structs.replace(about, target="lookup"), found, ALL) is None
    fresh = Joined(
        id="se_1",
        known=(),
        started=(b"k",),
        unknown=False,
        holders=frozenset(),
        sent=frozenset(),
        said=frozenset(),
    )
    held = msgspec.structs.replace(fresh, holders=frozenset({("sky", "cloud")}))
    unknown = msgspec.structs.replace(fresh, unknown=True)
    kinds = [
        site.ordering.kind(about, msgspec.structs.replace(found, joined=joined), ALL)
        for joined in (fresh, held, unknown)
    ]
    assert kinds == ["fastest", None, None]


async def test_who_would_not_be_looked_at_is_not_because_of_an_order(clock: ManualClock) -> None:
    many = tuple(route(f"a{number}") for number in range(MOST + 2))
    site = Site(clock, "least_loaded", routes=many)
    await site.health.admit("a0")
    assert site.order() == [*(f"a{number}" for number in range(1, MOST)), "a0", "a32", "a33"]
    assert MOST == MAX_CANDIDATES


_AGENTS = ("local", "friend", "sky")
_RULES = st.lists(
    st.tuples(
        st.sampled_from(("class:public", "class:internal")),
        st.sampled_from(("zone:in-house", "zone:partner", "zone:cloud", "zone:*")),
        st.sampled_from((("allow", "none"), ("allow", "approve:privacy"), ("deny", "none"))),
    ),
    min_size=1,
    max_size=6,
)
_FIGURES = st.lists(st.tuples(st.sampled_from(_AGENTS), st.integers(0, 5000)), max_size=8)


@settings(deadline=None, max_examples=150)
@given(
    lines=_RULES,
    figures=_FIGURES,
    under_way=st.lists(st.sampled_from(_AGENTS), max_size=3),
    kind=st.sampled_from(KINDS),
    internal=st.booleans(),
    named=st.booleans(),
    rerouted=st.booleans(),
)
def test_the_agent_is_the_first_of_the_order_whose_answer_is_not_deny(
    lines: list[tuple[str, str, tuple[str, str]]],
    figures: list[tuple[str, int]],
    under_way: list[str],
    kind: str,
    internal: bool,
    named: bool,
    rerouted: bool,
) -> None:
    clock = ManualClock()
    rules = [
        rule(f"r{number}", number, data=data, agent=zone, eft=effect, obligations=obligations)
        for number, (data, zone, (effect, obligations)) in enumerate(lines, 1)
    ]
    rules += [
        f'o, r{number}, class:internal, "It is meant to."\n'
        for number, (data, zone, (effect, _)) in enumerate(lines, 1)
        if (data, effect) == ("class:internal", "allow") and zone != "zone:in-house"
    ]
    using = policy(*rules, *(() if rerouted else ("x, role:clerk, *\n",)))
    site = Site(clock, kind, Price(agent="friend", input=7_000_000), Price(agent="sky", request=1))
    held = [site.health.try_admit(agent) for agent in under_way]
    for agent, milliseconds in figures:
        place = site.health.try_admit(agent)
        if isinstance(place, Place):
            place.answered(milliseconds * 1_000_000)
            place.release()
    plain = router(clock, using=using)
    about = triage()
    if named:
        about = msgspec.structs.replace(about, target="local")
    found = classified(clock, about.parts, declared=("internal",) if internal else ())
    ordered = site.ordering.ordered(kind, about, ALL)
    decided = Chooser(Planner(plain, using), site.health, site.ordering).route(caller(), about, found, ALL, exact=False)
    one_by_one = {
        one.id: answer
        for one in ALL
        if not isinstance(answer := plain.decide(caller(), about, found, (one,), exact=True), Denied)
    }

    def first(candidates: tuple[Route, ...]) -> str | None:
        return next((one.id for one in candidates if one.id in one_by_one), None)

    wanted = first(ordered if rerouted else ALL[:1])
    if wanted is not None and kind in MEASURED and one_by_one[wanted].decision.effect == "approve":
        wanted = first(ALL)
    if wanted is None:
        assert decided == plain.decide(caller(), about, found, ALL, exact=False)
    else:
        assert isinstance(decided, Routed)
        assert decided.route.id == wanted
        said = decided.inputs.get("order")
        assert said in (None, kind)
        if not rerouted or (named and wanted == "local"):
            assert said is None
        if said is not None:
            assert [view.agent for view in decided.decision.candidates] == [
                one.id for one in ordered[: len(decided.decision.candidates)]
            ]
            assert decided.rest == ordered[len(decided.decision.candidates) :]
    assert len(held) == len(under_way)
