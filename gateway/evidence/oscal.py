"""OSCAL 1.1 assessment results (NIST) of control frameworks' provisions, from the records of a range.

`Assessment` takes the records, and counts for each provision those that support evidence for it, and which hold the
fields that it needs. The document says so by an observation for each such provision, with the files that hold the
records as evidence, each with its hash, and with what they lack where they support it in part; a report on the same
records says the same (`figures.provisions.verdict`). It claims nothing: that a provision is satisfied is for an
assessor to find, so that no finding says it. Of a provision that no record speaks for, of the range or of an emergency
ledger that it stitches in, there is a finding, `not-satisfied` for the reason `other`, since the form has no word for
*not evidenced*; its remarks say what is meant.
Ids are UUIDs of version 5, so that the same records, files and time give the same document.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from gateway.core.errors import FormatError
from gateway.evidence import strict_json
from gateway.evidence.figures.needs import Asked, asked_of
from gateway.evidence.figures.provisions import Question, State, verdict
from gateway.evidence.figures.seen import Looked, Seen
from gateway.evidence.figures.standing import Stood
from gateway.evidence.selection import check_filters, selected
from gateway.ledger.record import Envelope

VERSION = "1.1.3"
"""Of OSCAL. Nothing here is newer than 1.1.0."""
MAX_NAMED = 100
"""Records before the range that are named one by one."""
_NOT_OF_A_TOKEN = re.compile(r"[^A-Za-z0-9._-]+")
"""OSCAL's `token`: a letter or _, then letters, digits and . _ -"""


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A file that holds evidence: `path` from where the document lies, `sha256` in hex. `emergency`: the emergency
    ledger whose records these are; None for the range's own."""

    path: str
    title: str
    media_type: str
    sha256: str
    emergency: str | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What the document is about: the ledger's origin, records `first` ≤ seq < `end`, the times between which they
    occurred (as records write them), and when it was made."""

    origin: str
    first: int
    end: int
    since: str
    until: str
    created: str
    opened: bool = True
    """Whether every detail that is still there was given with its record."""


class _Seen(msgspec.Struct):
    needs: list[Asked]
    """By how many records each is held, wherever they are."""
    count: int = 0
    first: int = 0
    last: int = 0
    apart: dict[str, int] = {}
    """By emergency ledger, how many of its records there are."""
    before: list[int] = []
    """Numbers of records before the range whose effect stood at its start."""

    def take(self, one: Seen) -> None:
        for need in self.needs:
            need.take(one)

    @property
    def all(self) -> int:
        return self.count + sum(self.apart.values()) + len(self.before)


class Assessment:
    """Takes the records of a range in order, and those of emergency ledgers. Memory: one count for each provision and
    ledger. `FormatError` for a query that cannot be run over envelopes."""

    def __init__(self, *, framework: str, title: str, text: str, questions: Sequence[Question]) -> None:
        self.framework, self.title, self.text = framework, title, text
        self._questions = tuple(questions)
        self._seen = [_Seen([asked_of(need) for need in one.needs]) for one in self._questions]
        self._by_event: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self._others: list[tuple[int, dict[str, str]]] = []
        self._known_from: int | None = None
        self._newest = ""
        """The time of the newest record of the range."""
        for place, question in enumerate(self._questions):
            for query in question.queries:
                check_filters(query)
                rest = {name: value for name, value in query.items() if name != "event"}
                wanted = self._by_event.setdefault(query["event"], []) if "event" in query else self._others
                wanted.append((place, rest))

    def begin(self, stood: Stood) -> None:
        """What stood at the start of the range, before its first record: its records count for provisions that ask for
        a state. Not called where nobody looked."""
        self._known_from = stood.known_from
        for one in stood.start.records:
            for place, seen in self._finding(one.envelope):
                if self._questions[place].standing:
                    seen.before.append(one.envelope.seq or 0)
                    seen.take(one)

    def feed(self, one: Seen) -> None:
        """One record, of an emergency ledger or of the range itself; it counts once for each provision, whatever the
        number of queries that find it."""
        seq, emergency = one.envelope.seq or 0, one.emergency
        self._newest = max(self._newest, one.at)
        for _, seen in self._finding(one.envelope):
            seen.take(one)
            if emergency is not None:
                seen.apart[emergency] = seen.apart.get(emergency, 0) + 1
                continue
            seen.first = seen.first if seen.count else seq
            seen.count, seen.last = seen.count + 1, seq

    def reach(self, until: str) -> None:
        """The range is known up to this time (27 characters), where that is later than its newest record."""
        self._newest = max(self._newest, until)

    def _finding(self, envelope: Envelope) -> Iterator[tuple[int, _Seen]]:
        """The provisions that ask for a record, each once, by their places."""
        counted = set[int]()
        for place, query in (*self._by_event.get(envelope.event, ()), *self._others):
            if place not in counted and selected(envelope, query):
                counted.add(place)
                yield place, self._seen[place]

    def result(self, ids: UUID, about: Subject, files: Sequence[Resource], remarks: str) -> dict[str, Any]:
        """What the records show of this framework. `ids` is the namespace of the document's own ids."""
        own = uuid5(ids, self.framework)
        controls = _tokens(self.framework, self._questions)
        looked = Looked(opened=about.opened, known_from=self._known_from, until=self._newest)
        observations, findings = [], []
        for one, seen, control in zip(self._questions, self._seen, controls, strict=True):
            state, reasons = verdict(one, seen.all, seen.needs, looked)
            if seen.all:
                observations.append(_observation(own, ids, one, seen, (state, reasons), about, files))
            else:
                findings.append(_finding(own, one, control, reasons))
        return {
            "uuid": str(uuid5(own, "result")),
            "title": f"{self.title}: records {about.first} to {about.end - 1} of {about.origin}",
            "description": f"What was recorded from {about.since} to {about.until} and supports evidence for"
            f" provisions of {self.title}. It is no statement of compliance.",
            "start": about.since,
            "end": about.until,
            "reviewed-controls": {
                "control-selections": [{"include-controls": [{"control-id": control} for control in controls]}]
            },
            "remarks": remarks,
            **_some(observations=observations, findings=findings),
        }

    def resource(self, ids: UUID) -> dict[str, Any]:
        """What stands in the place of an assessment plan: which records were asked for."""
        return {
            "uuid": str(uuid5(ids, f"framework {self.framework}")),
            "title": self.title,
            "description": self.text,
            "remarks": f"frameworks/{self.framework}.toml of the policy; there is no other plan.",
        }


