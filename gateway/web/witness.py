"""A witness over HTTP: one route (C2SP tlog-witness), for any log that it knows.

Anyone may ask. What is cosigned is decided by keys and proofs alone, so that there is no credential; what a stranger
can cost is a request of bounded size and time.
"""

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from gateway.core.errors import FormatError, LedgerUnavailable
from gateway.core.ports import Clock
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.note import Verifier, parse_note
from gateway.ledger.rotation import Keys
from gateway.ledger.witnessing import MAX_BYTES, PATH, SIZE_TYPE, Refused, judge, origin_of, parse
from gateway.store.witnessed import Witnessed
from gateway.web.traffic import Receive, Scope, Send

BODY_S = 10.0
_log = logging.getLogger("gateway.witness")


class WitnessApplication:
    """An ASGI application. `logs` are the keys of the ledgers that are witnessed, by their origins."""

    def __init__(self, cosigner: Cosigner, logs: Mapping[str, Verifier | Keys], held: Witnessed, clock: Clock) -> None:
        self._cosigner, self._logs, self._held, self._clock = cosigner, dict(logs), held, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            answer = await self._answered(scope, receive)
            headers = [(b"content-type", answer.media_type), (b"content-length", b"%d" % len(answer.body))]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})

    async def _answered(self, scope: Scope, receive: Receive) -> "_Answer":
        if scope["path"] != PATH:
            return _Answer(404)
        if scope["method"] != "POST":
            return _Answer(405)
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(receive)
        except TimeoutError:
            return _Answer(408)
        return _Answer(413) if body is None else await self._add(body)

    async def _add(self, body: bytes) -> "_Answer":
        """One checkpoint: 1. read, 2. judged and kept, 3. cosigned."""
        try:
            request = parse(body)
            origin = origin_of(request)
        except FormatError:
            return _Answer(400)
        if origin not in self._logs:  # and no transaction for it
            return _Answer(404)
        try:
            found = await asyncio.to_thread(
                self._held.advance, origin, request.note, lambda last: judge(request, self._logs, last)
            )
        except LedgerUnavailable as error:
            _log.error("nothing was cosigned: %s", error)
            return _Answer(503)
        if isinstance(found, Refused):
            # A log that goes another way than what was cosigned is what a witness is there to find.
            level = logging.WARNING if found.status == 422 else logging.INFO
            _log.log(level, "a checkpoint of a known ledger was refused with %d", found.status)
            if found.size is not None:
                return _Answer(409, b"%d\n" % found.size, SIZE_TYPE.encode())
            return _Answer(found.status)
        # The checkpoint is kept by now: nothing else is said than what will never be unsaid.
        text = parse_note(request.note)[0]
        return _Answer(200, self._cosigner.cosign(text, self._clock.now_us() // 1_000_000).encode())


class _Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes = b""
    media_type: bytes = b"text/plain; charset=utf-8"


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None for one that is larger than any request."""
    data = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(data)
        data += message.get("body", b"")
        if len(data) > MAX_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(data)
