"""The columns of a stored record that are an index on its bytes: one function, used to write and to verify them."""

from functools import lru_cache

from gateway.ledger.record import ClassesInfo, Envelope

COLUMNS = (
    "id",
    "event",
    "occurred_at",
    "recorded_at",
    "exchange",
    "actor",
    "agent",
    "action",
    "decision",
    "purpose",
    "outcome",
    "zone",
    "classes",
    "trace",
)
"""In the order of `index_columns`; `tenant` and `seq` beside them are the envelope's own."""


def index_columns(envelope: Envelope) -> tuple[str | None, ...]:
    """What the columns named in `COLUMNS` must hold for a sealed envelope (`recorded_at` filled in)."""
    return (
        envelope.id,
        envelope.event,
        envelope.occurred_at,
        envelope.recorded_at,
        envelope.exchange,
        envelope.actor,
        *fixed_columns(envelope),
        envelope.trace,
    )


def fixed_columns(envelope: Envelope) -> tuple[str | None, ...]:
    """Those of them that a thousand records of one form have in common: from `agent` to `classes`."""
    decision, outcome, classes = envelope.decision, envelope.outcome, envelope.classes
    return (
        envelope.agent,
        envelope.action,
        None if decision is None else decision.effect,
        envelope.purpose,
        None if outcome is None else outcome.code,
        envelope.zone,
        None if classes is None else class_text(classes),
    )


def class_text(classes: ClassesInfo) -> str:
    """All classes wherever they came from, sorted, once each, between bars (`|phi|pii|`); empty when there is none."""
    return _joined(classes.found, classes.declared, classes.inherited, classes.floor)


@lru_cache(maxsize=4096)
def _joined(*lists: tuple[str, ...]) -> str:
    names = {name for names in lists for name in names}
    return f"|{'|'.join(sorted(names))}|" if names else ""
