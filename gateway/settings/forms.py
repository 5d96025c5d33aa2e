"""Forms that values of more than one section must have. Errors name the key, never its value."""

import re
from collections.abc import Iterable
from ipaddress import ip_network

from gateway.core.errors import ConfigurationError

ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_ADDRESS = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?")
_PIN = re.compile(r"sha256:[0-9a-f]{64}")
_SECRET = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)")


def check_address(place: str, address: str) -> None:
    if not _ADDRESS.fullmatch(address):
        raise ConfigurationError(f"{place} must be http(s)://host[:port][/path], without user, query or fragment")


def check_between(place: str, value: float, low: float, high: float) -> None:
    """Both ends are fine; what is not a number is not."""
    if not low <= value <= high:
        raise ConfigurationError(f"{place} must lie between {low} and {high}")


def check_networks(place: str, networks: Iterable[str]) -> None:
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise ConfigurationError(f"{place} must be networks such as 10.1.0.0/16 or fd00:1::/64") from error


def check_pins(place: str, pins: Iterable[str]) -> None:
    if not all(_PIN.fullmatch(pin) for pin in pins):
        raise ConfigurationError(f"{place} must be sha256: and 64 hex digits in lower case")


def check_reference(place: str, reference: str | None) -> None:
    """A secret is never written down where it is used."""
    if reference is not None and not _SECRET.fullmatch(reference):
        raise ConfigurationError(f"{place} must be a reference, env:NAME or file:PATH, never a value")


def check_unique(table: str, ids: list[str], named: str = "id", form: re.Pattern[str] | None = ID) -> None:
    for index, value in enumerate(ids):
        if form is not None and not form.fullmatch(value):
            raise ConfigurationError(f"{table}[{index}].{named} must be of lower-case letters, digits and . _ -")
        if value in ids[:index]:
            raise ConfigurationError(f"{table}[{index}].{named} is there twice")
