"""An agent that fails is let rest, asked a little, and asked as before once all of that went well."""

from collections import deque

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.exchange.breaker import SLICES, Breaker, Verdict
from gateway.settings import Breaker as Rules

S = 1_000_000_000
RULES = Rules(calls=4, window_s=10.0, open_s=5.0, open_max_s=12.0, probes=2)


def breaker(rules: Rules = RULES) -> Breaker:
    return Breaker(rules, lambda: 0.0)


def state(one: Breaker) -> str:
    """Its state now."""
    return one.state


def call(one: Breaker, now: int, verdict: Verdict, took_s: float = 0.0) -> None:
    ticket = one.enter(now)
    assert ticket is not None
    one.leave(ticket, now, verdict, int(took_s * S))


def opened(one: Breaker, now: int = 0) -> Breaker:
    while one.state == "closed":
        call(one, now, "fault")
    return one


def test_it_opens_when_faults_reach_their_share_of_enough_calls() -> None:
    one = breaker()
    for verdict in ("fault", "well", "well"):
        call(one, 0, verdict)
    assert state(one) == "closed", "one of three, and three are too few"
    call(one, 0, "fault")
    assert state(one) == "open"
    assert one.enter(0) is None


def test_calls_that_say_nothing_of_the_agent_are_not_counted() -> None:
    one = breaker()
    for _ in range(100):
        call(one, 0, "none")
    call(one, 0, "fault")
    assert state(one) == "closed"


def test_what_has_left_the_window_is_forgotten() -> None:
    one = breaker()
    for _ in range(3):
        call(one, 0, "fault")
    call(one, 11 * S, "fault")
    assert state(one) == "closed"
    for _ in range(3):
        call(one, 12 * S, "fault")
    assert state(one) == "open"


def test_slow_calls_open_it_only_where_that_is_asked_for() -> None:
    plain, minding = breaker(), breaker(Rules(calls=4, slow_s=1.0, slow_share=0.75))
    for one in (plain, minding):
        for took_s in (2.0, 0.1, 2.0, 1.0):
            call(one, 0, "well", took_s)
    assert (state(plain), state(minding)) == ("closed", "open")


def test_an_open_one_lets_only_its_probes_through_once_its_time_is_over() -> None:
    one = opened(breaker())
    assert one.wait_s(0) == 5
    assert not one.admits(5 * S - 1)
    tickets = [one.enter(5 * S) for _ in range(3)]
    assert tickets[2] is None
    assert state(one) == "half-open"
    for ticket in tickets[:2]:
        assert ticket is not None
        one.leave(ticket, 6 * S, "well")
    assert state(one) == "closed"
    assert one.opens == 0


def test_a_failed_probe_doubles_the_rest_up_to_its_bound_and_a_good_one_alone_closes_nothing() -> None:
    one, now, waits = opened(breaker()), 0, []
    for _ in range(3):
        now = one.until
        call(one, now, "well")
        assert state(one) == "half-open"
        call(one, now, "fault")
        waits.append(one.until - now)
    assert waits == [10 * S, 12 * S, 12 * S]


def test_a_slow_probe_is_no_good_one() -> None:
    one = opened(breaker(Rules(calls=1, slow_s=1.0, probes=1)))
    call(one, one.until, "well", 1.0)
    assert state(one) == "open"


def test_a_probe_whose_caller_left_makes_room_for_another() -> None:
    one = opened(breaker())
    for _ in range(5):
        call(one, one.until, "none")
    assert state(one) == "half-open"
    assert one.admits(one.until)


def test_late_news_of_an_earlier_state_changes_nothing() -> None:
    one = breaker()
    old = one.enter(0)
    assert old is not None
    opened(one)
    probe = one.enter(one.until)
    assert probe is not None
    one.leave(old, one.until, "fault")
    assert state(one) == "half-open"
    one.leave(old, one.until, "well")
    one.leave(probe, one.until, "well")
    assert state(one) == "half-open", "one good probe of two"


def test_an_answer_that_went_wrong_after_all_counts_as_a_fault_and_once() -> None:
    one = breaker()
    for _ in range(4):
        call(one, 0, "well")
    one.belie(0)
    assert state(one) == "closed"
    one.belie(0)
    assert state(one) == "open"
    late = breaker()
    for _ in range(3):
        late.belie(0)
    assert state(late) == "closed", "each stands for its own call, and three are too few"
    late.belie(0)
    assert state(late) == "open"
    late.belie(0)
    assert state(late) == "open"


@pytest.mark.parametrize("drawn", [0.0, 0.999])
def test_the_rest_is_longer_by_a_quarter_at_most(drawn: float) -> None:
    one = opened(Breaker(RULES, lambda: drawn))
    assert 5 * S <= one.until <= 6.25 * S


class Machine(RuleBasedStateMachine):
    """Any order of calls, ends and time: compared with a model that remembers every call."""

    @initialize(probes=st.integers(1, 3), calls=st.integers(1, 5), share=st.sampled_from([0.3, 0.5, 1.0]))
    def begin(self, probes: int, calls: int, share: float) -> None:
        self.given = Rules(calls=calls, fault_share=share, window_s=10.0, open_s=4.0, open_max_s=16.0, probes=probes)
        self.breaker = Breaker(self.given, lambda: 0.0)
        self.now = 0
        self.tickets: deque[int] = deque()
        self.probing: dict[int, int] = {}
        self.calls: list[tuple[int, bool]] = []

    @rule(seconds=st.sampled_from([0, 1, 3, 5, 11, 40]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * S

    @rule()
    def call_begins(self) -> None:
        admitted = self.breaker.admits(self.now)
        ticket = self.breaker.enter(self.now)
        assert (ticket is not None) is admitted
        if ticket is not None:
            self.tickets.append(ticket)
            if self.breaker.state == "half-open":
                self.probing[ticket] = self.probing.get(ticket, 0) + 1

    @precondition(lambda self: self.tickets)
    @rule(verdict=st.sampled_from(["well", "fault", "none"]), newest=st.booleans())
    def call_ends(self, verdict: Verdict, newest: bool) -> None:
        ticket = self.tickets.pop() if newest else self.tickets.popleft()
        before, generation = self.breaker.state, self.breaker.generation
        self.breaker.leave(ticket, self.now, verdict)
        after = self.breaker.state
        if ticket != generation:
            assert (after, self.breaker.generation) == (before, generation), "old news"
        elif before == "closed":
            if verdict != "none":
                self.calls.append((self.now, verdict == "fault"))
            width = 10 * S // SLICES
            known = [bad for at, bad in self.calls if at // width > self.now // width - SLICES]
            bad = sum(known) >= self.given.fault_share * len(known) and len(known) >= self.given.calls
            assert (after == "open") is (verdict == "fault" and bad)
        elif verdict == "none":
            self.probing[ticket] -= 1
            assert after == "half-open"
        else:
            assert after != "half-open" or (verdict == "well" and self.given.probes > 1)
            assert verdict == "well" or after == "open"
        if after != before:
            self.calls.clear()
            if after == "open":
                assert 4 * S <= self.breaker.until - self.now <= 16 * S

    @invariant()
    def no_more_probes_than_allowed(self) -> None:
        assert all(count <= self.given.probes for count in self.probing.values())

    @invariant()
    def an_open_one_lets_nothing_through_before_its_time(self) -> None:
        if self.breaker.state == "open" and self.now < self.breaker.until:
            assert not self.breaker.admits(self.now)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
