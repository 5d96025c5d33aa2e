"""Which records support evidence for which provision of a framework: found in the same pass as all other figures.

A provision asks by the filters of a selection, of which one must find a record. What is found is told as lines, each a
record, or counted by columns. `needs` are fields that at least one of the records found must hold (`actor`,
`detail.tls`), or one of a single event (`checkpoint.witnessed: count`), where others hold the field for something else;
where none does, or none is found, the provision is not evidenced by these records, or in part, and the reason is told.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Literal

import msgspec

from gateway.core.errors import FormatError
from gateway.evidence.figures.seen import NONE, Seen
from gateway.evidence.figures.tally import Rows, Tally
from gateway.evidence.selection import selected
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import (
    KNOWN_EVENTS,
    DecisionInfo,
    Detail,
    Envelope,
    MessageInfo,
    NodeInfo,
    OutcomeInfo,
    SampleInfo,
    TokensInfo,
)

MAX_LINES = 500
"""Lines of one provision; how many more there are is told. All of them are in a bundle of the range."""
_INSIDE: Mapping[str, type[msgspec.Struct]] = {
    "decision": DecisionInfo,
    "outcome": OutcomeInfo,
    "request": MessageInfo,
    "response": MessageInfo,
    "node": NodeInfo,
    "sample": SampleInfo,
    "tokens": TokensInfo,
    "detail": Detail,
}
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


def event_of(need: str) -> str | None:
    """The event whose records alone a need is about; None for one that any record found may hold."""
    event, colon, _ = need.partition(": ")
    return event if colon else None


def check_field(need: str) -> None:
    """`FormatError` for what is no field of a record: a name of the envelope's, or `detail.` or another part's; the
    name of an event may stand before it."""
    event = event_of(need)
    part, dot, name = need.removeprefix(f"{event}: ").partition(".")
    if event is None or event in KNOWN_EVENTS:
        if not dot and part in Envelope.__struct_fields__ and part != "detail":
            return
        if part in _INSIDE and name in _INSIDE[part].__struct_fields__:
            return
    raise FormatError(
        "must be a field of the envelope, or one of a part of it or of the detail as in decision.policy and "
        "detail.tls; of records of one event alone as in checkpoint.witnessed: count"
    )


class Provisions:
    """All provisions that were asked. Each record is held only against questions that can find it."""

    events = ()

    def __init__(self, questions: Iterable[Question]) -> None:
        self._found = [_Found(question) for question in questions]
        self._by_event: dict[str, list[tuple[_Found, Mapping[str, str]]]] = {}
        self._always: list[tuple[_Found, Mapping[str, str]]] = []
        for found in self._found:
            for query in found.question.queries:
                rest = {name: value for name, value in query.items() if name != "event"}
                place = self._by_event.setdefault(query["event"], []) if "event" in query else self._always
                place.append((found, rest))

    def feed(self, one: Seen) -> None:
        taken: set[int] = set()
        cells: Sequence[str] = ()  # made once for all provisions that find the record, and for none where none does
        for found, rest in (*self._by_event.get(one.envelope.event, ()), *self._always):
            if id(found) not in taken and selected(one.envelope, rest):
                taken.add(id(found))
                cells = cells or [value or NONE for value in index_columns(one.envelope)]
                found.take(one, cells)

    def merge(self, later: "Provisions") -> None:
        for mine, theirs in zip(self._found, later._found, strict=True):
            mine.merge(theirs)

    def document(self) -> list[dict[str, Any]]:
        return [found.document() for found in self._found]


class _Found:
    """What was found for one provision."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.records = 0
        self.lines, self.counts = Rows(MAX_LINES), Tally()
        self.held = dict.fromkeys(question.needs, 0)
        self._holders = {need: holder(need) for need in question.needs}
        self._places = [COLUMNS.index(column) for column in question.columns]

    def take(self, one: Seen, cells: Sequence[str]) -> None:
        """`cells`: the record's `COLUMNS`, as they are shown."""
        self.records += 1
        for need, holds in self._holders.items():
            self.held[need] += holds(one)
        own = [cells[place] for place in self._places]
        if self.question.report == "counts":
            self.counts.add(*[cell.strip("|").replace("|", " ") or NONE if "|" in cell else cell for cell in own])
        else:
            seq = one.envelope.seq or 0
            self.lines.add(seq if one.emergency is None else f"{one.emergency} {seq}", *own)

    def merge(self, later: "_Found") -> None:
        self.records += later.records
        self.lines.merge(later.lines)
        self.counts.merge(later.counts)
        for need, times in later.held.items():
            self.held[need] += times

    def document(self) -> dict[str, Any]:
        question = self.question
        state, reasons = verdict(question, self.records, self.held)
        counted = question.report == "counts"
        return {
            "framework": question.framework,
            "id": question.id,
            "title": question.title,
            "text": question.text,
            "state": state,
            "reasons": reasons,
            "records": self.records,
            "needs": [[need, times] for need, times in self.held.items()],
            "sections": list(question.sections),
            "columns": [*question.columns, "times"] if counted else ["record", *question.columns],
            "rows": self.counts.rows()[:MAX_LINES] if counted else self.lines.rows,
            "left_out": max(len(self.counts.rows()) - MAX_LINES, 0) if counted else self.lines.beyond,
        }


def verdict(question: Question, records: int, held: Mapping[str, int]) -> tuple[State, list[str]]:
    """How far so many records support evidence, of which so many hold each field that is needed; and why no further."""
    lacks = [question.lacks] if question.lacks else []
    if not question.queries:
        return "not evidenced", lacks
    if not records:
        return "not evidenced", ["no record of the period is of what is asked for", *lacks]
    absent = [f"no record found holds {need}" for need in question.needs if not held[need]]
    return ("in part" if absent or lacks else "supported"), [*absent, *lacks]


def holder(need: str) -> Callable[[Seen], bool]:
    """Whether a record holds a field, and is of the need's event where it names one."""
    event = event_of(need)
    if event is None:
        return _field(need)
    get = _field(need.removeprefix(f"{event}: "))
    return lambda one: one.envelope.event == event and get(one)


def _field(path: str) -> Callable[[Seen], bool]:
    part, _, name = path.partition(".")
    if part == "detail":
        return lambda one: one.detail is not None and getattr(one.detail, name) is not None
    if not name:
        return lambda one: getattr(one.envelope, part) is not None
    get, inner = attrgetter(part), attrgetter(name)

    def held(one: Seen) -> bool:
        outer = get(one.envelope)
        return outer is not None and inner(outer) is not None

    return held
