"""The forms in which agents fetch their requests and bring their answers. Pure."""

from typing import Any

import msgspec

from gateway.agents.pulling import Handed
from gateway.core.message import WireAnswer
from gateway.core.once import read_json
from gateway.core.refusal import Refusal
from gateway.exchange.task_order import Content, content_of, content_told
from gateway.ledger.record import timestamp

MAX_WAIT_S = 30.0
"""Seconds that one request for work may be held open."""
STATUSES = range(200, 600)
EMPTY = frozenset({204, 205, 304})
"""Statuses of answers that have no body (RFC 9110 §6.4.1, §15.3.6)."""


class _Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    wait_s: float = 20.0


class _Answer(Content, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: int = 200
    retry_after: int | None = None


def read_wish(data: bytes) -> float | Refusal:
    """How long an agent waits for work, in seconds."""
    try:
        given = read_json(data or b"{}", _Wish)
    except msgspec.MsgspecError:
        return _wrong("", "an object with wait_s, or nothing")
    if not 0 <= given.wait_s <= MAX_WAIT_S:
        return _wrong("/wait_s", f"0 to {MAX_WAIT_S:.0f}")
    return given.wait_s


def read_answer(data: bytes, tls: str | None = None) -> WireAnswer | Refusal:
    """What an agent answers, as if it had come by HTTP. A failure is a status of 500 and above. `tls`: of the
    connection that it was brought over."""
    try:
        given = read_json(data, _Answer, inside=False)
    except msgspec.MsgspecError:
        return _wrong("", "an object with a status, and a body, text or base64: see docs/tasks.md")
    if given.status not in STATUSES:
        return _wrong("/status", f"{STATUSES.start} to {STATUSES.stop - 1}")
    if given.retry_after is not None and not 0 <= given.retry_after <= 86_400:
        return _wrong("/retry_after", "0 to 86400 seconds")
    content = content_of(given)
    if isinstance(content, Refusal):
        return content
    body, kind = content
    if body and given.status in EMPTY:
        return _wrong("/body", f"nothing, with a status of {', '.join(map(str, sorted(EMPTY)))}")
    headers = [] if kind is None else [("content-type", kind)]
    if given.retry_after is not None:
        headers.append(("retry-after", str(given.retry_after)))
    return WireAnswer(status=given.status, headers=tuple(headers), body=body, tls=tls)


def handed(one: Handed) -> dict[str, Any]:
    """A request as its agent gets it, with the lease under which it is to be answered."""
    outgoing = one.outgoing
    headers = dict(outgoing.headers)
    document: dict[str, Any] = {
        "lease": one.lease,
        "expires_at": timestamp(one.expires_us),
        "method": outgoing.method,
        "path": outgoing.path,
        "headers": headers,
    }
    return {**document, **content_told(outgoing.body, headers.get("content-type"))} if outgoing.body else document


def _wrong(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
