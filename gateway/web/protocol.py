"""HTTP/1.1 from callers, with the bounds that uvicorn's own protocol leaves out.

uvicorn reads heads of any length for any time, and goes on reading what belongs to a request that was answered early.
Here a head is bounded in bytes, and a request in seconds: its head must be there within `limit_s`, and all of it within
twice that. (Whoever waits for a message's body gives up by itself after `limit_s`, with an answer and a record; this is
for everything else.) A connection on which nothing was ever sent is closed like one that lies idle. Trailers are
dropped. Heads that others might read otherwise (`Host`, `Transfer-Encoding`) are malformed (400).

An offer of another protocol (`Upgrade`) is passed over, as RFC 9110 §7.8 lets a server do: the body is read by its
framing. The parser would take all that follows such a head for the other protocol, so it reads the head a second time,
without the offer. Nor is a tunnel opened (`CONNECT`): what follows its head is dropped, and the answer is the last one.

A caller that takes nothing of what was written to it for `write_s` is cut off, whether its exchange waits for that or
is over and the connection is to close behind it. One that takes some is not, however slowly.

Who ends its side of the connection before it has its answer has left, whether it would go on reading or not: nobody can
tell. So it is too where reading is paused, because of a request behind the one that is being answered, and nothing but
the system knows.

One timer serves a connection. It looks every `limit_s` seconds whether a request is overdue and what was taken, so that
requests in time pay for no timer of their own.
"""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.agents.problem import MEDIA_TYPE, problem
from gateway.core.ids import uuid7
from gateway.core.refusal import Refusal
from gateway.web.presence import PRESENCE, Patience, Presence, standing
from gateway.web.traffic import CERTIFICATE, TLS
from gateway.web.until_close import OLDER, UntilClose

MAX_HEAD = 65_536
"""Bytes of a head beyond those that came with its first piece, of which the loop gives 262,144 at most."""
PAUSED_S = 1.0
"""How often it is looked whether a caller has left of whom nothing more is read for now."""
_SLOW = Refusal(code="request_too_slow")
_LARGE = Refusal(code="head_too_large", hint=f"at most {MAX_HEAD} bytes")
_MALFORMED = Refusal(code="request_malformed", hint="HTTP/1.1 as RFC 9112 has it")


class _Dropped(list[tuple[bytes, bytes]]):
    """Where trailers go (RFC 9112 §7.1.2): nobody asked for them, and they come after the headers were looked at."""

    def append(self, item: tuple[bytes, bytes]) -> None:
        """Keep nothing."""


_TRAILERS = _Dropped()


