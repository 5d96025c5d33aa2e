"""What a request carries beside its message: a query that no agent gets, cookies, baggage, the idempotency key.

None of it leaves, so a mask in it has nothing to change; but what it says of somebody is said with the message, and its
classes are the message's.
"""

import re
from collections.abc import Sequence
from operator import itemgetter

from gateway.agents.formats.pairs import read_pairs
from gateway.core.message import Inbound, Part
from gateway.core.refusal import Refusal

_HEADERS = frozenset({"cookie", "baggage", "idempotency-key"})
_NAME = itemgetter(0)
_CREDENTIAL = re.compile(r"(?=[^;]*[a-z])(?=[^;]*[A-Z])(?=[^;]*[0-9])[A-Za-z0-9._~+/=:|!*-]{24,}")
"""The form of a cookie's value that is a credential: a session of the caller's own with whoever stands before this
gateway. It is for no agent, as `Authorization` is for none."""


def around(request: Inbound, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts of what stands beside a message whose own parts are these. A query is left out where they hold it."""
    if not request.query and _HEADERS.isdisjoint(map(_NAME, request.headers)):
        return ()
    found: dict[str, list[str]] = {}
    for name, value in request.headers:
        if name in _HEADERS and value:
            found.setdefault(name, []).append(_crumbs(value) if name == "cookie" else value)
    beside = [Part(f"header:{name}", "\n".join(values), "text") for name, values in found.items() if any(values)]
    if request.query and not any(part.pointer.startswith("query:") for part in parts):
        beside.append(Part("query", _query(request.query), "text"))
    return tuple(beside)


def _query(raw: str) -> str:
    """Each name with its value on a line of its own; as it is written where it is none."""
    pairs = read_pairs(raw, "query")
    return raw if isinstance(pairs, Refusal) else "\n".join(f"{pair.name}: {pair.value}" for pair in pairs)


def _crumbs(cookie: str) -> str:
    """The pairs of a cookie header (RFC 6265 §4.2.1), a line each, without values that are credentials."""
    lines: list[str] = []
    for pair in cookie.split(";"):
        name, _, value = pair.strip().partition("=")
        lines.append(name if _CREDENTIAL.fullmatch(value.strip('"')) else f"{name}: {value}")
    return "\n".join(line for line in lines if line)
