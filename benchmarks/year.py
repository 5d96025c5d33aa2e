"""A year of traffic with known ground truth: every figure of every report must be what the generator knows.

`Year.records` yields sealed records, in order; what is true of them is counted as each choice is drawn, never read back
from what was written. `Year.expected` is that truth in the form of `Facts.document`.

    python -m benchmarks.year [--exchanges N]

compares the two for a year of 300,000 exchanges and ends with 1 where a figure differs.
"""

import argparse
import heapq
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks.year_truth import Truth
from gateway.core.ids import uuid7
from gateway.core.ports import StoredRecord
from gateway.evidence.figures.facts import Facts
from gateway.evidence.figures.provisions import Question
from gateway.evidence.figures.seen import Known
from gateway.ledger.chain import leaf_hash
from gateway.ledger.commitment import committed
from gateway.ledger.encoding import to_base64
from gateway.ledger.record import (
    GENESIS,
    ClassesInfo,
    DecisionInfo,
    Detail,
    Envelope,
    NodeInfo,
    OutcomeInfo,
    encode_detail,
    seal,
    timestamp,
)

START_US = 1_767_225_600_000_000  # 2026-01-01
YEAR_US = 365 * 86_400_000_000
EXCHANGES = 300_000
TENANT = "tn_00000000000000000000000001"
NODES = tuple(NodeInfo(id=f"nd_{number}", boot=f"bt_{number}") for number in range(2))
AGENTS = (
    ("ward-scribe", "in-house", "DE", "clinic-it"),
    ("letters", "partner", "FR", "lettres-sa"),
    ("cloud-writer", "cloud", "US", "big-cloud"),
)
MESSAGES: tuple[tuple[tuple[str, ...], dict[str, int]], ...] = (
    ((), {}),
    (("pii",), {"person": 2, "email": 1}),
    (("phi", "pii"), {"mrn": 1, "person": 1, "health-term": 3}),
    (("pci", "pii"), {"card": 1}),
    (("internal",), {}),
)
PURPOSES = ("TREAT", "HPAYMT", "HRESCH", None)
MASKABLE = {"pii": frozenset({"person", "email", "mrn"}), "phi": frozenset({"person", "email", "mrn", "card"})}
KNOWN = Known(maskable=MASKABLE)
VERSIONS = ("sha256:" + "1a" * 32, "sha256:" + "2b" * 32)
QUESTIONS = (
    Question(
        framework="hipaa",
        id="164.312(a)(1)",
        title="Access control",
        text="Requests, by decision.",
        report="counts",
        columns=("event", "decision"),
        queries=({"event": "exchange.requested"}, {"event": "exchange.denied"}),
        needs=("decision.policy", "break_glass"),
    ),
    Question(
        framework="hipaa",
        id="164.312(b)",
        title="Audit controls",
        text="All of it.",
        report="records",
        columns=("event", "zone"),
        queries=({},),
    ),
    Question(
        framework="gdpr",
        id="17",
        title="Erasure",
        text="Erasures.",
        report="records",
        columns=("event", "outcome"),
        queries=({"event": "subject.erased", "outcome": "never"},),
    ),
)


