"""Before many tests are run by forked processes: what each of these would make."""

import pytest

from tests.system.processes import share_server
from tests.system.warming import warm

_MANY = 2_000
"""Tests for which some seconds are nothing."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Nothing that is of one test alone, and no thread, connection or loop, is left of it."""
    if session.config.getoption("forks", 1) > 1 and len(session.items) > _MANY:
        share_server()
        warm()
