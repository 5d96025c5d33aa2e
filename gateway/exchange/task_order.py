"""The form of a task's submission: which request shall be made later, and how. Pure.

`{"path": "/v1/chat/completions", "body": {…}}` is the least. A body that is not JSON is `text` or `base64`, with its
`media_type`. The bytes of `body` are the caller's own, as they were written.
"""

import re
from base64 import b64decode, b64encode
from typing import Any

import msgspec

from gateway.agents.content import is_json, media_type
from gateway.core.once import read_json
from gateway.core.refusal import Refusal

HEADERS = frozenset(
    {
        *("accept", "accept-language", "content-language"),
        *("anthropic-version", "anthropic-beta", "a2a-version", "a2a-extensions"),
        *("mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name"),
    }
)
"""Headers that a request may bring for its own protocol. The gateway's own are those of the submission."""
CARRIED = ("x-purpose", "x-data-subject", "x-data-class", "x-route", "x-receipt", "user-agent")
"""Headers of the submission that hold for the request."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MAX_PATH = 2048
MAX_TRIES = 20
PRIORITIES = range(10)
_PATH = re.compile(r"(/[!-~]*?)(?:\?([!-~]*))?")
_VALUE = re.compile(r"[\t -~]{0,256}")
_MEDIA = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}(;[\t -~]{0,64})?")


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body in a document: JSON as it is, or text or base64 with its media type."""

    body: msgspec.Raw = msgspec.Raw(b"")
    text: str | None = None
    base64: str | None = None
    media_type: str | None = None


class _Body(Content, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str
    method: str = "POST"
    headers: dict[str, str] = {}
    priority: int = 5
    delay_s: int = 0
    tries: int | None = None
    callback: str | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be made, read. `path` is decoded, as a server gives it; `query` is raw."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    priority: int
    delay_s: int
    tries: int | None
    callback: str | None = None
    """The registered destination that is told what becomes of it."""


def read_order(data: bytes, *, max_delay_s: int) -> Order | Refusal:
    """The order of exactly this body, or which field of it is wrong."""
    try:
        given = read_json(data, _Body, inside=False)
    except msgspec.MsgspecError:
        fields = ", ".join(_Body.__struct_fields__)
        return _wrong("", f"an object with a path, and no other members than {fields}: see docs/tasks.md")
    place = _PATH.fullmatch(given.path)
    if place is None or len(given.path) > MAX_PATH or "#" in given.path:
        return _wrong("/path", f"the path of a request to this gateway, at most {MAX_PATH} characters, no fragment")
    path = _unquoted(place[1])
    if path is None:
        return _wrong("/path", "a path whose percent-encoding is UTF-8")
    if given.method not in METHODS:
        return _wrong("/method", f"one of {', '.join(METHODS)}")
    for field, value, allowed in (
        ("/priority", given.priority, PRIORITIES),
        ("/delay_s", given.delay_s, range(max_delay_s + 1)),
        ("/tries", given.tries if given.tries is not None else 1, range(1, MAX_TRIES + 1)),
    ):
        if value not in allowed:
            return _wrong(field, f"{allowed.start} to {allowed.stop - 1}")
    content = content_of(given)
    if isinstance(content, Refusal):
        return content
    body, kind = content
    headers = _headers(given, kind)
    if isinstance(headers, Refusal):
        return headers
    return Order(
        method=given.method,
        path=path,
        query=place[2] or "",
        headers=headers,
        body=body,
        priority=given.priority,
        delay_s=given.delay_s,
        tries=given.tries,
        callback=given.callback,
    )


def content_of(given: Content) -> tuple[bytes, str | None] | Refusal:
    """The body and its media type."""
    if bool(bytes(given.body)) + (given.text is not None) + (given.base64 is not None) > 1:
        return _wrong("/body", "one of body, text and base64")
    if given.media_type is not None and _MEDIA.fullmatch(given.media_type) is None:
        return _wrong("/media_type", "a media type such as text/plain")
    if bytes(given.body):
        return bytes(given.body), given.media_type or "application/json"
    if given.text is None and given.base64 is None:
        return b"", given.media_type
    if given.media_type is None:
        return _wrong("/media_type", "the media type of text or base64")
    if given.text is not None:
        return given.text.encode("utf-8"), given.media_type
    try:
        return b64decode(given.base64 or "", validate=True), given.media_type
    except ValueError:
        return _wrong("/base64", "standard base64 with its padding")


def content_told(body: bytes, content_type: str | None) -> dict[str, Any]:
    """The same the other way: `body` where the media type is JSON and it is one value of JSON, else `text`, or `base64`
    where it is no UTF-8. Whoever wrote the body can end no member of the document that it is put into."""
    if is_json(media_type(content_type)) and _one_value(body):
        return {"body": msgspec.Raw(body)}
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": b64encode(body).decode("ascii")}


def _one_value(body: bytes) -> bool:
    # Read as a whole: `Raw` alone looks neither into strings nor at what their bytes are.
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _headers(given: _Body, kind: str | None) -> tuple[tuple[str, str], ...] | Refusal:
    found = {name.lower(): value for name, value in given.headers.items()}
    if len(found) != len(given.headers) or not HEADERS.issuperset(found):
        return _wrong("/headers", f"each once, of {', '.join(sorted(HEADERS))}")
    if not all(_VALUE.fullmatch(value) for value in found.values()):
        return _wrong("/headers", "values of at most 256 visible ASCII characters")
    declared = () if kind is None else (("content-type", kind),)
    return (*declared, *found.items())


def _unquoted(path: str) -> str | None:
    """The path with its percent-encoding undone, as a server hands it to an application."""
    pieces = re.split(r"%([0-9A-Fa-f]{2})", path)
    raw = b"".join(bytes.fromhex(one) if place % 2 else one.encode("ascii") for place, one in enumerate(pieces))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _wrong(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
