"""Disclosures are read from a ledger for a period or a person, and that they are is on record first."""

import pytest

from gateway.bootstrap import open_site
from gateway.core.errors import RecordsArchived
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.disclosures import disclosures
from gateway.exchange.trail import Trail
from gateway.ledger.record import ClassesInfo, Detail, timestamp
from gateway.settings import Settings
from gateway.store.archives import Archived
from tests.bootstrap.kit import configured
from tests.evidence.reports.registers import NOTHING
from tests.store.kit import entry

T0 = 1_800_000_000_000_000
PERIOD = (timestamp(T0), timestamp(T0 + 10))
JANE = "su_" + "1" * 26


async def test_a_list_that_would_lack_what_was_archived_is_refused(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: Trail, since: str, until: str) -> tuple[Archived, ...]:
        assert (since, until) == PERIOD
        raise RecordsArchived(["ar_1"])

    monkeypatch.setattr(Trail, "demand_period", away)
    async with open_site(configured(sqlite_settings)) as site:
        auditor, reader = await site.auditor("default"), site.reader("default")
        size = await reader.size()
        for subject in (None, JANE):
            with pytest.raises(RecordsArchived, match="ar_1"):
                _ = [row async for row in disclosures(auditor, Reader(), NOTHING, *PERIOD, subject)]
        assert await reader.size() == size, "nothing was read, and nothing is on record"


async def test_rows_are_those_of_the_period_or_of_the_person(database: Settings) -> None:
    async with open_site(configured(database)) as site:
        ledger, writer = site.tenants["default"].ledger, await site.writer("default")
        phi = ClassesInfo(found=("phi",), declared=(), inherited=(), floor=())
        for at, whom in ((0, (JANE,)), (1, ()), (10, (JANE,))):
            detail = Detail(subjects=whom or None)
            made = {"agent": "ward", "attempt": 1, "classes": phi}
            await writer.submit(
                entry("exchange.requested", ledger=ledger, us=T0 + at, detail=detail, subjects=whom, **made)
            )
        auditor = await site.auditor("default")
        for subject, wanted in ((None, [(JANE,), None]), (JANE, [(JANE,)])):
            found = [row async for row in disclosures(auditor, Reader(), NOTHING, *PERIOD, subject)]
            assert [row["subjects"] and tuple(row["subjects"]) for row in found] == wanted
        reader = site.reader("default")
        stored = [one async for one in reader.records(0, await reader.size(), details=True)]
        assert sum(b'"audit.read"' in one.envelope for one in stored) == 2
