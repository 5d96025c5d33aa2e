"""Answers to callers of HTTP/1.0, whose length nobody knows before: the end of the connection ends them.

The server writes such an answer in chunks for everybody, which may not be sent to these callers (RFC 9112 §6.1): they
take the sizes between the pieces for what was said.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

OLDER = "1.0"
Send = Callable[[Any], Awaitable[None]]


class UntilClose:
    """The `send` of one exchange with such a caller. The connection closes behind it, as the server has it for them."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._write: Send = cycle.send
        self._measured = True

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._measured = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
            if not self._measured:
                self._cycle.chunked_encoding = False
        elif not self._measured:
            # What the server counts a piece against; at the end nothing is missing.
            self._cycle.expected_content_length = len(message.get("body", b""))
        await self._write(message)
