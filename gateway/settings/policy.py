"""What is decided by, what is found, and which answers are kept."""

from typing import Literal

import msgspec


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    directory: str = "policies"
    profile: str | None = None
    four_eyes: bool = False


class Classification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    budget_ms: float = 500.0
    """Processor time that scanning one message may cost before the rest is `unscanned`."""
    stream: Literal["auto", "mask", "buffer"] = "auto"
    """Answers in streams: `mask` holds back and masks, `buffer` reads the whole first, `auto` chooses by policy."""
    miss_opens_incident: bool = False
    """Whether what a reviewer marks as missed opens an incident."""


class Cache(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers that are kept, of agents that have a `cache_s`."""

    classes: tuple[str, ...] = ("public", "internal")
    """Data classes that may be kept: a request or an answer with any other is not."""
    entries: int = 10_000
    size_bytes: int = 64 * 1024 * 1024
