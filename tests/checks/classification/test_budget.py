"""A scan's budget is processor time: a machine that is busy with others takes nothing of it."""

from gateway.checks.classification.budget import Budget
from gateway.checks.classification.engine import Engine
from gateway.core.message import Part

_MS = 1_000_000


class TwoClocks:
    """The clock moves by so much each time it is asked, and the thread's processor time by so much."""

    def __init__(self, clock_ms: int, thread_ms: int) -> None:
        self._steps = clock_ms * _MS, thread_ms * _MS
        self._clock = self._thread = 0

    def now_us(self) -> int:
        return 0

    def monotonic_ns(self) -> int:
        self._clock += self._steps[0]
        return self._clock

    def thread_ns(self) -> int:
        self._thread += self._steps[1]
        return self._thread


def test_it_is_over_when_processor_time_is_spent_and_not_before() -> None:
    budget = Budget(TwoClocks(clock_ms=100, thread_ms=2), 5 * _MS)
    assert [budget.over() for _ in range(4)] == [False, False, True, True]


def test_the_clock_alone_spends_nothing() -> None:
    waited = Budget(TwoClocks(clock_ms=60_000, thread_ms=0), 5 * _MS)
    assert not any(waited.over() for _ in range(100))


def test_processor_time_is_not_asked_for_before_the_clock_is_there() -> None:
    clock = TwoClocks(clock_ms=1, thread_ms=50)
    budget = Budget(clock, 5 * _MS)
    assert [budget.over() for _ in range(6)] == [False, False, False, False, False, True]


def test_a_message_is_read_whole_on_a_machine_that_stands_still_in_between() -> None:
    text = "Call 030 1234567 or write to jane@example.com. " * 200
    busy = Engine(clock=TwoClocks(clock_ms=1_000, thread_ms=0), budget_ms=50).scan([Part("/a", text)])
    spent = Engine(clock=TwoClocks(clock_ms=1_000, thread_ms=10), budget_ms=50).scan([Part("/a", text)])
    assert (busy.scanned, "unscanned" in busy.classes) == ("full", False)
    assert (spent.scanned, "unscanned" in spent.classes) == ("partial", True)


def test_others_take_their_turn_every_millisecond_and_none_of_it_is_its_own_time() -> None:
    clock, turns = Manual(), list[int]()

    def others() -> None:
        turns.append(clock.now // _MS)
        clock.now += 60_000 * _MS

    budget = Budget(clock, 5 * _MS, others)
    ends = []
    for _ in range(12):
        clock.now += _MS // 2
        ends.append(budget.over())
    assert ends == [False] * 10 + [True] * 2
    assert len(turns) == 4


def test_who_gives_way_to_nobody_asks_for_no_turns() -> None:
    clock = Manual()
    budget = Budget(clock, 5 * _MS)
    clock.now += 4 * _MS
    assert not budget.over()
    clock.now += 2 * _MS
    assert budget.over()


class Manual:
    """Both clocks are what is set."""

    def __init__(self) -> None:
        self.now = 0

    def now_us(self) -> int:
        return 0

    def monotonic_ns(self) -> int:
        return self.now

    def thread_ns(self) -> int:
        return self.now
