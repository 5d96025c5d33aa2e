"""What personal data was sent to whom, read from a tenant's ledger: of a period, or of what in it concerns a person."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from gateway.core.errors import RecordsArchived
from gateway.evidence.disclosed import EVENTS, row
from gateway.evidence.reports.register import Register
from gateway.exchange.auditor import Auditor, Reader
from gateway.ledger.record import parse, parse_detail
from gateway.store.search import Filters


async def disclosures(
    auditor: Auditor, by: Reader, register: Register, since: str, until: str, subject: str | None
) -> AsyncGenerator[dict[str, Any], None]:
    """Rows of `evidence.disclosed`, in order of their times. `since` and `until` are 27 characters each, `subject` is a
    pseudonym. That they are read is on record before the first row is. `RecordsArchived` where some of the period may
    lie in an archive: a list that lacks them would look whole."""
    if subject is not None:
        archives = await auditor.archives(since, until)
        if archives:
            raise RecordsArchived(archives)
        filters = Filters(since=since, until=until, subject=subject)
        async with aclosing(auditor.stream(by, filters, order="asc")) as hits:
            async for hit in hits:
                beside = hit.stored.detail
                found = row(parse(hit.stored.envelope), None if beside is None else parse_detail(beside), register)
                if found is not None:
                    yield found
        return
    async with aclosing(auditor.period(by, {"disclosures": "all"}, EVENTS, since, until)) as chunks:
        async for chunk in chunks:
            for one in chunk:
                found = row(parse(one.envelope), None if one.detail is None else parse_detail(one.detail), register)
                if found is not None:
                    yield found
