"""A report's basis: the figures of a small generated year, and what its policy versions declare."""

from functools import cache

import msgspec

from benchmarks.year import KNOWN, Year
from benchmarks.year_versions import VERSIONS
from gateway.evidence.figures.facts import Facts
from gateway.evidence.figures.provisions import Question
from gateway.evidence.figures.subjects import EXCLUDED, Disclosures, Subjects
from gateway.evidence.reports.basis import Affected, Basis
from gateway.evidence.reports.register import Declared, Party, Place, Register
from gateway.ledger.record import parse_detail
from tests.evidence.figures.kit import record

EXCHANGES = 1_200
SUBJECT = "su_7"
MERGED = frozenset(f"su_{number}" for number in range(40))
"""Pseudonyms that are one person, so that a small year says enough of it."""
CASE = "sc_0011223344556677889900aabb"
AFFECTED = Affected(subjects=("su_1", "su_2"), persons=frozenset({"su_1"}), records=3, unnamed=1, deleted=1)
"""Of each incident: two pseudonyms that are one person."""
QUESTIONS = (
    Question(
        framework="hipaa",
        id="164.312(a)(1)",
        title="Access control",
        text="Requests, by decision.",
        report="counts",
        columns=("event", "decision"),
        queries=({"event": "exchange.requested"}, {"event": "exchange.denied"}),
        needs=("decision.policy", "archive"),
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
REGISTER = Register(
    retention_days=2_192,
    processors={
        "clinic-it": Party(
            legal_name="Clinic IT <GmbH>",
            address="Hauptstr. 1, Berlin",
            country="DE",
            safeguard="DPA",
            valid_until="2027-12-31",
            classes=("phi", "pii"),
            no_training=True,
        ),
        "unused": Party(
            legal_name="Unused Ltd",
            address="1 High St",
            country="GB",
            safeguard="none configured",
            valid_until="",
            classes=(),
            no_training=False,
        ),
    },
    zones={"in-house": Place(trusted=True, region="DE")},
)


def unasked() -> int:
    """How many of the requests of that year were refused before policy was asked."""
    told = (msgspec.json.decode(stored.envelope) for stored in Year(EXCHANGES).records())
    return sum(one["event"] == "exchange.denied" and "decision" not in one for one in told)


def declared(register: Register) -> Declared:
    """The same by every version that decided in the year."""
    return Declared(registers=dict.fromkeys(VERSIONS, register))


@cache
def basis(exchanges: int = EXCHANGES) -> Basis:
    """Of a year with so many exchanges, of which no record is missing; the subject has what the year says of it, and an
    access and an erasure."""
    year, facts = Year(exchanges), Facts(KNOWN, QUESTIONS)
    disclosures, steps, number = Disclosures(EXCLUDED), Subjects(), 0
    for stored in year.records():
        one = facts.take(stored)
        detail = None if stored.detail is None else parse_detail(stored.detail)
        if detail is not None and MERGED & set(detail.subjects or ()):
            number += 1
            if one.envelope.event in disclosures.events:
                disclosures.feed(one)
    steps.feed(record("subject.access", code="answered", subject=SUBJECT, case="sc_access"))
    steps.feed(record("subject.erased", code="erased", subject=SUBJECT, case=CASE, count=4, recipients=("letters",)))
    figures = facts.document()
    figures["coverage"] |= {"missing": 0, "gaps": []}
    return Basis(
        ledger="gateway.example/ledger/1f6d0a00112233445566",
        since="2026-01-01T00:00:00.000000Z",
        until="2027-01-01T00:00:00.000000Z",
        first=facts.coverage.first,
        end=facts.coverage.last + 1,
        created="2027-01-02T08:30:00.000000Z",
        generator="agent-compliance-gateway 0.0.0",
        figures=figures,
        declared=declared(REGISTER),
        subject={
            "pseudonyms": [SUBJECT],
            "records": number,
            "disclosures": disclosures.document(),
            "subjects": steps.document(),
        },
        framework=("hipaa", "HIPAA Security and Privacy Rules", "Records that support evidence."),
        affected={str(row[0]): AFFECTED for row in figures["incidents"]["opened"]},
    )
