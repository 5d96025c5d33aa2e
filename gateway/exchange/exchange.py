"""What is known of one request so far. Filled in by the pipeline, a step at a time; each value in it is frozen."""

import re
from asyncio import Future
from collections.abc import Mapping
from typing import Protocol

import msgspec

from gateway.core.caller import Caller, Identity
from gateway.core.decision import Decision
from gateway.core.finding import Scan
from gateway.core.message import Message
from gateway.core.ports import Route
from gateway.exchange.arrival import Arrival
from gateway.ledger.entry import Appended, ExchangeKey

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


class Headers(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway's own request headers, as the caller wrote them: checked later, never forwarded."""

    purpose: str | None
    declared: tuple[str, ...]
    subjects: tuple[str, ...]
    exact: bool
    idempotency: str | None


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """Step 4: the findings, and where the data classes come from, each tuple sorted."""

    scan: Scan
    found: tuple[str, ...]
    declared: tuple[str, ...]
    inherited: tuple[str, ...]
    floor: tuple[str, ...]

    def classes(self, route: Route | None = None) -> tuple[str, ...]:
        """All classes of the message, for this agent with its own floor; `public` where there is none."""
        classes = {*self.found, *self.declared, *self.inherited, *self.floor, *(route.floor if route else ())}
        return tuple(sorted(classes)) or ("public",)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an exchange ended. `released` is what the caller was given (of a stream, all but its closing event)."""

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
    agent: Route | None = None
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


class Cuttable(Protocol):
    """An answer on its way, which can say how it ended if it ended now."""

    def cut(self) -> Outcome: ...


class Exchange:
    """The file of one request. `traceparent` is what its agent is sent (W3C Trace Context §3.2)."""

    __slots__ = (
        "appended",
        "arrival",
        "caller",
        "classified",
        "closed",
        "headers",
        "id",
        "identity",
        "intent",
        "key",
        "key_sent",
        "message",
        "opened",
        "passing",
        "rate",
        "routed",
        "span",
        "started_ns",
        "started_us",
        "subjects",
        "trace",
    )

    def __init__(self, arrival: Arrival, *, id: str, trace: str, span: str, started_us: int, started_ns: int) -> None:
        self.arrival, self.id, self.span = arrival, id, span
        given = _TRACEPARENT.fullmatch(arrival.header("traceparent") or "")
        self.trace = given.group(1) if given else trace
        self.started_us, self.started_ns = started_us, started_ns
        self.headers = own_headers(arrival)
        self.identity: Identity | None = None
        self.caller: Caller | None = None
        self.message: Message | None = None
        self.subjects: tuple[str, ...] = ()
        self.classified: Classified | None = None
        self.routed: Routed | None = None
        self.key: ExchangeKey | None = None
        self.key_sent = False
        self.rate: tuple[tuple[str, str], ...] = ()
        """Headers that tell the caller of its rates."""
        self.appended = False
        """Whether anything of this exchange was handed to a ledger."""
        self.opened = False
        """Whether an intent was handed to the ledger."""
        self.intent: Future[Appended] | None = None
        """The intent on its way to the ledger."""
        self.passing: Cuttable | None = None
        """The answer on its way to the caller."""
        self.closed = False
        """Whether its end was handed to the ledger."""

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace}-{self.span}-01"


def own_headers(arrival: Arrival) -> Headers:
    """The `X-` headers of `interface.md`, and the idempotency key."""
    return Headers(
        purpose=arrival.header("x-purpose"),
        declared=arrival.header_list("x-data-class"),
        subjects=arrival.header_list("x-data-subject"),
        exact=(arrival.header("x-route") or "").strip().lower() == "exact",
        idempotency=arrival.header("idempotency-key"),
    )
