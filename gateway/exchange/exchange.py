"""What is known of one request so far. Filled in by the pipeline, a step at a time; each value in it is frozen."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import msgspec

from gateway.agents.pulling import Ticket
from gateway.checks.delegation import HEADER as DELEGATION
from gateway.core.caller import Caller, Identity
from gateway.core.decision import Decision, Ruling
from gateway.core.finding import Scan
from gateway.core.ids import random_id
from gateway.core.message import Inbound, Message
from gateway.core.ports import Route
from gateway.core.refusal import Refusal
from gateway.core.tokens import Book
from gateway.exchange.arrival import Arrival
from gateway.exchange.health import Place
from gateway.exchange.reservation import Reservation
from gateway.exchange.turning import Turning
from gateway.ledger.entry import Appended, ExchangeKey

EXACT = "exact"
"""The one word that `X-Route` may say."""
RECEIPT = "1"
"""The one word that `X-Receipt` may say."""
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


class Headers(msgspec.Struct, frozen=True, kw_only=True):
    """The request headers that are the gateway's own, as the caller wrote them: checked later, never forwarded."""

    authorization: tuple[str, ...] = ()
    x_api_key: tuple[str, ...] = ()
    purpose: str | None = None
    declared: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    route: str | None = None
    """`X-Route`, trimmed and in lower case."""
    receipt: str | None = None
    """`X-Receipt`, trimmed and in lower case."""
    idempotency: str | None = None
    delegation: tuple[str, ...] = ()
    """`X-Exchange-Delegation`: for which exchange an agent calls."""
    traceparent: str | None = None
    repeated: str | None = None
    """The name of one that says one thing and was given with two values: who reads the other is told something else."""

    @property
    def exact(self) -> bool:
        """Whether the request is refused rather than rerouted."""
        return self.route == EXACT

    @property
    def receipted(self) -> bool:
        """Whether the caller wants the ledger's promise of where its exchange stands on record."""
        return self.receipt == RECEIPT

    @property
    def repeats_a_credential(self) -> bool:
        """Whether a credential header is there more than once: whoever sits between might have read the other one."""
        return len(self.authorization) > 1 or len(self.x_api_key) > 1


_NONE = Headers()


class Holding(msgspec.Struct, frozen=True):
    """The classes that one session has by itself: of what its agent was sent, and of what it said."""

    sent: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """What a message continues: sessions of this caller's, by their keys, and what they hold."""

    id: str
    """The random id that stands for it on the record (`se_…`)."""
    known: tuple[bytes, ...]
    started: tuple[bytes, ...]
    """Those that begin with this message."""
    unknown: bool
    """Whether it also refers to something that this gateway does not know."""
    holders: frozenset[tuple[str, str]]
    """Id and zone of each agent that holds some of it."""
    sent: frozenset[str]
    """Classes of what was sent to the agent; `unscanned` for what is not known."""
    said: frozenset[str]
    """Classes of what the agent itself said."""
    holding: Mapping[bytes, Holding] = MappingProxyType({})
    """What each of those known has of them, by key."""

    def of(self, key: bytes) -> Holding:
        """What the session of this key has by itself; nothing where it begins with this message."""
        return self.holding.get(key, Holding())

    def held_by(self, route: Route) -> bool:
        """Whether this agent holds all of it, and runs where it did: nobody else can continue it, nor may have it."""
        return self.holders <= {(route.id, route.zone)}


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """An open exchange of the agent that calls. `tenant` is the ledger's id."""

    tenant: str
    exchange: str
    learned: frozenset[str]
    """What it was known to have learned when the call came."""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """What a call by an agent comes from."""

    chain: tuple[str, ...]
    """The agents above the message, the outermost first; the caller is the last."""
    classes: frozenset[str] = frozenset()
    """What sticks to it: classes of all that the caller was sent, and was answered, in `parents`."""
    parents: tuple[Parent, ...] = ()
    """What it is told becomes part of what these know."""
    parent: str | None = None
    """The exchange that it is made for, where the caller said so by its token."""
    persons: tuple[str, ...] = ()
    """Everybody who stands behind the exchanges that it may be made for, as opaque ids: none of them approves it."""


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """Step 4: the findings, and where the data classes come from, each tuple sorted."""

    scan: Scan
    found: tuple[str, ...]
    declared: tuple[str, ...]
    inherited: tuple[str, ...]
    floor: tuple[str, ...]
    joined: Joined | None = None
    """What the message continues; its classes are `inherited`."""
    carried: frozenset[str] = frozenset()
    """Those of `inherited` that stick to the caller, whatever the message continues."""
    chain: tuple[str, ...] = ()
    """The agents that call each other down to this message: none of them is asked again."""
    stored: bool = False
    """It is kept sealed in the database already: a task's, or what a supervisor is asked about."""
    tenant: str = ""
    """Whose it is; empty where nothing of it is remembered."""
    tokens: Book | None = None
    """The tokens of what it continues, to which those of this message are added; None where no rule has any made."""

    def classes(self, route: Route | None = None) -> tuple[str, ...]:
        """All classes of the message, for this agent with its own floor; `public` where there is none."""
        return all_classes(self.found, self.declared, self.inherited, self.floor, route.floor if route else ())


