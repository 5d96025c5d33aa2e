"""What a provision needs of cases, emergencies and incidents: that each that began has an end, or is not due yet.

`subject.erasure end in subject.erased | subject.erasure-refused` asks it of each case that a record of the first events
names. A case is due a month after what it is about was asked for (`began`; where no record of it holds that, after its
first one), and counts as overdue where the range ends later and none of the others names it. What ended late has ended:
that it was late is told with the case.

`alert.break_glass | alert.review_overdue end in alert.reviewed` asks it of each emergency: its review is due once a
record says that it is overdue. `incident.opened end in incident.closed` asks it of each incident, which has no term:
one that is open at the end of the range is told.
"""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from gateway.evidence.figures.seen import Looked, Seen
from gateway.evidence.figures.tally import MAX_KEYS, Cell
from gateway.ledger.record import KNOWN_EVENTS, Envelope
from gateway.ledger.times import month_after, parse_timestamp, timestamp

_FORM = re.compile(r"(?P<begin>[^ :|]+(?: \| [^ :|]+)*) end in (?P<end>[^ :|]+(?: \| [^ :|]+)*)")


NEVER = "9999-12-31T23:59:59.999999Z"
"""When something is due of which no record says that it is."""
AT_ONCE = ""


class Kind(msgspec.Struct, frozen=True):
    """What may have an end."""

    of: Callable[[Envelope], str | None]
    """By which name a record is about one."""
    due: Callable[[Seen], tuple[bool, str]]
    """Whether its record says by when it is to have ended, and by when."""
    open: str
    """What is said of those that are due and have no end, after “2 of 7”."""
    words: str


class CaseNeed(msgspec.Struct, frozen=True, kw_only=True):
    """A need of cases, emergencies or incidents as it was written, taken apart."""

    text: str
    kind: Kind
    begins: tuple[str, ...]
    ends: tuple[str, ...]

    @property
    def events(self) -> tuple[str, ...]:
        return (*self.begins, *self.ends)


def ending_of(text: str) -> CaseNeed | None:
    """None for what is no need of cases."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    begins, ends = (tuple(found[name].split(" | ")) for name in ("begin", "end"))
    named = {*begins, *ends}
    kind = KINDS.get(begins[0].partition(".")[0])
    if kind is None or len({name.partition(".")[0] for name in named}) > 1:
        return None
    if not named <= KNOWN_EVENTS or len(named) < len(begins) + len(ends):
        return None
    return CaseNeed(text=text, kind=kind, begins=begins, ends=ends)


def due_of(one: Seen) -> str:
    """By when the case of a record is to have ended (27 characters)."""
    return timestamp(month_after(parse_timestamp(one.envelope.began or one.at)))


def _of_case(one: Seen) -> tuple[bool, str]:
    return one.envelope.began is not None, due_of(one)


def _of_emergency(one: Seen) -> tuple[bool, str]:
    """When a review is due stands in no record, and that it is overdue stands in one of its own."""
    return (True, AT_ONCE) if one.envelope.event == "alert.review_overdue" else (False, NEVER)


def _of_incident(_: Seen) -> tuple[bool, str]:
    return True, AT_ONCE


def _incident(envelope: Envelope) -> str | None:
    return envelope.id if envelope.event == "incident.opened" else envelope.incident


KINDS = {
    "subject": Kind(
        attrgetter("case"), _of_case, "cases had no end, a month and more after they were asked for", "cases"
    ),
    "alert": Kind(
        attrgetter("break_glass"), _of_emergency, "emergencies were not reviewed, and are overdue", "emergencies"
    ),
    "incident": Kind(_incident, _of_incident, "incidents are not closed", "incidents"),
}
"""By what the names of their events begin with."""


class Ended:
    """How many cases, emergencies or incidents a provision finds, and how many have ended or are not due.
    Memory: a line for each of `MAX_KEYS` of them; of those beyond nobody can tell, which is a lack."""

    def __init__(self, need: CaseNeed) -> None:
        self.need = need
        self._due: dict[str, tuple[bool, str]] = {}
        """Case → whether a record says when it was asked for, and by when it is to have ended, of those that began
        here."""
        self._ended: set[str] = set()
        self._beyond = False

    def take(self, one: Seen) -> None:
        case = self.need.kind.of(one.envelope)
        if case is None:
            return
        if one.envelope.event in self.need.begins:
            self._begin(case, *self.need.kind.due(one))
        elif one.envelope.event in self.need.ends:
            self._end(case)

    def merge(self, later: Any) -> None:
        for case, (told, due) in later._due.items():
            self._begin(case, told, due)
        for case in later._ended:
            self._end(case)
        self._beyond |= later._beyond

    def row(self, looked: Looked) -> list[Cell]:
        """The need, of how many cases it is asked, how many have ended or are not due; and 0, as no detail counts."""
        overdue = self._overdue(looked)
        return [self.need.text, len(self._due), len(self._due) - overdue, 0]

    def lack(self, looked: Looked) -> str | None:
        """How many cases are without an end; None where none is."""
        if self._beyond:
            return f"{self.need.text}: more than {MAX_KEYS:,} {self.need.kind.words}, which were not all followed"
        overdue = self._overdue(looked)
        if not overdue:
            return None
        return f"{self.need.text}: {overdue} of {len(self._due)} {self.need.kind.open}"

    def _begin(self, case: str, told: bool, due: str) -> None:
        known = self._due.get(case)
        if known is None and len(self._due) >= MAX_KEYS:
            self._beyond = True
        elif known is None or (told and not known[0]):
            self._due[case] = (told, due)

    def _end(self, case: str) -> None:
        if case in self._ended or len(self._ended) < MAX_KEYS:
            self._ended.add(case)
        else:
            self._beyond = True

    def _overdue(self, looked: Looked) -> int:
        return sum(due < looked.until and case not in self._ended for case, (_, due) in self._due.items())