def document(
    assessments: Sequence[Assessment], about: Subject, resources: Iterable[Resource], remarks: str
) -> dict[str, Any]:
    """The assessment results: one result for each framework, of which there is one at least. `resources` hold the
    evidence (the records first), `remarks` say from which coverage it was made."""
    if not assessments:
        raise FormatError("oscal: there must be a control framework")
    files, first = list(resources), assessments[0]
    ids = uuid5(NAMESPACE_URL, f"https://{about.origin}/oscal/{about.first}-{about.end}")
    found: dict[str, Any] = {
        "metadata": {
            "title": f"Evidence for {', '.join(one.title for one in assessments)}",
            "last-modified": about.created,
            "version": f"{about.first}-{about.end}",
            "oscal-version": VERSION,
            "props": [{"name": "ledger", "ns": _ns(about.origin), "value": about.origin}],
        },
        "import-ap": {"href": f"#{uuid5(ids, f'framework {first.framework}')}"},
        "results": [one.result(ids, about, files, remarks) for one in assessments],
        "back-matter": {
            "resources": [*(one.resource(ids) for one in assessments), *(_resource(ids, file) for file in files)]
        },
    }
    # Another content is another document, and has another id (OSCAL, "Document Identifier").
    return {"assessment-results": {"uuid": str(uuid5(ids, sha256(strict_json.dump(found)).hexdigest())), **found}}


def encode(found: Mapping[str, Any]) -> bytes:
    """The document as canonical JSON: one text for one document."""
    return strict_json.dump(found) + b"\n"


