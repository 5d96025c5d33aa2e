"""What a person marks as missed in what was sent is an incident, where that is configured: `incident.opened`, each
message once for an engine, and open until somebody says what it was (`incidents`)."""

from collections.abc import Callable, Mapping

import msgspec

from gateway.checks.classification.engine import Engine
from gateway.core.finding import Finding
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.exchange.approving import Approver
from gateway.exchange.reclassifying import INCIDENT, TOLD, Exchanges, Tells
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import ClassesInfo, Envelope, NodeInfo, OutcomeInfo, encode_detail, parse, timestamp
from gateway.store.incidents import Incident, opened
from gateway.store.notices import addition

MARKED = "marked"
"""The outcome of an incident that a person's word opens: whether it should have left is for who closes it."""
_WHY = "A person marked what was missed in it."


class MarkedMisses:
    """Opens incidents of every tenant. `records`: what reads a tenant's ledger, by its id; `engine`: the one that is
    judged."""

    def __init__(
        self, *, records: Callable[[str], Exchanges], engine: Engine, notices: Tells, clock: Clock, node: NodeInfo
    ) -> None:
        self._records, self._engine, self._notices = records, engine, notices
        self._clock, self._node = clock, node

    async def open(self, who: Approver, about: Envelope, seq: int, missed: Mapping[str, int]) -> None:
        """The record, the row that lists it until somebody closes it, and the notices that tell of it come true
        together. A crash before: nothing. After: the judgement is given anew, and finds the incident. Of two who judge
        at once each may open one."""
        if await self._known(who.tenant, about, seq):
            return
        now = self._clock.now_us()
        classes = self._engine.classes([Finding(kind, 0, 1, 1.0, MARKED) for kind in missed])
        entry = self._entry(who, about, seq, missed, tuple(sorted(classes)), now)
        incident = Incident(
            tenant=who.tenant,
            id=entry.envelope.id,
            exchange=about.exchange,
            agent=about.agent,
            zone=about.zone,
            opened_at=timestamp(now),
        )
        document = {
            "event": INCIDENT,
            "incident": incident.id,
            "exchange": incident.exchange,
            "agent": incident.agent,
            "zone": incident.zone,
            "classes": sorted(classes),
            "at": incident.opened_at,
        }
        notices = self._notices.made(who.tenant, document, roles=TOLD)
        change = opened(incident, tuple(addition(one) for one in notices))
        await who.ledger.append(msgspec.structs.replace(entry, change=change))
        self._notices.kept(notices)

    async def _known(self, tenant: str, about: Envelope, seq: int) -> bool:
        """Whether there is an incident of this message, for this engine, whoever opened it."""
        records = [parse(stored.envelope) for stored in await self._records(tenant).exchange(about.exchange or "")]
        return any(
            one.event == INCIDENT and one.range == (seq, seq + 1) and one.engine == self._engine.version
            for one in records
        )

    def _entry(
        self, who: Approver, about: Envelope, seq: int, missed: Mapping[str, int], classes: tuple[str, ...], now: int
    ) -> Entry:
        salt, before = new_salt(), about.classes
        detail = encode_detail(msgspec.structs.replace(who.by.detail, reason=_WHY))
        envelope = Envelope(
            id=uuid7(now),
            tenant=who.tenant,
            event=INCIDENT,
            occurred_at=timestamp(now),
            actor=who.actor,
            actor_kind=who.kind,
            exchange=about.exchange,
            agent=about.agent,
            zone=about.zone,
            action=about.action,
            found=dict(sorted(missed.items())),
            classes=ClassesInfo(
                found=classes,
                declared=() if before is None else before.declared,
                inherited=() if before is None else before.inherited,
                floor=() if before is None else before.floor,
            ),
            engine=self._engine.version,
            range=(seq, seq + 1),
            outcome=OutcomeInfo(code=MARKED),
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        return Entry.of(envelope, detail=detail, salt=salt)
