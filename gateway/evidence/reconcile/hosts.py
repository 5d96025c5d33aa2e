"""Hosts and ports as logs, records and registrations write them: `host`, `host:port`, `[address]:port` or a URL."""

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

MAX_PORT = 65_535
Place = tuple[str, int | None]
"""A host in small letters, an address in its one form, and its port; None where nothing says which."""
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_PORT = re.compile(r"(.*):([0-9]{1,5})")
_SCHEMES = {"http": 80, "https": 443}
"""Their ports, where a URL names none."""


def place(value: Any) -> Place:
    """The host and port of a text; `ValueError` for what is none."""
    text = value.strip().lower() if isinstance(value, str) and len(value) <= 4_096 else ""
    host, port = _of_url(text) if "://" in text else (text, None)
    known = address(host) or address(host.strip("[]"))
    if known is None and (written := _PORT.fullmatch(host)):
        host, port = written[1], int(written[2])
        known = address(host.strip("[]"))
    host = known or host.rstrip(".")
    if known is None and not _HOST.fullmatch(host):
        raise ValueError("must be a host name, an address or a URL")
    if port is not None and port > MAX_PORT:
        raise ValueError(f"must have a port of at most {MAX_PORT}")
    return host, port


def place_of(text: str) -> Place | None:
    """As `place`; None for what is none."""
    try:
        return place(text)
    except ValueError:
        return None


def target(value: Any) -> str | None:
    """What a URL or a request's target asks for: its path and query; None for what has none."""
    text = value.strip() if isinstance(value, str) and len(value) <= 4_096 else ""
    if text.startswith("/"):
        return text
    try:
        parts = urlsplit(text) if "://" in text else None
    except ValueError:
        return None
    if parts is None or not parts.path:
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def address(text: str) -> str | None:
    """An address in its one form, None for any other text."""
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _of_url(text: str) -> Place:
    parts = urlsplit(text)
    return parts.hostname or "", _SCHEMES.get(parts.scheme) if parts.port is None else parts.port
