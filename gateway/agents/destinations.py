"""URLs that an agent would be told to contact: only those that lie where the configuration says it may.

The agent resolves and connects, not the gateway, so that what counts is what any reader makes of the text: a URL that
two of them could take differently (a user, a backslash, a dot segment, an encoded slash) is none that is allowed.
"""

import re
from collections.abc import Iterable

import msgspec

from gateway.agents.http1.address import permitted, read

_URL = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?",
    re.IGNORECASE,
)
_ODD = re.compile(r"/\.{1,2}(?:/|$)|%2e|%2f|%5c|%00|%(?![0-9a-f]{2})|//", re.IGNORECASE)
"""What readers resolve, decode or tidy up."""
_PORTS = {"http": 80, "https": 443}
MAX_URL = 2048


class Place(msgspec.Struct, frozen=True):
    """Where a URL leads."""

    scheme: str
    host: str
    port: int
    path: str


def place_of(url: str) -> Place | None:
    """Where a URL leads, if it can only be read in one way and no rule forbids the address for everybody."""
    found = _URL.fullmatch(url) if len(url) <= MAX_URL else None
    if found is None:
        return None
    scheme, host, port, path = found[1].lower(), found[2].lower(), found[3], found[4] or "/"
    number = int(port) if port else _PORTS[scheme]
    if _ODD.search(path) or not 0 < number < 65536 or not _usual(host):
        return None
    return Place(scheme, host, number, path)


def allowed(url: str, addresses: Iterable[str]) -> bool:
    """Whether a URL is one of these addresses or lies below one."""
    place = place_of(url)
    if place is None:
        return False
    return any(base is not None and _below(place, base) for base in map(place_of, addresses))


def _below(place: Place, base: Place) -> bool:
    if (place.scheme, place.host, place.port) != (base.scheme, base.host, base.port):
        return False
    path = base.path.rstrip("/")
    return place.path.rstrip("/") == path or place.path.startswith(f"{path}/")


def _usual(host: str) -> bool:
    """Whether a host is a name, or an address that an agent may have anything to do with: no cloud's metadata."""
    try:
        return permitted(read(host.strip("[]")), ())
    except ValueError:
        return not host.startswith("[") and ".." not in host and not host.rpartition(".")[2].isdigit()