def all_classes(*sources: tuple[str, ...]) -> tuple[str, ...]:
    """The classes of all sources, sorted; `public` where there is none."""
    return tuple(sorted(set().union(*sources))) or ("public",)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an exchange ended. `released` is what the caller is given, a stream's closing event included."""

    code: str
    status: int
    released: bytes | None = None
    size: int | None = None
    digest: tuple[bytes, str] | None = None
    """Salt and commitment, where what was released was committed to as it passed."""
    media_type: str | None = None
    parts: int | None = None
    found: dict[str, int] | None = None
    scanned: str | None = None
    classes: tuple[str, ...] | None = None
    decision: Decision | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    written: int | None = None
    """Bytes of text in a stream, without what stands around it."""
    cost: int | None = None
    """Millionths of the currency, where the agent has a price."""
    sessions: tuple[str, ...] = ()
    """Names under which the exchange may be continued, as the answer gave them away."""
    agent: Route | None = None
    answered: int | None = None
    """The status that an agent answered with whose answer could not be passed on."""
    attempts: int | None = None
    reason: str | None = None
    explanation: tuple[str, ...] = ()


class Routed(msgspec.Struct, frozen=True, kw_only=True):
    """Step 5: a decision that lets the message go to `route`, masked as `masked` says; `rest` may be asked after it."""

    decision: Decision
    route: Route
    masked: Mapping[str, str]
    rest: tuple[Route, ...]
    inputs: Mapping[str, str]
    explanation: tuple[str, ...]
    ruling: Ruling | None = None


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """The approval that an exchange asked for or goes on with. `version`: what its row was read at."""

    id: str
    version: int = 0
    routed: Routed | None = None
    """What was decided before people changed anything: what they would be asked about again."""
    lookup: bytes | None = None
    """What it was found by before it was used up."""


class Cuttable(Protocol):
    """An answer on its way, which can say how it ended if it ended now."""

    def cut(self) -> Outcome: ...


