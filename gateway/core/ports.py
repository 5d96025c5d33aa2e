"""Protocols for what does I/O, each with its promise. Two real implementations stand behind each, or will."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from gateway.core.denial import DenySet
from gateway.core.message import Answer, Inbound, Message, Outgoing, Part, WireAnswer
from gateway.core.refusal import Refusal


class Clock(Protocol):
    """Time, injected: nothing else in the house asks the system for it."""

    def now_us(self) -> int:
        """Microseconds since the epoch, UTC. May go backwards."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never goes backwards."""
        ...

    def thread_ns(self) -> int:
        """Nanoseconds of processor time that the calling thread has had."""
        ...


class KeySource(Protocol):
    """Public keys of token issuers (JWKS, RFC 7517 §5)."""

    @property
    def generation(self) -> int:
        """Grows each time that the keys of some issuer are others than before: what was verified with the former ones
        must be verified again."""
        ...

    def keys(self, issuer: str) -> Sequence[Mapping[str, object]]:
        """The issuer's keys as JWK objects; empty when there are none, or none that still hold. Never fetches."""
        ...

    async def renewed(self, issuer: str, key_id: str | None = None) -> bool:
        """To be asked once a well-formed token named a key that is not there (by its id, where it has one): whether the
        issuer's keys are others now.

        May fetch them, but never for each bad token: at most once in an interval, for all who ask, whoever they are.
        """
        ...

    def unsettled_s(self, issuer: str, key_id: str) -> int | None:
        """To be asked after `renewed` where the key still is not there: in how many seconds it can be known whether the
        issuer has it. None where the issuer was asked since that id was first named, and does not have it."""
        ...


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Whose client certificates are taken, each in DER. A new one is made whenever anything of it changes."""

    authorities: tuple[bytes, ...]
    lists: tuple[bytes, ...] | None = ()
    """Certificate revocation lists; None where there should be some and they cannot be read."""
    revocation: bool = False
    """Whether every authority needs a list that is fresh."""


class TrustSource(Protocol):
    """Authorities for client certificates, and what they have revoked."""

    def trust(self) -> Trust:
        """What holds now, at most a few seconds old; the same object as long as it is the same."""
        ...


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An API key as it is stored: never the key itself."""

    id: str
    prefix: str
    hash: bytes
    tenant: str
    owner: str
    kind: str
    roles: tuple[str, ...]
    zone: str
    purposes: tuple[str, ...]
    floor: tuple[str, ...]
    rate: str | None
    created_us: int
    expires_us: int | None
    revoked_us: int | None
    scopes: tuple[str, ...] = ()
    """What it is narrowed to (`core.scopes`)."""
    last_used_us: int | None = None
    """When it was last used, to about five minutes."""
    sealed: bool = True
    """Whether its row is as a process with the keyring has kept it. Nobody is let in with one that is not."""


class KeyLookup(Protocol):
    """Finds an API key by its prefix."""

    def known(self, prefix: str) -> KeyRecord | None:
        """The key, where it was found so lately that it still counts: nobody needs to be asked for it."""
        ...

    async def find(self, prefix: str) -> KeyRecord | None: ...

    def used(self, record: KeyRecord, now_us: int) -> None:
        """Whoever holds this key was just let in with it. Must not take time."""
        ...


class DenyList(Protocol):
    """Who is denied whatever a credential says, by tenant (the random id of its ledger)."""

    def of(self, tenant: str) -> DenySet:
        """The tenant's list as this process last read it."""
        ...

    async def fresh(self, tenant: str) -> bool:
        """Ask whether the list is another one by now, and read it anew if so; whether it was."""
        ...

    async def reload(self, tenant: str) -> None:
        """Read the list anew. `LedgerUnavailable` if that is not possible."""
        ...


class Failpoint(Protocol):
    """Called at named instants of the life of a request and of a record; a test makes it raise, hang or kill."""

    async def __call__(self, name: str) -> None: ...


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One record as it is stored. `envelope` is the exact bytes, the truth; `detail` is None once it was deleted."""

    seq: int
    envelope: bytes
    hash: bytes
    detail_salt: bytes | None = None
    detail: bytes | None = None
    emergency: str | None = None
    """The emergency ledger that it is a record of; None for the main one."""


class Opening(msgspec.Struct, frozen=True, gc=False):
    """A detail, and the 32 bytes that open what its record commits to."""

    salt: bytes
    detail: bytes


class StoredCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A signed checkpoint: `note` is the whole signed note."""

    size: int
    root: bytes
    note: bytes


