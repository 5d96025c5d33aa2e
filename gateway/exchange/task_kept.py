"""What is sealed of a task: the request until it is run, and what came of it until it is removed."""

import msgspec

from gateway.core.caller import Identity
from gateway.core.message import Inbound, WireAnswer
from gateway.core.refusal import Refusal
from gateway.exchange.arrival import Arrival, Origin
from gateway.exchange.ended import STRICTNESS
from gateway.exchange.rereading import Again, KeptAnswer
from gateway.store.tasks import Task


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it is sealed until it is run."""

    protocol: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    source: str
    tls: str | None
    identity: Identity
    body: bytes
    origin: Origin | None = None
    """None in what was kept by versions that did not keep it: it is found out when the request is run."""

    @property
    def inbound(self) -> Inbound:
        """The request as its adapter reads it."""
        return Inbound(method=self.method, path=self.path, query=self.query, headers=self.headers, body=self.body)

    def arrival(self, identity: Identity, denials: int | None = None) -> Arrival:
        """The request at the door, made by this identity. `denials`: the revision before it was looked at again."""

        async def body() -> bytes | Refusal:
            return self.body

        return Arrival(
            protocol=self.protocol,
            method=self.method,
            path=self.path,
            query=self.query,
            headers=self.headers,
            source=self.source,
            tls=self.tls,
            body=body,
            identity=identity,
            origin=self.origin,
            denials=denials,
        )


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a task's caller is given: the answer, or the error, in the protocol that was asked in."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    classes: tuple[str, ...] = ("unscanned",)
    """What sticks to an agent that fetches it; what was kept by versions that did not know is held as unscanned."""
    inherited: tuple[str, ...] = ("unscanned",)
    """Classes that no span of it shows: of what it was made of. Held as unscanned where they were not kept."""
    floor: tuple[str, ...] = ()
    """Those of the agent that answered."""
    agent: str = ""
    """Who answered."""
    purpose: str | None = None
    """What it was asked for."""
    subjects: tuple[str, ...] = ()
    """Pseudonyms of the data subjects of the exchange."""
    content: bool = True
    """Whether it holds anything of an agent's: an error of the gateway's own does not."""


read_kept, read_result = msgspec.msgpack.Decoder(Kept).decode, msgspec.msgpack.Decoder(Result).decode
pack = msgspec.msgpack.Encoder().encode


def kept_answer(one: Task, kept: Kept | None, result: Result) -> KeptAnswer:
    return KeptAnswer(
        protocol=one.protocol,
        action=one.action,
        request=None if kept is None else kept.inbound,
        answer=WireAnswer(status=result.status, headers=result.headers, body=result.body),
        agent=result.agent,
        inherited=result.inherited,
        floor=result.floor,
    )


def told_stricter(headers: tuple[tuple[str, str], ...], again: Again) -> tuple[tuple[str, str], ...]:
    """`X-Decision` as the strictest of all that was decided on the answer."""
    now = again.decision.effect
    return tuple(
        (name, max(value, now, key=STRICTNESS.index) if name == "x-decision" and value in STRICTNESS else value)
        for name, value in headers
    )


def purpose_of(identity: Identity, result: Result, kept: Kept | None) -> str | Refusal | None:
    """The purpose that a result is given for: the one that it was asked for, which its receiver must still be allowed.
    That of an exchange that an agent asked for it in is not the agent's own to have."""
    lent = kept is not None and kept.origin is not None and kept.origin.parent is not None
    if not lent and result.purpose is not None and result.purpose not in identity.purposes:
        return Refusal(code="purpose_not_allowed", hint="a credential that allows the task's purpose")
    return result.purpose
