"""What one agent is short of, no other feels; and how it is decides the order within its zone, never beyond it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.refusal import Refusal
from gateway.exchange.health import FAULTS, Health, Place
from gateway.settings import Agent, Breaker
from tests.conftest import ManualClock
from tests.exchange.making import FRIEND, LOCAL, SKY, health, route

QUICK = Breaker(calls=1, open_s=5.0, probes=1)


def agent(id: str = "local", **fields: Any) -> Agent:
    return Agent(id=id, protocol="openai", url="http://a", zone="in-house", **fields)


def one(clock: ManualClock, **fields: Any) -> Health:
    return Health([agent(**{"breaker": QUICK, **fields})], clock, lambda: 0.0)


async def placed(all_: Health, name: str = "local") -> Place:
    place = await all_.admit(name)
    assert isinstance(place, Place), place
    return place


async def test_a_place_is_taken_and_given_back_however_often_that_is_said(clock: ManualClock) -> None:
    all_ = one(clock, concurrency=1, queue=0)
    place = await placed(all_)
    refused = await all_.admit("local")
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.status, refused.retry_after) == ("agent_overloaded", 503, 5)
    assert not all_.ready("local")
    assert all_.healthy("local"), "full is not sick"
    place.release()
    place.release()
    assert all_.states()[0].under_way == 0
    assert all_.ready("local")


async def test_waiting_for_a_place_ends_with_one_or_with_its_time(clock: ManualClock) -> None:
    all_ = one(clock, concurrency=1, queue=1, queue_timeout_s=3600.0)
    place = await placed(all_)
    waiting = asyncio.create_task(all_.admit("local"))
    await asyncio.sleep(0)
    assert all_.states()[0].queued == 1
    place.release()
    assert isinstance(await waiting, Place)
    short = one(clock, concurrency=1, queue=1, queue_timeout_s=0.0)
    await placed(short)
    assert isinstance(await short.admit("local"), Refusal)
    assert short.states()[0].shed == 1


async def test_an_agent_that_fails_is_let_rest_and_its_callers_are_told_for_how_long(clock: ManualClock) -> None:
    all_ = one(clock)
    place = await placed(all_)
    place.failed("closed_early")
    place.release()
    refused = await all_.admit("local")
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.status, refused.retry_after) == ("agent_suspended", 503, 5)
    state = all_.states()[0]
    assert (state.healthy, state.breaker, state.under_way, state.shed) == (False, "open", 0, 1)
    clock.advance(5)
    probe = await placed(all_)
    assert isinstance(all_.try_admit("local"), Refusal), "one probe at a time"
    probe.answered(1)
    assert all_.healthy("local")


async def test_a_sick_agent_that_is_full_is_told_as_sick_at_once(clock: ManualClock) -> None:
    all_ = one(clock, concurrency=1, queue=9, queue_timeout_s=3600.0)
    place = await placed(all_)
    place.failed("closed_early")
    refused = await all_.admit("local")
    assert isinstance(refused, Refusal)
    assert refused.code == "agent_suspended"


async def test_who_waited_for_a_place_at_an_agent_that_failed_meanwhile_is_refused_and_the_place_goes_on(
    clock: ManualClock,
) -> None:
    all_ = one(clock, concurrency=1, queue=2, queue_timeout_s=3600.0)
    place = await placed(all_)
    waiting = [asyncio.create_task(all_.admit("local")) for _ in range(2)]
    await asyncio.sleep(0)
    place.failed("timeout_total")
    place.release()
    codes = [found.code for found in await asyncio.gather(*waiting) if isinstance(found, Refusal)]
    assert codes == ["agent_suspended"] * 2
    assert all_.states()[0].under_way == 0


@pytest.mark.parametrize("code", ["overloaded", "answer_too_large", "cannot_render", "redirected", "untranslatable"])
async def test_what_is_not_the_agents_fault_does_not_speak_against_it(clock: ManualClock, code: str) -> None:
    assert code not in FAULTS
    all_ = one(clock)
    (await placed(all_)).failed(code)
    assert all_.healthy("local")


async def test_a_caller_who_leaves_says_nothing_of_the_agent(clock: ManualClock) -> None:
    all_ = one(clock)
    (await placed(all_)).release()
    assert all_.healthy("local")


@pytest.mark.parametrize(
    ("code", "reason", "healthy"),
    [
        ("ok", None, True),
        ("agent_refused", None, True),
        ("answer_withheld", None, True),
        ("client_disconnected", None, True),
        ("agent_bad_answer", "answer_too_large", True),
        ("agent_bad_answer", "untranslatable", True),
        ("agent_bad_answer", "bad_answer", False),
        ("agent_unavailable", "closed_early", False),
        ("agent_timeout", "timeout_response", False),
    ],
)
async def test_an_answer_that_turned_out_to_be_none_speaks_against_the_agent(
    clock: ManualClock, code: str, reason: str | None, healthy: bool
) -> None:
    all_ = one(clock)
    place = await placed(all_)
    place.answered(1)
    place.ended(code, reason)
    place.ended(code, reason)
    assert all_.healthy("local") is healthy


async def test_a_failure_is_counted_once_and_not_again_at_the_exchanges_end(clock: ManualClock) -> None:
    all_ = one(clock, breaker=Breaker(calls=2))
    place = await placed(all_)
    place.failed("closed_early")
    place.ended("agent_unavailable", "closed_early")
    assert all_.healthy("local")


async def test_retries_are_bounded_by_number_time_budget_and_what_the_agent_asks_for(clock: ManualClock) -> None:
    all_ = one(clock, breaker=Breaker(calls=1000), retries=2, retry_wait_s=3.0, retry_budget=0.0)
    place = await placed(all_)
    assert place.retry_in_s(1, None, 10.0) == 0.0
    assert place.retry_in_s(2, 3.0, 10.0) == 3.0
    assert place.retry_in_s(3, None, 10.0) is None, "twice at most"
    assert place.retry_in_s(1, 3.1, 10.0) is None, "longer than is waited for"
    assert place.retry_in_s(1, 3.0, 3.0) is None, "not within the time that is left"
    assert [place.retry_in_s(1, None, 10.0) for _ in range(9)] == [0.0] * 8 + [None], "ten are saved up"
    clock.advance(1)
    assert place.retry_in_s(1, None, 10.0) == 0.0


async def test_a_retry_passes_the_breaker_and_is_counted(clock: ManualClock) -> None:
    all_ = one(clock, breaker=Breaker(calls=2))
    place = await placed(all_)
    place.failed("connect_failed")
    assert place.again()
    place.failed("connect_failed")
    assert not place.again()
    assert place.retry_in_s(1, None, 10.0) is None
    assert all_.states()[0].retries == 1


async def test_two_health_checks_that_fail_make_an_agent_sick_and_one_that_does_not_makes_it_well(
    clock: ManualClock,
) -> None:
    all_ = one(clock)
    all_.checked("local", False)
    assert all_.healthy("local")
    all_.checked("local", False)
    assert not all_.healthy("local")
    assert all_.open_to("local"), "its calls may still go well"
    assert isinstance(await all_.admit("local"), Place)
    all_.checked("local", True)
    assert all_.healthy("local")


async def test_one_agents_troubles_are_its_own(clock: ManualClock) -> None:
    all_ = Health([agent(concurrency=1, queue=0, breaker=QUICK), agent("other")], clock)
    place = await placed(all_)
    place.failed("timeout_total")
    assert isinstance(await all_.admit("local"), Refusal)
    for _ in range(100):
        await placed(all_, "other")


def test_the_healthy_come_first_within_their_zone_and_no_zone_changes_its_place(clock: ManualClock) -> None:
    second, third = route("second"), route("third")
    all_ = health(clock, second, third)
    order = (LOCAL, SKY, second, FRIEND, third)
    assert all_.order(order) is order
    all_.checked("local", False)
    all_.checked("local", False)
    assert all_.order(order) == (second, SKY, third, FRIEND, LOCAL)
    for name in ("second", "third", "sky"):
        for _ in range(2):
            all_.checked(name, False)
    assert all_.order(order) == order


def test_an_agent_that_fetches_its_requests_is_there_while_it_waits_for_one(clock: ManualClock) -> None:
    found = health(clock)
    assert (found.ready("local"), found.open_to("local")) == (True, True)
    found.away = lambda agent: agent == "local"
    assert (found.ready("local"), found.open_to("local"), found.ready("friend")) == (False, False, True)
    assert found.healthy("local"), "nothing is wrong with it"


async def test_how_much_of_an_agent_is_taken_counts_who_waits_and_is_told(clock: ManualClock) -> None:
    all_ = one(clock, concurrency=2, queue=2, queue_timeout_s=3600.0)
    assert all_.load("local") == 0
    places = [await placed(all_), await placed(all_)]
    waiting = asyncio.create_task(all_.admit("local"))
    await asyncio.sleep(0)
    assert all_.load("local") == all_.states()[0].load == 1.5
    for place in places:
        place.release()
    last = await waiting
    assert isinstance(last, Place)
    assert all_.load("local") == 0.5


async def test_how_soon_an_agent_answers_is_measured_where_it_matters_alone(clock: ManualClock) -> None:
    agents = [agent(first_byte_timeout_s=10.0), agent("other")]
    all_ = Health(agents, clock, lambda: 0.0, measured={"local"})
    for name in ("local", "other"):
        place = await placed(all_, name)
        place.answered(2_000_000_000)
        place.release()
    measured, other = all_.states()
    assert (measured.answers_in_s, measured.begins_in_s) == (2.0, None)
    assert (other.answers_in_s, other.begins_in_s) == (None, None)
    assert all_.expected_ns("other", streamed=False) == 0
    all_.preferred("other", ["local", "other"], streamed=False)


@pytest.mark.parametrize(
    ("seconds", "happens"),
    [
        (1.0, lambda place: place.answered(1_000_000_000)),
        (10.0, lambda place: place.failed("connect_failed")),
        (10.0, lambda place: place.answered(1_000, 429)),
        (None, lambda place: place.answered(1_000, 404)),
        (None, lambda place: place.failed("cannot_render")),
        (None, lambda place: place.release()),
    ],
)
async def test_failures_count_as_the_longest_answer_and_what_says_nothing_as_nothing(
    clock: ManualClock, seconds: float | None, happens: Callable[[Place], None]
) -> None:
    all_ = Health([agent(first_byte_timeout_s=10.0)], clock, lambda: 0.0, measured={"local"})
    happens(await placed(all_))
    assert all_.states()[0].answers_in_s == seconds


async def test_an_answer_that_turned_out_to_be_none_counts_as_a_failure(clock: ManualClock) -> None:
    all_ = Health([agent(first_byte_timeout_s=10.0)], clock, lambda: 0.0, measured={"local"})
    place = await placed(all_)
    place.answered(0)
    place.ended("agent_bad_answer", "bad_answer")
    assert all_.states()[0].answers_in_s == pytest.approx(2.0)
