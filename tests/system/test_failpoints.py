"""What a crash, a hang or an error means at every instant that a comment in the code speaks of. (What it means for a
request of each protocol is in test_failpoints_of_protocols.py.)

Death at each point on both databases. A gateway hangs on PostgreSQL at those points alone at which a transaction is
open or just over, and each database has one of the errors: `make kill` goes through all of it on both.
"""

import pytest

from gateway.settings import Settings
from tests.system.failing import KEYS, LEDGER, POINTS, died, failed
from tests.system.load import KINDS


@pytest.mark.parametrize("how", ["kill", "hang"])
async def test_a_gateway_that_dies_at_any_failpoint_has_everything_on_record_after_its_next_start(
    database: Settings, how: str
) -> None:
    everywhere = how == "kill" or database.database.url.startswith("sqlite")
    answered = await died(database, how, POINTS if everywhere else (*KEYS, *LEDGER))
    assert answered == frozenset(KINDS) or not everywhere


async def test_an_error_at_any_failpoint_ends_the_exchange_and_the_gateway_goes_on(database: Settings) -> None:
    await failed(database, RuntimeError if database.database.url.startswith("sqlite") else OSError)
