"""The bytes of an agent's answers, read strictly (RFC 9112) and within bounds. No socket, no clock.

httptools (llhttp) parses, and refuses by itself what could be understood in two ways: a second or unclean
`Content-Length`, one beside a `Transfer-Encoding`, folded lines, bare line feeds, bad chunks, control characters. What
it lets through and HTTP/1.1 does not allow a client to take is refused here.
"""

import httptools

MAX_HEAD = 65_536
"""Bytes of a head, of whatever answers come before it (1xx), and of trailers."""
MAX_HEADERS = 256
_MAX_INTERIM = 8
_FRAMING = 16
"""Bytes of framing for each byte of a body: even single bytes as chunks need but six."""
_VERSIONS = ("1.1", "1.0")
_SWITCHING = 101

IDLE, HEAD, BODY, DONE, FAILED = range(5)


class _Stop(Exception):
    """Tells the parser to go no further; what it is about is in the reader's state."""


class AnswerReader:
    """Reads one answer after another off one connection. `begin` it before each request, then `feed` what arrives.

    `state` runs from `HEAD` to `BODY` to `DONE`, or ends `FAILED` with an `AgentError` code in `error`: `bad_answer`,
    `answer_too_large`, `redirected`, `closed_early`. `status` and `headers` (lower-case names) hold from `BODY` on.
    `waiting` are the bytes of the body that nobody has taken yet, `received` those that came in all. `reusable` tells
    of an answer that is `DONE` whether another request may follow it.
    """

    __slots__ = (
        "_bodiless",
        "_body",
        "_headers",
        "_interim",
        "_max_bytes",
        "_measured",
        "_parser",
        "_until_close",
        "_wire",
        "error",
        "headers",
        "received",
        "reusable",
        "state",
        "status",
        "waiting",
    )

    def __init__(self) -> None:
        self.state = IDLE
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self.error: str | None = None
        self.reusable = True
        self.received = self.waiting = 0
        self._wire = self._measured = self._interim = self._max_bytes = 0
        self._bodiless = self._until_close = False
        self._headers: list[tuple[str, str]] = []
        self._body: bytes | bytearray = b""
        self._parser = httptools.HttpResponseParser(self)

    def begin(self, *, bodiless: bool, max_bytes: int) -> None:
        """A request is about to be sent. `bodiless`: with HEAD, whose answer has no body whatever it says."""
        self.state = HEAD
        self._bodiless, self._max_bytes = bodiless, max_bytes
        self.received = self.waiting = self._wire = self._measured = self._interim = 0
        self._until_close = False
        self._headers, self._body = [], b""

    def take(self) -> bytes:
        """What has come of the body and was not taken yet."""
        body = bytes(self._body)
        self._body = b""
        self.waiting = 0
        return body

    def feed(self, data: bytes) -> None:
        """Bytes that arrived. Never raises."""
        self._wire += len(data)
        try:
            if self.state in (IDLE, DONE, FAILED):
                raise _Stop
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, _Stop):
            self._stopped()
            return
        if self.state == HEAD:
            if self._wire > MAX_HEAD:
                self.fail("bad_answer")
        elif self._wire > 2 * MAX_HEAD + _FRAMING * self.received:
            self.fail("bad_answer")

    def _stopped(self) -> None:
        self.reusable = False
        if self.state != DONE:  # otherwise what came is no part of the answer, which stands
            self.fail("bad_answer")

    def end(self, *, clean: bool = True) -> None:
        """No more will arrive. `clean`: the agent ended it in order, which an answer without a length needs."""
        self.reusable = False
        if self.state == BODY and self._until_close and clean:
            self.state = DONE
        elif self.state in (HEAD, BODY):
            self.fail("closed_early")

    def close(self) -> None:
        """After the end: nothing will be fed any more. The parser, which holds this reader, is let go."""
        del self._parser

    def fail(self, code: str) -> None:
        """Give this answer up, for the first reason there is."""
        self.reusable = False
        if self.error is None:
            self.error = code
        self.state = FAILED

    # What follows is called by the parser.

    def on_message_begin(self) -> None:
        if self.state != HEAD:
            raise _Stop

    def on_header(self, name: bytes, value: bytes) -> None:
        self._measured += len(name) + len(value) + 4
        if self._measured > MAX_HEAD:
            raise _Stop
        if self.state == HEAD:  # trailers (RFC 9112 §7.1.2) are dropped
            self._headers.append((name.decode("ascii").lower(), value.decode()))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if len(self._headers) > MAX_HEADERS or self._parser.get_http_version() not in _VERSIONS:
            raise _Stop
        if not 200 <= status < 600:
            self._before(status)
            return
        length = coding = None
        for name, value in self._headers:
            if name == "content-length":
                length = value
            elif name == "transfer-encoding":
                # Any other coding than one `chunked` (RFC 9112 §6.1) would leave the end of the body to guessing.
                if coding is not None or value.lower() != "chunked" or self._parser.get_http_version() != "1.1":
                    raise _Stop
                coding = value
            elif name == "location" and 300 <= status < 400:
                self._refuse("redirected")
        self.status, self.headers = status, tuple(self._headers)
        self.state = BODY
        if self._bodiless:
            # The parser does not know of HEAD, and would wait for a body.
            self.state = DONE
            raise _Stop
        if status in (204, 304):
            # No body (RFC 9112 §6.3), and if it speaks of one then one may follow.
            self.reusable = self.reusable and coding is None and (status == 304 or length in (None, "0"))
        elif coding is None and length is None:
            self._until_close = True
        elif length is not None and int(length) > self._max_bytes:
            self._refuse("answer_too_large")

    def _before(self, status: int) -> None:
        """An interim answer (RFC 9110 §15.2): skipped, but not for ever. Nobody asked to switch protocols."""
        self._interim += 1
        if not 100 <= status < 200 or status == _SWITCHING or self._interim > _MAX_INTERIM:
            raise _Stop
        self._headers = []

    def on_body(self, body: bytes) -> None:
        size = len(body)
        self.received += size
        self.waiting += size
        if self.received > self._max_bytes:
            self._refuse("answer_too_large")
        if not self._body:
            self._body = body
            return
        if isinstance(self._body, bytes):
            # One buffer, not a list: of bodies in tiny chunks the objects would weigh many times the bytes.
            self._body = bytearray(self._body)
        self._body += body

    def on_message_complete(self) -> None:
        if self.state == BODY:
            self.state = DONE
            self.reusable = self.reusable and self._parser.should_keep_alive()

    def _refuse(self, code: str) -> None:
        self.fail(code)
        raise _Stop
