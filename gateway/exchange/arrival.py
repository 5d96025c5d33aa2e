"""A request at the door and the way back to its caller: what the web layer hands to the pipeline."""

from typing import Protocol

import msgspec

from gateway.core.caller import Identity
from gateway.core.refusal import Refusal


class BodyReader(Protocol):
    """Reads a request's body within bounds of size and time; called once, and only after the caller is known."""

    async def __call__(self) -> bytes | Refusal: ...


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a request comes from that is made later than it was asked for: as it was found when it was asked for. The
    exchange that an agent asked for it in may be over by then, and those that it has open have nothing to do with it.
    """

    trace: str
    inherited: tuple[str, ...] = ()
    """Classes that stuck to its caller; those of sessions that it continues are looked up again."""
    chain: tuple[str, ...] = ()
    """The agents above it, its caller the last; empty where no agent asked for it."""
    parent: str | None = None
    """The exchange that it was asked for in, where the agent said so by its token."""
    purpose: str | None = None
    """The purpose of `parent`."""
    subjects: tuple[str, ...] = ()
    """Pseudonyms of the data subjects of `parent`, and of those that the agent added."""
    persons: tuple[str, ...] = ()
    """Who stands behind the exchanges above it, as opaque ids: none of them may approve it."""


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One request, its body not read yet."""

    protocol: str
    """Which adapter reads it: `openai`, `http`."""
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    """Lower-case names, in order of arrival."""
    source: str
    """The caller's network address."""
    tls: str | None
    certificate: bytes | Refusal | None = None
    """The client certificate that was shown, in DER, or why what says so is not to be believed."""
    body: BodyReader
    identity: Identity | None = None
    """Who makes it, where that was found out before (a task's caller): no credential is looked for, nor counted."""
    origin: Origin | None = None
    """What it comes from, where that was found out before: no token, and no open exchange, is looked for."""
    denials: int | None = None
    """The revision of the deny-list that was known before that was looked at (again); None: it is as good as now."""
    asks: str | None = None
    """The approval that it is a supervisor's question about: nobody else is asked about that one."""

    def header(self, name: str) -> str | None:
        """The value of a header by its lower-case name; the first one where there are several."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Responder(Protocol):
    """Where the answer goes. `start` once, then `write` until `last` was given. Waits while the caller reads slowly.

    `OSError` when the caller is gone.
    """

    started: bool

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None: ...

    async def write(self, data: bytes, *, last: bool = False) -> None: ...


class Through:
    """A responder in front of another one, for what does something on the way to it."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    @property
    def started(self) -> bool:
        """Whether the head has left."""
        return self._responder.started

    @started.setter
    def started(self, value: bool) -> None:
        self._responder.started = value

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        await self._responder.start(status, headers)

    async def write(self, data: bytes, *, last: bool = False) -> None:
        await self._responder.write(data, last=last)
