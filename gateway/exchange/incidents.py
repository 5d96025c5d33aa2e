"""What should not have left: listed until a person has looked at it and says what it was, which is on record.

Whoever sent it does not close it. What people decide is theirs: a disposition and a reason, nothing is deleted.
"""

import re
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from gateway.core.ids import uuid7
from gateway.core.ports import Clock, StoredRecord
from gateway.core.refusal import Refusal
from gateway.exchange.approving import MAX_REASON, Approver
from gateway.exchange.reviewing import REVIEWERS
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Detail, Envelope, NodeInfo, OutcomeInfo, encode_detail, parse, parse_detail, timestamp
from gateway.store.incidents import Incident, IncidentStore, closed

DISPOSITIONS = ("breach", "no_breach", "mistaken")
"""It is a breach and is handled as one; it is none, as the assessment in the reason says; or what was found is not
what it was taken for."""
MAX_LISTED = 500
_ID = re.compile(r"[0-9a-f-]{36}")


class Exchanges(Protocol):
    """Reads records of one ledger (`store.reader.StoreReader`)."""

    async def exchange(self, exchange: str) -> list[StoredRecord]: ...


class Incidents:
    """Lists and closes incidents of every tenant. `records`: what reads a tenant's ledger, by its id; `person_of` as
    of `Reviewing`."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        records: Callable[[str], Exchanges],
        person_of: Callable[[str, str], str],
        clock: Clock,
        node: NodeInfo,
    ) -> None:
        self._store, self._records, self._person_of = store, records, person_of
        self._clock, self._node = clock, node

    async def listed(self, tenant: str, *, closed: bool = False) -> tuple[Incident, ...]:
        """The newest of a tenant (its ledger's id), at most 500."""
        return await self._store.newest(tenant, MAX_LISTED, closed=closed)

    async def close(self, who: Approver, incident_id: str, disposition: str, reason: str) -> Incident | Refusal:
        """A person's word on what it was. The record and the row come true together: of two who close one, one does."""
        one = await self._store.get(who.tenant, incident_id) if _ID.fullmatch(incident_id) else None
        if one is None:
            return Refusal(code="not_found", field="id")
        if who.kind != "person" or REVIEWERS.isdisjoint(who.roles):
            return Refusal(code="role_required", hint=f"a person of the role {' or '.join(sorted(REVIEWERS))}")
        if disposition not in DISPOSITIONS:
            return Refusal(code="parameter_invalid", field="disposition", hint=", ".join(DISPOSITIONS))
        if not 1 <= len(reason.strip()) <= len(reason) <= MAX_REASON:
            return Refusal(code="parameter_invalid", field="reason", hint=f"why, in 1 to {MAX_REASON} characters")
        if await self._own(who, one):
            return Refusal(code="approver_barred", field="id", hint="an incident of what somebody else sent")
        if one.closed_at is not None:
            return Refusal(code="conflict", field="id", hint="one that is open")
        now = self._clock.now_us()
        if await who.ledger.submit(self._entry(who, one, disposition, reason, now)) is None:
            return Refusal(code="conflict", field="id", hint="one that nobody else closes at this moment")
        return msgspec.structs.replace(
            one, version=one.version + 1, closed_at=timestamp(now), closed_by=who.actor, disposition=disposition
        )

    async def _own(self, who: Approver, one: Incident) -> bool:
        """Whether the one who closes it has sent it, or somebody sent it for them."""
        for stored in await self._records(who.tenant).exchange(one.exchange or ""):
            envelope = parse(stored.envelope)
            if envelope.event != "exchange.requested":
                continue
            detail = Detail() if stored.detail is None else parse_detail(stored.detail)
            names = (*(() if detail.subject is None else (detail.subject,)), *(detail.on_behalf_of or ()))
            persons = {self._person_of(who.tenant, name) for name in names}
            if envelope.actor == who.actor or not persons.isdisjoint(who.persons):
                return True
        return False

    def _entry(self, who: Approver, one: Incident, disposition: str, reason: str, now: int) -> Entry:
        salt, at = new_salt(), timestamp(now)
        detail = encode_detail(msgspec.structs.replace(who.by.detail, reason=reason))
        envelope = Envelope(
            id=uuid7(now),
            tenant=who.tenant,
            event="incident.closed",
            occurred_at=at,
            actor=who.actor,
            actor_kind=who.kind,
            exchange=who.by.exchange,
            trace=who.by.trace,
            parent=one.exchange,
            agent=one.agent,
            zone=one.zone,
            incident=one.id,
            outcome=OutcomeInfo(code=disposition),
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        change = closed(one, at, who.actor, disposition)
        return Entry.of(envelope, detail=detail, salt=salt, change=change)


COLUMNS = ("id", "opened_at", "agent", "zone", "exchange", "disposition")
"""Of `described`, in a table."""


def described(one: Incident) -> dict[str, Any]:
    """An incident as the API and the command line show it."""
    shown = msgspec.structs.asdict(one)
    return {name: value for name, value in shown.items() if name not in ("tenant", "version")}
