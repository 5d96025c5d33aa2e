"""What personal data was sent to whom, read from a tenant's ledger: of a period, or of what in it concerns a person."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from gateway.evidence.disclosed import COLUMNS as OF_A_RECORD
from gateway.evidence.disclosed import EVENTS, row, version
from gateway.evidence.reports.register import Registers
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.auditor import Auditor
from gateway.ledger.record import parse, parse_detail

COLUMNS = (*OF_A_RECORD, "emergency")
"""`evidence.disclosed.COLUMNS`, and the emergency ledger whose number `seq` is, None for the main one."""


async def disclosures(
    auditor: Auditor, by: Reader, registers: Registers, since: str, until: str, subject: str | None
) -> AsyncGenerator[dict[str, Any], None]:
    """Rows with the members `COLUMNS`: of what lies in archives by their numbers, then in the order of their times,
    then of each emergency ledger by its numbers.

    `since` and `until` are 27 characters each, `subject` is a pseudonym. That they are read is on record before the
    first row is. `RecordsArchived` where some of the period may lie in a file that is not at hand: a list that
    lacks them would look whole. `VerificationError` where an archive is not what is on record."""
    asked = {"disclosures": "all" if subject is None else "subject"}
    async with aclosing(auditor.period(by, asked, EVENTS, since, until, subject)) as chunks:
        async for chunk in chunks:
            for one in chunk:
                detail = None if one.detail is None else parse_detail(one.detail)
                envelope = parse(one.envelope)
                named = version(envelope)
                declared = await registers.declared(() if named is None else (named,))
                found = row(envelope, detail, declared)
                if found is not None:
                    yield {**found, "emergency": one.emergency}
