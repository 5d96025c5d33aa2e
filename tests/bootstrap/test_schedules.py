"""Who looks at bundles by the calendar sees one tenant's, and has only those made again that can be."""

from pathlib import Path

import msgspec

from gateway.bootstrap import Schedules, open_site
from gateway.bootstrap.schedules import COLUMNS, SHOWN
from gateway.core.refusal import Refusal
from gateway.exchange.audit_scribe import Reader
from gateway.settings import Settings
from gateway.settings.scheduling import Schedule
from gateway.store.keyring import Keyring
from gateway.store.scheduled import DELIVERED, DUE, ScheduledStore
from tests.store.test_scheduled import period


async def test_the_newest_periods_of_each_schedule_are_told_and_one_is_had_again(sqlite_settings: Settings) -> None:
    Keyring.create(Path(sqlite_settings.base) / "keys").close()
    monthly = Schedule(id="monthly", every="monthly", directory=".")
    async with open_site(msgspec.structs.replace(sqlite_settings, schedule=(monthly,))) as site:
        mine, store, ledger = Schedules(site, "default"), ScheduledStore(site.engine), site.tenants["default"].ledger
        (none,) = await mine.rows()
        assert none == {**dict.fromkeys(COLUMNS), "schedule": "monthly", "tenant": "default", "state": "not begun"}
        for year in range(SHOWN + 2):
            done = {"state": DELIVERED, "ended_us": year, "digest": "ab", "bundle": "ev_1"}
            assert await store.add(period(f"{2000 + year}-01", year, until_us=year + 1, tenant=ledger, **done))
        told = await mine.rows()
        assert [one["period"] for one in told] == [f"{2000 + year}-01" for year in range(SHOWN + 1, 1, -1)]
        assert set(told[0]) == set(COLUMNS)
        assert await Schedules(site, "_system").rows() == []
        first = await mine.again("monthly", "2013-01", "because", Reader())
        assert isinstance(first, str)
        assert first != "ev_1"
        row = await store.get(ledger, "monthly", "2013-01")
        assert row is not None
        assert (row.state, row.bundle, row.digest) == (DUE, first, None)
        assert await mine.again("monthly", "2013-01", "because", Reader()) == first, "it is tried at once"
        foreign = await Schedules(site, "_system").again("monthly", "2013-01", "because", Reader())
        assert isinstance(foreign, Refusal)
        assert (foreign.code, foreign.field) == ("not_found", "schedule")
