"""Whom incidents are about: looked up in the records of each one's exchange, wherever these lie."""

from collections.abc import Iterable, Mapping, Sequence

from gateway.core.ports import StoredRecord
from gateway.evidence.figures.seen import SENT
from gateway.evidence.reports.basis import Affected
from gateway.ledger.record import parse, parse_detail

MOST = 1_000
"""Of so many incidents of one report it is looked up whom their records name: a page has room for no more, and each is
a search of its own."""
Groups = Mapping[str, frozenset[str]]
"""Pseudonym → all that are one person with it (`store.subjects.SubjectStore.groups`)."""


def affected(records: Iterable[StoredRecord], groups: Groups) -> Affected:
    """What the records of one exchange, with their details, say of whom it is about. `FormatError` for one that is not
    in its form. Only what an agent was sent counts: ends and later searches of the same message name nobody else."""
    subjects, number, unnamed, deleted = set[str](), 0, 0, 0
    for stored in records:
        envelope = parse(stored.envelope)
        if envelope.event not in SENT or envelope.agent is None or envelope.attempt == 0:
            continue
        number += 1
        named: Sequence[str] = ()
        if stored.detail is None:
            deleted += 1
        else:
            named = parse_detail(stored.detail).subjects or ()
            unnamed += not named
        subjects.update(named)
    return Affected(
        subjects=tuple(sorted(subjects)),
        persons=frozenset(min(groups.get(one, {one})) for one in subjects),
        records=number,
        unnamed=unnamed,
        deleted=deleted,
    )