class RecordReader(Protocol):
    """Reads one tenant's ledger, bounded in memory. What it returns is as stored: nothing is verified here."""

    async def size(self) -> int:
        """How many records there are: one more than the newest sequence number."""
        ...

    def lots(self, first: int, end: int) -> AsyncIterator[Sequence[StoredRecord]]:
        """Records `first` ≤ seq < `end` in order, at most some thousand at a time, without their details."""
        ...

    async def runs(self, seqs: Sequence[int]) -> list[Sequence[int]]:
        """These numbers of one lot, which are in order, in runs: what `details` gives of each may be held at once."""
        ...

    async def details(self, seqs: Sequence[int]) -> Mapping[int, Opening]:
        """The details that are still there of these records of one lot, in order, each by its record's number."""
        ...

    async def checkpoint(self, at_least: int = 0) -> StoredCheckpoint | None:
        """The newest checkpoint, or None when none has at least this size."""
        ...

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of leaf `index` in the tree of `size` (RFC 9162 §2.1.3)."""
        ...

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the tree of `second` extends the tree of `first` (RFC 9162 §2.1.4)."""
        ...


class TextFilter(Protocol):
    """Takes one lane of streamed text in pieces and gives back what may be released, possibly later, never earlier."""

    def feed(self, text: str) -> str:
        """The text that may leave now; what could still be part of an identifier is held back."""
        ...

    def finish(self) -> str:
        """The rest, masked where it must be. The lane takes no more text after this."""
        ...


class Lanes(Protocol):
    """Opens the filter of a lane: one per choice and field (`/choices/0/delta/content`)."""

    def lane(
        self,
        pointer: str,
        label: str = "",
        *,
        apart: bool = False,
        token: bool = False,
        prose: bool = False,
        after: str = "",
    ) -> TextFilter:
        """`label`: the key that the text stands under, as in `Part`. `apart`: what is fed at once is a piece that may
        also be read by itself (`Part.cuts`). `token`: as the kind of a `Part`. `prose`: it is plain text for whoever
        reads the answer (`agents.prose`). `after`: the end of a text that has left and that readers join this one
        to: it is read before this one, and given back no more."""
        ...

    def last(self) -> None:
        """Before the end of a lane of prose: the answer has no text after it, so nothing goes on with its last word."""
        ...

    def unreadable(self, pointer: str, text: str) -> str:
        """What may leave in the place of something that no lane can read (ciphertext, an image in base64): `text`
        itself where the caller may have `unscanned`, else a placeholder. The answer is `unscanned` from here on."""
        ...


class StreamFilter(Protocol):
    """One streamed answer on its way through: wire bytes in, wire bytes that may leave out.

    `closing` stays empty until the agent's own end of stream was seen; those bytes are released only once the outcome
    is durable. `sessions` as in `Answer`, as far as they were seen. Raises `AgentError` (`bad_answer`,
    `answer_too_large`) for what cannot be read: nothing unread leaves.
    """

    closing: bytes
    model: str | None
    tokens_in: int | None
    tokens_out: int | None
    sessions: tuple[str, ...]

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes:
        """After the agent's last byte: what the lanes still held. `AgentError("closed_early")` if no end was seen."""
        ...


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A whole message of a stream: `parts` and `sessions` as of an answer, `last` if the stream ends with it, `changed`
    if it says that what the agent offers has changed, `body` the adapter's, `document` what it says as JSON."""

    parts: tuple[Part, ...]
    sessions: tuple[str, ...] = ()
    last: bool = False
    changed: bool = False
    body: object = None
    document: object = None


