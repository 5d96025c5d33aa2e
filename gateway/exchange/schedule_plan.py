"""What a schedule is to make, for one tenant, and of which periods: values, reckoned from the calendar alone."""

from datetime import tzinfo

import msgspec

from gateway.core.periods import LAST_US, Period, after, containing
from gateway.exchange.scoping import Asked
from gateway.ledger.record import timestamp
from gateway.store.scheduled import MISSED, Scheduled


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """Periods that have begun and are not known yet: rows to be added, the oldest first; or, where there are too many,
    the one row of those that are `missed`, `number` of them, behind which the others follow."""

    rows: tuple[Scheduled, ...] = ()
    missed: Scheduled | None = None
    number: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is configured of a schedule, for one tenant. `tenant` is its ledger's id, `name` the configured one."""

    id: str
    tenant: str
    name: str
    every: str
    zone: tzinfo
    about: str | None
    details: bool
    attach: tuple[str, ...]
    recipients: tuple[str, ...]
    catch_up: int

    def asked(self, one: Scheduled) -> Asked:
        """What is selected for a period's bundle."""
        period = (timestamp(one.since_us), timestamp(one.until_us))
        return Asked(about=self.about, period=period, details=self.details)

    def begun(self, latest: Scheduled | None, now_us: int) -> Begun:
        """What is to be written down now, where `latest` is the newest period that is known to have begun."""
        now_us = min(now_us, LAST_US)
        if latest is None:
            return Begun(rows=(self._row(containing(self.every, self.zone, now_us)),))
        known = Period(label=latest.period, since_us=latest.since_us, until_us=latest.until_us)
        found: list[Period] = []
        while known.until_us <= now_us:
            known = after(self.every, self.zone, known)
            found.append(known)
        older = found[: -self.catch_up - 1]  # the last is not over yet
        if not older:
            return Begun(rows=tuple(self._row(one) for one in found))
        span = msgspec.structs.replace(older[0], until_us=older[-1].until_us)
        missed = msgspec.structs.replace(self._row(span), state=MISSED, ended_us=now_us)
        return Begun(missed=missed, number=len(older))

    def _row(self, period: Period) -> Scheduled:
        return Scheduled(
            tenant=self.tenant,
            schedule=self.id,
            every=self.every,
            period=period.label,
            since_us=period.since_us,
            until_us=period.until_us,
        )
