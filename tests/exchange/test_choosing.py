"""A sick agent is passed over for one that policy permits: of its own zone first, and never for one that it denies."""

import math
from typing import Any

import msgspec
import pytest

from gateway.core.decision import CandidateView
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.exchange.choosing import Chooser, as_before, turned_away
from gateway.exchange.exchange import Routed
from gateway.exchange.health import Health, Place
from gateway.exchange.ordering import WHY, Ordering
from gateway.exchange.router import Denied
from gateway.exchange.usage import Prices
from gateway.settings import Agent, Breaker, Price
from tests.checks.policy.making import document, policy, rule
from tests.conftest import ManualClock
from tests.exchange.making import FRIEND, LOCAL, MAIL, SKY, caller, classified, health, message, route, router

ANYWHERE = rule("anywhere", agent="zone:*")
IN_HOUSE = rule("in-house", data="class:any", agent="zone:in-house")
NEXT_DOOR = route("next-door")


def sick(clock: ManualClock, *names: str, **fields: object) -> Health:
    """The health of all agents, with these found sick by their health checks."""
    all_ = health(clock, NEXT_DOOR, **fields)
    for name in names:
        for _ in range(2):
            all_.checked(name, False)
    return all_


def decided(
    clock: ManualClock,
    all_: Health,
    *candidates: Route,
    lines: tuple[str, ...] = (ANYWHERE,),
    about: Message | None = None,
    exact: bool = False,
) -> Routed | Denied:
    about = about or message("hello")
    known = [
        {"id": one.agent, "protocol": "openai", "url": "http://a", "zone": "in-house"}
        for one in all_.states()
        if one.agent not in ("local", "friend", "sky")
    ]
    rules = policy(*lines, agent=[*document()["agent"], *known])
    chooser = Chooser(router(clock, using=rules), all_)
    return chooser.decide(caller(), about, classified(clock, about.parts), candidates, exact=exact)


def routed(*given: object, **more: object) -> Routed:
    found = decided(*given, **more)  # type: ignore[arg-type]
    assert isinstance(found, Routed)
    return found


def told(found: Routed | Denied) -> list[tuple[str, bool]]:
    return [(view.agent, view.healthy) for view in found.decision.candidates]


def test_where_everybody_is_well_it_is_the_routers_decision(clock: ManualClock) -> None:
    found = routed(clock, sick(clock), LOCAL, FRIEND)
    assert (found.route, found.rest, told(found)) == (LOCAL, (FRIEND,), [("local", True)])


def test_a_healthy_one_of_the_same_zone_comes_first_and_the_record_says_why(clock: ManualClock) -> None:
    found = routed(clock, sick(clock, "local"), LOCAL, SKY, NEXT_DOOR)
    assert found.route == NEXT_DOOR
    assert found.decision.agent == "next-door"
    assert told(found) == [("local", False), ("next-door", True)]
    assert found.rest == (SKY, LOCAL)


def test_another_zone_is_next_only_in_the_operators_order_and_as_policy_permits(clock: ManualClock) -> None:
    found = routed(clock, sick(clock, "local"), LOCAL, FRIEND, SKY)
    assert found.route == FRIEND
    assert set(found.rest) == {LOCAL, SKY}


def test_a_privacy_pinned_message_never_moves_to_a_public_model_because_its_agent_is_sick(clock: ManualClock) -> None:
    about = message(f"mail {MAIL}")
    found = routed(clock, sick(clock, "local"), LOCAL, SKY, FRIEND, lines=(IN_HOUSE,), about=about)
    assert found.route == LOCAL, "sick, and the only one that may have it"
    assert told(found) == [("local", False), ("sky", True), ("friend", True)]
    assert [view.answer for view in found.decision.candidates] == ["allow", "deny", "deny"]


def test_exact_is_not_passed_over(clock: ManualClock) -> None:
    found = routed(clock, sick(clock, "local"), LOCAL, NEXT_DOOR, exact=True)
    assert (found.route, found.rest, told(found)) == (LOCAL, (), [("local", False)])


def test_nobody_is_asked_for_an_approval_because_somebody_else_is_sick(clock: ManualClock) -> None:
    lines = (IN_HOUSE, rule("asking", agent="zone:partner", obligations="approve:privacy"))
    found = routed(clock, sick(clock, "local"), LOCAL, FRIEND, lines=lines)
    assert found.route == LOCAL
    waiting = routed(clock, sick(clock, "friend"), FRIEND, LOCAL, lines=lines)
    assert (waiting.route, waiting.decision.effect) == (FRIEND, "approve")


async def test_who_fails_its_checks_is_still_asked_before_one_whose_breaker_is_open(clock: ManualClock) -> None:
    all_ = sick(clock, "local", "friend", breaker=Breaker(calls=1))
    place = await all_.admit("local")
    assert isinstance(place, Place)
    place.failed("closed_early")
    assert routed(clock, all_, LOCAL, FRIEND).route == FRIEND


def test_where_everybody_is_sick_the_first_stays_the_decision(clock: ManualClock) -> None:
    found = routed(clock, sick(clock, "local", "friend", "next-door"), LOCAL, FRIEND, NEXT_DOOR)
    assert found.route == LOCAL
    assert told(found) == [("local", False), ("friend", False), ("next-door", False)]


def test_a_refusal_tells_who_was_sick_as_well(clock: ManualClock) -> None:
    found = decided(clock, sick(clock, "sky"), SKY, FRIEND, lines=(IN_HOUSE,))
    assert isinstance(found, Denied)
    assert told(found) == [("sky", False), ("friend", True)]


