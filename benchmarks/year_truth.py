"""What is true of a generated year, counted as it is drawn, in the form of `Facts.document`."""

import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from benchmarks.year_counts import Listed, Row, Times, bp, most, wide
from benchmarks.year_persons import About, Erasures, Persons, Steps
from benchmarks.year_standing import GONE, Stands
from gateway.ledger.record import Detail, Envelope, timestamp
from gateway.ledger.times import parse_timestamp

PERSONAL = {"pii", "phi", "pci", "special-category"}
_EDGES = (60, 300, 900, 3_600, 14_400, 86_400, 604_800)
_LABELS = (
    *("under 1 minute", "1 to 5 minutes", "5 to 15 minutes", "15 to 60 minutes"),
    *("1 to 4 hours", "4 to 24 hours", "1 to 7 days", "7 days or more"),
)


class Truth:
    """Filled as a year is drawn. Times are texts where a table tells them, and microseconds where rows are in order."""

    def __init__(self) -> None:
        self.part = 0
        """Onto which ledger is drawn: 0 is the main one, then the emergency ledgers."""
        self.persons = Persons()
        self.about: dict[str, About] = {}
        """Exchange that an incident is about → whom it is about."""
        self.exchange_of: dict[str, str] = {}
        """Incident → its exchange."""
        self._coverage()
        self._requests()
        self._people()
        self.stands = Stands()
        self.subjects = Steps()
        self.erasures = Erasures()
        self.destroyed = Listed()
        self.incidents, self.closed_before, self.closings = Listed(), Listed(), Listed()
        self.incidents_before = Listed()
        """Those that were open when the year began."""
        self.searched: Counter[str] = Counter()
        self.misses: list[str] = []
        """What was judged of samples, as reports tell it."""

    def _coverage(self) -> None:
        self.events: Counter[str] = Counter()
        self.states, self.emergencies, self.gaps = Listed(), Listed(), Listed()
        self.scanned: Counter[str] = Counter()
        self.personal: Counter[str] = Counter()
        self.nodes, self.engines = Times(), Times()
        self.records = self.first = self.last = self.missing = self.emergency_records = 0
        self.refused_unrecorded = self.emergency_exchanges = self.emergency_untold = 0
        self.details = self.details_deleted = self.open = 0
        self.checkpoints: list[tuple[int, int, str]] = []
        self.witnessings: list[tuple[int, int, str]] = []
        """Time, size and root, in order."""
        self.offsets: dict[tuple[str, str], list[int]] = {}
        """Witness and node → by how many seconds its clock was before the node's."""
        self.first_at = self.last_at = ""

    def _requests(self) -> None:
        self.sent = self.sent_personal = self.kept_answers = 0
        self.zones: Counter[tuple[str, str]] = Counter()
        self.recipients, self.versions, self.models = Times(), Times(), Times()
        self.told_under = Times()
        self.processing: Counter[tuple[str, ...]] = Counter()
        self.words: Counter[str] = Counter()
        self.days: Counter[tuple[str, str]] = Counter()
        self.rules: Counter[tuple[str, str]] = Counter()
        self.purposes: Counter[tuple[str, str]] = Counter()
        self.watched: Counter[tuple[str, str]] = Counter()
        self.refusals: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.messages: Counter[tuple[str, str]] = Counter()
        self.fields: Counter[tuple[str, str]] = Counter()
        self.kept: Counter[str] = Counter()

    def _people(self) -> None:
        self.steps: Counter[tuple[str, str]] = Counter()
        self.waits: list[int] = []
        self.unanswered = 0
        self.callers, self.roles, self.readings = Times(), Times(), Times()
        self.questions, self.answered = Times(), Times()
        """Of readings and of answers to approvals, each with what is said of it."""
        self.methods: Counter[tuple[str, str]] = Counter()
        self.credentials: dict[tuple[str, str], set[str]] = {}
        self.transport: Counter[str] = Counter()
        self.to_agents: Counter[tuple[str, str, str]] = Counter()
        """Agent or callback, zone, TLS."""
        self.failures: Counter[str] = Counter()
        self.failed_days: Counter[str] = Counter()
        self.lent: Counter[str] = Counter()
        self.keys, self.changes, self.glass = Listed(), Listed(), Listed()
        self.overdue: dict[str, Row] = {}
        """Emergency that was overdue for its review when the year began → the same, role, until, since when; when it
        was reviewed, as what and by whom."""
        self.verified, self.exports, self.signed, self.findings = Listed(), Listed(), Listed(), Listed()
        self.policies, self.whys, self.configurations = Listed(), Listed(), Listed()

    def close(self) -> None:
        """What stands when the year begins is told from there on, without what details say of it."""
        self.stands.close()
        for row in self.overdue.values():
            row[1:3] = [GONE, GONE]

    # ---------------------------------------------------------------------------------------------------- any record

    def drawn(self, at: str, node: str, about: tuple[str, ...], gone: bool | None) -> None:
        """A record that was drawn. `gone`: whether its detail was deleted; None where it has none."""
        self.nodes.add(at, node)
        self.details += gone is False
        self.details_deleted += gone is True
        for one in self.persons.about(about):
            one.records += 1

    def placed(self, envelope: Envelope, seq: int) -> None:
        """A record that got its number, on the main ledger: it is written when it occurs."""
        self.events[envelope.event] += 1
        self.stands.numbers[envelope.id] = seq
        if not self.records:
            self.first, self.first_at = seq, envelope.occurred_at
        self.records += 1
        self.last, self.last_at = seq, envelope.occurred_at

    def placed_apart(self, event: str) -> None:
        """One on an emergency ledger."""
        self.events[event] += 1
        self.emergency_records += 1

    def lost(self, first: int, last: int) -> None:
        """Numbers that no record is given for."""
        self.gaps.add(first, first, last)
        self.missing += last - first + 1

    # ------------------------------------------------------------------------------------------------------ exchanges

    def decided(
        self,
        at: str,
        word: str,
        rules: Sequence[str],
        version: str | None,
        purpose: str | None,
        caller: tuple[str, ...],
    ) -> None:
        """A request. `caller`: pseudonym, kind and zone."""
        self.words[word] += 1
        self.days[at[:10], word] += 1
        self.purposes[purpose or "none", word] += 1
        self.callers.add(at, *caller)
        if version is not None:
            self.versions.add(at, version)
        for rule in rules:
            self.rules[rule, word] += 1

    def told(self, at: str, actor: str, detail: Detail) -> None:
        """The detail of a request that is still there."""
        if detail.method:
            way = detail.method, detail.issuer or "none"
            self.methods[way] += 1
            if detail.credential is not None:
                self.credentials.setdefault(way, set()).add(detail.credential)
        self.transport[detail.tls or "without TLS, or not known"] += 1
        for role in detail.roles or ():
            self.roles.add(at, actor, role)

    def not_sent(self, classes: Sequence[str], found: Mapping[str, int]) -> None:
        """What policy decided on, or might have, and no agent was sent: denied, or answered from what had been kept."""
        for name in classes or ("public",):
            self.messages[name, "not sent"] += 1
        for kind, count in found.items():
            self.fields[kind, "not sent"] += count

    def sent_as(self, classes: Sequence[str], found: Mapping[str, int], masked: frozenset[str] | None) -> None:
        """A request that went out. `masked`: the finding types that were; None where nothing was to be masked."""
        for name in classes or ("public",):
            self.messages[name, "as it was" if masked is None else "masked"] += 1
        for kind, count in found.items():
            self.fields[kind, "masked" if kind in (masked or ()) else "as it was"] += count

    def reached(self, whom: str, zone: str, tls: str | None) -> None:
        """An agent or a callback's destination was sent something, over this TLS, and its record still says so."""
        self.to_agents[whom, zone, tls or "without TLS, or not known"] += 1

    def flowed(
        self,
        at: str,
        place: tuple[str, str, str, str],
        version: str,
        classes: Sequence[str],
        why: tuple[str | None, str | None],
        about: tuple[str, ...],
    ) -> None:
        """One sending. `place`: recipient, zone, region, processor; `version`: which it was decided
        under; `why`: purpose and legal basis."""
        recipient, zone, _, processor = place
        personal, names = bool(PERSONAL & set(classes)), classes or ("public",)
        purpose, basis = why[0] or "none", why[1] or "none"
        self.sent += 1
        self.sent_personal += personal
        self.recipients.add(at, *place, "personal" if personal else "other")
        self.told_under.add(at, *place, "personal" if personal else "other", version)
        for name in names:
            self.zones[name, zone] += 1
            self.processing[purpose, basis, name, recipient, zone, processor, version] += 1
        for one in self.persons.about(about):
            one.disclosed(at, recipient, zone, processor, purpose, ", ".join(names), version)

    def rooted(self, record: Envelope, checkpoint: tuple[int, str]) -> None:
        """A record that was drawn, of a checkpoint that was published, tells of this one instead: size and root are the
        ledger's, which only is there once the record has its place."""
        if record.checkpoint is None:
            raise ValueError("a record that tells of no checkpoint was to tell of another one")
        at = parse_timestamp(record.occurred_at)
        self.checkpoints[self.checkpoints.index((at, *record.checkpoint))] = at, *checkpoint
        record.checkpoint = checkpoint

    # -------------------------------------------------------------------------------------------------- as a document

    def document(self, provisions: list[dict[str, Any]]) -> dict[str, Any]:
        """Everything, in the form of `Facts.document`."""
        return {
            "v": 1,
            "coverage": self._of_coverage(),
            "flows": {
                "sent": self.sent,
                "sent_personal": self.sent_personal,
                "zones": most(self.zones),
                "recipients": self.recipients.rows(),
                "versions": self.told_under.rows(),
                "models": self.models.rows(),
                "processing": most(self.processing),
            },
            "decisions": self._of_decisions(),
            "minimum": {"messages": wide(self.messages), "fields": wide(self.fields)},
            "approvals": {"steps": most(self.steps), "reasons": self.answered.rows(), **self._of_waits()},
            "callers": self._of_callers(),
            "trail": {
                "readings": self.readings.rows(),
                "questions": self.questions.rows(),
                "verified": self.verified.rows(),
                "exports": self.exports.rows(),
                "signed": self.signed.rows(),
                "findings": self.findings.rows(),
            },
            "policies": {
                "changes": self.policies.rows(),
                "reasons": self.whys.rows(),
                "configurations": self.configurations.rows(),
            },
            "standing": self.stands.document(),
            "subjects": self.subjects.document(),
            "keeping": {"kept": most(self.kept), "destroyed": self.destroyed.rows()},
            "incidents": {
                "opened": self.incidents.rows(),
                "open_before": self.incidents_before.rows(),
                "closed_of_before": self.closed_before.rows(),
                "closings": self.closings.rows(),
                "searched": most(self.searched),
            },
            "provisions": provisions,
            "beyond": [],
        }

    def affected(self) -> dict[str, dict[str, Any]]:
        """Incident, in their order → whom it affects, in the form of `reports.basis.Affected`."""
        incidents = [str(row[0]) for row in self.incidents.rows()]
        return {one: self.about.get(self.exchange_of[one], About()).document() for one in incidents}

    def _of_coverage(self) -> dict[str, Any]:
        scanned, gone = self.scanned.total(), self.personal["detail deleted"]
        pauses = [later[0] - first[0] for first, later in pairwise(self.witnessings)]
        newest = [(said, *points[-1]) for said, points in self._points() if points]
        sizes = {said: size for said, _, size, _ in newest}
        witnessed = sizes.get("cosigned by witnesses", 0)
        return {
            "records": self.records,
            "first": self.first,
            "last": self.last,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "missing": self.missing,
            "gaps": self.gaps.rows(),
            "events": most(self.events),
            "states": self.states.rows(),
            "nodes": self.nodes.rows(),
            "refused_unrecorded": self.refused_unrecorded,
            "emergencies": self.emergencies.rows(),
            "emergency_records": self.emergency_records,
            "emergency_exchanges": self.emergency_exchanges,
            "emergency_untold": self.emergency_untold,
            "requested": self.events["exchange.requested"],
            "completed": self.events["exchange.completed"],
            "denied": self.refusals.total(),
            "interrupted": self.events["exchange.interrupted"],
            "late": self.events["exchange.late"],
            "open": self.open,
            "scanned": most(self.scanned),
            "unscanned_bp": bp(self.scanned["none"], scanned),
            "partial_bp": bp(self.scanned["partial"], scanned),
            "personal": most(self.personal),
            "personal_without_subject_bp": bp(self.personal["without a subject"], self.personal.total() - gone),
            "personal_unknown": gone,
            "engines": self.engines.rows(),
            "details": self.details,
            "details_deleted": self.details_deleted,
            "checkpoints": self.events["checkpoint.published"],
            "published": sizes.get("published", 0),
            "witnessings": self.events["checkpoint.witnessed"],
            "witnessed": witnessed,
            "points": [[said, size, timestamp(at), root] for said, at, size, root in newest],
            "clocks": [
                [*key, len(told), f"{min(told):+d} s", f"{max(told):+d} s"]
                for key, told in sorted(self.offsets.items())
            ],
            "unwitnessed_records": self.last + 1 - witnessed,
            "unwitnessed_us": max(pauses, default=0),
        }

    def _points(self) -> tuple[tuple[str, list[tuple[int, int, str]]], ...]:
        return ("published", self.checkpoints), ("cosigned by witnesses", self.witnessings)

    def _of_decisions(self) -> dict[str, Any]:
        return {
            "requests": self.words.total(),
            "words": most(self.words),
            "days": [[*key, times] for key, times in sorted(self.days.items())],
            "rules": most(self.rules),
            "refusals": most(self.refusals),
            "outcomes": most(self.outcomes),
            "purposes": most(self.purposes),
            "versions": self.versions.rows(),
            "watched": most(self.watched),
            "kept_answers": self.kept_answers,
        }

    def _of_callers(self) -> dict[str, Any]:
        return {
            "callers": self.callers.rows(),
            "roles": self.roles.rows(),
            "methods": [
                [method, issuer, len(self.credentials.get((str(method), str(issuer)), ())), times]
                for method, issuer, times in most(self.methods)
            ],
            "transport": most(self.transport),
            "to_agents": most(self.to_agents),
            "failures": most(self.failures),
            "failed_days": [[day, times] for day, times in sorted(self.failed_days.items())],
            "keys": self.keys.rows(),
            "changes": self.changes.rows(),
            "glass": self.glass.rows(),
            "overdue_before": list(self.overdue.values()),
            "lent": most(self.lent),
        }

    def _of_waits(self) -> dict[str, Any]:
        spread = Counter(bisect.bisect_right(_EDGES, us / 1_000_000) for us in self.waits)
        return {
            "answered": len(self.waits),
            "waiting": self.unanswered,
            "mean_us": sum(self.waits) // len(self.waits) if self.waits else 0,
            "longest_us": max(self.waits, default=0),
            "spread": [[label, spread[place]] for place, label in enumerate(_LABELS)],
        }
