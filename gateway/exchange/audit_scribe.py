"""What is put on record of reading the record: who asks for what, before it is read out, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from gateway.core.errors import LeftOut
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.evidence.age import Recipient, parse_recipients
from gateway.evidence.selection import Selection
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger, RowChange
from gateway.ledger.record import Detail, Envelope, NodeInfo, OutcomeInfo, encode_detail, timestamp
from gateway.store.search import Filters

Event = Literal["audit.read", "audit.exported", "audit.verified"]


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads, as the record says it: pseudonym and kind in the envelope, the rest in the detail."""

    actor: str | None = None
    kind: str | None = None
    exchange: str | None = None
    """The id of the request to the API, as its `X-Exchange-Id` says it."""
    trace: str | None = None
    detail: Detail = Detail()


MADE = "made"
"""The outcome of a report whose file is on record."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The file of a report, of a kind and of the records `first` ≤ number < `end`."""

    kind: str
    digest: str
    """`sha256:` and 64 hex digits."""
    first: int
    end: int


class AuditScribe:
    """Puts on a tenant's record who reads it. `ledger_id` is its random id."""

    def __init__(self, ledger: Ledger, ledger_id: str, clock: Clock, node: NodeInfo) -> None:
        self._ledger, self._id, self._clock, self._node = ledger, ledger_id, clock, node

    async def record(
        self,
        event: Event,
        by: Reader,
        query: Mapping[str, str],
        *,
        first: int | None = None,
        end: int | None = None,
        outcome: str | None = None,
        reason: str | None = None,
        action: str | None = None,
        digest: str | None = None,
        change: RowChange | None = None,
    ) -> None:
        """A crash before this is durable: nothing was read out, or came of a bundle. After: the record says that it may
        have been, or did."""
        now = self._clock.now_us()
        detail = encode_detail(msgspec.structs.replace(by.detail, query=dict(query), reason=reason))
        salt = new_salt()
        envelope = Envelope(
            id=uuid7(now),
            tenant=self._id,
            event=event,
            occurred_at=timestamp(now),
            action=action,
            actor=by.actor,
            actor_kind=by.kind,
            exchange=by.exchange,
            trace=by.trace,
            digest=digest,
            node=self._node,
            range=(first, end) if first is not None and end is not None else None,
            outcome=OutcomeInfo(code=outcome) if outcome is not None else None,
            detail=committed(salt, "detail", detail),
        )
        await self._ledger.append(Entry.of(envelope, detail=detail, salt=salt, change=change))

    async def reporting(self, by: Reader, query: Mapping[str, str], first: int, end: int) -> None:
        """Put on record that a report is about to be made of records `first` to `end` (exclusive), none of them read
        yet."""
        await self.record("audit.exported", by, query, first=first, end=end)

    async def reported(self, by: Reader, query: Mapping[str, str], made: Made) -> None:
        """Put on record which file came of a report, before its first byte leaves: who signs a review names it."""
        await self.record(
            "audit.exported",
            by,
            query,
            first=made.first,
            end=made.end,
            outcome=MADE,
            action=made.kind,
            digest=made.digest,
        )

    async def bundled(
        self,
        by: Reader,
        bundle: str | None,
        digest: str | None,
        outcome: str,
        first: int | None = None,
        end: int | None = None,
        recipients: Sequence[str] = (),
        *,
        change: RowChange | None = None,
    ) -> bool:
        """Put on record what came of a bundle: `ok` with the SHA-256 of its file, whom it is encrypted to, and its
        range, or how it ended. `bundle`: its id, where it is kept here. It and `change`, which is of the bundle's row,
        come true together; False, and neither, where somebody else has changed that."""
        known = {"bundle": bundle, "sha256": digest}
        query = {name: value for name, value in known.items() if value is not None}
        query |= encrypted_to(parse_recipients(recipients))
        file = None if digest is None else f"sha256:{digest}"
        try:
            await self.record(
                "audit.exported", by, query, first=first, end=end, outcome=outcome, digest=file, change=change
            )
        except LeftOut:
            return False
        return True

    async def handed_out(self, by: Reader, bundle: str, first: int, end: int) -> None:
        """Put on record that a bundle which was built before, of records `first` to `end` (exclusive), is fetched.

        To be called before its first byte leaves: whoever builds a bundle need not be the one who takes it away."""
        await self.record("audit.exported", by, {"bundle": bundle}, first=first, end=end)


def asked_for(selection: Selection, attach: Sequence[str]) -> dict[str, str]:
    """What a bundle is asked for with, as the record's detail tells it."""
    asked = dict(selection.filters)
    if selection.contents:
        asked["contents"] = "true"
    if attach:
        asked["attach"] = ",".join(attach)
    if selection.scope is not None:
        asked["about"] = ":".join((selection.scope.kind, *selection.scope.ids))[:1_024]
        if selection.scope.period is not None:
            asked["period"] = "/".join(selection.scope.period)
    return asked


def encrypted_to(recipients: Sequence[Recipient]) -> dict[str, str]:
    """Public keys, or their fingerprints: who can read what was taken out."""
    return {"recipients": ",".join(one.name for one in recipients)} if recipients else {}


def query_of(filters: Filters) -> dict[str, str]:
    """What is searched by, as the record's detail tells it."""
    return {name: str(value) for name, value in msgspec.to_builtins(filters).items()}
