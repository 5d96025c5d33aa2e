"""kill -9 of what runs tasks: every task ends once on record, and none is lost. `make kill` does it thirty times under
500 tasks (`tests/kill.py`)."""

import pytest

from gateway.settings import Settings
from tests.services import private_nats, private_redis
from tests.system.processes import forked
from tests.system.task_killing import Common, tasks_killed


async def test_a_gateway_killed_under_tasks_ends_each_of_them_once(sqlite_settings: Settings) -> None:
    """Each reaches its own agent, at least once, and is on record from its submission to its one end."""
    found = await tasks_killed(sqlite_settings, kills=1, tasks=24, seed=7, start=forked)
    assert (found.killed, found.tasks) == ({"gateway": 1}, 24)
    assert found.again >= 0


@pytest.mark.postgres
@pytest.mark.nats
@pytest.mark.redis
async def test_whichever_of_two_gateways_and_the_servers_between_them_is_killed_each_task_ends_once(
    postgres_settings: Settings,
) -> None:
    with private_nats() as nats, private_redis() as redis:
        found = await tasks_killed(
            postgres_settings, kills=3, tasks=24, seed=9, common=Common(nats, redis), start=forked
        )
    assert (found.killed, found.tasks) == ({"gateway": 1, "nats": 1, "redis": 1}, 24)
