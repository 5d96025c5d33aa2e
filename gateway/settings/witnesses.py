"""Witnesses that checkpoints are shown to."""

import re

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_address, check_between

_VKEY = re.compile(r"([^+\s]{1,128})\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}")


class Witness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A witness of C2SP's kind, best under another administrator."""

    vkey: str
    """Its public key: `NAME+ID+BASE64`, what its `witness.vkey` holds. No secret."""
    url: str
    """Below it is `/add-checkpoint`."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for it."""
    timeout_s: float = 5.0

    @property
    def name(self) -> str:
        return self.vkey.partition("+")[0]


def check_witnesses(witnesses: tuple[Witness, ...], quorum: int | None, required: bool) -> None:
    """Each once, and not more asked for than there are."""
    names: set[str] = set()
    for index, witness in enumerate(witnesses):
        place = f"witness[{index}]"
        found = _VKEY.fullmatch(witness.vkey)
        if found is None:
            raise ConfigurationError(f"{place}.vkey must be a witness's public key: NAME+8 hex digits+base64")
        if found[1] in names:
            raise ConfigurationError(f"{place}.vkey is of a witness that is there twice: each counts once")
        names.add(found[1])
        check_address(f"{place}.url", witness.url)
        if witness.ca is not None and witness.url.startswith("http:"):
            raise ConfigurationError(f"{place}.url must be https:// where ca is given")
        check_between(f"{place}.timeout_s", witness.timeout_s, 0.1, 60)
    if quorum is not None and not 1 <= quorum <= len(witnesses):
        raise ConfigurationError("ledger.witness_quorum must be from 1 to the number of [[witness]] tables")
    if required and not witnesses:
        raise ConfigurationError("ledger.require_witnesses needs at least one [[witness]]")
