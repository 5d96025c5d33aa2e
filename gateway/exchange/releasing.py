"""The instant before each piece of an answer leaves, where a test stops the gateway or kills it."""

from collections.abc import Awaitable, Callable

from gateway.exchange.arrival import Responder

RELEASE = "release.before"


class Releasing:
    """A responder that comes by the failpoint before each write."""

    def __init__(self, responder: Responder, pause: Callable[[str], Awaitable[None]]) -> None:
        self._responder, self._pause = responder, pause

    @property
    def started(self) -> bool:
        return self._responder.started

    @started.setter
    def started(self, value: bool) -> None:
        self._responder.started = value

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        await self._responder.start(status, headers)

    async def write(self, data: bytes, *, last: bool = False) -> None:
        # A crash before it leaves: the caller has what was released before, and recovery says `interrupted`.
        await self._pause(RELEASE)
        await self._responder.write(data, last=last)
