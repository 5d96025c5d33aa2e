"""A slow back end of the operator's own that finds names: for `gateway reclassify --ner`, never for requests."""

import re

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_address, check_between, check_networks

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}")
_HERE = re.compile(r"http://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/.*)?")


class Ner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it is, and what it is."""

    url: str | None = None
    name: str | None = None
    """What it is, with its revision: goes on record with what it finds."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for its address."""
    addresses: tuple[str, ...] = ()
    """Networks in CIDR form: the only ones that its name may lead into."""
    timeout_s: float = 60.0
    """Seconds that one request to it may take."""


def check_ner(ner: Ner) -> None:
    """It is handed what was sent: where it is not on this machine, nobody may read that on the way."""
    if (ner.url is None) != (ner.name is None):
        raise ConfigurationError("ner.url and ner.name go together")
    if ner.name is not None and not _NAME.fullmatch(ner.name):
        raise ConfigurationError("ner.name must be 1 to 64 letters, digits, dots, slashes, colons and dashes")
    if ner.url is not None:
        check_address("ner.url", ner.url)
        if not ner.url.startswith("https://") and not _HERE.fullmatch(ner.url):
            raise ConfigurationError("ner.url must be an https address, or http to 127.0.0.1 or [::1]")
    check_networks("ner.addresses", ner.addresses)
    check_between("ner.timeout_s", ner.timeout_s, 1, 3_600)
