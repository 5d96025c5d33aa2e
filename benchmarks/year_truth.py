"""What is true of a generated year, counted as it is drawn, in the form of `Facts.document`."""

import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.evidence.figures.provisions import MAX_LINES, Question
from gateway.ledger.record import Detail, timestamp

PERSONAL = {"pii", "phi", "pci"}
Row = list[str | int]
_EDGES = (60, 300, 900, 3_600, 14_400, 86_400, 604_800)
_LABELS = (
    *("under 1 minute", "1 to 5 minutes", "5 to 15 minutes", "15 to 60 minutes"),
    *("1 to 4 hours", "4 to 24 hours", "1 to 7 days", "7 days or more"),
)


class Times:
    """Of each key every time."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, ...], list[str]] = {}

    def add(self, at: str, *key: str) -> None:
        self.times.setdefault(key, []).append(at)

    def rows(self) -> list[Row]:
        told: list[Row] = [[*key, min(times), len(times), max(times)] for key, times in self.times.items()]
        return sorted(told, key=lambda row: (-int(row[-2]), tuple(map(str, row[:-3]))))


class Truth:
    """Filled by `Year`."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.zones: Counter[tuple[str, str]] = Counter()
        self.processing: Counter[tuple[str, ...]] = Counter()
        self.words: Counter[str] = Counter()
        self.days: Counter[tuple[str, str]] = Counter()
        self.rules: Counter[tuple[str, str]] = Counter()
        self.purposes: Counter[tuple[str, str]] = Counter()
        self.refusals: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.scanned: Counter[str] = Counter()
        self.personal: Counter[str] = Counter()
        self.messages: Counter[tuple[str, str]] = Counter()
        self.fields: Counter[tuple[str, str]] = Counter()
        self.kept: Counter[str] = Counter()
        self.steps: Counter[tuple[str, str]] = Counter()
        self.methods: Counter[str] = Counter()
        self.transport: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.failed_days: Counter[str] = Counter()
        self.subject_steps: Counter[tuple[str, str]] = Counter()
        self.recipients, self.versions, self.engines, self.nodes = Times(), Times(), Times(), Times()
        self.callers, self.roles, self.readings = Times(), Times(), Times()
        self.waits: list[int] = []
        self.policies: list[Row] = []
        self.keys: list[Row] = []
        self.states: list[Row] = []
        self.incidents: list[Row] = []
        self.cases: list[Row] = []
        self.erased: list[Row] = []
        self.lines: list[Row] = []
        self.unanswered = self.open = self.interrupted = self.sent = self.sent_personal = 0
        self.details = self.details_deleted = self.published = self.witnessed = self.records = 0
        self.witnessings: list[int] = []
        self.first_at = self.last_at = ""

    def written(
        self, event: str, at: int, seq: int, node: str, zone: str | None, detail: bytes | None, deleted: bool
    ) -> None:
        self.events[event] += 1
        self.records = seq + 1
        if seq < MAX_LINES:
            self.lines.append([seq, event, zone or "none"])
        self.first_at, self.last_at = self.first_at or timestamp(at), timestamp(at)
        self.nodes.add(timestamp(at), node)
        self.details += detail is not None and not deleted
        self.details_deleted += deleted
        if event == "ledger.started":
            self.states.append([timestamp(at), event, node, 0, "none"])

    def decided(
        self, at: str, word: str, rules: Sequence[str], version: str | None, purpose: str | None, actor: str
    ) -> None:
        self.words[word] += 1
        self.days[at[:10], word] += 1
        self.purposes[purpose or "none", word] += 1
        self.callers.add(at, actor, "person", "in-house")
        if version is not None:
            self.versions.add(at, version)
        for rule in rules:
            self.rules[rule, word] += 1

    def told(self, at: str, actor: str, detail: Detail) -> None:
        self.methods[detail.method or ""] += 1
        self.transport[detail.tls or "without TLS, or not known"] += 1
        for role in detail.roles or ():
            self.roles.add(at, actor, role)

    def stopped(self, word: str, classes: Sequence[str], found: Mapping[str, int], code: str) -> None:
        self.refusals[code] += 1
        for name in classes or ("public",):
            self.zones[name, "not sent"] += 1
        if word != "refused":
            self._fate(classes, found, "not sent", dict.fromkeys(found, "not sent"))

    def flowed(
        self,
        at: str,
        place: tuple[str, str, str, str],
        classes: Sequence[str],
        found: Mapping[str, int],
        purpose: str | None,
        word: str,
        obligations: Sequence[str],
        maskable: Mapping[str, frozenset[str]],
    ) -> None:
        agent, zone, region, processor = place
        personal = bool(PERSONAL & set(classes))
        self.sent += 1
        self.sent_personal += personal
        self.recipients.add(at, agent, zone, region, processor, "personal" if personal else "other")
        for name in classes or ("public",):
            self.zones[name, zone] += 1
            self.processing[purpose or "none", "consent", name, agent, zone, processor] += 1
        masked = {"person"} if "redact:person" in obligations else set[str]()
        if "redact" in obligations:
            masked = set().union(*(maskable.get(name, frozenset()) for name in classes))
        fates = {kind: "masked" if kind in masked else "as it was" for kind in found}
        self._fate(classes, found, "masked" if word == "redact" else "as it was", fates)
        self.kept[obligations[0] if obligations and obligations[0].startswith("keep") else "not kept"] += 1

    def _fate(self, classes: Sequence[str], found: Mapping[str, int], fate: str, fates: Mapping[str, str]) -> None:
        for name in classes or ("public",):
            self.messages[name, fate] += 1
        for kind, count in found.items():
            self.fields[kind, fates[kind]] += count

    def witnessed_at(self, at: int, size: int) -> None:
        self.witnessings.append(at)
        self.witnessed = max(self.witnessed, size)

    def document(self, questions: Sequence[Question]) -> dict[str, Any]:
        return {
            "v": 1,
            "coverage": self._coverage(),
            "flows": {
                "sent": self.sent,
                "sent_personal": self.sent_personal,
                "zones": most(self.zones),
                "recipients": self.recipients.rows(),
                "processing": most(self.processing),
            },
            "decisions": {
                "requests": self.words.total(),
                "words": most(self.words),
                "days": [[*key, times] for key, times in sorted(self.days.items())],
                "rules": most(self.rules),
                "refusals": most(self.refusals),
                "outcomes": most(self.outcomes),
                "purposes": most(self.purposes),
                "versions": self.versions.rows(),
                "watched": [],
                "kept_answers": 0,
            },
            "minimum": {"messages": wide(self.messages), "fields": wide(self.fields)},
            "approvals": {"steps": most(self.steps), **self._waits()},
            "callers": {
                "callers": self.callers.rows(),
                "roles": self.roles.rows(),
                "methods": [[name, "none", times] for name, times in most(self.methods)],
                "transport": most(self.transport),
                "failures": most(self.failures),
                "failed_days": [[day, times] for day, times in sorted(self.failed_days.items())],
                "keys": self.keys,
                "changes": [],
                "glass": [],
                "lent": [],
            },
            "trail": {"readings": self.readings.rows(), "verified": [], "exports": [], "signed": []},
            "policies": {"changes": self.policies, "configurations": []},
            "subjects": {
                "steps": most(self.subject_steps),
                "cases": self.cases,
                "erased": self.erased,
                "elsewhere": [],
            },
            "keeping": {
                "kept": most(self.kept),
                "destroyed": [[row[0], "subject.erased", 4, "erased"] for row in self.erased],
            },
            "incidents": {"opened": self.incidents, "closed_of_before": [], "searched": []},
            "provisions": [self._provision(one) for one in questions],
            "beyond": [],
        }

    def _coverage(self) -> dict[str, Any]:
        scanned, personal = self.scanned.total(), self.personal.total()
        pauses = [later - first for first, later in zip(self.witnessings, self.witnessings[1:], strict=False)]
        return {
            "records": self.records,
            "first": 0,
            "last": self.records - 1,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "missing": 0,
            "gaps": [],
            "events": most(self.events),
            "states": self.states,
            "nodes": self.nodes.rows(),
            "refused_unrecorded": sum(int(row[3]) for row in self.states),
            "emergencies": [],
            "emergency_records": 0,
            "emergency_exchanges": 0,
            "emergency_untold": 0,
            "requested": self.sent,
            "completed": self.outcomes.total(),
            "denied": self.refusals.total(),
            "interrupted": self.interrupted,
            "late": 0,
            "open": self.open,
            "scanned": most(self.scanned),
            "unscanned_bp": bp(self.scanned["none"], scanned),
            "partial_bp": bp(self.scanned["partial"], scanned),
            "personal": most(self.personal),
            "personal_without_subject_bp": bp(self.personal["without a subject"], personal),
            "engines": self.engines.rows(),
            "details": self.details,
            "details_deleted": self.details_deleted,
            "checkpoints": self.events["checkpoint.published"],
            "published": self.published,
            "witnessings": len(self.witnessings),
            "witnessed": self.witnessed,
            "unwitnessed_records": self.records - self.witnessed,
            "unwitnessed_us": max(pauses, default=0),
        }

    def _waits(self) -> dict[str, Any]:
        spread = Counter(bisect.bisect_right(_EDGES, us / 1_000_000) for us in self.waits)
        return {
            "answered": len(self.waits),
            "waiting": self.unanswered,
            "mean_us": sum(self.waits) // len(self.waits) if self.waits else 0,
            "longest_us": max(self.waits, default=0),
            "spread": [[label, spread[place]] for place, label in enumerate(_LABELS)],
        }

    def _provision(self, one: Question) -> dict[str, Any]:
        told: dict[str, Any] = {
            "framework": one.framework,
            "id": one.id,
            "title": one.title,
            "text": one.text,
            "sections": [],
            "needs": [],
        }
        if one.id == "164.312(a)(1)":
            counts: Counter[tuple[str, str]] = Counter()
            for word, times in self.words.items():
                event = "exchange.denied" if word in ("deny", "approve", "refused") else "exchange.requested"
                counts[event, "none" if word == "refused" else word] += times
            decided = self.words.total() - self.words["refused"]
            needs = [["decision.policy", decided], ["break_glass", 0]]
            told |= {"state": "in part", "reasons": ["no record found holds break_glass"], "needs": needs}
            told |= {"records": self.words.total(), "columns": ["event", "decision", "times"], "rows": most(counts)}
            return told | {"left_out": 0}
        if one.id == "164.312(b)":
            told |= {"state": "supported", "reasons": [], "records": self.records}
            told |= {"columns": ["record", "event", "zone"], "rows": self.lines[:MAX_LINES]}
            return told | {"left_out": max(self.records - MAX_LINES, 0)}
        told |= {"state": "not evidenced", "reasons": ["no record of the period is of what is asked for"], "records": 0}
        return told | {"columns": ["record", "event", "outcome"], "rows": [], "left_out": 0}


def most(counts: Mapping[Any, int]) -> list[Row]:
    """Key and count in a row, the most first, then by key."""
    rows = [((key,) if isinstance(key, str) else key, times) for key, times in counts.items() if times]
    return [[*key, times] for key, times in sorted(rows, key=lambda row: (-row[1], row[0]))]


def wide(counts: Mapping[tuple[str, str], int]) -> list[Row]:
    rows: list[Row] = []
    for name in {key[0] for key in counts}:
        fates = [counts.get((name, fate), 0) for fate in ("as it was", "masked", "not sent")]
        rows.append([name, sum(fates), *fates])
    return sorted(rows, key=lambda row: (-int(row[1]), str(row[0])))


def bp(part: int, whole: int) -> int:
    return int(part * 10_000 / whole + 0.5) if whole else 0
