"""What is true of provisions, of frameworks that ship and of an operator's own: a reference matcher over the records as
they were drawn.

It reads the files of `policies/frameworks` by itself, and says of each provision what a report must: how many records
it finds, which of them in their order and with their columns, or how many of each kind, which fields they hold, and so
whether it is evidenced. It shares nothing with `gateway.evidence.figures.provisions`, which it is compared with.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from benchmarks.year_counts import Row, most
from benchmarks.year_hand import Drawn
from benchmarks.year_own import OWN
from benchmarks.year_persons import Erasures
from gateway.exchange import frameworks
from gateway.exchange.terms import questions
from gateway.ledger.record import Envelope

FOLDER = Path(__file__).parent.parent / "policies" / "frameworks"
CLASSES = ("pii", "phi", "pci", "special-category", "internal", "public")
ZONES = ("in-house", "partner", "cloud")
Answer = Literal["not asked", "lacks", "closed", "holds"]
"""What a record says to a need: that it is not asked of it, that it lacks it, that its detail is closed, which may have
held it, or that it holds it."""
MOST = 500
"""Rows that are shown of one provision."""
NOTHING = "no record of the period is of what is asked for"


@cache
def files() -> Mapping[str, bytes]:
    """The files that ship, by their names in a policy directory, and one of an operator's own."""
    shipped = {f"frameworks/{path.name}": path.read_bytes() for path in FOLDER.glob("*.toml")}
    return dict(sorted({**shipped, "frameworks/house-rules.toml": OWN.encode()}.items()))


def asked() -> tuple[Any, ...]:
    """Their questions, as the product reads them, in the order of the files."""
    known = frameworks.load(files(), classes=CLASSES, zones=ZONES)
    return tuple(question for one in known for question in questions(one))


ENDS = " end in "
"""In a need of cases, which no record answers alone."""
NEVER = "no event"


class Provision:
    """One `[[provision]]` of a file."""

    def __init__(self, framework: str, said: Mapping[str, Any]) -> None:
        self.framework, self.said = framework, said
        self.queries: Sequence[Mapping[str, str]] = ({},) if said.get("everything") else said.get("query", ())
        self.columns: Sequence[str] = said.get("columns", ())
        self.needs = {need: Counter[Answer]() for need in said.get("needs", ())}
        """Need → what records say to it."""
        self.counted = said.get("report") == "counts"
        self.records = self.before = 0
        self.lines: list[Row] = []
        self.stood: list[Row] = []
        """Of the year, and of what stood when it began."""
        self.counts: Counter[tuple[str, ...]] = Counter()

    def events(self) -> list[str | None]:
        """The events that it asks for, each once; None: for all of them."""
        return list(dict.fromkeys(query.get("event") for query in self.queries))

    def found(self, cells: Mapping[str, str]) -> bool:
        return any(all(_matches(cells, *one) for one in query.items()) for query in self.queries)

    def document(self, ends: "Ends", *, opened: bool, known_from: int) -> dict[str, Any]:
        """In the form of `Facts.document`."""
        said, lacks = self.said, [self.said["lacks"]] if self.said.get("lacks") else []
        standing = bool(said.get("standing"))
        ended = {need: ends.told(need, before=standing) for need in self.needs if ENDS in need}
        absent = self._absent(ended, opened=opened)
        if known_from and standing:
            words = {"subject": "cases", "alert": "emergencies", "incident": "incidents"}
            for some in [words[need.partition(".")[0]] for need in self.needs if ENDS in need]:
                absent.append(f"{some} of before record {known_from:,}, the first at hand, are not known")
        counts = most(self.counts)
        if not self.records:
            since = f" from record {known_from:,} on, the first at hand," if known_from else ""
            before = f", and none before it{since} that still stood at its start"
            nothing = f"{NOTHING}{before}" if said.get("standing") else NOTHING
            state, reasons = "not evidenced", ([nothing] if self.queries else []) + lacks
        else:
            state, reasons = "in part" if absent or lacks else "supported", absent + lacks
        return {
            "framework": self.framework,
            "id": said["id"],
            "title": said["title"],
            "text": said["text"],
            "state": state,
            "reasons": reasons,
            "records": self.records,
            "before": self.before,
            "needs": [
                [need, *ended[need][:2], 0]
                if ENDS in need
                else [need, told.total() - told["not asked"], told["holds"], told["closed"]]
                for need, told in self.needs.items()
            ],
            "sections": list(said.get("sections", ())),
            "columns": [*self.columns, "times"] if self.counted else ["record", *self.columns],
            "rows": (counts if self.counted else [*self.lines, *self.stood])[:MOST],
            "left_out": max((len(counts) if self.counted else self.records) - MOST, 0),
        }

    def _absent(self, ended: Mapping[str, tuple[int, int, str]], *, opened: bool) -> list[str]:
        """Why records of it do not hold what is needed, each reason once."""
        reasons: list[str] = []
        for need, told in self.needs.items():
            events, asked = _words(need)[0], told["lacks"] + told["closed"] + told["holds"]
            if ENDS in need:
                asked, held, why = ended[need]
                reason = f"{need}: {asked - held} of {asked} {why}" * (held < asked)
            elif events and not told:
                reason = "" if need.startswith("any: ") else f"no record of {' or '.join(events)}"
            elif told["holds"] if need.startswith("some: ") else told["holds"] == asked:
                reason = ""
            else:
                word = "deleted" if opened else "not opened here"
                reason = f"{need}: in {told['holds']} of {asked} records"
                reason += f" (the details of {told['closed']} are {word})" * (told["closed"] > 0)
            reasons += [reason] * (reason not in ("", *reasons))
        return reasons


