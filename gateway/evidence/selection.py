"""Which records of a range are selected: filters that anyone can run again over the envelopes.

A bundle holds every envelope of its range; the selection only says of which the details are opened. So a filter may
speak of nothing that the envelope does not hold: not of data subjects, whose links are not in it. What a bundle is
about besides (`Scope`) comes down to the same: times, filters, and exchanges by their ids.
"""

from collections.abc import Callable, Mapping

import msgspec

from gateway.core.errors import FormatError
from gateway.ledger.record import Envelope
from gateway.ledger.times import parse_timestamp

MAX_VALUE = 256


class Query(msgspec.Struct, frozen=True):
    """One question of a framework: the provision that asks it, and its filters, all of which must hold."""

    provision: str
    filters: Mapping[str, str]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle is about. A record must be within all that is given; `scope` says how each can be checked."""

    kind: str
    """One of `scope.KINDS`."""
    ids: tuple[str, ...] = ()
    """Of what it is about: a framework, an exchange, an incident; a data subject, by all of its pseudonyms."""
    period: tuple[str, str] | None = None
    """Recorded at the first time or later, and before the second, both in the form of records."""
    queries: tuple[Query, ...] = ()
    """One of these must let it through. Empty: any record is."""
    exchanges: tuple[str, ...] = ()
    """It must be of one of these, in their order as text, or name one of `ids` itself."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Records `first` ≤ seq < `end` (None: up to the newest checkpoint); those that `filters` let through are selected.

    `filters` maps names of `FILTERS` to texts, all of which must hold; without any, every record is selected.
    """

    first: int = 0
    end: int | None = None
    filters: Mapping[str, str] = msgspec.field(default_factory=dict)
    details: bool = True
    """Whether the details of selected records go into the bundle."""
    contents: bool = False
    """Whether kept content of selected records goes into it."""
    scope: Scope | None = None
    """What it is about, besides; None: nothing else."""


def _decision(envelope: Envelope) -> str | None:
    return None if envelope.decision is None else envelope.decision.effect


def _outcome(envelope: Envelope) -> str | None:
    return None if envelope.outcome is None else envelope.outcome.code


def _has_class(envelope: Envelope, name: str) -> bool:
    found = envelope.classes
    return found is not None and name in (*found.found, *found.declared, *found.inherited, *found.floor)


_TESTS: dict[str, Callable[[Envelope, str], bool]] = {
    "from": lambda envelope, value: envelope.occurred_at >= value,
    "to": lambda envelope, value: envelope.occurred_at < value,
    "actor": lambda envelope, value: envelope.actor == value,
    "agent": lambda envelope, value: envelope.agent == value,
    "action": lambda envelope, value: envelope.action == value,
    "decision": lambda envelope, value: _decision(envelope) == value,
    "data_class": _has_class,
    "exchange": lambda envelope, value: envelope.exchange == value,
    "trace": lambda envelope, value: envelope.trace == value,
    "purpose": lambda envelope, value: envelope.purpose == value,
    "outcome": lambda envelope, value: _outcome(envelope) == value,
    "zone": lambda envelope, value: envelope.zone == value,
    "event": lambda envelope, value: envelope.event == value,
}
FILTERS = tuple(_TESTS)
"""As the audit API has them, but for `subject`. `from` is inclusive, `to` exclusive; both in the form of records."""


def check_filters(filters: Mapping[str, str]) -> None:
    """`FormatError` for a filter that is not known or whose value cannot be one; names it, without the value."""
    for name, value in filters.items():
        if name not in _TESTS:
            raise FormatError(f"a filter must be one of {', '.join(FILTERS)}")
        if not 0 < len(value) <= MAX_VALUE:
            raise FormatError(f"{name} must be a text of 1 to {MAX_VALUE} characters")
        if name in ("from", "to"):
            parse_timestamp(value)


def selected(envelope: Envelope, filters: Mapping[str, str]) -> bool:
    """Whether all filters, which `check_filters` has accepted, let this record through."""
    for name, value in filters.items():  # noqa: SIM110 - asked of every record: half of what a generator costs
        if not _TESTS[name](envelope, value):
            return False
    return True
