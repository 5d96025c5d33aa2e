"""Destinations that records are forwarded to as they come: systems that watch for incidents, and other programs."""

import re
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.settings.forms import (
    check_address,
    check_between,
    check_networks,
    check_pins,
    check_reference,
    check_unique,
)

EXAMPLE_NUMBER = 32473
"""The private enterprise number that RFC 5612 keeps for examples."""
_LINE = re.compile(r"(tls|tcp)://([^/?#@\s\[\]:]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


class ForwardFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which records are forwarded: the filters of searches, several narrowing each other. Their values are checked
    where searches check theirs."""

    actor: str | None = None
    agent: str | None = None
    action: str | None = None
    decision: str | None = None
    data_class: str | None = None
    purpose: str | None = None
    outcome: str | None = None
    zone: str | None = None
    event: str | None = None


class Forward(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One destination. It gets envelopes and what is made of them, never details or content."""

    id: str
    kind: Literal["syslog", "ocsf", "webhook"]
    url: str
    """`tls://host[:port]`, or `tcp://` to this machine, for syslog; `https://…` for webhooks; either for OCSF."""
    tenants: tuple[str, ...] = ()
    """Whose records it gets, `_system` among them where it is named."""
    filter: ForwardFilter | None = None
    start: Literal["now", "beginning"] = "now"
    """Where it begins when it has never begun before."""
    secret: str | None = None
    """`env:NAME` or `file:PATH`: what a webhook is signed with."""
    authorization: str | None = None
    """`env:NAME` or `file:PATH`: the whole value of that header, for OCSF over HTTPS."""
    ca: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    pin: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    batch: int = 200
    """Records that are sent together at most."""
    timeout_s: float = 15.0
    enterprise: int = EXAMPLE_NUMBER
    """The private enterprise number in the names of syslog's structured data."""

    @property
    def line(self) -> bool:
        """Whether it speaks syslog, whatever stands in its messages."""
        return self.url.startswith(("tls:", "tcp:"))

    @property
    def secure(self) -> bool:
        return self.url.startswith(("tls:", "https:"))


def check_forwards(forwards: tuple[Forward, ...], tenants: frozenset[str]) -> None:
    """Each has a name of its own, an address of its kind, and whose records it gets is said where it could be asked."""
    check_unique("forward", [one.id for one in forwards])
    for index, one in enumerate(forwards):
        place = f"forward[{index}]"
        _check_address(place, one)
        _check_secrets(place, one)
        check_whose(place, one.tenants, tenants, "whose records it gets")
        check_pins(f"{place}.pin", one.pin)
        check_networks(f"{place}.addresses", one.addresses)
        check_between(f"{place}.batch", one.batch, 1, 1_000)
        check_between(f"{place}.timeout_s", one.timeout_s, 0.1, 300)
        check_between(f"{place}.enterprise", one.enterprise, 0, 2**32 - 1)


def check_whose(place: str, named: tuple[str, ...], tenants: frozenset[str], whose: str) -> None:
    """Tenants that a table names are configured, and are named where there are several: nobody's are taken for all."""
    if not {*tenants, SYSTEM}.issuperset(named):
        raise ConfigurationError(f"{place}.tenants must name configured tenants, or _system")
    if len(tenants) > 1 and not named:
        raise ConfigurationError(f"{place}.tenants must name {whose}: there are several tenants")


def check_tls(
    place: str, *, certificate: str | None, key: str | None, trust: object, secure: bool, schemes: str
) -> None:
    """A client's certificate has its key, and neither it nor `trust` (authorities, pins) is given without TLS."""
    if (certificate is None) != (key is None):
        raise ConfigurationError(f"{place}.client_certificate and client_key go together")
    if (trust or certificate) and not secure:
        raise ConfigurationError(f"{place}.url must be {schemes} where ca, pin or client_certificate is given")


def _check_address(place: str, one: Forward) -> None:
    if one.kind == "webhook" or (one.kind == "ocsf" and one.url.startswith("http")):
        check_address(f"{place}.url", one.url)
        return
    port = _port(one.url) if _LINE.fullmatch(one.url) else None
    if port is None or not 0 < port < 65536:
        other = ", or https://" if one.kind == "ocsf" else ""
        raise ConfigurationError(f"{place}.url must be tls://host[:port], or tcp://host[:port] of this machine{other}")
    if one.url.startswith("tcp:") and not _here(one.url):
        raise ConfigurationError(f"{place}.url must be tls:// unless it is 127.0.0.1, ::1 or localhost")


def _check_secrets(place: str, one: Forward) -> None:
    if (one.secret is not None) != (one.kind == "webhook"):
        raise ConfigurationError(f"{place}.secret goes with kind webhook, which needs it")
    check_reference(f"{place}.secret", one.secret)
    check_reference(f"{place}.authorization", one.authorization)
    if one.authorization is not None and (one.kind != "ocsf" or not one.url.startswith("https:")):
        raise ConfigurationError(f"{place}.authorization goes with kind ocsf and https://")
    check_tls(
        place,
        certificate=one.client_certificate,
        key=one.client_key,
        trust=one.ca or one.pin,
        secure=one.secure,
        schemes="tls:// or https://",
    )


def _port(url: str) -> int | None:
    try:
        port = urlsplit(url).port
        return (6514 if url.startswith("tls:") else 514) if port is None else port
    except ValueError:
        return None


def _here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
