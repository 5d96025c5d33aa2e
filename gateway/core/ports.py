"""Protocols for what does I/O, each with its promise. Two real implementations stand behind each, or will."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec


class Clock(Protocol):
    """Time, injected: nothing else in the house asks the system for it."""

    def now_us(self) -> int:
        """Microseconds since the epoch, UTC. May go backwards."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never goes backwards."""
        ...


class KeySource(Protocol):
    """Public keys of token issuers (JWKS, RFC 7517 §5)."""

    def keys(self, issuer: str) -> Sequence[Mapping[str, object]]:
        """The issuer's keys as JWK objects; empty when there are none. Never fetches for a single bad token."""
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


class KeyLookup(Protocol):
    """Finds an API key by its prefix."""

    async def find(self, prefix: str) -> KeyRecord | None: ...


class Failpoint(Protocol):
    """Called at named instants of the life of a request and of a record; a test makes it raise, hang or kill."""

    async def __call__(self, name: str) -> None: ...


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record as it is stored. `bytes` is the envelope and the truth; `detail` is None once it was deleted."""

    seq: int
    bytes: bytes
    hash: bytes
    detail_salt: bytes | None = None
    detail: bytes | None = None


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

    def records(self, first: int, end: int, *, details: bool = False) -> AsyncIterator[StoredRecord]:
        """Records `first` ≤ seq < `end` in order."""
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
