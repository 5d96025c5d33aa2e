"""`multipart/form-data` (RFC 7578, RFC 2046 §5.1): fields and files, each with its own headers and body.

Delimiter lines are recognised exactly as RFC 2046 has them, and whatever stands before the first or after the last is
refused: one reader would skip it, another one read it.
"""

import re
from urllib.parse import unquote_to_bytes

import msgspec

from gateway.agents.formats.document import malformed
from gateway.core.refusal import Refusal

MAX_FIELDS = 500
_BOUNDARY = re.compile(r';[ \t]*boundary=(?:"([^"\r\n]{1,70})"|([!-~]{1,70}?))[ \t]*(?:;|$)', re.IGNORECASE)
_PLAIN_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PARAMETER = re.compile(r';[ \t]*([!#$%&*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\\r\n]|\\.)*)"|([^;"\s]*))[ \t]*')
_DISPOSITION = re.compile(r"form-data[ \t]*(.*)", re.IGNORECASE | re.DOTALL)
_KNOWN = frozenset({"content-disposition", "content-type", "content-transfer-encoding"})
_IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
_HINT = f"multipart/form-data as RFC 7578 has it, at most {MAX_FIELDS} fields, nothing before or after them"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field or file. `start` and `end` are its body in the whole; `more` are texts of its headers."""

    name: str
    filename: str
    content_type: str | None
    start: int
    end: int
    more: tuple[str, ...]
    readable: bool
    """Whether its body stands as it is, without a transfer encoding."""


def read(body: bytes, content_type: str) -> tuple[Field, ...] | Refusal:
    """The fields in order."""
    found = _BOUNDARY.search(content_type)
    boundary = (found.group(1) or found.group(2)) if found else ""
    if not _PLAIN_BOUNDARY.fullmatch(boundary):
        return malformed("multipart", "a boundary parameter (RFC 2046 §5.1.1)")
    line = b"--" + boundary.encode("ascii")
    if not body.startswith(line + b"\r\n"):
        return malformed("multipart", _HINT)
    fields: list[Field] = []
    at = len(line) + 2
    while True:
        end = body.find(b"\r\n" + line, at)
        field = _field(body, at, end) if end >= at else None
        if field is None or len(fields) == MAX_FIELDS:
            return malformed("multipart", _HINT)
        fields.append(field)
        after = end + 2 + len(line)
        if body[after : after + 2] == b"\r\n":
            at = after + 2
        elif body[after:] in (b"--", b"--\r\n"):
            return tuple(fields)
        else:
            return malformed("multipart", _HINT)


def _field(body: bytes, start: int, end: int) -> Field | None:
    head = body.find(b"\r\n\r\n", start, end) if not body.startswith(b"\r\n", start) else start - 2
    if head < start - 2 or head < 0:
        return None
    headers = _headers(body[start : max(head, start)])
    disposition = _DISPOSITION.fullmatch(headers.get("content-disposition", "")) if headers is not None else None
    parameters = _parameters(disposition.group(1)) if disposition is not None else None
    if headers is None or parameters is None or "name" not in parameters:
        return None
    more = [value for name, value in headers.items() if name not in _KNOWN]
    more += [name for name in headers if name not in _KNOWN]
    more += [value for name, value in parameters.items() if name not in ("name", "filename")]
    return Field(
        name=parameters["name"],
        filename=parameters.get("filename") or parameters.get("filename*") or "",
        content_type=headers.get("content-type"),
        start=head + 4,
        end=end,
        more=tuple(value for value in more if value),
        readable=headers.get("content-transfer-encoding", "").lower() in _IDENTITY,
    )


def _headers(block: bytes) -> dict[str, str] | None:
    """Header fields by lower-case name; None for one that is folded, repeated, malformed or not UTF-8."""
    headers: dict[str, str] = {}
    try:
        lines = block.decode().split("\r\n") if block else []
    except UnicodeDecodeError:
        return None
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line or "\r" in line or name.lower() in headers:
            return None
        headers[name.lower()] = value.strip()
    return headers


def _parameters(text: str) -> dict[str, str] | None:
    """Parameters by lower-case name, decoded; None for what is malformed or there twice."""
    found: dict[str, str] = {}
    at = 0
    text = text.strip()
    while at < len(text):
        parameter = _PARAMETER.match(text, at)
        if parameter is None or parameter.group(1).lower() in found:
            return None
        name, quoted, bare = parameter.groups()
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare
        if name.endswith("*"):
            value = unquote_to_bytes(value.rpartition("'")[2]).decode("utf-8", "replace")
        found[name.lower()] = value
        at = parameter.end()
    return found
