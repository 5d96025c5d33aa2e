"""Time-stamping authorities that checkpoints are stamped by."""

import re

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_address, check_between, check_reference, check_unique

MOST = 16
"""Authorities: a bundle holds a stamp of each."""
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,18})){1,30}")


class Tsa(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An authority that is asked for time-stamps by RFC 3161 over HTTP."""

    id: str
    url: str
    """Where queries are posted to."""
    authorities: str
    """PEM file of those who must vouch for its stamps, up to one that has signed itself."""
    policy: str | None = None
    """Object identifier of the rules that it must stamp by; without it those that it stamps by where none are asked
    for."""
    interval_s: float = 3600.0
    """How long after a stamp, at least, the next newest checkpoint is stamped."""
    authorization: str | None = None
    """`env:NAME` or `file:PATH`: the whole value of that header."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for its TLS connection."""
    timeout_s: float = 10.0


def check_tsas(tsas: tuple[Tsa, ...]) -> None:
    """Each has a name of its own, an address, and a policy that can be one; secrets go over TLS alone."""
    check_unique("tsa", [one.id for one in tsas])
    if len(tsas) > MOST:
        raise ConfigurationError(f"tsa must be there at most {MOST} times")
    for index, one in enumerate(tsas):
        place = f"tsa[{index}]"
        check_address(f"{place}.url", one.url)
        if one.policy is not None and not _OID.fullmatch(one.policy):
            raise ConfigurationError(f"{place}.policy must be an object identifier such as 1.2.3.4.1")
        check_reference(f"{place}.authorization", one.authorization)
        if one.url.startswith("http:") and (one.ca is not None or one.authorization is not None):
            raise ConfigurationError(f"{place}.url must be https:// where ca or authorization is given")
        check_between(f"{place}.interval_s", one.interval_s, 1, 2_592_000)
        check_between(f"{place}.timeout_s", one.timeout_s, 0.1, 60)
