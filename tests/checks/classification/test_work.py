"""What scanning costs is counted, not timed: what patterns go over, windows hold and checks are given.

No text may cost more for each of its characters than a bound, and none costs faster than it grows.
"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.classify import hostile
from gateway.checks.classification import candidates, engine, locator
from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.locator import Located, Locator, Sight
from gateway.checks.classification.patterns import Pattern
from gateway.core.message import Part
from tests.checks.classification.conftest import StillClock
from tests.checks.classification.samples import soups, texts
from tests.checks.classification.test_stream import TYPES

MOST = 100
"""Characters of work for each character of any text. What is only passed over costs 1, a dense note 12, text packed
with findings 25, the worst that was made on purpose 17; clean text that comes character by character 50."""
SMALL, LARGE = 2_500, 10_000


class Work:
    """How much was done since it was last read."""

    def __init__(self) -> None:
        self.amount = 0

    def read(self) -> int:
        amount, self.amount = self.amount, 0
        return amount


WORK = Work()


class CountedPattern(Pattern):
    """Each call counts the characters that it goes over, and one for itself."""

    def next(self, shade: bytes, start: int) -> tuple[int, int, int, int] | None:
        found = super().next(shade, start)
        WORK.amount += 1 + (len(shade) if found is None else found[3]) - start
        return found

    def first(self, shade: bytes, start: int) -> int | None:
        found = super().first(shade, start)
        WORK.amount += 1 + (len(shade) if found is None else found) - start
        return found

    def at(self, shade: bytes, start: int) -> tuple[int, int] | None:
        found = super().at(shade, start)
        WORK.amount += 1 + (0 if found is None else found[1] - start)
        return found

    def prefix(self, shade: bytes) -> int:
        found = super().prefix(shade)
        WORK.amount += 1 + found
        return found


class CountedLocator(Locator):
    """Each window counts its characters: they are normalised, shaded and searched for words."""

    def locate(self, text: str, start: int, shade: bytes | None = None, sight: Sight | None = None) -> Located:
        WORK.amount += len(text)
        return super().locate(text, start, shade, sight)


def counted(check: Callable[[str], object]) -> Callable[[str], object]:
    def judge(text: str) -> object:
        WORK.amount += 1 + len(text)
        return check(text)

    return judge


@pytest.fixture(scope="module", name="counting")
def counting_engine() -> Engine:
    """An engine whose patterns, windows and checks count. Built once: what it was built with is put back at once."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (candidates, locator):
            patched.setattr(module, "Pattern", CountedPattern)
        patched.setattr(candidates, "CHECKS", {name: counted(check) for name, check in CHECKS.items()})
        patched.setattr(engine, "Locator", CountedLocator)
        built = Engine(clock=StillClock(), budget_ms=1e9)
    WORK.read()
    return built


def work(counting: Engine, text: str) -> int:
    WORK.read()
    counting.scan_text(text)
    return WORK.read()


@pytest.mark.parametrize("name", sorted(hostile(10)))
def test_work_on_hostile_text_grows_no_faster_than_the_text(counting: Engine, name: str) -> None:
    small, large = (work(counting, hostile(size)[name]) for size in (SMALL, LARGE))
    assert large <= small * (LARGE / SMALL) * 1.2 + 2_000
    assert large <= MOST * LARGE


@settings(max_examples=40, deadline=None)
@given(unit=st.one_of(texts(), soups(), st.text(min_size=1, max_size=40)))
def test_no_text_costs_more_than_so_much_a_character(counting: Engine, unit: str) -> None:
    text = (unit * (SMALL // max(1, len(unit)) + 1))[:SMALL]
    assert work(counting, text) <= MOST * len(text) + 2_000


@settings(max_examples=12, deadline=None)
@given(unit=st.one_of(texts(), soups(), st.text(min_size=1, max_size=200)))
def test_many_parts_cost_what_they_cost_together(counting: Engine, unit: str) -> None:
    costs = []
    for many in (10, 40):
        WORK.read()
        counting.scan([Part(f"/messages/{number}/content", unit) for number in range(many)])
        costs.append(WORK.read())
    assert costs[1] <= costs[0] * 4 * 1.2 + 2_000


@pytest.mark.parametrize("name", sorted(hostile(10)))
def test_a_stream_costs_no_more_than_so_much_a_character_however_it_is_cut(counting: Engine, name: str) -> None:
    text = hostile(1_500)[name]
    WORK.read()
    lane = counting.stream(TYPES).lane("/choices/0/delta/content")
    for character in text:
        lane.feed(character)
    lane.finish()
    assert WORK.read() <= MOST * len(text)


def test_text_without_a_trigger_is_gone_over_once(counting: Engine) -> None:
    text = "and so it went on " * 1000
    assert work(counting, text) <= len(text) + 10
