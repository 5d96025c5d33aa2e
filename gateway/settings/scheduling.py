"""Evidence bundles that are made by the calendar, and where they are delivered to."""

from typing import Literal

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.core.periods import zone
from gateway.settings.forms import (
    check_address,
    check_between,
    check_networks,
    check_pins,
    check_reference,
    check_unique,
)
from gateway.settings.forwarding import check_tls, check_whose

_FRAMEWORK = "framework:"


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundle of each whole period, for each tenant it names, delivered when the period is over."""

    id: str
    every: Literal["weekly", "monthly", "quarterly", "yearly"]
    tenants: tuple[str, ...] = ()
    """Whose bundles, `_system` among them where it is named."""
    time_zone: str = "UTC"
    """Whose calendar: `UTC` or a name of the IANA database."""
    about: str | None = None
    """`framework:ID`: what its queries find is selected; without it all of the period is."""
    details: bool = True
    attach: tuple[str, ...] = ()
    """Kinds of attachments (`exchange.attaching`)."""
    recipients: tuple[str, ...] = ()
    """Public keys of age or SSH that its bundles are encrypted to, beside those that are configured for the tenant."""
    directory: str | None = None
    """Where bundles are put, unless there is a `url`: it must be there."""
    url: str | None = None
    """Where bundles are sent, unless there is a `directory`."""
    secret: str | None = None
    """`env:NAME` or `file:PATH`: what is sent is signed with it."""
    ca: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    pin: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    timeout_s: float = 3_600.0
    """Seconds that delivering one bundle may take."""
    catch_up: int = 12
    """Periods that are made up for when nobody was there as they ended; older ones are told to be missing."""


def check_schedules(schedules: tuple[Schedule, ...], tenants: frozenset[str]) -> None:
    """Each has a name of its own, one place to go to, and whose bundles they are is said where it could be asked."""
    check_unique("schedule", [one.id for one in schedules])
    for index, one in enumerate(schedules):
        place = f"schedule[{index}]"
        check_whose(place, one.tenants, tenants, "whose bundles it makes")
        if len(set(one.tenants)) < len(one.tenants):
            raise ConfigurationError(f"{place}.tenants must name each once")
        try:
            zone(one.time_zone)
        except ConfigurationError as error:
            raise ConfigurationError(f"{place}.time_zone {error}") from error
        if one.about is not None and not one.about.removeprefix(_FRAMEWORK) != one.about != _FRAMEWORK:
            raise ConfigurationError(f"{place}.about must be framework:ID, or be left out")
        _check_delivery(place, one)
        check_between(f"{place}.timeout_s", one.timeout_s, 1, 86_400)
        check_between(f"{place}.catch_up", one.catch_up, 1, 120)


def _check_delivery(place: str, one: Schedule) -> None:
    if (one.directory is None) == (one.url is None):
        raise ConfigurationError(f"{place} must have either directory or url: where its bundles go")
    if one.directory is not None:
        _check_directory(place, one)
        return
    check_address(f"{place}.url", one.url or "")
    if one.secret is None:
        raise ConfigurationError(f"{place}.secret must be given: what is sent is signed with it")
    check_reference(f"{place}.secret", one.secret)
    check_tls(
        place,
        certificate=one.client_certificate,
        key=one.client_key,
        trust=one.ca or one.pin,
        secure=(one.url or "").startswith("https:"),
        schemes="https://",
    )
    check_pins(f"{place}.pin", one.pin)
    check_networks(f"{place}.addresses", one.addresses)


def _check_directory(place: str, one: Schedule) -> None:
    if not one.directory:
        raise ConfigurationError(f"{place}.directory must name a directory")
    for name in ("secret", "ca", "client_certificate", "client_key", "pin", "addresses"):
        if getattr(one, name):
            raise ConfigurationError(f"{place}.{name} goes with url alone")
