"""Whether a caller is still there, and takes what it is sent."""

import asyncio
import socket
from collections.abc import Callable
from struct import Struct

import msgspec

PRESENCE = "gateway.presence"
"""Under which a server that knows of a connection's caller gives its `Presence` in the scope's `extensions`."""
_INFO = getattr(socket, "TCP_INFO", None)
_BYTES = 192
"""Of `struct tcp_info` up to what is read here (Linux 4.6)."""
_STATE, _UNACKED, _ACKED, _NOT_SENT = Struct("=B"), Struct("=I"), Struct("=Q"), Struct("=I")
_UNACKED_AT, _ACKED_AT, _NOT_SENT_AT = 24, 120, 144
_CLOSED, _CLOSE_WAIT = 7, 8


class Presence:
    """The caller of one connection, for whoever answers it: one request at a time."""

    def __init__(self) -> None:
        self.gone = False
        self._told: Callable[[], None] | None = None

    def watch(self, told: Callable[[], None]) -> None:
        """Have `told` called when the caller leaves; at once if it has left."""
        self._told = told
        if self.gone:
            told()

    def forget(self, told: Callable[[], None]) -> None:
        """Call it no more. Another one's stays."""
        if self._told == told:
            self._told = None

    def left(self) -> None:
        """The caller has left."""
        self.gone = True
        if self._told is not None:
            self._told()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands with what was written to a caller."""

    unsent: int
    """Bytes in this process that no socket has taken yet."""
    waits: bool
    """Whether there are any here or in the system that the caller's system has not acknowledged."""
    acknowledged: int
    """Bytes that it has acknowledged since the connection was made; 0 where the system does not say."""
    ended: bool
    """Whether it has closed its side, as far as the system says."""

    def beyond(self, before: "Standing") -> bool:
        """Whether the caller has taken anything since."""
        return self.acknowledged > before.acknowledged or self.unsent < before.unsent


def standing(transport: asyncio.Transport) -> Standing:
    """How it stands with a connection now. What lies behind TLS is seen by the system's count alone (Linux)."""
    unsent, told = transport.get_write_buffer_size(), _told(transport)
    if len(told) < _BYTES:
        return Standing(unsent=unsent, waits=unsent > 0, acknowledged=0, ended=False)
    on_its_way = _UNACKED.unpack_from(told, _UNACKED_AT)[0] + _NOT_SENT.unpack_from(told, _NOT_SENT_AT)[0]
    return Standing(
        unsent=unsent,
        waits=unsent + on_its_way > 0,
        acknowledged=_ACKED.unpack_from(told, _ACKED_AT)[0],
        ended=_STATE.unpack_from(told)[0] in (_CLOSED, _CLOSE_WAIT),
    )


def _told(transport: asyncio.Transport) -> bytes:
    """What the system says of a connection; nothing where it has no words for it, or there is none any more."""
    place = transport.get_extra_info("socket")
    if place is None or _INFO is None:
        return b""
    try:
        told: bytes = place.getsockopt(socket.IPPROTO_TCP, _INFO, _BYTES)
    except (OSError, ValueError):  # closed: the first as asyncio has it, the second as uvloop does
        return b""
    return told


class Patience:
    """How long a caller has taken nothing of what waits for it."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._last: Standing | None = None
        self._since = 0.0

    def ends(self, seen: Standing, now: float) -> float | None:
        """When it is at an end if nothing moves, by the clock of `now`; None where nothing waits."""
        if not seen.waits:
            self._last = None
            return None
        if self._last is None or seen.beyond(self._last):
            self._since = now
        self._last = seen
        return self._since + self._limit_s