def _observation(
    own: UUID,
    ids: UUID,
    one: Question,
    seen: _Seen,
    told: tuple[State, Sequence[str]],
    about: Subject,
    files: Sequence[Resource],
) -> dict[str, Any]:
    state, reasons = told
    apart = sum(seen.apart.values())
    records = [f"{seen.count} records, the first {seen.first} and the last {seen.last}"] if seen.count else []
    records += [f"{apart} records of emergency ledgers that it stitches in"] if apart else []
    numbers = {"records": seen.count, **({"emergency-records": apart} if apart else {})}
    if seen.before:
        numbers["records-before"] = len(seen.before)
        records.append(f"{len(seen.before)} records before it, whose effect still stood when it began")
    return {
        "uuid": str(uuid5(own, f"observation {one.id}")),
        "title": f"{one.id} {one.title}",
        "description": f"{one.text} In this range: {' and '.join(records)}.",
        "props": [
            _provision(one, about.origin),
            {"name": "evidence", "ns": _ns(about.origin), "value": state},
            *({"name": name, "ns": _ns(about.origin), "value": str(value)} for name, value in numbers.items()),
        ],
        "methods": ["EXAMINE"],
        "types": ["control-objective"],
        "relevant-evidence": [
            {"href": f"#{uuid5(ids, f'file {file.path}')}", "description": file.title}
            for file in files
            if (file.emergency in seen.apart if file.emergency is not None else seen.count)
        ]
        + _before(seen.before),
        "collected": about.created,
        **({"remarks": f"In part: {'; '.join(reasons)}."} if reasons else {}),
    }


def _before(numbers: Sequence[int]) -> list[dict[str, Any]]:
    """What lies before the range is named, and is in none of the files."""
    if not numbers:
        return []
    named = ", ".join(map(str, numbers[:MAX_NAMED]))
    more = f" and {len(numbers) - MAX_NAMED} more" if len(numbers) > MAX_NAMED else ""
    said = (
        f"Records {named}{more} of the ledger: before the range, and in none of these files. Whoever keeps the ledger"
    )
    return [{"description": f"{said} exports them."}]


def _finding(ids: UUID, one: Question, control: str, reasons: Sequence[str]) -> dict[str, Any]:
    return {
        "uuid": str(uuid5(ids, f"finding {one.id}")),
        "title": f"{one.id} {one.title}",
        "description": f"Not evidenced: {'; '.join(reasons)}. {one.text}",
        "target": {
            "type": "objective-id",
            "target-id": control,
            "status": {
                "state": "not-satisfied",
                "reason": "other",
                "remarks": "Not evidenced by this ledger: no record of the range speaks for it, nor of an emergency"
                " ledger that it stitches in and whose file was at hand, be it that nothing of"
                " the kind happened. Whether the provision is satisfied was not looked at.",
            },
        },
    }


def _provision(one: Question, origin: str) -> dict[str, Any]:
    return {"name": "provision", "ns": _ns(origin), "value": one.id}


def _ns(origin: str) -> str:
    return f"https://{origin}/oscal"


def _resource(ids: UUID, file: Resource) -> dict[str, Any]:
    link = {
        "href": file.path,
        "media-type": file.media_type,
        "hashes": [{"algorithm": "SHA-256", "value": file.sha256}],
    }
    return {"uuid": str(uuid5(ids, f"file {file.path}")), "title": file.title, "rlinks": [link]}


def _some(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    """OSCAL knows no empty lists."""
    return {name: value for name, value in lists.items() if value}


def _tokens(framework: str, provisions: Iterable[Question]) -> list[str]:
    """Names of provisions as OSCAL can have them: `164.312(b)` of `hipaa` is `hipaa-164.312.b`. Each is another."""
    tokens: dict[str, None] = {}
    start = framework if framework[:1].isalpha() else f"_{framework}"
    for one in provisions:
        token = name = f"{start}-{_NOT_OF_A_TOKEN.sub('.', one.id).strip('.')}"
        number = 1
        while token in tokens:
            number += 1
            token = f"{name}_{number}"
        tokens[token] = None
    return list(tokens)
