"""A record as sections see it, and what they have to know that no record says."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

import msgspec

from gateway.ledger.record import Detail, Envelope

PERSONAL = frozenset({"pii", "phi", "pci", "special-category"})
"""The classes that ship and say that somebody can be identified (`class:personal` of the policy)."""
NONE = "none"
"""Where a field is absent: not assessed, or not applicable."""
GONE = "detail deleted"
"""Where only the detail says it, and the detail is not there any more."""
PUBLIC = "public"
"""The class of a message that has none, as policy takes it."""
SENT = ("exchange.requested", "exchange.attempted")
DECIDED = ("exchange.requested", "exchange.denied")
REFUSED = "refused"
"""A request that policy did not deny: what refused it stands in the outcome's code."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """How the records of a range were looked at."""

    opened: bool = True
    """Whether every detail that is still there came with its record."""
    known_from: int | None = 0
    """From which record on it is known what stood when the range began: None where nobody looked."""
    until: str = ""
    """Its end: the time of its newest record (27 characters), or a later one where the period is known."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy says and records do not."""

    personal: frozenset[str] = PERSONAL
    maskable: Mapping[str, frozenset[str]] = {}
    """Data class → the finding types that `redact` masks for it."""


class Seen(msgspec.Struct, frozen=True):
    """A record: its envelope, its detail (None once that was deleted), all its classes wherever they came from."""

    envelope: Envelope
    detail: Detail | None
    classes: tuple[str, ...]
    personal: bool
    """Whether one of the classes identifies somebody."""
    emergency: str | None = None
    """The emergency ledger whose number its own is; None for a record of the range."""

    @property
    def at(self) -> str:
        """When it happened (27 characters)."""
        return self.envelope.occurred_at

    @property
    def outcome(self) -> str:
        return NONE if self.envelope.outcome is None else self.envelope.outcome.code

    @property
    def gone(self) -> bool:
        """Whether it commits to a detail that is not there any more."""
        return self.envelope.detail is not None and self.detail is None

    @property
    def reason(self) -> str:
        """Why, in the words of who did it; `detail deleted` where nobody can tell any more, `none` where none is."""
        if self.detail is None:
            return GONE if self.gone else NONE
        return self.detail.reason or NONE

    @property
    def question(self) -> str:
        """The filters or the names that records were asked for with: `event=key.created, from=…`; as `reason`, and
        `all` where there was no filter."""
        if self.detail is None:
            return GONE if self.gone else NONE
        asked = self.detail.query
        return NONE if asked is None else ", ".join(f"{name}={value}" for name, value in sorted(asked.items())) or "all"

    @property
    def word(self) -> str:
        """What became of a request: the effect of policy's decision, or `refused` where something else stopped it.

        What is stopped before policy is asked has a decision on record all the same, that it is denied: then no
        candidate was looked at, and none is told of."""
        envelope, decision = self.envelope, self.envelope.decision
        if decision is None:
            return REFUSED
        asked = decision.effect in ("deny", "approve") and envelope.candidates is not None
        return decision.effect if asked or envelope.event != "exchange.denied" else REFUSED

    @property
    def sent(self) -> bool:
        """Whether an agent is about to be sent it: not where an answer that had been kept is given."""
        return self.envelope.event in SENT and self.envelope.attempt != 0 and self.envelope.agent is not None


def seen(envelope: Envelope, detail: Detail | None, known: Known, emergency: str | None = None) -> Seen:
    """The record of an envelope that was parsed."""
    found = envelope.classes
    if found is None:
        return Seen(envelope, detail, (), False, emergency)
    classes = tuple(sorted({*found.found, *found.declared, *found.inherited, *found.floor}))
    return Seen(envelope, detail, classes, not known.personal.isdisjoint(classes), emergency)


class Section(Protocol):
    """What one part of a report knows. Records are fed in order; `later` is of the range that follows."""

    events: tuple[str, ...]
    """The events that it is fed; a name that ends in a dot stands for all that begin so; none for every record."""

    def feed(self, one: Seen) -> None: ...

    def merge(self, later: Self) -> None: ...

    def document(self) -> dict[str, Any]:
        """The figures: texts, whole numbers, and lists of rows of these."""
        ...
