"""Which records support evidence for which provision of a framework: found in the same pass as all other figures.

A provision asks by the filters of a selection, of which one must find a record. What is found is told as lines, each a
record, or counted by columns. `needs` are fields that records found must hold (`needs.py`): where some do not, the
provision is evidenced in part, where none is found it is not, and the reason is told. Where a
provision asks for a state (`standing`), records before the range count too whose effect stood at its start.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from gateway.evidence.figures.endings import Ended
from gateway.evidence.figures.needs import Asked, asked_of, lacks
from gateway.evidence.figures.seen import NONE, Looked, Seen
from gateway.evidence.figures.standing import Stood
from gateway.evidence.figures.tally import Rows, Tally
from gateway.evidence.selection import selected
from gateway.ledger.index import COLUMNS, index_columns

MAX_LINES = 500
"""Lines of one provision, those of the period before those of what stood at its start; how many more there are is told.
All of the period are in a bundle of the range."""
NOTHING = "no record of the period is of what is asked for"
State = Literal["supported", "in part", "not evidenced"]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One provision, as data. `queries`: none, where the ledger has nothing of it; an empty one: every record."""

    framework: str
    id: str
    title: str
    text: str
    report: Literal["records", "counts"]
    columns: tuple[str, ...]
    queries: tuple[Mapping[str, str], ...]
    sections: tuple[str, ...] = ()
    """Names of the sections that are shown with it."""
    needs: tuple[str, ...] = ()
    lacks: str = ""
    """What the provision asks for and no record holds, and where that is."""
    standing: bool = False
    """Whether it asks for a state: records before the period count, where what they put in force stood at its start."""


class Provisions:
    """All provisions that were asked. Each record is held only against questions that can find it. `opened`: whether
    every detail that is still there comes with its record."""

    events = ()

    def __init__(self, questions: Iterable[Question], *, opened: bool = True) -> None:
        self._opened = opened
        self._known_from: int | None = None
        self._newest = ""
        """The time of the newest record of the range."""
        self._found = [_Found(question) for question in questions]
        self._by_event: dict[str, list[tuple[_Found, Mapping[str, str]]]] = {}
        self._always: list[tuple[_Found, Mapping[str, str]]] = []
        for found in self._found:
            for query in found.question.queries:
                rest = {name: value for name, value in query.items() if name != "event"}
                place = self._by_event.setdefault(query["event"], []) if "event" in query else self._always
                place.append((found, rest))

    def begin(self, stood: Stood) -> None:
        """What stood at the start of the range, before its first record; not called where nobody looked."""
        self._known_from = stood.known_from
        for one in stood.start.records:
            for found, cells in self._finding(one):
                if found.question.standing:
                    found.take(one, cells, before=True)

    def feed(self, one: Seen) -> None:
        if one.at > self._newest:
            self._newest = one.at
        for found, cells in self._finding(one):
            found.take(one, cells)

    def _finding(self, one: Seen) -> "Iterator[tuple[_Found, Sequence[str]]]":
        """The provisions that ask for a record, each once, and its cells."""
        taken: set[int] = set()
        cells: Sequence[str] = ()  # made once for all provisions that find the record, and for none where none does
        for found, rest in (*self._by_event.get(one.envelope.event, ()), *self._always):
            if id(found) not in taken and selected(one.envelope, rest):
                taken.add(id(found))
                cells = cells or [value or NONE for value in index_columns(one.envelope)]
                yield found, cells

    def merge(self, later: "Provisions") -> None:
        for mine, theirs in zip(self._found, later._found, strict=True):
            mine.merge(theirs)
        self._newest = max(self._newest, later._newest)

    def document(self, until: str = "") -> list[dict[str, Any]]:
        """`until`: the end of the period, where more than its records is known of that."""
        newest = max(self._newest, until)
        looked = Looked(opened=self._opened, known_from=self._known_from, until=newest)
        return [found.document(looked) for found in self._found]


class _Found:
    """What was found for one provision."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.records = self.before = 0
        self.lines, self.stood, self.counts = Rows(MAX_LINES), Rows(MAX_LINES), Tally()
        """Of the period, and of what stood at its start: where that is much, what changed has its room all the same."""
        self.needs = [asked_of(need) for need in question.needs]
        self._places = [COLUMNS.index(column) for column in question.columns]

    def take(self, one: Seen, cells: Sequence[str], *, before: bool = False) -> None:
        """`cells`: the record's `COLUMNS`, as they are shown; `before`: it lies before the period."""
        self.records += 1
        self.before += before
        for need in self.needs:
            need.take(one)
        own = [cells[place] for place in self._places]
        if self.question.report == "counts":
            self.counts.add(*[cell.strip("|").replace("|", " ") or NONE if "|" in cell else cell for cell in own])
        else:
            seq = one.envelope.seq or 0
            lines = self.stood if before else self.lines
            lines.add(seq if one.emergency is None else f"{one.emergency} {seq}", *own)

    def merge(self, later: "_Found") -> None:
        self.records += later.records
        self.before += later.before
        self.lines.merge(later.lines)
        self.stood.merge(later.stood)
        self.counts.merge(later.counts)
        for mine, theirs in zip(self.needs, later.needs, strict=True):
            mine.merge(theirs)

    def document(self, looked: Looked) -> dict[str, Any]:
        question = self.question
        state, reasons = verdict(question, self.records, self.needs, looked)
        counted = question.report == "counts"
        every = self.counts.rows() if counted else [*self.lines.rows, *self.stood.rows]
        untold = 0 if counted else self.lines.beyond + self.stood.beyond
        return {
            "framework": question.framework,
            "id": question.id,
            "title": question.title,
            "text": question.text,
            "state": state,
            "reasons": reasons,
            "records": self.records,
            "before": self.before,
            "needs": [need.row(looked) for need in self.needs],
            "sections": list(question.sections),
            "columns": [*question.columns, "times"] if counted else ["record", *question.columns],
            "rows": every[:MAX_LINES],
            "left_out": max(len(every) - MAX_LINES, 0) + untold,
        }


def verdict(
    question: Question,
    records: int,
    needs: Sequence[Asked],
    looked: Looked,
) -> tuple[State, list[str]]:
    """How far so many records support evidence, which hold what is needed as counted; and why no further."""
    lacking = [question.lacks] if question.lacks else []
    if not question.queries:
        return "not evidenced", lacking
    if not records:
        return "not evidenced", [NOTHING + (_before(looked.known_from) if question.standing else ""), *lacking]
    absent = lacks(needs, looked)
    if question.standing:
        words = dict.fromkeys(need.need.kind.words for need in needs if isinstance(need, Ended))
        absent += [reason for some in words for reason in _unknown(some, looked.known_from)]
    return ("in part" if absent or lacking else "supported"), [*absent, *lacking]


def _unknown(some: str, known_from: int | None) -> list[str]:
    """What is said of cases, emergencies or incidents (`some`) that may have been open when the period began, where
    nobody knows."""
    if known_from is None:
        return [f"{some} of before the period were not looked at"]
    return [f"{some} of before record {known_from:,}, the first at hand, are not known"] if known_from else []


def _before(known_from: int | None) -> str:
    """What is said of records before the period where none of it is of what is asked for."""
    if known_from is None:
        return "; what stood before it was not looked at"
    since = f" from record {known_from:,} on, the first at hand," if known_from else ""
    return f", and none before it{since} that still stood at its start"
