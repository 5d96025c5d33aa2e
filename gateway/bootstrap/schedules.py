"""Bundles by the calendar, for who looks at them and who wants one again, over the API and on the command line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gateway.bootstrap.scheduling import scheduled_for
from gateway.bootstrap.site import Site
from gateway.core.ids import random_id
from gateway.core.refusal import Refusal
from gateway.exchange.audit_scribe import Reader
from gateway.exchange.schedule_record import DUE_NOW, ScheduleScribe
from gateway.ledger.entry import Column
from gateway.ledger.record import timestamp
from gateway.settings import Schedule
from gateway.store.scheduled import DELIVERED, DUE, FAILED, WAITING, Scheduled, ScheduledStore

COLUMNS = ("schedule", "tenant", "period", "state", "due", "delivered", "tries", "code", "bundle", "sha256")
SHOWN = 12
"""Periods of a schedule and tenant that are shown."""
MAX_REASON = 1_000
_AFRESH: Mapping[str, Column] = {
    "state": DUE,
    "builds": 1,
    "tries": 0,
    "next_us": 0,
    "told": 0,
    "code": None,
    "ended_us": None,
    "digest": None,
}
"""The row of a period whose bundle is made once more."""


class Schedules:
    """Of one tenant, by its configured id: there is no way to another's."""

    def __init__(self, site: Site, tenant: str) -> None:
        self._site, self._tenant, self._ledger = site, tenant, site.tenants[tenant].ledger
        self._store = ScheduledStore(site.engine)

    async def rows(self) -> list[dict[str, Any]]:
        """The newest periods of each schedule that makes this tenant's bundles, or made them once: `COLUMNS`, times as
        records have them, None for what there is not."""
        known = await self._store.newest(self._ledger)
        configured = {one.id: one for one in self._site.settings.schedule if self._makes(one)}
        found: list[dict[str, Any]] = []
        for name in sorted(configured.keys() | {one.schedule for one in known}):
            mine = [one for one in known if one.schedule == name][:SHOWN]
            if not mine:
                found.append({**dict.fromkeys(COLUMNS), "schedule": name, "tenant": self._tenant, "state": "not begun"})
            found += self._shown(mine, configured.get(name))
        return found

    async def again(self, schedule: str, period: str, reason: str, by: Reader) -> str | Refusal:
        """Have the bundle of a period made and delivered once more, or tried at once, by whoever serves, on record. Its
        id: another one where the last was delivered or given up, else the one whose wait is over.

        `not_found` with the field: no such `schedule` of this tenant, or no such `period` of it. `conflict` where it is
        not over, was missed, or somebody else changes it at this moment. `parameter_invalid` for a reason that is
        empty or too long."""
        if not 0 < len(reason) <= MAX_REASON:
            return Refusal(code="parameter_invalid", field="reason", hint=f"a text of 1 to {MAX_REASON} characters")
        configured = next((one for one in self._site.settings.schedule if one.id == schedule), None)
        if configured is None or not self._makes(configured):
            return Refusal(code="not_found", field="schedule", hint="a schedule that makes this tenant's bundles")
        one = await self._store.get(self._ledger, schedule, period)
        if one is None:
            return Refusal(code="not_found", field="period", hint="a period of it that is listed")
        if one.state not in (DUE, DELIVERED, FAILED):
            return Refusal(code="conflict", hint="a period that is over, and not among those that were missed")
        writer = await self._site.writer(self._tenant)
        values: Mapping[str, Column] = {"next_us": 0} if one.state == DUE else {**_AFRESH, "bundle": random_id("ev")}
        kind = "directory" if configured.url is None else "webhook"
        scribe = ScheduleScribe(self._site.clock, self._site.node, kind)
        who = msgspec.structs.replace(by, detail=msgspec.structs.replace(by.detail, reason=reason))
        # A crash before the commit: nothing has changed. After it: on record, and it is made by whoever serves.
        if await writer.submit(scribe.entry(DUE_NOW, one, values, by=who)) is None:
            return Refusal(code="conflict", hint="another try: somebody else has changed it at this moment")
        return str(values.get("bundle", one.bundle))

    def _makes(self, one: Schedule) -> bool:
        return self._tenant in scheduled_for(one, self._site.tenants)

    def _shown(self, some: Sequence[Scheduled], configured: Schedule | None) -> Iterator[dict[str, Any]]:
        for one in some:
            asleep = one.state in (WAITING, DUE) and (configured is None or configured.every != one.every)
            yield {
                "schedule": one.schedule,
                "tenant": self._tenant,
                "period": one.period,
                "state": "not configured" if asleep else one.state,
                "due": timestamp(one.until_us),
                "delivered": timestamp(one.ended_us) if one.state == DELIVERED and one.ended_us is not None else None,
                "tries": one.tries,
                "code": one.code,
                "bundle": one.bundle,
                "sha256": one.digest,
            }
