"""Where agents are, and who is behind them."""

from typing import Literal

import msgspec


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    trusted: bool = False
    region: str | None = None
    within: str | None = None
    """The broader zone this one belongs to."""


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
