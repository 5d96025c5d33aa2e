"""What the record says of bundles by the calendar: that one is due and where it will go, that it was delivered, that it
could not be until now or was given up, and which periods nobody was there for.

All of it is `audit.exported`, evidence on its way out, with the outcome in the envelope and the rest in the detail.
"""

from collections.abc import Mapping, Sequence

import msgspec

from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.exchange.audit_scribe import Reader
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Column, Entry, RowChange
from gateway.ledger.record import Envelope, NodeInfo, OutcomeInfo, encode_detail, timestamp
from gateway.store.notices import Notice, addition
from gateway.store.scheduled import Scheduled, changed

DUE_NOW, DELIVERED, UNDELIVERED, GIVEN_UP, MISSED = "due", "delivered", "undelivered", "not_delivered", "missed"
NOBODY = Reader()
"""What the calendar itself does."""


class ScheduleScribe:
    """Makes the records, each with the change of the period's row that comes true with it. `kind`: of the place that
    bundles of the schedule go to."""

    def __init__(self, clock: Clock, node: NodeInfo, kind: str) -> None:
        self._clock, self._node, self._kind = clock, node, kind

    def entry(
        self,
        outcome: str,
        one: Scheduled,
        values: Mapping[str, Column],
        *,
        code: str | None = None,
        extent: tuple[int, int] | None = None,
        notices: Sequence[Notice] = (),
        by: Reader = NOBODY,
    ) -> Entry:
        """`values`: what its row becomes; `extent`: first and end of the records in the bundle; `by`: who wanted it,
        where somebody did."""
        asked = {"schedule": one.schedule, "period": one.period, "to": self._kind}
        for name, value in (("bundle", values.get("bundle", one.bundle)), ("sha256", values.get("digest"))):
            if value is not None:
                asked[name] = str(value)
        change = changed(one, values, tuple(addition(notice) for notice in notices))
        return self._made(one.tenant, outcome, asked, change, code=code, extent=extent, by=by)

    def missed(self, one: Scheduled, asked: Mapping[str, str], notices: Sequence[Notice]) -> Entry:
        """Periods that nobody was there for, of which `one` is the row: from the first to the last."""
        row: dict[str, Column] = {
            name: getattr(one, name) for name in Scheduled.__struct_fields__ if name not in ("tenant",)
        }
        change = RowChange(table="scheduled_bundle", values=row, beside=tuple(addition(notice) for notice in notices))
        return self._made(one.tenant, MISSED, {"schedule": one.schedule, "to": self._kind, **asked}, change)

    def _made(
        self,
        tenant: str,
        outcome: str,
        asked: Mapping[str, str],
        change: RowChange,
        *,
        code: str | None = None,
        extent: tuple[int, int] | None = None,
        by: Reader = NOBODY,
    ) -> Entry:
        now, salt = self._clock.now_us(), new_salt()
        told = by.detail
        detail = encode_detail(msgspec.structs.replace(told, reason=code or told.reason, query=dict(asked)))
        envelope = Envelope(
            id=uuid7(now),
            tenant=tenant,
            event="audit.exported",
            occurred_at=timestamp(now),
            actor=by.actor,
            actor_kind=by.kind,
            exchange=by.exchange,
            trace=by.trace,
            range=extent,
            outcome=OutcomeInfo(code=outcome),
            node=self._node,
            detail=committed(salt, "detail", detail),
        )
        return Entry.of(envelope, detail=detail, salt=salt, change=change)