class Ends:
    """Which cases, emergencies and incidents of the year have an end, as they were drawn."""

    def __init__(self) -> None:
        self.erasures, self.newest = Erasures(), ""
        self._lent, self._late, self._judged = set[str](), set[str](), set[str]()
        self._opened, self._closed = set[str](), set[str]()
        self._before = set[str]()
        """Emergencies that were overdue, and incidents that were open, when the year began."""

    def stood(self, envelope: Envelope) -> None:
        """A record of before the year whose effect stood when that began."""
        if envelope.event in ("alert.review_overdue", "incident.opened"):
            self._before.add(envelope.break_glass or envelope.id)

    def take(self, envelope: Envelope) -> None:
        self.newest = max(self.newest, envelope.occurred_at)
        places = {
            "alert.break_glass": (self._lent, envelope.break_glass),
            "alert.review_overdue": (self._late, envelope.break_glass),
            "alert.reviewed": (self._judged, envelope.break_glass),
            "incident.opened": (self._opened, envelope.id),
            "incident.closed": (self._closed, envelope.incident),
        }
        place, name = places.get(envelope.event, (None, None))
        if place is not None and name is not None:
            place.add(name)

    def told(self, need: str, *, before: bool) -> tuple[int, int, str]:
        """Of how many it is asked, how many have an end or are not due, and what is said of the others."""
        early = self._before if before else set[str]()
        if need.startswith("alert."):
            late = self._late | {name for name in early if name.startswith("bg_")}
            every, open_ones = self._lent | late, late - self._judged
            return len(every), len(every - open_ones), "emergencies were not reviewed, and are overdue"
        if need.startswith("incident."):
            opened = self._opened | {name for name in early if not name.startswith("bg_")}
            return len(opened), len(opened & self._closed), "incidents are not closed"
        asked = self.erasures.told(self.newest, before=before)
        return *asked, "cases had no end, a month and more after they were asked for"


class Reference:
    """All provisions of all files. Records of one shape are matched once: what it is told is how many there were.
    `opened`: whether details are, of records whose detail is there."""

    def __init__(self, *, opened: bool = True) -> None:
        self._opened = opened
        self._all = [
            Provision(document["id"], said)
            for data in files().values()
            for document in (tomllib.loads(data.decode()),)
            for said in document["provision"]
        ]
        self._shapes: Counter[tuple[tuple[str, ...], tuple[Answer, ...]]] = Counter()
        self._ends = Ends()
        self._asking: dict[str | None, list[Provision]] = {}
        """Event → the provisions that ask for it; None: for every one."""
        for one in self._all:
            for event in one.events():
                self._asking.setdefault(event, []).append(one)
        self._kinds: dict[str, tuple[tuple[str, ...], list[Provision]]] = {}
        """Event → what anybody needs of it, and the provisions that list its records."""

    def before(self, place: int, one: Drawn) -> None:
        """A record before the year, whose effect stood when that began."""
        self._ends.stood(one.envelope)
        event, cells = (
            one.envelope.event,
            {**dict(zip(_SHAPE, _shape(one.envelope), strict=True)), **_own(one.envelope)},
        )
        for provision in self.asking(event):
            if not provision.said.get("standing") or not provision.found(cells):
                continue
            provision.records += 1
            provision.before += 1
            for need, told in provision.needs.items():
                if event in (_words(need)[0] or (event,)):
                    told[_answer(one, need)] += 1
            own = [cells[column] for column in provision.columns]
            if provision.counted:
                provision.counts[tuple(map(_counted, own))] += 1
            else:
                provision.stood.append([place, *own])

    def take(self, place: str | int, one: Drawn) -> None:
        """The next record: its number, on an emergency ledger with that one's id before it."""
        envelope = one.envelope
        self._ends.take(envelope)
        cells, (needs, listing) = _shape(envelope), self._kind(envelope.event)
        self._shapes[cells, tuple([_answer(one, need) for need in needs])] += 1
        every: Mapping[str, str] | None = None
        for provision in listing:
            if len(provision.lines) < MOST:
                every = every or {**dict(zip(_SHAPE, cells, strict=True)), **_own(envelope)}
                if provision.found(every):
                    provision.lines.append([place, *(every[column] for column in provision.columns)])

    def document(self, erasures: Erasures, known_from: int) -> list[dict[str, Any]]:
        """All of them, in the order of the files, once everything was taken. `erasures`: as they were drawn;
        `known_from`: from which record on what stood before is known."""
        matched: dict[tuple[str, ...], list[Provision]] = {}
        """By all cells but the actor, for which nobody asks."""
        for (shape, told), times in self._shapes.items():
            cells, needs = dict(zip(_SHAPE, shape, strict=True)), self._kind(shape[0])[0]
            answers = dict(zip(needs, told, strict=True))
            if shape[:-1] not in matched:
                matched[shape[:-1]] = [one for one in self.asking(shape[0]) if one.found(cells)]
            for one in matched[shape[:-1]]:
                one.records += times
                for need in one.needs.keys() & answers.keys():
                    one.needs[need][answers[need]] += times
                if one.counted:
                    one.counts[tuple([_counted(cells[name]) for name in one.columns])] += times
        self._shapes.clear()
        self._ends.erasures = erasures
        return [one.document(self._ends, opened=self._opened, known_from=known_from) for one in self._all]

    def _kind(self, event: str) -> tuple[tuple[str, ...], list[Provision]]:
        if event not in self._kinds:
            some = self.asking(event)
            needs = dict.fromkeys(need for one in some for need in one.needs)
            self._kinds[event] = (
                tuple(one for one in needs if event in (_words(one)[0] or (event,))),
                [one for one in some if not one.counted],
            )
        return self._kinds[event]

    def asking(self, event: str) -> list[Provision]:
        """Those that may ask for a record of an event, each once."""
        return list(dict.fromkeys((*self._asking.get(event, ()), *self._asking.get(None, ()))))


