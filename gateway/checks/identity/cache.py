"""Tokens that were verified a moment ago: verifying costs 40 to 200 µs, remembering about one."""

from collections import OrderedDict

import msgspec

from gateway.core.caller import Identity
from gateway.core.ports import Clock


class _Remembered(msgspec.Struct, frozen=True):
    identity: Identity
    not_before_us: int
    expires_us: int
    forget_ns: int


class Cache:
    """Identities by the SHA-256 of their token: at most `size`, each for at most `seconds` and never past `exp`.

    The wall clock is asked at each hit, so a token's own times hold even when that clock moves; how long a token is
    remembered goes by the clock that never goes backwards. Only what was verified is remembered, so that a flood of
    bad tokens pushes nothing out.
    """

    def __init__(self, clock: Clock, size: int = 10_000, seconds: int = 300) -> None:
        self._clock = clock
        self._size = size
        self._ns = seconds * 1_000_000_000
        self._entries: OrderedDict[bytes, _Remembered] = OrderedDict()

    def get(self, digest: bytes) -> Identity | None:
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if (
            not entry.not_before_us <= self._clock.now_us() < entry.expires_us
            or self._clock.monotonic_ns() >= entry.forget_ns
        ):
            del self._entries[digest]
            return None
        self._entries.move_to_end(digest)
        return entry.identity

    def put(self, digest: bytes, identity: Identity, not_before_us: int, expires_us: int) -> None:
        """Remember `identity` for as long as `not_before_us` ≤ now < `expires_us` (leeway already in them)."""
        self._entries[digest] = _Remembered(identity, not_before_us, expires_us, self._clock.monotonic_ns() + self._ns)
        self._entries.move_to_end(digest)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)