class Year:
    """One year. The same `seed` and number of exchanges make the same records."""

    def __init__(self, exchanges: int = EXCHANGES, seed: int = 7) -> None:
        self._count, self._random = exchanges, random.Random(seed)
        self.truth = Truth()
        self._waiting: list[tuple[int, int, Envelope, Detail | None]] = []
        self._serial = 0

    def records(self) -> Iterator[StoredRecord]:
        """The records in order. Memory: what is under way."""
        prev = GENESIS
        for seq, (at, envelope, detail) in enumerate(self._in_order()):
            salt = self._random.randbytes(32)
            encoded = None if detail is None else encode_detail(detail)
            if encoded is not None:
                envelope.detail = committed(salt, "detail", encoded)
            deleted = encoded is not None and self._random.random() < 0.02
            node = "" if envelope.node is None else envelope.node.id
            self.truth.written(envelope.event, at, seq, node, envelope.zone, encoded, deleted)
            self._detail_told(envelope, detail, deleted)
            data = seal(envelope, seq, prev, timestamp(at))
            prev = leaf_hash(data)
            kept = None if deleted else encoded
            yield StoredRecord(seq=seq, envelope=data, hash=prev, detail=kept, detail_salt=salt)

    def _detail_told(self, envelope: Envelope, detail: Detail | None, deleted: bool) -> None:
        if envelope.event not in ("exchange.requested", "exchange.denied") or detail is None:
            return
        classes = () if envelope.classes is None else envelope.classes.found
        if {"pii", "phi", "pci"} & set(classes):
            self.truth.personal["detail deleted" if deleted else self._subject_word(detail)] += 1
        if not deleted:
            self.truth.told(timestamp_of(envelope), envelope.actor or "", detail)

    @staticmethod
    def _subject_word(detail: Detail) -> str:
        return "with a subject" if detail.subjects else "without a subject"

    def _in_order(self) -> Iterator[tuple[int, Envelope, Detail | None]]:
        """Each exchange's first record as it comes, and everything that follows from one when its time has come."""
        step = YEAR_US // max(self._count, 1)
        self._later(START_US, self._envelope("ledger.started", START_US))
        for number in range(self._count):
            at = START_US + number * step + self._random.randrange(step // 2 or 1)
            yield from self._due(at)
            self._exchange(at)
            self._beside(number, at)
            yield from self._due(at)
        yield from self._due(None)

    def _due(self, until: int | None) -> Iterator[tuple[int, Envelope, Detail | None]]:
        while self._waiting and (until is None or self._waiting[0][0] <= until):
            at, _, envelope, detail = heapq.heappop(self._waiting)
            yield at, envelope, detail

    def _later(self, at: int, envelope: Envelope, detail: Detail | None = None) -> None:
        self._serial += 1
        heapq.heappush(self._waiting, (at, self._serial, envelope, detail))

    def _envelope(self, event: str, at: int, **fields: Any) -> Envelope:
        node = NODES[self._random.randrange(2)]
        noise = self._random.randbytes(10)
        return Envelope(id=uuid7(at, noise), tenant=TENANT, event=event, occurred_at=timestamp(at), node=node, **fields)

    def _exchange(self, at: int) -> None:
        draw, truth = self._random, self.truth
        classes, found = MESSAGES[draw.choices(range(5), (40, 25, 20, 5, 10))[0]]
        agent, zone, region, processor = AGENTS[draw.choices(range(3), (60, 15, 25))[0]]
        scanned = draw.choices(("full", "partial", "none"), (95, 3, 2))[0]
        purpose = draw.choices(PURPOSES, (60, 20, 10, 10))[0]
        actor = f"ac_{min(int(draw.expovariate(0.2)), 40)}"
        word, rules, obligations = self._decided(classes, zone, draw.random())
        version = VERSIONS[at > START_US + YEAR_US // 2]
        common: dict[str, Any] = {
            "actor": actor,
            "actor_kind": "person",
            "caller_zone": "in-house",
            "exchange": uuid7(at, draw.randbytes(10)),
            "purpose": purpose,
            "scanned": scanned,
            "found": dict(found),
            "classes": ClassesInfo(found=classes, declared=(), inherited=(), floor=()),
            "engine": "sha256:" + ("aa" if version == VERSIONS[0] else "bb") * 32,
        }
        if word != "refused":
            effect = "deny" if word == "deny" else word
            common["decision"] = DecisionInfo(effect=effect, rules=rules, obligations=obligations, policy=version)
        detail = Detail(
            roles=("clinician",) if draw.random() < 0.7 else ("clerk", "user"),
            method="jwt" if draw.random() < 0.8 else "api-key",
            subjects=(f"su_{draw.randrange(500)}",) if draw.random() < 0.6 else None,
            tls="TLSv1.3" if draw.random() < 0.9 else None,
        )
        truth.decided(timestamp(at), word, rules, version if word != "refused" else None, purpose, actor)
        truth.scanned[scanned] += 1
        truth.engines.add(timestamp(at), str(common["engine"]))
        if word in ("deny", "approve", "refused"):
            self._stopped(at, word, classes, found, common, detail)
            return
        place = (agent, zone, region, processor)
        truth.flowed(timestamp(at), place, classes, found, purpose, word, obligations, MASKABLE)
        sent = {"agent": agent, "zone": zone, "region": region, "processor": processor, "legal_basis": "consent"}
        self._later(at, self._envelope("exchange.requested", at, attempt=1, **common, **sent), detail)
        self._ends(at, str(common["exchange"]))

    def _decided(
        self, classes: tuple[str, ...], zone: str, chance: float
    ) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        if chance < 0.01:
            return "refused", (), ()
        if zone == "in-house" or not {"pii", "phi", "pci"} & set(classes):
            return "route", ("open-in-house",), ("keep-content:30",) if chance < 0.3 else ()
        if "phi" in classes and zone == "cloud":
            return ("approve", ("ask",), ("approve:privacy",)) if chance < 0.2 else ("deny", ("phi-stays",), ())
        if chance < 0.5:
            return "redact", ("mask-outside",), ("redact",)
        return "redact", ("mask-names",), ("redact:person",)

    def _stopped(
        self,
        at: int,
        word: str,
        classes: tuple[str, ...],
        found: dict[str, int],
        common: dict[str, Any],
        detail: Detail,
    ) -> None:
        code = {"deny": "policy_denied", "approve": "approval_required", "refused": "rate_limited"}[word]
        self.truth.stopped(word, classes, found, code)
        self._later(at, self._envelope("exchange.denied", at, outcome=OutcomeInfo(code=code), **common), detail)
        if word == "approve":
            self._asked(at)

    def _asked(self, at: int) -> None:
        draw, truth, name = self._random, self.truth, f"ap_{self._serial}"
        self._later(at, self._envelope("approval.requested", at, approval=name, actor_kind="person"))
        truth.steps["requested", "person"] += 1
        ended = draw.choices(("approved", "denied", "expired", None), (6, 2, 1, 1))[0]
        if ended is None:
            truth.unanswered += 1
            return
        waited = int(draw.lognormvariate(6, 2) * 1_000_000)
        kind = "none" if ended == "expired" else "person"
        truth.steps[ended, kind] += 1
        given = {} if kind == "none" else {"actor_kind": kind}
        self._later(at + waited, self._envelope(f"approval.{ended}", at + waited, approval=name, **given))
        if ended != "expired":
            truth.waits.append(waited)

    def _ends(self, at: int, exchange: str) -> None:
        draw, truth = self._random, self.truth
        chance, end = draw.random(), at + draw.randrange(50_000, 9_000_000)
        if chance < 0.001:
            truth.open += 1
        elif chance < 0.004:
            truth.interrupted += 1
            cut = OutcomeInfo(code="interrupted")
            self._later(end, self._envelope("exchange.interrupted", end, exchange=exchange, outcome=cut))
        else:
            code = draw.choices(("ok", "agent_timeout"), (98, 2))[0]
            truth.outcomes[code] += 1
            outcome = OutcomeInfo(code=code, status=200 if code == "ok" else 504)
            self._later(end, self._envelope("exchange.completed", end, exchange=exchange, outcome=outcome))

    def _beside(self, number: int, at: int) -> None:
        """What happens now and then: policies, keys, readings, incidents, data subjects, the ledger itself."""
        truth, text = self.truth, timestamp(at)
        digest = to_base64(bytes(32))
        if number % 500 == 3:
            envelope = self._envelope("audit.read", at, actor="ac_auditor", actor_kind="person")
            self._later(at, envelope)
            truth.readings.add(text, "ac_auditor", "person", "audit.read")
        if number % 700 == 5:
            self._later(at, self._envelope("auth.failed", at, outcome=OutcomeInfo(code="key_unknown"), count=3))
            truth.failures["key_unknown"] += 3
            truth.failed_days[text[:10]] += 3
        if number % 900 == 7:
            self._later(at, self._envelope("policy.activated", at, policy=VERSIONS[0], actor="ac_1", proposer="ac_2"))
            truth.policies.append([text, "policy.activated", VERSIONS[0], "ac_1", "ac_2", "none"])
        if number % 1_100 == 11:
            self._later(at, self._envelope("key.created", at, credential=f"ak_{number}", actor="ac_1"))
            truth.keys.append([text, "key.created", f"ak_{number}", "ac_1"])
        if number % 300 == 13:
            self._later(at, self._envelope("checkpoint.published", at, checkpoint=(number, digest)))
            truth.published = max(truth.published, number)
        if number % 600 == 17:
            self._later(at, self._envelope("checkpoint.witnessed", at, checkpoint=(number, digest), count=2))
            truth.witnessed_at(at, number)
        if number % 1_300 == 19:
            recovered = self._envelope("ledger.recovered", at, count=2)
            self._later(at, recovered)
            node = recovered.node.id if recovered.node else "none"
            truth.states.append([text, "ledger.recovered", node, 2, "none"])
        if number % 2_000 == 23:
            self._wrong(number, at)

    def _wrong(self, number: int, at: int) -> None:
        truth, text, exchange = self.truth, timestamp(at), f"ex_{number}"
        found = ClassesInfo(found=("phi",), declared=(), inherited=(), floor=())
        opened = self._envelope(
            "incident.opened", at, agent="letters", zone="partner", classes=found, found={"mrn": 1}, exchange=exchange
        )
        self._later(at, opened)
        row: list[str | int] = [opened.id, text, "letters", "partner", "phi", "mrn 1", exchange]
        row += [timestamp(at + 259_200_000_000), timestamp(at + 5_184_000_000_000)]
        end = at + 3_600_000_000
        if number % 4_000 == 23:
            outcome = OutcomeInfo(code="no_breach")
            self._later(
                end, self._envelope("incident.closed", end, incident=opened.id, outcome=outcome, actor="ac_privacy")
            )
            row += [timestamp(end), "no_breach", "ac_privacy"]
        else:
            row += ["none", "none", "none"]
        truth.incidents.append(row)
        erased = self._envelope(
            *("subject.erased", at),
            subject=f"su_{number}",
            case=f"sc_{number}",
            count=4,
            keys=("k1", "k2"),
            recipients=("letters",),
            backups_until=timestamp(end),
            outcome=OutcomeInfo(code="erased"),
        )
        self._later(at, erased)
        truth.subject_steps["subject.erased", "erased"] += 1
        truth.cases.append([text, "subject.erased", "erased", f"sc_{number}", f"su_{number}", "none"])
        truth.erased.append([text, f"sc_{number}", f"su_{number}", 4, 2, "letters", timestamp(end)])

    def expected(self) -> dict[str, Any]:
        """The truth, once all records were taken."""
        return self.truth.document(QUESTIONS)


def timestamp_of(envelope: Envelope) -> str:
    return envelope.occurred_at


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """The figures that are not what they should be, by their place."""
    faults = []
    for section in sorted({*found, *expected}):
        mine, theirs = found.get(section), expected.get(section)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            places = [f"{section}.{name}" for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]
            faults += places
        elif mine != theirs:
            faults.append(section)
    return faults


def compare(exchanges: int, seed: int = 7) -> tuple[list[str], int, Counter[str]]:
    """What differs, how many records there were, and how often each event."""
    year, facts, count = Year(exchanges, seed), Facts(KNOWN, QUESTIONS), 0
    for stored in year.records():
        facts.take(stored)
        count += 1
    return differences(facts.document(), year.expected()), count, year.truth.events


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.year", description="Figures against known ground truth.")
    parser.add_argument("--exchanges", type=int, default=EXCHANGES)
    given = parser.parse_args()
    began = time.perf_counter()
    faults, count, _ = compare(given.exchanges)
    print(f"{given.exchanges} exchanges, {count} records, {time.perf_counter() - began:.1f} s")
    print("\n".join(f"differs: {fault}" for fault in faults) or "every figure equals the ground truth")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
