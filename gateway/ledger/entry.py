"""What is handed to the writer: a record to be, and what must become durable in the same transaction."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from gateway.ledger.form import Draft, drafted
from gateway.ledger.record import Envelope


class SealedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed opening or content: AES-256-GCM ciphertext under a data key that lives apart from the database."""

    part: str
    """`request`, `response`, `idempotency`: the label of the commitment it opens."""
    key: str
    """The data key's id."""
    nonce: bytes
    ciphertext: bytes


class DataKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new data key on its way to the keyring, wrapped. It must be durable there before anything sealed with it is."""

    id: str
    subject: str | None
    """The data subject's pseudonym, or None for the key of one exchange."""
    wrapped: bytes


class ExchangeKey(Protocol):
    """The key under which one exchange's parts are sealed; `new` are the data keys of it that are not durable yet."""

    @property
    def new(self) -> tuple[DataKey, ...]: ...


class Sealing(Protocol):
    """Seals openings of commitments under keys that can be destroyed."""

    def exchange_key(self, subjects: tuple[str, ...] = ()) -> Any:
        """An `ExchangeKey` of the implementation's own, for an exchange that names these subjects (pseudonyms)."""
        ...

    def seal(self, *, tenant: str, record: str, part: str, opening: bytes, value: bytes | None, key: Any) -> SealedPart:
        """The opening r (32 bytes) of a commitment, and its value where that is kept, sealed for one place."""
        ...


class SessionGrowth(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is from this record on: it begins, or its data classes grow. Whose it is and where it is held are
    written once: growth of a session that is somebody else's, or held elsewhere, changes nothing."""

    key: bytes
    """HMAC of the session's name: 32 bytes, never the name itself."""
    id: str
    """The random id (`se_…`) that stands for it on the record."""
    actor: str
    principal: bytes
    """HMAC of the chain that the actor acts for; empty where it acts for itself."""
    agent: str
    zone: str
    sent: tuple[str, ...]
    """Classes of what was sent to the agent, beyond those known."""
    said: tuple[str, ...]
    """Classes of what the agent said, beyond those known."""
    seen_us: int
    expires_us: int


class Delegated(msgspec.Struct, frozen=True, kw_only=True):
    """What a call by the exchange's agent carries, as long as the exchange is open: kept beside its intent."""

    agent: str
    classes: tuple[str, ...]
    """Classes of what the agent is sent, and of what it said in the session that the exchange continues."""
    trace: str
    purpose: str | None
    subjects: tuple[str, ...]
    """Pseudonyms."""
    chain: tuple[str, ...]
    """The agents above it, the outermost first."""
    persons: tuple[str, ...] = ()
    """Everybody who stands behind it and those above it, as opaque ids."""


Column = str | int | bytes | None


class RowChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one mutable row of the ledger's own tenant, which is made in the transaction of its record.

    A new row (no `where`; one that is there already is left alone), new values of the row that `where` finds, or its
    removal (no `values`). `beside` follows only where this took hold of exactly one row. Of what is beside, new values
    must take hold of exactly one row each, else all of it is left out, and the record with it; a new row may be there
    already, and what is removed may be gone. Names are the code's own.
    """

    table: str
    values: Mapping[str, Column] = {}
    where: Mapping[str, Column] = {}
    beside: tuple["RowChange", ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One record to append, whole or not at all."""

    draft: Draft
    detail: bytes | None = None
    """Canonical bytes of the detail; the record already holds their commitment under `salt`."""
    salt: bytes | None = None
    opens: bool = False
    """An intent: its exchange is open until an entry closes it."""
    closes: bool = False
    """The one end of its exchange."""
    decided_under: str | None = None
    """The policy digest an intent was decided under: refused with `PolicyMoved` if the head carries another."""
    denied_under: int | None = None
    """The revision of the deny-list that an intent's caller was checked under: refused with `DenialsMoved` if the head
    carries another. Of an entry with a `change`, the one that what it rests on was looked up under: left out if the
    head carries another, as where the change does not take hold."""
    denies: bool = False
    """Whether the head's revision of the deny-list moves with this record."""
    activates: str | None = None
    """The policy digest that the head carries from this record on (`policy.activated`)."""
    sealed: tuple[SealedPart, ...] = ()
    keys: tuple[DataKey, ...] = ()
    subjects: tuple[str, ...] = ()
    """Pseudonyms that this record is to be found by."""
    sessions: tuple[SessionGrowth, ...] = ()
    """Sessions that this exchange continues or begins."""
    delegated: Delegated | None = None
    """Of an intent: what sticks to the calls of an agent that itself calls others."""
    change: RowChange | None = None
    """What must come true with the record: where it does not take hold, there is no record either, and who appended is
    told so. Goes with no intent and no end of an exchange."""

    @classmethod
    def of(cls, envelope: Envelope, **others: Any) -> "Entry":
        """The entry of this envelope, as it is now; `FormatError` unless it passes `record.check`."""
        return cls(draft=drafted(envelope), **others)

    @property
    def envelope(self) -> Envelope:
        """The record, read from its bytes: for what is rare."""
        return self.draft.envelope()


class Appended(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The promise that a record is durable: its place, and the hash of its bytes."""

    seq: int
    leaf_hash: bytes
    recorded_at: str


class Ledger(Protocol):
    """Appends to one tenant's ledger.

    `append` returns only when the record is committed and synced; it raises `LedgerUnavailable` when that could not
    be established (the record may then be absent or present, but was not acknowledged), `LeftOut` where its change
    took hold of no row, and `PolicyMoved` and `DenialsMoved` as above.
    Cancelling the wait does not withdraw the record.
    """

    async def append(self, entry: Entry) -> Appended: ...
