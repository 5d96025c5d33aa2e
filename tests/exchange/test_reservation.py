"""A reservation is settled once, and gives back what was under way whatever way its exchange ends."""

from typing import Any

from gateway.checks.counters import MemoryCounters
from gateway.core.counters import Want
from gateway.exchange.applying import Rule, Wanted
from gateway.exchange.reservation import Reservation
from gateway.exchange.usage import Used
from tests.conftest import ManualClock

MINUTE = 60_000_000


def wanted(name: str, what: str = "tokens", amount: int = 10, **fields: Any) -> Wanted:
    window_us = 0 if what == "concurrency" else MINUTE
    rule = Rule(name=name, what=what, count=100, window_s=window_us // 1_000_000, hard=True, per=frozenset(), **fields)
    return Wanted(rule, Want(f"t:{name}", 100, amount, window_us))


def reserved(counters: MemoryCounters, *wants: Wanted, agent: str = "local") -> Reservation:
    reservation = Reservation(counters, "ex_1", lambda: Used(0, 0, 0))
    more(counters, reservation, *wants, agent=agent)
    return reservation


def more(counters: MemoryCounters, reservation: Reservation, *wants: Wanted, agent: str) -> None:
    levels = counters.take("ex_1", [one.want for one in wants])
    assert isinstance(levels, tuple)
    reservation.add(list(wants), levels, agent)


def used(counters: MemoryCounters) -> dict[str, int]:
    return {key: total for key, _, total in counters.totals()} | {key: 1 for key, _ in counters.leases()}


def test_what_was_never_sent_is_given_back_whole(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    reservation = reserved(counters, wanted("a"), wanted("r", "requests", 1), wanted("c", "concurrency", 1))
    assert used(counters) == {"t:a": 10, "t:r": 1, "t:c": 1}
    for _ in range(2):
        reservation.release(sent=False)
    assert used(counters) == {}


def test_what_was_sent_stays_until_it_is_settled_and_only_what_was_under_way_is_given_back(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    reservation = reserved(counters, wanted("a"), wanted("c", "concurrency", 1))
    reservation.release(sent=True)
    assert used(counters) == {"t:a": 10}
    reservation.settle("local", lambda rule: 3)
    reservation.settle("local", lambda rule: 99)
    reservation.release(sent=False)
    assert used(counters) == {"t:a": 3}


def test_what_was_used_beyond_the_estimate_counts_too(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    reserved(counters, wanted("a")).settle("local", lambda rule: 14)
    assert used(counters) == {"t:a": 14}


def test_what_another_agent_may_have_used_of_its_own_limit_stays_as_it_was_estimated(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    own, all_ = wanted("own", agents=frozenset({"local"})), wanted("all")
    reservation = reserved(counters, own, all_)
    more(counters, reservation, wanted("sky", agents=frozenset({"sky"})), agent="sky")
    reservation.settle("sky", lambda rule: 2)
    assert used(counters) == {"t:own": 10, "t:all": 2, "t:sky": 2}


def test_an_agent_that_surely_did_nothing_gets_back_what_was_its_alone_but_for_the_request(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    alone: dict[str, Any] = {"agents": frozenset({"local"})}
    reservation = reserved(counters, wanted("own", **alone), wanted("n", "requests", 1, **alone), wanted("all"))
    reservation.forgo("local")
    assert used(counters) == {"t:n": 1, "t:all": 10}
    assert reservation.keys == {"t:n", "t:all"}
    reservation.forgo("local")
    reservation.settle("sky", lambda rule: 4)
    assert used(counters) == {"t:n": 1, "t:all": 4}
