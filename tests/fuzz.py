"""The long form of the property tests: `pytest -p tests.fuzz` gives each `FUZZ_FACTOR` times its examples, other ones
each time and in another order, until `FUZZ_MINUTES` are over.

`make fuzz` runs it. What it finds is kept by hypothesis in `.hypothesis/` and tried first by the next run of any kind.
"""

import os
import random
import time

import pytest
from hypothesis import is_hypothesis_test, settings

_APPLIED = "_hypothesis_internal_use_settings"  # where hypothesis 6 keeps what `@settings` gave a test
_FACTOR = int(os.environ.get("FUZZ_FACTOR", "10"))
_END = time.monotonic() + 60 * float(os.environ.get("FUZZ_MINUTES", "7"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = {id(test): test for item in items if (test := _function(item)) is not None and is_hypothesis_test(test)}
    for test in tests.values():
        deepen(test, _FACTOR)
    # What is left when the time is over must not be the same each time. All workers of a run need the same order.
    random.Random(os.environ.get("PYTEST_XDIST_TESTRUNUID")).shuffle(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() > _END:
        pytest.skip("FUZZ_MINUTES are over")


def deepen(test: object, factor: int) -> None:
    """Let a property test run `factor` times its examples, without a deadline for one of them, and not derandomized."""
    given: settings = getattr(test, _APPLIED, None) or settings()
    setattr(test, _APPLIED, settings(given, max_examples=given.max_examples * factor, deadline=None, derandomize=False))


def _function(item: pytest.Item) -> object:
    test = getattr(item, "obj", None)
    return getattr(test, "__func__", test)
