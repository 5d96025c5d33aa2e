"""kill -9 of a gateway that serves, at random moments: nothing that a caller was told is missing, nothing that an
agent received is unrecorded. `make kill` does the same 200 times, with the command
started anew each time (`tests/kill.py`)."""

from gateway.settings import Settings
from tests.system.killing import killed
from tests.system.processes import forked


async def test_a_gateway_killed_under_load_again_and_again_has_everything_on_record(database: Settings) -> None:
    """Five kills, each with at least ten requests in flight, each followed by a start and a verification."""
    found = await killed(database, kills=5, seed=20, start=forked)
    assert found.kills == 5
    assert found.answered > 50
    assert found.seen > 50
    assert found.interrupted > 0, "no kill met an exchange under way"
