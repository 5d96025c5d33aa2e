"""The long form of the property tests: `pytest -p tests.fuzz` gives each `FUZZ_FACTOR` times its examples, other ones
each time and in another order, until `FUZZ_MINUTES` are over. Without a factor there are as many more as there is more
time: `FUZZ_MINUTES=60` is an hour of it.

`make fuzz` runs it. What it finds is kept by hypothesis in `.hypothesis/` and tried first by the next run of any kind.
"""

import os
import random
import time

import pytest
from hypothesis import is_hypothesis_test, settings

_APPLIED = "_hypothesis_internal_use_settings"  # where hypothesis 6 keeps what `@settings` gave a test
_MINUTES = float(os.environ.get("FUZZ_MINUTES", "7"))
_END = time.monotonic() + 60 * _MINUTES


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = {id(test): test for item in items if (test := function(item)) is not None and is_hypothesis_test(test)}
    for test in tests.values():
        deepen(test, factor(os.environ.get("FUZZ_FACTOR"), _MINUTES))
    # What is left when the time is over must not be the same each time. All workers of a run need the same order.
    random.Random(os.environ.get("PYTEST_XDIST_TESTRUNUID")).shuffle(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() > _END:
        pytest.skip("FUZZ_MINUTES are over")


def factor(given: str | None, minutes: float) -> int:
    """How many times its examples a test gets: as given, else ten times in seven minutes."""
    return int(given) if given else max(1, round(10 * minutes / 7))


def deepen(test: object, times: int) -> None:
    """Let a property test run `times` times its examples, without a deadline for one of them, and not derandomized."""
    given: settings = getattr(test, _APPLIED, None) or settings()
    setattr(test, _APPLIED, settings(given, max_examples=given.max_examples * times, deadline=None, derandomize=False))


def shorten(test: object, most: int) -> None:
    """Let a property test run no more than `most` examples: its slice in the suite."""
    given: settings = getattr(test, _APPLIED, None) or settings()
    setattr(test, _APPLIED, settings(given, max_examples=min(given.max_examples, most)))


def function(item: pytest.Item) -> object:
    test = getattr(item, "obj", None)
    return getattr(test, "__func__", test)
