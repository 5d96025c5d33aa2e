"""The instant before each piece of an answer leaves, where a test stops the gateway or kills it."""

from collections.abc import Awaitable, Callable

from gateway.exchange.arrival import Responder, Through

RELEASE = "release.before"


class Releasing(Through):
    """A responder that comes by the failpoint before its head and before each piece of its body."""

    def __init__(self, responder: Responder, pause: Callable[[str], Awaitable[None]]) -> None:
        super().__init__(responder)
        self._pause = pause

    async def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        # A crash here: the caller has nothing. Of a stream that is masked as it passes the outcome is not on record
        # yet, and recovery says `interrupted`; of every other answer it is, as the pipeline put it there first.
        await self._pause(RELEASE)
        await super().start(status, headers)

    async def write(self, data: bytes, *, last: bool = False) -> None:
        # A crash here: the caller has what was released before, and never the end of it.
        await self._pause(RELEASE)
        await super().write(data, last=last)
