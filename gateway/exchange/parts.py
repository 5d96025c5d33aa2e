"""What the pipeline and its steps are made of, and where both put what must be durable."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from gateway.agents.pulling import Pulling
from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.core.ports import Bounds, Clock, Failpoint
from gateway.exchange.admission import Admission
from gateway.exchange.answering import Answering
from gateway.exchange.approvals import Approvals
from gateway.exchange.arrival import Responder
from gateway.exchange.caching import Caching
from gateway.exchange.choosing import Chooser
from gateway.exchange.delegation import Delegation
from gateway.exchange.emergency_bounds import Bounds as EmergencyBounds
from gateway.exchange.exchange import Exchange
from gateway.exchange.failures import Failures
from gateway.exchange.forwarder import Forwarder
from gateway.exchange.health import Health
from gateway.exchange.ledgers import Counting, Ledgers
from gateway.exchange.linking import Linking
from gateway.exchange.metrics import Metrics
from gateway.exchange.notices import Notices
from gateway.exchange.passing import Protocol
from gateway.exchange.quotas import Quotas
from gateway.exchange.releasing import Releasing
from gateway.exchange.rereading import Rereading
from gateway.exchange.scribe import Scribe
from gateway.exchange.sessions import Sessions
from gateway.exchange.tokens import Tokens
from gateway.exchange.underway import UnderWay
from gateway.ledger.entry import Appended, Entry
from gateway.store.sticking import StickingClasses
from gateway.store.subjects import SubjectStore


async def stays() -> bool:
    """A node that takes no other version over."""
    return False


def first() -> int:
    """The one version of such a node."""
    return 0


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the pipeline is made of; built in `gateway/bootstrap/`."""

    clock: Clock
    protocols: Mapping[str, Protocol]
    offered: Mapping[str, Mapping[str, Protocol]]
    """The same by tenant (its configured id), each with that tenant's agents; where all have all, no tenants."""
    admission: Admission
    engine: Engine
    policy: Policy
    router: Chooser
    approvals: Approvals
    health: Health
    caching: Caching
    sessions: Sessions
    tokens: Tokens
    delegation: Delegation
    sticking: StickingClasses
    subjects: SubjectStore
    """What sticks to data subjects; asked for exchanges that name any."""
    forwarder: Forwarder
    notices: Notices
    answering: Answering
    rereading: Rereading
    scribe: Scribe
    ledgers: Ledgers
    failures: Failures
    metrics: Metrics
    bounds: Bounds
    underway: UnderWay
    moved: Callable[[], Awaitable[bool]] = stays
    """Asked where a request meets another policy version than it was decided by: whether this node serves by what is
    active now, so that it may be decided again."""
    declared: Callable[[], int] = first
    """Which of the versions that were served by since the start says how bodies are laid out."""
    quotas: Quotas | None = None
    """None where nothing but the rates of `[limits]` is limited, in this process alone."""
    failpoint: Failpoint | None = None
    linking: Linking | None = None
    """None where no identifiers in messages say whom they are about."""
    pulling: Pulling | None = None
    """None where no agent fetches its requests."""
    emergency: EmergencyBounds | None = None
    """What may go on where these parts stand on an emergency ledger; None on the ledgers of the database."""

    def ledger(self, exchange: Exchange) -> Counting:
        """Where its records go: its tenant's ledger, or the operator's own while there is no caller."""
        ledgers = self.ledgers
        return ledgers.system if exchange.caller is None else ledgers.of(exchange.caller.tenant)

    async def append(self, exchange: Exchange, entry: Entry) -> Appended | None:
        """Durable when this returns; `LedgerUnavailable` when it could not be made so."""
        exchange.appended = True
        return await self.ledger(exchange).submit(entry)

    def releasing(self, responder: Responder) -> Responder:
        """The responder by which an answer leaves, with a failpoint before each piece of it where tests have one."""
        return responder if self.failpoint is None else Releasing(responder, self.pause)

    async def pause(self, name: str) -> None:
        """Where tests stop the gateway, or kill it."""
        if self.failpoint is not None:
            await self.failpoint(name)
