"""From where a request comes and how its caller was identified, as far as a policy's rules ask.

`network:<id>` is true of an address that lies in that `[[network]]`; `strength:token` of a caller that brought a token
or a client certificate and not an API key alone, `strength:certificate` of one whom a client certificate named.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec

from gateway.checks.policy.conditions import CERTIFICATE, NETWORK, STRENGTH, STRENGTHS, TOKEN
from gateway.checks.policy.structure import NetworkFacts

_REMEMBERED = 4_096


class Way(msgspec.Struct, frozen=True):
    """`terms`: the conditions that hold, of those that rules have. `unknown`: the kinds of those that cannot be told,
    because the address is none or nobody says how the caller was identified."""

    terms: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


NOWHERE = Way()


class Ways:
    """The conditions of one policy's rules. Pure but for what it remembers; ask from one thread."""

    def __init__(self, terms: Iterable[str], networks: Iterable[NetworkFacts]) -> None:
        """`terms`: all conditions of the rules, of whatever kind."""
        asked = frozenset(terms)
        self._networks = {
            f"{NETWORK}{one.id}": tuple(map(ip_network, one.addresses))
            for one in networks
            if f"{NETWORK}{one.id}" in asked
        }
        self._strengths = frozenset(term for term in asked if term.startswith(STRENGTH))
        self._known: OrderedDict[tuple[str, str], Way] = OrderedDict()

    def of(self, source: str, strength: str) -> Way:
        """`source`: a network address; `strength`: as `conditions.strength` says it, empty where nobody knows."""
        if not self._networks and not self._strengths:
            return NOWHERE
        key = (source, strength)
        way = self._known.get(key)
        if way is None:
            way = self._known[key] = self._found(source, strength)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return way

    def _found(self, source: str, strength: str) -> Way:
        terms, unknown = set[str](), set[str]()
        if self._networks:
            address = _address(source)
            if address is None:
                unknown.add(NETWORK)
            else:
                terms |= {name for name, within in self._networks.items() if any(address in one for one in within)}
        if self._strengths:
            if strength not in STRENGTHS:
                unknown.add(STRENGTH)
            terms |= self._strengths & _REACHED.get(strength, frozenset())
        return Way(frozenset(terms), frozenset(unknown))


_REACHED: Mapping[str, frozenset[str]] = {
    TOKEN: frozenset((f"{STRENGTH}{TOKEN}",)),
    CERTIFICATE: frozenset((f"{STRENGTH}{TOKEN}", f"{STRENGTH}{CERTIFICATE}")),
}


def is_address(text: str) -> bool:
    """Whether a text is a network address of either version."""
    return _address(text) is not None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address that came in the form of the other version is what it is; None for what is no address."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return found if mapped is None else mapped
