"""What agents that supervise say of an approval: asked one after the other, on record, kept with the answers of people.

A yes is on record before it counts. A no holds before it is on record, like a person's. No verdict is on record too,
and is nobody's judgement: nothing is kept of it, and nothing goes.
"""

import msgspec

from gateway.checks.approval import supervisors
from gateway.core.approval import Answer
from gateway.core.errors import LedgerUnavailable
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.approval_record import By, Event, Told, entry
from gateway.exchange.exchange import Approved, Exchange, Routed
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.exchange.supervising import Looked, Supervises
from gateway.ledger.record import NodeInfo
from gateway.store.approvals import OPEN, Approval, ApprovalStore, State

AGENT = "agent:"
"""Before the id of an agent where a person's pseudonym or role would stand: neither holds a colon."""
RETRY_S = 10
"""After how many seconds a caller is told to look again."""
_TRIES = 8


class Supervisors:
    """Asks them. Holds no state of exchanges."""

    def __init__(
        self, *, store: ApprovalStore, ledgers: Ledgers, clock: Clock, node: NodeInfo, metrics: Metrics
    ) -> None:
        self._store, self._ledgers, self._clock, self._node, self._metrics = store, ledgers, clock, node, metrics
        self._supervises: Supervises | None = None

    def asked_by(self, supervises: Supervises) -> None:
        """What asks agents."""
        self._supervises = supervises

    async def looks(self, exchange: Exchange, routed: Routed, one: Approval) -> Approval | Refusal:
        """The approval with the yes of each supervisor that its obligations name; else why it does not go. A no ends
        it for this request as a person's does; no verdict ends nothing, and lets nothing go."""
        said = {answer.actor for answer in one.answers if answer.approved}
        for agent in supervisors(one.obligations):
            actor = f"{AGENT}{agent}"
            if actor in said:
                continue
            if self._supervises is None:
                raise LedgerUnavailable("no supervisor can be asked here")
            looked = await self._supervises(agent, exchange, routed, one.id)
            if looked.failed is not None:
                await self._told("approval.denied", one, looked, exchange.trace)
                self._metrics.approval(one.tenant, "unsupervised")
                return Refusal(
                    code="supervision_failed", retry_after=RETRY_S, hint="the same request again, once it can be asked"
                )
            answer = Answer(actor=actor, role=actor, approved=looked.allowed, persons=(), at_us=self._clock.now_us())
            answered = msgspec.structs.replace(one, answers=(*one.answers, answer))
            if not looked.allowed:
                return await self._forbidden(exchange, answered, looked)
            await self._told("approval.approved", one, looked, exchange.trace)
            self._metrics.approval(one.tenant, "supervised")
            one = answered
        return one

    async def _forbidden(self, exchange: Exchange, answered: Approval, looked: Looked) -> Refusal:
        """A supervisor has said no. What was used up, or has ended otherwise, while it was asked stays what it is: its
        no is on record as one that came too late, and this sending does not go either."""
        exchange.approval, ended = Approved(id=answered.id), await self._denied(answered)
        late = () if ended is None else (f"too late: it was {ended}",)
        await self._told("approval.denied", answered, looked, exchange.trace, *late)
        if ended is None:
            self._metrics.approval(answered.tenant, "denied")
        if ended == "used":
            return Refusal(code="approval_used", field="Idempotency-Key", hint="another key, to ask again")
        return Refusal(code="approval_denied")

    async def _denied(self, answered: Approval) -> State | None:
        """Have its row say so; the state that it has ended in, where it has."""
        no = answered.answers[-1]
        for _ in range(_TRIES):
            stored = await self._store.get(answered.tenant, answered.id)
            if stored is not None and stored.state not in OPEN:
                return stored.state
            was = answered if stored is None else msgspec.structs.replace(stored, answers=(*stored.answers, no))
            denied = msgspec.structs.replace(was, state="denied", sealed=None)
            # Whoever answers or uses it at the same moment was first: it is looked at again.
            if await (self._store.put(denied) if stored is None else self._store.change(stored, denied)):
                return None
            if stored is None and await self._store.get(answered.tenant, answered.id) is None:
                return None  # another sending under the same key is what waits: of this one there is nothing to end
        raise LedgerUnavailable("an approval changed each time that it was to be denied")

    async def _told(self, event: Event, one: Approval, looked: Looked, trace: str, *more: str) -> None:
        """Put a supervisor's verdict on record, or that there was none. Its own exchange says what it was shown."""
        said = () if looked.failed is None else (f"no verdict: {looked.failed}",)
        lines = (f"supervisor {looked.agent}", *said, *more)
        by = By(kind="agent", exchange=looked.exchange, trace=trace)
        made = entry(event, one, by, Told(lines=lines, reason=looked.reason), clock=self._clock, node=self._node)
        await self._ledgers.of(one.tenant).append(made)
