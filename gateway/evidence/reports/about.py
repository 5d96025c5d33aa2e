"""What the selected records of a bundle say of the person or the incident that it is about."""

from typing import Any

import msgspec

from gateway.evidence.attachment import Given
from gateway.evidence.figures.seen import Known, seen
from gateway.evidence.figures.subjects import Personal
from gateway.evidence.reports.affected import affected
from gateway.evidence.reports.basis import Basis
from gateway.evidence.scope import INCIDENT, SUBJECT
from gateway.evidence.selection import Scope
from gateway.ledger.record import Detail, Envelope


class Chosen:
    """Takes the selected records of a bundle of this scope, with the details that it opens.

    Memory: the figures of one person, and the envelopes of one exchange that say what was sent.
    """

    def __init__(self, scope: Scope | None, known: Known) -> None:
        self._scope, self._known = scope, known
        self._ids = frozenset(() if scope is None else scope.ids)
        self._person = Personal()
        self._sent: list[tuple[Envelope, Detail | None]] = []

    def feed(self, given: Given) -> None:
        kind = None if self._scope is None else self._scope.kind
        if kind == INCIDENT and given.envelope.exchange is not None:
            self._sent.append((given.envelope, given.detail))
        elif kind == SUBJECT and self._names(given):
            self._person.take(seen(given.envelope, given.detail, self._known, given.emergency))

    def told(self, basis: Basis) -> Basis:
        """The basis with what was found."""
        scope = self._scope
        if scope is None or scope.kind not in (SUBJECT, INCIDENT):
            return basis
        since, until = scope.period or (basis.since, basis.until)
        found = msgspec.structs.replace(basis, since=since, until=until)
        if scope.kind == SUBJECT:
            return msgspec.structs.replace(found, subject=self._person.document(sorted(self._ids)))
        figures = {**found.figures, "incidents": self._incidents(found.figures["incidents"])}
        return msgspec.structs.replace(
            found, figures=figures, affected=dict.fromkeys(scope.ids, affected(self._sent, {}))
        )

    def _names(self, given: Given) -> bool:
        """Whether a record is about the person. The scope selects whole exchanges, and a detail that is not there any
        more may have named anybody: it counts, so that nothing is left out of an accounting."""
        if given.envelope.subject in self._ids or given.detail is None:
            return True
        return not self._ids.isdisjoint(given.detail.subjects or ())

    def _incidents(self, told: dict[str, Any]) -> dict[str, Any]:
        """Those that the bundle is about alone."""
        return {
            **told,
            "opened": [row for row in told["opened"] if row[0] in self._ids],
            "open_before": [row for row in told["open_before"] if row[0] in self._ids],
            "closed_of_before": [],
            "closings": [row for row in told["closings"] if row[1] in self._ids],
        }
