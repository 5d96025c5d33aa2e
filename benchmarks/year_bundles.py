"""Bundles that the command makes of a year in a database, about each of what a bundle can be about: the reports that
they carry, and what their verifier counts, against the truth.

Of a bundle that opens some details alone another truth holds: the year is drawn again, with the details that are not
opened closed. Which records are selected, and what they say of a person or an incident, is told from what was drawn.
"""

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import msgspec

from benchmarks import year_register as made
from benchmarks.year import Year
from benchmarks.year_command import Command
from benchmarks.year_compared import faults
from benchmarks.year_documents import head
from benchmarks.year_filling import Written, around_of
from benchmarks.year_hand import Drawn
from benchmarks.year_messages import labels
from benchmarks.year_persons import ASKED, MANY, Person
from benchmarks.year_provisions import Finder
from benchmarks.year_register import AROUND
from benchmarks.year_reports import bundled
from benchmarks.year_sections import CARRIED, CLOSED
from benchmarks.year_versions import TENANT
from gateway.evidence.reports.document import Document
from gateway.ledger.published import PUBLISHED
from gateway.ledger.record import Envelope

FRAMEWORK = "house-rules"
Chosen = Callable[[Envelope], bool]


class About(NamedTuple):
    """What a bundle is about: a kind and an id, or nothing but the year; and whether it opens details."""

    kind: str = "period"
    id: str = ""
    details: bool = True

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.kind, self.id, "" if self.details else "closed")))


class Bundle:
    """One bundle of a year: what the command has made, and what must be in it."""

    def __init__(self, written: Written, about: About, file: Path, created: str) -> None:
        self.written, self.about, self.file, self.created = written, about, file, created
        self.exchanges = frozenset(_exchanges(written, about))
        """Those that it is about, wherever their records lie."""
        self.chosen = _chooser(about, self.exchanges)

    @cached_property
    def year(self) -> Year:
        """Drawn again where it does not open all details of the year. Its records of checkpoints tell of the tree that
        there is, as those in the database do: no seed knows its roots, since the salts in it are new each time."""
        first = self.written.year
        if self.about.kind == "period" and self.about.details:
            return first
        again = first.again(lambda one: not (self.about.details and self.chosen(one)))
        self._again = list[Drawn]()
        for seq, _ in enumerate(again.records(), first.truth.first):
            one, other = again.newest, self.written.drawn[seq].envelope
            if one is None:
                continue
            if other.event == one.envelope.event == PUBLISHED and other.checkpoint is not None:
                again.truth.rooted(one.envelope, other.checkpoint)
            if one.envelope != other:
                raise ValueError(f"the year that was drawn again is another one: record {seq}")
            self._again.append(one)
        if len(self._again) != first.truth.last + 1 - first.truth.first:
            raise ValueError("the year that was drawn again is another one: it has not as many records")
        return again

    @cached_property
    def selected(self) -> list[Drawn]:
        """Its selected records, with the details that it opens."""
        truth = self.year.truth
        every = [self.written.drawn[seq] for seq in range(truth.first, truth.last + 1)]
        drawn = every if self.year is self.written.year else self._again
        return [one for one in drawn if self.chosen(one.envelope)]

    def read(self, member: str) -> bytes:
        with ZipFile(self.file) as bundle:
            return bundle.read(member)

    # -------------------------------------------------------------------------------------------------------- reports

    @cached_property
    def truth(self) -> dict[str, Any]:
        """What is true of the year, as far as the bundle tells it."""
        said: dict[str, Any] = {CARRIED: True, AROUND: around_of(self.written, 0)._replace(archives=())}
        told = {**self.year.expected(0), "persons": {}, "affected": {}, **said}
        return told if self.year is self.written.year else {**told, CLOSED: True}

    def report_faults(self) -> Iterator[str]:
        """Where a report that it carries is another."""
        above = {**head(self.truth), "created": self.created}
        accounts = {_member(*key): one for key, one in bundled(self.truth, self._own()).items()}
        with ZipFile(self.file) as bundle:
            members = {name for name in bundle.namelist() if name.startswith("data/reports/") and ".json" in name}
        for name in sorted((members - {"data/reports/misses.json"}) ^ set(accounts)):
            yield f"{name}: {'is not made' if name in accounts else 'nobody accounts for it'}"
        for name in sorted(members & set(accounts)):
            document = msgspec.json.decode(self.read(name), type=Document)
            yield from (f"{name}: {fault}" for fault in faults(document, accounts[name], above))

    def _own(self) -> dict[str, Any]:
        """What is true of what it is about, as the reports of that tell it."""
        if self.about.kind == "subject":
            return {"person": self._person()}
        if self.about.kind != "incident":
            return {}
        told, name = self.truth["incidents"], self.about.id
        one = {
            "opened": [row for row in told["opened"] if row[0] == name],
            "open_before": [row for row in told["open_before"] if row[0] == name],
            "closed_of_before": [],
            "closings": [row for row in told["closings"] if row[1] == name],
        }
        affected = self.year.affected()[name]
        # Which pseudonyms are one person, a bundle does not know.
        return {"incidents": {**told, **one}, "affected": {name: {**affected, "persons": {*affected["subjects"]}}}}

    def _person(self) -> dict[str, Any]:
        """What the selected records say: one whose detail is not there may have named anybody, and counts."""
        name = self.about.id
        one = Person((name,))
        for drawn in self.selected:
            record, told = drawn.envelope, drawn.detail
            if record.subject != name and told is not None and name not in (told.subjects or ()):
                continue
            one.records += 1
            recipient = record.callback if record.event == "task.callback_sent" else record.agent
            if recipient and record.event in _SENDINGS and record.attempt != 0:
                classes = ", ".join(labels(record) or ("public",))
                place = (recipient, record.zone or "none", record.processor or "none")
                under = "none" if record.decision is None else record.decision.policy
                one.disclosed(record.occurred_at, *place, record.purpose or "none", classes, under)
        subjects = self.year.persons()[name]["subjects"]
        return {**one.document(), "subjects": subjects}

    # ------------------------------------------------------------------------------------------------------- verifier

    def verdict(self) -> dict[str, Any]:
        """What its verifier must count."""
        first, last, drawn = self.year.truth.first - 1, self.year.truth.last + 1, self.written.drawn
        opened = sum(one.detail is not None for one in self.selected)
        scope: dict[str, Any] = {
            "kind": self.about.kind,
            "ids": [self.about.id] if self.about.id else [],
            "period": [made.SINCE, made.UNTIL],
            "until": made.UNTIL,
        }
        if self.about.kind == "framework":
            found = Finder()
            every = [found.of(drawn[seq].envelope) for seq in range(first + 1, last)]
            scope["provisions"] = {
                one["id"]: sum((self.about.id, one["id"]) in names for names in every)
                for one in self.truth["provisions"]
                if one["framework"] == self.about.id
            }
        if self.exchanges:
            seen = {drawn[seq].envelope.exchange for seq in range(first, last + 1)}
            scope |= {"exchanges": len(self.exchanges), "exchanges_found": len(self.exchanges & seen)}
        return {
            "origin": self.written.origin,
            "created": self.created,
            "first": first,
            "end": last + 1,
            "selected": len(self.selected),
            "opened": opened,
            "commitment_only": sum(one.encoded is not None for one in self.selected) - opened,
            "scope": scope,
        }


