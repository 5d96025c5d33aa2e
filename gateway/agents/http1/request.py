"""The bytes of a request (RFC 9112 §3, §5): one line, headers, the body with its length. Nothing in them is a border
that was not put there here, so that no value can become a header, a request or an address of its own.
"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from gateway.core.errors import AgentError, ConfigurationError
from gateway.core.message import Outgoing

_USER_AGENT = "agent-compliance-gateway"
_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_PLAIN = re.compile(r"[!-~]+")
_TARGET = re.compile(r"/[!-~]*")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:[/\\]|$)|\\", re.IGNORECASE)
"""What URL parsers resolve or rewrite, and what would lead out of the agent's base path."""
_TEXT = bytes({9, *range(32, 127), *range(128, 256)})
"""All that may stand in a line (RFC 9110 §5.5)."""
_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
_OURS = frozenset(
    {
        *("host", "user-agent", "accept-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"),
        *("proxy-connection", "te", "trailer", "upgrade", "expect", "http2-settings"),
    }
)
"""Headers that say how a request is carried. Nobody but the client sets them."""


class RequestForm:
    """How requests to one agent look. Where it is, is in `host` (without brackets), `port` and `secure`."""

    def __init__(self, url: str) -> None:
        """`ConfigurationError` for an address that a request cannot be made for."""
        try:
            parts = urlsplit(url)
            self.secure = parts.scheme == "https"
            self.host = parts.hostname or ""
            self.port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError) as error:
            raise ConfigurationError("must be http(s)://host[:port][/path]") from error
        if not self.host or not _PLAIN.fullmatch(url):
            raise ConfigurationError("must be in ASCII: international names as xn--…, other characters as %XX")
        authority = parts.netloc
        if parts.query or parts.fragment or "@" in authority:
            raise ConfigurationError("must hold no user, query or fragment")
        self._base = parts.path.rstrip("/")
        self._common = f" HTTP/1.1\r\nhost: {authority}\r\nuser-agent: {_USER_AGENT}\r\naccept-encoding: identity\r\n"

    def render(self, outgoing: Outgoing, following: int = 0) -> bytes:
        """Head and body, of which `following` bytes come after what is there. `AgentError("cannot_render")` for what
        HTTP cannot carry or what would lead elsewhere."""
        method, path, body = outgoing.method, outgoing.path, outgoing.body
        _demand_target(method, path)
        lines = [f"{_name(name)}: {value}\r\n" for name, value in outgoing.headers]
        if body or method in _WITH_LENGTH:
            lines.append(f"content-length: {len(body) + following}\r\n")
        try:
            head = f"{method} {self._base + path or '/'}{self._common}{''.join(lines)}\r\n".encode("latin-1")
        except UnicodeEncodeError as error:
            raise AgentError("cannot_render") from error
        # Without what may stand in a line, the borders alone are left: those of the first four lines, one for each
        # further, and the last. One more, or anything else, came in with a value.
        if head.translate(None, _TEXT) != b"\r\n" * (len(lines) + 5):
            raise AgentError("cannot_render")
        return head + body if body else head


def _demand_target(method: str, path: str) -> None:
    # An empty one is the agent's address itself.
    good = (
        (not path or _TARGET.fullmatch(path) is not None) and "#" not in path and _TOKEN.fullmatch(method) is not None
    )
    if good and ("." in path or "%" in path or "\\" in path):
        good = not _DOT_SEGMENT.search(path.partition("?")[0])
    if not good:
        raise AgentError("cannot_render")


@lru_cache(256)
def _name(name: str) -> str:
    """A header's name that may be sent as it is. Names come from adapters, never from callers, so that few are kept."""
    if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
        raise AgentError("cannot_render")
    return name
