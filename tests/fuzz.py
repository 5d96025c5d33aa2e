"""The long form of the property tests: `pytest -p tests.fuzz` gives each of them `FUZZ_FACTOR` times its examples, anew.

`make fuzz` runs it. What it finds is kept by hypothesis in `.hypothesis/` and tried first by the next run of any kind.
"""

import os

import pytest
from hypothesis import is_hypothesis_test, settings

_APPLIED = "_hypothesis_internal_use_settings"  # where hypothesis 6 keeps what `@settings` gave a test


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    factor = int(os.environ.get("FUZZ_FACTOR", "10"))
    seen: set[int] = set()
    for item in items:
        test = getattr(item, "obj", None)
        test = getattr(test, "__func__", test)
        if test is None or not is_hypothesis_test(test) or id(test) in seen:
            continue
        seen.add(id(test))
        deepen(test, factor)


def deepen(test: object, factor: int) -> None:
    """Let a property test run `factor` times its examples, without a deadline for one of them, and not derandomized."""
    given: settings = getattr(test, _APPLIED, None) or settings()
    setattr(test, _APPLIED, settings(given, max_examples=given.max_examples * factor, deadline=None, derandomize=False))