def test_what_found_no_place_is_denied_without_a_rule_that_denied_it(clock: ManualClock) -> None:
    found = routed(clock, sick(clock, "local"), LOCAL)
    denied = turned_away(found)
    assert (denied.decision.effect, denied.decision.agent, denied.decision.rules) == ("deny", None, ())
    assert denied.decision.candidates == (
        CandidateView(agent="local", zone="in-house", healthy=False, answer="allow", rule="anywhere"),
    )
    assert denied.decision.policy == found.decision.policy


@pytest.mark.parametrize("count", [40, 80])
def test_a_decision_never_tells_of_more_candidates_than_a_record_holds(clock: ManualClock, count: int) -> None:
    many = tuple(route(f"a{number}") for number in range(count))
    all_ = health(clock, *many)
    for one in many:
        for _ in range(2):
            all_.checked(one.id, False)
    assert len(routed(clock, all_, *many).decision.candidates) <= 32


def ordered(all_: Health, kind: str, *prices: Price) -> Ordering:
    kinds = dict.fromkeys(("triage", "local", "friend", "sky", "next-door"), kind)
    return Ordering(kinds, all_, Prices(prices), 100)


def chosen(clock: ManualClock, all_: Health, ordering: Ordering, *lines: str, **fields: object) -> Routed | Denied:
    known = {"id": "next-door", "protocol": "openai", "url": "http://a", "zone": "in-house"}
    rules = policy(*(lines or (ANYWHERE,)), agent=[*document()["agent"], known])
    about = msgspec.structs.replace(message("hello"), target="triage")
    values: dict[str, Any] = {"exact": False, **fields}
    chooser = Chooser(router(clock, using=rules), all_, ordering)
    return chooser.route(caller(), about, classified(clock, about.parts), (LOCAL, FRIEND, NEXT_DOOR), **values)


CHEAP = (Price(agent="next-door", request=1), Price(agent="friend", request=2), Price(agent="local", request=3))


def test_the_operators_order_says_who_is_first_and_the_decision_says_so(clock: ManualClock) -> None:
    all_ = sick(clock)
    found = chosen(clock, all_, ordered(all_, "cheapest", *CHEAP))
    assert isinstance(found, Routed)
    assert (found.route, found.rest) == (NEXT_DOOR, (FRIEND, LOCAL))
    assert found.inputs["order"] == "cheapest"
    assert found.explanation[-1] == WHY["cheapest"]
    further = as_before(found, routed(clock, all_, FRIEND, LOCAL))
    assert further.inputs["order"] == "cheapest"
    assert as_before(routed(clock, all_, LOCAL), further) is further


def test_a_sick_agent_is_passed_over_in_an_order_as_in_any(clock: ManualClock) -> None:
    all_ = sick(clock, "next-door")
    found = chosen(clock, all_, ordered(all_, "cheapest", *CHEAP))
    assert isinstance(found, Routed)
    assert found.route == LOCAL, "of its own zone"
    assert found.inputs["order"] == "cheapest"
    assert told(found) == [("next-door", False), ("local", True)]


def test_what_is_for_one_agent_alone_has_no_order(clock: ManualClock) -> None:
    all_ = sick(clock)
    found = chosen(clock, all_, ordered(all_, "cheapest", *CHEAP), exact=True)
    assert isinstance(found, Routed)
    assert (found.route, "order" in found.inputs) == (LOCAL, False)
    kept = chosen(clock, all_, ordered(all_, "cheapest", *CHEAP), ANYWHERE, "x, role:clerk, *\n")
    assert isinstance(kept, Routed)
    assert (kept.route, "order" in kept.inputs) == (LOCAL, False)


async def test_people_are_asked_about_the_same_agent_however_fast_it_is(clock: ManualClock) -> None:
    all_ = sick(clock, concurrency=2)
    await all_.admit("local")
    asking = rule("asking", agent="zone:*", obligations="approve:privacy")
    found = chosen(clock, all_, ordered(all_, "least_loaded"), asking)
    assert isinstance(found, Routed)
    assert (found.route, found.decision.effect, "order" in found.inputs) == (LOCAL, "approve", False)
    priced = chosen(clock, all_, ordered(all_, "cheapest", *CHEAP), asking)
    assert isinstance(priced, Routed)
    assert (priced.route, priced.inputs["order"]) == (NEXT_DOOR, "cheapest"), "which does not move"


async def test_what_nobody_may_have_is_denied_in_the_order_of_the_configuration(clock: ManualClock) -> None:
    all_ = sick(clock, concurrency=2)
    await all_.admit("local")
    found = chosen(clock, all_, ordered(all_, "least_loaded"), rule("none", agent="zone:*", eft="deny"))
    assert isinstance(found, Denied)
    assert [name for name, _ in told(found)] == ["local", "friend", "next-door"]


def test_only_what_was_decided_by_an_order_is_told_to_it(clock: ManualClock) -> None:
    agents = [Agent(id=one.id, protocol="openai", url="http://a", zone=one.zone) for one in (LOCAL, FRIEND, NEXT_DOOR)]
    all_ = Health(agents, clock, lambda: 0.0, measured={one.id for one in agents})
    about, candidates = message("hello"), (LOCAL, FRIEND, NEXT_DOOR)
    plain = routed(clock, all_, *candidates)
    chooser = Chooser(router(clock, ANYWHERE), all_, ordered(all_, "fastest"))
    chooser.asked(about, plain, candidates)
    assert all_.expected_ns("local", streamed=False) == 0
    chooser.asked(about, msgspec.structs.replace(plain, inputs={"order": "fastest"}), candidates)
    assert all_.expected_ns("local", streamed=False) == math.inf
    assert all_.expected_ns("local", streamed=True) == 0