class HttpProtocol(HttpToolsProtocol):
    """One connection of a caller's. `limit_s` and `write_s`: see above; `HttpProtocol.within` gives them other values.
    `cut` is called when one is cut off that takes nothing."""

    limit_s = 15.0
    write_s = 60.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._begun: float | None = None
        """When the request began of which something is still to come, by the loop's clock."""
        self._heading = False
        """Whether that is its head."""
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._open: RequestResponseCycle | None = None
        """The request that was answered last, or is being answered: `cycle` is the one that was read last."""
        self._presence, self._patience = Presence(), Patience(self.write_s)
        self._extensions = {PRESENCE: self._presence}

    @classmethod
    def within(
        cls, limit_s: float, write_s: float = write_s, cut: Callable[[], None] = lambda: None
    ) -> type["HttpProtocol"]:
        """The same protocol with other limits."""
        return type("HttpProtocol", (cls,), {"limit_s": limit_s, "write_s": write_s, "cut": staticmethod(cut)})

    @staticmethod
    def cut() -> None:
        """Nobody counts."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if self.scheme == "https":
            # Every request of the connection gets a copy of it.
            self.app_state = {**self.app_state, **_secured(transport)}
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        self._timer = self.loop.call_later(min(self.limit_s, self.write_s), self._look)

    def eof_received(self) -> None:
        if self._open is not None and not self._open.response_complete:
            self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._leave()
        self._unset_keepalive_if_required()  # which uvicorn does for orderly ends alone
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def data_received(self, data: bytes) -> None:
        further = self._heading
        self._unset_keepalive_if_required()
        try:
            self._parse(data)
        except HttpParserError:
            self.send_400_response("")
        if further and self._heading:
            self._size += len(data)
            if self._size > MAX_HEAD:
                self._refuse(_LARGE)

    def _leave(self) -> None:
        """The caller has left: tell whoever answers it."""
        if self._open is not None and not self._open.response_complete:
            self._open.disconnected = True
            self._open.message_event.set()
        self._presence.left()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._open = cycle
        if cycle.scope["http_version"] == OLDER:
            cycle.send = UntilClose(cycle).send  # type: ignore[method-assign]  # the server asks each for its own
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = self._extensions  # type: ignore[typeddict-item]  # none of the standard's
        self._begun, self._heading, self._size = self.loop.time(), True, 0

    def _parse(self, data: bytes) -> None:
        """Have it all read, by a new parser behind each head that offers another protocol."""
        rest = memoryview(data)
        while True:
            try:
                self.parser.feed_data(rest)
            except HttpParserUpgrade as offer:
                if self._tunnel():
                    return
                rest = rest[offer.args[0] :]
                self._again()
            else:
                return

    def _again(self) -> None:
        """Read the head once more that offered another protocol, without the offer."""
        version, begun = self.parser.get_http_version(), self._begun
        first = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version.encode("ascii"))
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = HttpRequestParser(self)
        # As uvicorn has it: what follows a request that is the last one is read, and never answered.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser.feed_data(b"".join([first, *lines, b"\r\n"]))
        if self._begun is not None:
            self._begun = begun

    def on_headers_complete(self) -> None:
        if not _plain(self.headers, self.parser.get_http_version()):
            raise ValueError("a head that others might read otherwise")  # the parser makes it an error of its own
        tunnel = False
        if self.parser.should_upgrade():
            tunnel = self._tunnel()
            if not tunnel:
                return  # it is read again
        super().on_headers_complete()
        if tunnel:
            self.cycle.keep_alive = False
        if self.pipeline and self._timer is not None:
            self._timer.cancel()
            self._timer = self.loop.call_later(PAUSED_S, self._look)
        self._heading = False
        self.headers = _TRAILERS

    def _tunnel(self) -> bool:
        """Whether what the parser takes for another protocol is what was asked to be let through."""
        return bool(self.parser.get_method() == b"CONNECT")

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade() and not self._tunnel():
            return
        super().on_message_complete()
        self._begun = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._heading:  # of a request that was sent before its turn, of which nothing more was read until now
            self._begun = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Only where the answer is to what was malformed: written into another's, it would be taken for that one's."""
        reading = not self._answered() and self.cycle.more_body and not self.cycle.response_started
        if self._answered() or (reading and not self.pipeline):
            self.transport.write(_told(_MALFORMED))
        self.transport.close()

    def _look(self) -> None:
        """Whether a request is overdue, or its caller takes nothing or has left; if not, when to look again."""
        now = self.loop.time()
        due = now + min(self.limit_s, self.write_s)
        if self._begun is not None and (self._answered() or not self._heading) and not self.transport.is_closing():
            late = self._begun + self.limit_s * (1 if self._heading else 2)
            if late <= now:
                self._refuse(_SLOW)
            else:
                due = min(due, late)
        seen = standing(self.transport)
        ends = self._patience.ends(seen, now)
        if ends is not None and ends <= now:
            self.cut()
            self.transport.abort()
        elif self.flow.read_paused:
            due = min(due, now + PAUSED_S)
            if seen.ended:
                self.transport.abort()
        self._timer = self.loop.call_at(due if ends is None or ends <= now else min(due, ends), self._look)

    def _refuse(self, refusal: Refusal) -> None:
        """Close; with an answer where the head is what is wrong, and no other answer is under way."""
        if not self.transport.is_closing():
            if self._heading and self._answered():
                self.transport.write(_told(refusal))
            self.transport.close()

    def _answered(self) -> bool:
        """Whether whatever came before has its answer."""
        before: RequestResponseCycle | None = self.cycle
        return before is None or before.response_complete


def _told(refusal: Refusal) -> bytes:
    """An answer to what is no request yet, in the form of all errors. Its id is of no exchange on record: nobody is
    known to have asked for anything."""
    exchange = uuid7(time.time_ns() // 1000)
    body = problem(refusal, exchange)
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}",
        f"content-type: {MEDIA_TYPE}",
        f"content-length: {len(body)}",
        f"x-exchange-id: {exchange}",
        "connection: close",
    )
    return "".join([f"{line}\r\n" for line in (*head, "")]).encode("ascii") + body


def _plain(headers: list[tuple[bytes, bytes]], version: str) -> bool:
    """Whether everybody who reads this head by the standard finds the same in it (RFC 9112 §3.2, §6.1): one `Host`,
    and no `Transfer-Encoding` but `chunked`, once, in the version that has it. The parser sees to the rest."""
    names = [name for name, _ in headers]
    hosts = names.count(b"host")
    if b"transfer-encoding" in names:
        codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
        if codings != [b"chunked"] or version != "1.1":
            return False
    return hosts == 1 if version == "1.1" else hosts <= 1 and version == "1.0"


def _secured(transport: asyncio.Transport) -> dict[str, object]:
    """Version and cipher of a connection under TLS, and the certificate that it showed, in DER.

    The handshake is over by now, resumed or not: what was shown was verified and its key proven, or there would be no
    connection.
    """
    secure = transport.get_extra_info("ssl_object")
    cipher = None if secure is None else secure.cipher()
    shown = None if secure is None else secure.getpeercert(binary_form=True)
    told = "unknown" if cipher is None else f"{secure.version()} {cipher[0]}"
    return {TLS: told} if shown is None else {TLS: told, CERTIFICATE: shown}
