"""A reservation is settled once, and gives back what was under way whatever way its exchange ends."""

from collections.abc import Sequence
from typing import Any

from gateway.checks.counters import MemoryCounters
from gateway.core.counters import Change, Level, Want
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


def test_what_another_agent_may_have_used_stays_as_it_was_estimated(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    own, all_, sky = wanted("own"), wanted("all"), wanted("sky")
    reservation = reserved(counters, own, all_)
    beyond = reservation.beyond("local", [all_, sky], undone=False)
    assert beyond == [all_, sky]
    reservation.hand_on([all_, sky], "sky")
    more(counters, reservation, *beyond, agent="sky")
    assert used(counters) == {"t:own": 10, "t:all": 20, "t:sky": 10}
    reservation.settle("sky", lambda rule: 2)
    assert used(counters) == {"t:own": 10, "t:all": 12, "t:sky": 2}


def test_an_agent_that_surely_did_nothing_gets_back_what_was_its_alone_but_for_the_request(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    reservation = reserved(counters, wanted("own"), wanted("n", "requests", 1), wanted("all"))
    assert reservation.beyond("local", [wanted("all")], undone=True) == []
    assert used(counters) == {"t:n": 1, "t:all": 10}


def test_what_is_held_for_the_agent_before_is_handed_on_and_only_the_difference_is_wanted(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    reservation = reserved(counters, wanted("all"))
    dearer = wanted("all", amount=25)
    (difference,) = reservation.beyond("local", [dearer], undone=True)
    assert difference.want.amount == 15
    reservation.hand_on([dearer], "sky")
    clock.advance(3)
    more(counters, reservation, difference, agent="sky")
    assert used(counters) == {"t:all": 25}
    reservation.settle("sky", lambda rule: 4)
    assert used(counters) == {"t:all": 4}


def test_what_was_reserved_for_an_agent_that_was_not_asked_after_all_is_given_back(clock: ManualClock) -> None:
    counters = MemoryCounters(clock)
    reservation = reserved(counters, wanted("all"))
    beyond = reservation.beyond("local", [wanted("all"), wanted("n", "requests", 1)], undone=False)
    reservation.hand_on(beyond, "sky")
    more(counters, reservation, *beyond, agent="sky")
    reservation.settle("local", lambda rule: 3)
    assert used(counters) == {"t:all": 10, "t:n": 1}


def test_changes_name_the_slice_of_the_counters_and_of_this_process(clock: ManualClock) -> None:
    found = list[Change]()

    class Told:
        async def reserve(self, lease: str, wants: Any) -> Any:
            raise NotImplementedError

        def settle(self, changes: Sequence[Change]) -> None:
            found.extend(changes)

    reservation = Reservation(Told(), "ex_1", lambda: Used(0, 0, 0))
    reservation.add([wanted("a")], (Level(10, 7, 60, 5),), "local")
    reservation.settle("local", lambda rule: 4)
    assert found == [Change("t:a", MINUTE, -6, 7, "ex_1", 5)]
