"""Whom an incident is about: what the records of its exchange say of what was sent, and of whom."""

from collections.abc import Iterable, Mapping

from gateway.core.ports import StoredRecord
from gateway.evidence.figures.seen import SENT
from gateway.evidence.reports.basis import Affected
from gateway.ledger.record import Detail, Envelope, parse, parse_detail

Groups = Mapping[str, frozenset[str]]
"""Pseudonym → all that are one person with it (`store.subjects.SubjectStore.groups`)."""


def affected(records: Iterable[tuple[Envelope, Detail | None]], groups: Groups) -> Affected:
    """What the records of one exchange, with the details that are there, say of whom it is about. Only what an agent
    was sent counts: ends and later searches of the same message name nobody else."""
    subjects, number, unnamed, deleted = set[str](), 0, 0, 0
    for envelope, detail in records:
        if envelope.event not in SENT or envelope.agent is None or envelope.attempt == 0:
            continue
        named = () if detail is None else detail.subjects or ()
        number, deleted, unnamed = number + 1, deleted + (detail is None), unnamed + (detail is not None and not named)
        subjects.update(named)
    return Affected(
        subjects=tuple(sorted(subjects)),
        persons=frozenset(min(groups.get(one, {one})) for one in subjects),
        records=number,
        unnamed=unnamed,
        deleted=deleted,
    )


def affected_by(records: Iterable[StoredRecord], groups: Groups) -> Affected:
    """The same of records as they are stored. `FormatError` for one that is not in its form."""
    return affected(
        (
            (parse(stored.envelope), None if stored.detail is None else parse_detail(stored.detail))
            for stored in records
        ),
        groups,
    )