_PLACED = ("seq", "prev", "recorded_at")
"""What a record holds once it has its place."""
_SHAPE = ("event", "agent", "action", "decision", "purpose", "outcome", "zone", "classes", "actor")


def _shape(envelope: Envelope) -> tuple[str, ...]:
    """The cells by which a record is found and counted."""
    classes, decision, outcome = envelope.classes, envelope.decision, envelope.outcome
    names = "none"
    if classes is not None:
        joined = "|".join(sorted({*classes.found, *classes.declared, *classes.inherited, *classes.floor}))
        names = f"|{joined}|" if joined else "none"
    return (
        envelope.event,
        envelope.agent or "none",
        envelope.action or "none",
        "none" if decision is None else decision.effect,
        envelope.purpose or "none",
        "none" if outcome is None else outcome.code,
        envelope.zone or "none",
        names,
        envelope.actor or "none",
    )


def _own(envelope: Envelope) -> dict[str, str]:
    """The cells that are a record's own. It is written when it occurs, in the year."""
    at = envelope.occurred_at
    return {
        "id": envelope.id,
        "occurred_at": at,
        "recorded_at": at,
        "exchange": envelope.exchange or "none",
        "trace": envelope.trace or "none",
    }


def _matches(cells: Mapping[str, str], name: str, value: str) -> bool:
    if name == "data_class":
        return f"|{value}|" in cells["classes"]
    return cells[name] == value


def _counted(cell: str) -> str:
    return " ".join(cell.split("|")[1:-1]) if cell.startswith("|") else cell


@cache
def _words(need: str) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """The events that a need names, the fields of which one is enough, and the field of those that are asked."""
    events, fields, where = list[str](), list[str](), None
    if ENDS in need:
        return (NEVER,), (), None
    for word in need.removeprefix("any: ").removeprefix("some: ").replace(" where ", " ?").split(" "):
        if word.startswith("?"):
            where = word[1:]
        elif word.endswith(":"):  # all up to here were events
            events, fields = [*fields, word[:-1]], []
        elif word != "|":
            fields.append(word)
    return tuple(events), tuple(fields), where


def _answer(one: Drawn, need: str) -> Answer:
    """What a record of one of the need's events says to it."""
    _, fields, where = _words(need)
    if where is not None and not _holds(one, where):
        return "not asked"
    if any(_holds(one, field) for field in fields):
        return "holds"
    inside = [field for field in fields if field.startswith("detail.")]
    return "closed" if inside and one.gone else "lacks"


def _holds(one: Drawn, field: str) -> bool:
    """Whether a field is there: of the record, of a part of it, or of the detail, where that is still there."""
    part, _, name = field.partition(".")
    if part in _PLACED:
        return True
    value: Any = one.detail if part == "detail" else getattr(one.envelope, part)
    return value is not None and (not name or getattr(value, name) is not None)


class Finder:
    """Which provisions ask for a record: framework and id."""

    def __init__(self) -> None:
        self._asking = Reference().asking
        self._known: dict[tuple[str, ...], frozenset[tuple[str, str]]] = {}
        """By all cells but the actor."""

    def of(self, envelope: Envelope) -> frozenset[tuple[str, str]]:
        shape = _shape(envelope)
        if shape[:-1] not in self._known:
            cells, every = dict(zip(_SHAPE, shape, strict=True)), self._asking(envelope.event)
            self._known[shape[:-1]] = frozenset((one.framework, one.said["id"]) for one in every if one.found(cells))
        return self._known[shape[:-1]]
