"""Emergency ledgers on the disk: prepared once, and nothing that does not hold is stitched in."""

from pathlib import Path

import pytest

from gateway.bootstrap.emergency_ledgers import EmergencyLedgers
from gateway.core.errors import VerificationError
from gateway.settings import Settings
from tests.system.emergencies import AGENTS, emergency, until
from tests.system.site import system


async def test_what_was_prepared_and_not_used_is_there_at_the_next_start(sqlite_settings: Settings) -> None:
    directory = Path(sqlite_settings.base) / "emergency"
    seen = []
    for _ in range(2):
        async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
            await until(site, "standing")
            prepared = [one for one in await site.records() if one["event"] == "emergency.prepared"]
            seen.append([one["emergency"] for one in prepared])
            assert (directory / "copy.db").stat().st_mode & 0o777 == 0o600
    assert seen[0] == seen[1]
    assert len(seen[0]) == 1


async def test_an_emergency_that_is_not_on_record_stays_where_it_is_and_is_told(
    sqlite_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    directory = Path(sqlite_settings.base) / "emergency"
    directory.mkdir()
    strange = directory / "em_strange.db"
    strange.write_bytes(b"no database")
    async with system(sqlite_settings, agents=AGENTS, emergency=emergency(sqlite_settings)) as site:
        assert site.gateway.emergency is not None
        figures = site.gateway.emergency.figures()
        assert (figures.state, figures.left) == ("unready", 1)
        assert "an emergency ledger is here that is not on record" in caplog.text
        ledgers = site.gateway.emergency._ledgers
        assert isinstance(ledgers, EmergencyLedgers)
        with pytest.raises(VerificationError):
            await ledgers.stitch_left("em_strange")
    assert strange.read_bytes() == b"no database"
