"""All figures of a range of records, in one pass.

A piece of the range may be made on its own and merged with the one before it: the figures are those of one pass, as
long as no tally or list is fuller than it may be.
"""

from collections.abc import Callable, Iterable
from typing import Any

from gateway.core.ports import StoredRecord
from gateway.evidence.figures.coverage import Coverage
from gateway.evidence.figures.flows import Decisions, Flows, Minimum
from gateway.evidence.figures.people import Approvals, Callers, Policies, Trail
from gateway.evidence.figures.provisions import Provisions, Question
from gateway.evidence.figures.seen import Known, Section, Seen, seen
from gateway.evidence.figures.standing import Standing, Stood
from gateway.evidence.figures.subjects import Incidents, Keeping, Subjects
from gateway.evidence.figures.tally import Keyed, Pairs, Rows, Spans, Tally
from gateway.ledger.record import EVENTS, parse, parse_detail

SECTIONS = (
    *("coverage", "flows", "decisions", "minimum", "approvals", "callers", "trail", "policies"),
    *("standing", "subjects", "keeping", "incidents"),
)
"""The names of their figures."""


class Facts:
    """Takes the records of a range in order of their numbers, and those of emergency ledgers, each of which is a range
    by itself, in any place. `FormatError` for one that is not in its form. `opened`: whether every detail that is
    still there comes with its record."""

    def __init__(self, known: Known, questions: Iterable[Question] = (), *, opened: bool = True) -> None:
        self._known = known
        self.coverage, self.flows, self.decisions = Coverage(), Flows(), Decisions()
        self.minimum = Minimum(dict(known.maskable))
        self.approvals, self.callers, self.trail, self.policies = Approvals(), Callers(), Trail(), Policies()
        self.standing = Standing()
        self.subjects, self.keeping, self.incidents = Subjects(), Keeping(), Incidents()
        self.provisions = Provisions(questions, opened=opened)
        sections: list[Section] = [getattr(self, name) for name in SECTIONS]
        self._feeds: dict[str, list[Callable[[Seen], None]]] = {event: [self.provisions.feed] for event in EVENTS}
        for event, feeds in self._feeds.items():
            feeds += [section.feed for section in sections if _fed(section, event)]

    def begin(self, stood: Stood) -> None:
        """What stood at the start of the range, before its first record; not called where nobody looked."""
        self.standing.begin(stood.start)
        for section in (self.subjects, self.callers, self.incidents):
            section.begin(stood.start.records)
        self.provisions.begin(stood)

    def take(self, stored: StoredRecord) -> Seen:
        """One record, as it is stored."""
        detail = None if stored.detail is None else parse_detail(stored.detail)
        one = seen(parse(stored.envelope), detail, self._known, stored.emergency)
        self.feed(one)
        return one

    def feed(self, one: Seen) -> None:
        for feed in self._feeds[one.envelope.event]:
            feed(one)

    def merge(self, later: "Facts") -> None:
        for name in SECTIONS:
            getattr(self, name).merge(getattr(later, name))
        self.provisions.merge(later.provisions)

    def document(self, until: str = "") -> dict[str, Any]:
        """Section → its figures, and `provisions`: texts, whole numbers and lists of rows, as JSON may hold them.
        `beyond`: section → how much of it there was no room for, where there was any. `until`: as
        `Provisions.document`."""
        sections = {name: getattr(self, name).document() for name in SECTIONS}
        lost = {name: _beyond(getattr(self, name)) for name in SECTIONS} | {"standing": self.standing.left_out()}
        beyond = [[name, lost[name]] for name in SECTIONS if lost[name]]
        return {"v": 1, **sections, "provisions": self.provisions.document(until), "beyond": beyond}


def _beyond(section: Section) -> int:
    held = (one for one in vars(section).values() if isinstance(one, Tally | Spans | Rows | Keyed | Pairs))
    return sum(one.beyond for one in held)


def _fed(section: Section, event: str) -> bool:
    named = section.events
    return not named or any(event == name or (name.endswith(".") and event.startswith(name)) for name in named)
