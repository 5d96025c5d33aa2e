"""What the record says of forwarding: that it began, stands, goes on, left something out, or was set to another place.

None of it is said of a record that was forwarded, so that forwarding these records makes no further ones.
"""

from typing import Literal

from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry, RowChange
from gateway.ledger.record import Detail, Envelope, NodeInfo, OutcomeInfo, encode_detail, timestamp
from gateway.store.forwarding import Cursor

Event = Literal["forward.started", "forward.stalled", "forward.resumed", "forward.gap", "forward.reset"]


class ForwardScribe:
    """Makes the records, each with the change of the cursor that comes true with it."""

    def __init__(self, clock: Clock, node: NodeInfo) -> None:
        self._clock, self._node = clock, node

    def entry(
        self,
        event: Event,
        cursor: Cursor,
        change: RowChange,
        *,
        first: int,
        end: int,
        code: str | None = None,
        actor: str | None = None,
        detail: Detail | None = None,
    ) -> Entry:
        """`first` and `end` are the numbers of the records that it is about; `actor` the person who did it."""
        now, salt = self._clock.now_us(), new_salt()
        data = None if detail is None else encode_detail(detail)
        envelope = Envelope(
            id=uuid7(now),
            tenant=cursor.tenant,
            event=event,
            occurred_at=timestamp(now),
            actor=actor,
            actor_kind=None if actor is None else "person",
            forward=cursor.forward,
            range=(first, end),
            outcome=None if code is None else OutcomeInfo(code=code),
            node=self._node,
            detail=None if data is None else committed(salt, "detail", data),
        )
        return Entry.of(envelope, detail=data, salt=None if data is None else salt, change=change)
