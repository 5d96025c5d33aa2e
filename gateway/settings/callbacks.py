"""Destinations that callers may have told what became of their tasks."""

import re

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_address, check_between, check_networks, check_pins, check_reference

_CALLER = re.compile(r"([^/\s]+)/(.{1,256})")


class Callback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it may be told what became of a task. There is no other way to name an address."""

    id: str
    url: str
    """All of it: notices go to this address and to none below it."""
    secret: str
    """`env:NAME` or `file:PATH`: what notices are signed with."""
    zone: str
    """Where what is sent goes to: an answer is decided on as received there."""
    tenants: tuple[str, ...] = ()
    """The tenants whose callers may name it; without any, those of all."""
    callers: tuple[str, ...] = ()
    """`tenant/subject` of those who may; without any, all callers of these tenants."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for it."""
    pin: tuple[str, ...] = ()
    """`sha256:<hex>` of the SubjectPublicKeyInfo of certificates, of which it must show one."""
    addresses: tuple[str, ...] = ()
    """Networks in CIDR form: the only ones that its name may lead into."""
    timeout_s: float = 15.0

    def serves(self, tenant: str, name: str) -> bool:
        """Whether this caller may name it: its tenant's configured id, and the subject where it may be meant by it."""
        if self.tenants and tenant not in self.tenants:
            return False
        return not self.callers or (bool(name) and f"{tenant}/{name}" in self.callers)


def check_callback(place: str, callback: Callback, zones: set[str], tenants: set[str]) -> None:
    if callback.zone not in zones:
        raise ConfigurationError(f"{place}.zone names no [[zone]]")
    check_address(f"{place}.url", callback.url)
    check_reference(f"{place}.secret", callback.secret)
    if callback.url.startswith("http:") and (callback.ca or callback.pin):
        raise ConfigurationError(f"{place}.url must be https:// where ca or pin is given")
    check_pins(f"{place}.pin", callback.pin)
    check_networks(f"{place}.addresses", callback.addresses)
    check_between(f"{place}.timeout_s", callback.timeout_s, 0.1, 300)
    if not tenants.issuperset(callback.tenants):
        raise ConfigurationError(f"{place}.tenants names no [[tenant]]")
    for caller in callback.callers:
        found = _CALLER.fullmatch(caller)
        if found is None or found[1] not in (callback.tenants or tenants):
            raise ConfigurationError(f"{place}.callers must be TENANT/SUBJECT, of tenants that may name it")