_SENDINGS = ("exchange.requested", "exchange.attempted", "task.callback_sent")


def _member(kind: str, about: str) -> str:
    return f"data/reports/{kind}-{about}.json" if kind == "framework" else f"data/reports/{kind}.json"


def _exchanges(written: Written, about: About) -> Iterator[str]:
    for one in written.drawn.values():
        record = one.envelope
        concerns = about.id in one.about if about.kind == "subject" else record.id == about.id
        if about.kind in ("subject", "incident") and concerns and record.exchange is not None:
            yield record.exchange


def _chooser(about: About, exchanges: frozenset[str]) -> Chosen:
    if about.kind == "framework":
        found = Finder()
        return lambda record: any(about.id == framework for framework, _ in found.of(record))
    if about.kind == "period":
        return lambda record: True
    return lambda record: record.exchange in exchanges or about.id in (record.id, record.incident, record.subject)


# ------------------------------------------------------------------------------------------------------------ in files


def asked(written: Written) -> list[About]:
    """One about each of what there is, and one that opens nothing."""
    incident = next(iter(written.year.affected()))
    return [
        About(),
        About("framework", FRAMEWORK),
        About("subject", ASKED),
        About("subject", MANY),
        About("incident", incident),
        About(details=False),
    ]


def make(written: Written, run: Command, about: About, attach: tuple[str, ...]) -> Bundle | str:
    """The bundle, or what the command said instead."""
    file = written.configuration.parent / f"{about.name}.zip"
    options = [*(("--about", f"{about.kind}:{about.id}") if about.id else ())]
    options += [] if about.details else ["--no-details"]
    options += [part for kind in attach for part in ("--attach", kind)]
    where = ("--config", str(written.configuration), "--tenant", TENANT, "--json")
    period = ("--period", made.SINCE, made.UNTIL)
    code, said = run(["evidence", "export", *where, *period, *options, "--out", str(file)])
    if code:
        return f"exit code {code}: {said.strip()}"
    with ZipFile(file) as bundle:
        created = json.loads(bundle.read("data/reports/period.json"))["created"]
    return Bundle(written, about, file, created)


def verifier_faults(bundle: Bundle, run: Command) -> Iterator[str]:
    """What its verifier says else than the truth."""
    written = bundle.written
    key = written.configuration.parent / "ledger.vkey"
    if not key.exists():
        where = ("--config", str(written.configuration), "--tenant", TENANT)
        run(["keys", "verifier", *where, "--out", str(key)])
    code, said = run(["evidence", "verify", "--json", "--key", str(key), str(bundle.file)])
    if code:
        yield f"verify: exit code {code}: {said.strip()}"
        return
    told, wanted = json.loads(said)["report"], bundle.verdict()
    for name, value in wanted.items():
        if told[name] != value:
            yield f"verify: {name}: {told[name]!r}, must be {value!r}"
