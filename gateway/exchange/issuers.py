"""What becomes of issuers' keys, on record in the operator's own ledger: an issuer is no tenant's alone."""

from gateway.agents.issuers import KeysChange
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp


class IssuerRecords:
    """Puts each change of an issuer's keys on record before the keys count. `tenant` is the id of that ledger."""

    def __init__(self, *, ledger: Ledger, tenant: str, clock: Clock, node: NodeInfo) -> None:
        self._ledger, self._tenant, self._clock, self._node = ledger, tenant, clock, node

    async def changed(self, change: KeysChange) -> None:
        """`issuer.keys_changed`, durable. `LedgerUnavailable` where it is not: the keys must not be used then."""
        now, salt = self._clock.now_us(), new_salt()
        lines = (*(f"+ {name}" for name in change.added), *(f"- {name}" for name in change.removed))
        detail = encode_detail(Detail(issuer=change.issuer, diff=lines))
        envelope = Envelope(
            id=uuid7(now),
            tenant=self._tenant,
            event="issuer.keys_changed",
            occurred_at=timestamp(now),
            count=change.count,
            node=self._node,
            detail=committed(salt, "detail", detail),
        )
        # A crash before: the keys verified nothing. After: they are told of again at the next start.
        await self._ledger.append(Entry.of(envelope, detail=detail, salt=salt))