class Exchange(msgspec.Struct, weakref=True, eq=False):
    """The file of one request. `traceparent` is what its agent is sent (W3C Trace Context §3.2)."""

    arrival: Arrival
    id: str
    trace: str
    """The caller's own where it brought one."""
    span: str
    started_us: int
    started_ns: int
    headers: Headers = _NONE
    identity: Identity | None = None
    denials: int | None = None
    """The revision of the deny-list that its caller was checked under."""
    caller: Caller | None = None
    inbound: Inbound | None = None
    """The request with its body, whether its adapter could read it or not."""
    message: Message | None = None
    subjects: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    """The data classes that stuck to these when the exchange was classified."""
    lineage: Lineage | None = None
    """What it comes from, where an agent calls."""
    delegated: bool = False
    """Whether an agent may have it that calls others: what those say comes back into its answer."""
    under: str = ""
    """The digest of the policy set that it was classified under."""
    classified: Classified | None = None
    routed: Routed | None = None
    approval: Approved | None = None
    key: ExchangeKey | None = None
    key_sent: bool = False
    rate: tuple[tuple[str, str], ...] = ()
    """Headers that tell the caller of its rates."""
    appended: bool = False
    """Whether anything of this exchange was handed to a ledger."""
    opened: bool = False
    """Whether an intent was handed to the ledger."""
    intended: bool = False
    """Whether its intent is on its way to the ledger, or there."""
    passing: Cuttable | None = None
    """The answer on its way to the caller."""
    cache_key: bytes | None = None
    """Under which its answer may be kept, if it is one that may be."""
    turning: Turning | None = None
    """What turns its tokens back in the answer; None where there are none."""
    place: Place | None = None
    """Its place at the agent that `routed` names."""
    asked_s: float | None = None
    """How long the last agent that was asked wants to be left alone, in seconds."""
    agent_tls: str | None = None
    """Version and cipher of the connection that the agent was sent it over, and answered over if it did; None without
    TLS."""
    sent: bool = False
    """Whether it has begun to leave for the agent that `routed` names."""
    ticket: Ticket | None = None
    """Who will take the message, where that agent fetches its requests."""
    reservation: Reservation | None = None
    """What it has reserved of its limits."""
    unsettled: bool = False
    """Whether an agent that may have done its work was given up for a further one."""
    held: list[Callable[[], None]] = []
    """What gives back all that it has taken: places, its lease, the agent's stream."""
    session: str = ""
    """The random id of the session that it begins, once it does; the same for all names that it gives away."""
    cut: Refusal | None = None
    """Why it ends before its time: its caller may not act any more."""
    closed: bool = False
    """Whether its end was handed to the ledger."""
    told: frozenset[str] = frozenset()
    """Classes of what left of its answer; known where an agent, or a task, is concerned."""
    inherited: frozenset[str] = frozenset()
    """Classes that its answer has from what it was made of; known where an agent, or a task, is concerned."""
    opening: tuple[bytes, str] | None = None
    """Salt and commitment of its request on the record that was built last, where a receipt is wanted."""
    promised: Appended | None = None
    """Where that record stands, once it is durable, where a receipt is wanted."""
    receipt: tuple[Appended, str | None] | None = None
    """What was promised last, and the receipt for it, or None where it could not be signed."""
    code: str = ""
    """What it ended with: the code of its outcome or refusal, once it has ended."""

    def __post_init__(self) -> None:
        self.headers = own_headers(self.arrival)
        if self.headers.traceparent is not None:
            given = _TRACEPARENT.fullmatch(self.headers.traceparent)
            self.trace = self.trace if given is None else given[1]

    def __repr__(self) -> str:
        return f"Exchange({self.id})"  # and nothing of what the caller sent, its credential least of all

    def give_back(self) -> None:
        """Give back all that it has taken, the last first. Whoever takes a thing adds how it is given back to `held`
        in the same breath, so that no way out of a request can leave one behind."""
        while self.held:
            self.held.pop()()

    def give_back_to(self, count: int) -> None:
        """Give back all but the first that it has taken: nothing of it was sent, and it may be decided again."""
        while len(self.held) > count:
            self.held.pop()()
        self.routed = self.cache_key = self.place = self.ticket = self.reservation = self.agent_tls = None
        # What the exchange has learned of an agent's calls is forgotten with it, and learned anew for the next.
        self.intended = self.sent = self.delegated = False

    def left(self, tls: str | None) -> None:
        """It begins to leave for the agent that `routed` names, over this TLS."""
        self.agent_tls, self.sent = tls, True

    def begins(self) -> str:
        """The id of the session that this exchange begins."""
        self.session = self.session or random_id("se")
        return self.session

    @property
    def ledger(self) -> str:
        """The ledger's id of its caller's tenant; empty while it is nobody's."""
        return "" if self.caller is None else self.caller.tenant

    @property
    def principal(self) -> tuple[str, ...]:
        """Whom the caller acts for: the chain of its credential, and the exchange that an agent calls for."""
        chain = () if self.identity is None else self.identity.on_behalf_of
        lineage = self.lineage
        return chain if lineage is None or lineage.parent is None else (*chain, f"exchange:{lineage.parent}")

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace}-{self.span}-01"


def own_headers(arrival: Arrival) -> Headers:
    """The `X-` headers of `interface.md`, the credential's, the trace's and the idempotency key, in one pass."""
    found: dict[str, tuple[str, ...]] = {}
    repeated = None
    for name, value in arrival.headers:
        if name not in _OWN:
            continue
        if name in found:
            if name in _SINGLE and value != found[name][0]:
                repeated = name
            found[name] = (*found[name], value)
        else:
            found[name] = (value,)
    if not found:
        return _NONE
    values = found.get
    return Headers(
        authorization=values("authorization", ()),
        x_api_key=values("x-api-key", ()),
        purpose=values("x-purpose", _ABSENT)[0],
        declared=_listed(values("x-data-class", ())),
        subjects=_listed(values("x-data-subject", ())),
        route=_trimmed(values("x-route", _ABSENT)[0]),
        receipt=_trimmed(values("x-receipt", _ABSENT)[0]),
        idempotency=values("idempotency-key", _ABSENT)[0],
        delegation=values(DELEGATION, ()),
        traceparent=values("traceparent", _ABSENT)[0],
        repeated=repeated,
    )


def _trimmed(value: str | None) -> str | None:
    return None if value is None else value.strip().lower()


def _listed(values: tuple[str, ...]) -> tuple[str, ...]:
    """All values of a repeatable header, also those joined by commas in one line; each once."""
    if not values:
        return ()
    items = [item.strip() for value in values for item in value.split(",")]
    return tuple(dict.fromkeys([item for item in items if item]))


_SINGLE = frozenset({"x-purpose", "x-route", "x-receipt", "idempotency-key"})
_OWN = frozenset(
    {
        "authorization",
        "x-api-key",
        "x-purpose",
        "x-data-class",
        "x-data-subject",
        "x-route",
        "x-receipt",
        "idempotency-key",
        DELEGATION,
        "traceparent",
    }
)
_ABSENT = (None,)