class Frames(Protocol):
    """One streamed answer whose events are each a whole message: wire bytes in, messages out, each inspected whole.

    What was not read is not in a frame, so it cannot leave. Raises `AgentError` (`bad_answer`, `answer_too_large`).
    """

    def feed(self, data: bytes) -> list[Frame]: ...

    def finish(self) -> list[Frame]:
        """After the agent's last byte. `AgentError("closed_early")` where the answer itself is still missing."""
        ...

    def render(self, frame: Frame, masked: Mapping[str, str]) -> bytes:
        """The frame's bytes as the caller gets them; `masked` as in `Adapter.render_answer`."""
        ...


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a message may measure at most."""

    body_bytes: int
    answer_bytes: int
    depth: int


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """How an A2A agent is spoken to (`supportedInterfaces` of its card), and what it may be told to contact."""

    binding: Literal["JSONRPC", "HTTP+JSON"] = "JSONRPC"
    path: str = ""
    """Of this interface, below the agent's address; empty: the address itself."""
    card: str = "/.well-known/agent-card.json"
    """Path of its card, below the agent's address."""
    push_urls: tuple[str, ...] = ()
    """Where it may be told to send news of tasks: addresses that a URL must equal or lie below."""
    file_urls: tuple[str, ...] = ()
    """Likewise where files may lie that it is told to fetch."""
    tenants: tuple[str, ...] = ()
    """Of its own tenants those that callers may name; without any they name none."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as the registry holds it: what adapters, policy and the client need to know of it."""

    id: str
    protocol: str
    url: str
    """Scheme, host, port and base path, no trailing slash."""
    zone: str
    region: str | None
    processor: str | None
    capabilities: tuple[str, ...]
    model: str | None
    version: str | None
    floor: tuple[str, ...]
    routes: tuple[str, ...]
    credential: str | None
    """The agent's own token or key, resolved. Goes to the agent and nowhere else."""
    ca: str | None
    connect_timeout_s: float
    first_byte_timeout_s: float
    idle_timeout_s: float
    timeout_s: float
    credential_as: str | None = None
    """How it goes: `bearer`, `basic` or `header:NAME`; None: as the protocol has it."""
    apis: tuple[str, ...] = ()
    """APIs of the family that the agent has (`chat`, `responses`, `embeddings`); empty: all of them."""
    listen_timeout_s: float = 3600.0
    """How long a lasting stream (`Message.lasting`) may stay open, silent or not."""
    client_certificate: str | None = None
    client_key: str | None = None
    pin: tuple[str, ...] = ()
    """`sha256:<hex>` of the public keys (SubjectPublicKeyInfo) of which the agent must hold one."""
    addresses: tuple[str, ...] = ()
    """The networks (CIDR) that the agent's address must be in, where there are any."""
    max_connections: int = 256
    assertion: bool = False
    """Whether it is sent the gateway's signed word on each request."""
    calls: bool = False
    """Whether it calls other agents through the gateway."""
    delegation: bool = False
    """Whether it is sent a delegation token with each request."""
    pull: bool = False
    """Whether it fetches its requests: it has no address then."""
    store_field: bool = True
    """Whether chat completions say `store: false` to it where the caller says nothing of it."""
    stream_usage: bool = True
    """Whether it is asked how many tokens a streamed chat completion took where the caller does not ask."""
    interface: Interface = Interface()


class Adapter(Protocol):
    """One wire protocol: bytes ⇄ parts. Pure: no socket, no clock.

    Every place of a message that can carry text becomes a part; what cannot be read becomes an `unreadable` part,
    never nothing.
    """

    protocol: str

    def serves(self, message: Message, agent: Route) -> bool:
        """Whether this agent could be sent the message at all, whatever policy says."""
        ...

    def read(self, request: Inbound, bounds: Bounds) -> Message | Refusal: ...

    def render(self, message: Message, agent: Route, masked: Mapping[str, str]) -> Outgoing:
        """The request as the agent gets it. `masked` replaces the text of parts, by pointer; all else stays."""
        ...

    def read_answer(self, answer: WireAnswer, message: Message, agent: Route) -> Answer:
        """The answer of this agent to the message. Raises `AgentError("bad_answer")` for one not of the protocol."""
        ...

    def render_answer(self, answer: Answer, masked: Mapping[str, str]) -> bytes: ...

    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter: ...

    def error(self, refusal: Refusal, exchange: str) -> bytes:
        """The protocol's own error object as JSON bytes (RFC 9457 where the protocol has none)."""
        ...
