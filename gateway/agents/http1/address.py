"""Where an agent's name leads, looked at before anything is sent there.

A name may lead elsewhere tomorrow, by mistake or on purpose (DNS rebinding): what is connected to is the address that
was looked at, never the name. Agents are in-house, so that loopback and private addresses are as good as others.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from gateway.core.errors import AgentError, ConfigurationError

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_REFUSED = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "::/128"),  # unspecified: this very machine, on every port it listens on
        *("169.254.0.0/16", "fe80::/10"),  # link-local, and with it most clouds' metadata
        *("224.0.0.0/4", "255.255.255.255/32", "ff00::/8"),  # multicast and broadcast
        # Metadata of clouds outside link-local: AWS, Google, Alibaba, Oracle, and Azure's WireServer.
        *("fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"),
    )
)
"""Never an agent, whatever is configured."""
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))  # RFC 6052, RFC 8215
_COMPATIBLE = ip_network("::/96")  # RFC 4291 §2.5.5.1


def spaces(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks from their CIDR form; `ConfigurationError` for what is none."""
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise ConfigurationError("must be networks such as 10.1.0.0/16 or fd00:1::/64") from error


def permitted(address: Address, within: tuple[Network, ...]) -> bool:
    """Whether an agent may be at this address. `within`, where given, are the only networks it may be in."""
    if any(found in network for found in (address, *_carried(address)) for network in _REFUSED):
        return False
    return not within or any(address in network for network in within)


def _carried(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address stands for on its way: refused by either name."""
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    found = [low] if any(address in network for network in (*_TRANSLATED, _COMPATIBLE)) and int(address) > 1 else []
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found.extend(address.teredo)
    return tuple(found)


def read(text: str) -> Address:
    """An address as it is written, without its zone; a mapped one (RFC 4291 §2.5.5.2) as the IPv4 address it is."""
    address = ip_address(text.partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


class Resolver:
    """The addresses of one agent. However many ask, its name is looked up once at a time: each look-up holds a thread
    of the process for as long as the name server makes it wait, and others need those too."""

    def __init__(self, host: str, port: int, within: tuple[Network, ...]) -> None:
        self._host, self._port, self._within = host, port, within
        self._literal = _literal(host)
        self._lookup: asyncio.Task[tuple[Address, ...]] | None = None

    async def addresses(self) -> tuple[Address, ...]:
        """At least one, in the system's order of preference. `AgentError`: `connect_failed` if the name has none,
        `address_refused` if a single one of them is none that an agent may have."""
        found = (self._literal,) if self._literal is not None else await self._looked_up()
        if not found:
            raise AgentError("connect_failed")
        if not all(permitted(address, self._within) for address in found):
            raise AgentError("address_refused")
        return found

    def close(self) -> None:
        """End a look-up that is under way."""
        if self._lookup is not None:
            self._lookup.cancel()

    async def _looked_up(self) -> tuple[Address, ...]:
        if self._lookup is None or self._lookup.done():
            self._lookup = asyncio.create_task(self._look_up())
        lookup = self._lookup
        await asyncio.wait([lookup])  # which leaves it alone when one of those who wait is cancelled
        return () if lookup.cancelled() else lookup.result()

    async def _look_up(self) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            return tuple(dict.fromkeys(read(str(place[0])) for *_, place in found))
        except (OSError, ValueError):  # no such name, no answer, or none that is a name
            return ()


def _literal(host: str) -> Address | None:
    try:
        return read(host)
    except ValueError:
        return None
