"""Where agents are, and who is behind them."""

from collections.abc import Iterable
from typing import Literal

import msgspec


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    trusted: bool = False
    region: str | None = None
    within: str | None = None
    """The broader zone this one belongs to."""


def lies_in(zones: Iterable[Zone], inner: str, outer: str) -> bool:
    """Whether a zone is another one or within it, however many lie between."""
    broader = {zone.id: zone.within for zone in zones}
    here, seen = inner, set[str]()
    while here != outer:
        seen.add(here)
        further = broader.get(here)
        if further is None or further in seen:
            return False
        here = further
    return True


class Processor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    legal_name: str
    address: str
    country: str
    agreement: "Agreement | None" = None
    no_training: bool = False


class Agreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Literal["BAA", "DPA", "SCC"]
    digest: str
    """`sha256:` and 64 hex digits of the signed document."""
    valid_until: str
    """ISO date, the last day it holds."""
    classes: tuple[str, ...]
