"""A person signs off a review of activity or of access: of which records, by which report, and what came of it.

It is a record (`review.signed`) and nothing else: whoever reads the ledger later, or a bundle of it, finds who reviewed
what (45 CFR 164.308(a)(1)(ii)(D); of access, (a)(3)-(4)), and the next review tells it.
"""

import re

import msgspec

from gateway.core.errors import RecordsArchived
from gateway.core.ids import uuid7
from gateway.core.ports import Clock
from gateway.core.refusal import Refusal
from gateway.exchange.approving import MAX_REASON, Approver
from gateway.exchange.audit_scribe import Made
from gateway.exchange.auditor import Auditor
from gateway.exchange.metrics import Metrics
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.entry import Entry
from gateway.ledger.record import Envelope, NodeInfo, OutcomeInfo, encode_detail, timestamp
from gateway.ledger.times import parse_timestamp
from gateway.store.incidents import IncidentStore
from gateway.store.search import Hit

SIGNERS = frozenset({"auditor", "compliance", "privacy"})
"""Roles that may review activity."""
REVIEWS = ("activity-review", "access-review")
"""Kinds of reports that are signed off."""
DISPOSITIONS = ("no_findings", "findings")
"""Nothing was found that anything is to be done about; or something was, as the reason says."""
_EMPTY = "must be a period in which records were written: there are none"
_NOT_MADE = (
    "the digest of a report's file of this kind and period, made here when the period was over, and unchanged since "
    "(gateway evidence report, POST /evidence/reports)"
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_INCIDENT = re.compile(r"[0-9a-f-]{36}")


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of a review."""

    since: str
    until: str
    """The period that was reviewed (27 characters each, the end exclusive)."""
    report: str
    """`sha256:` and 64 hex digits: of the file of the report that the person looked at."""
    disposition: str
    reason: str
    """What was found and is to be done, in words; it goes beside the record."""
    incident: str | None = None
    """The incident that it led to or is about."""
    kind: str = "activity-review"
    """Of that report: of `REVIEWS`."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-off that is on record, under the number `seq`: of the records `first` ≤ number < `end`."""

    seq: int
    id: str
    signed_at: str
    first: int
    end: int
    kind: str
    report: str
    made: str
    """The id of the record of the report's file."""
    disposition: str
    incident: str | None


class SignOffs:
    """Takes sign-offs of one tenant. `ledger`: its ledger's id."""

    def __init__(
        self,
        *,
        auditor: Auditor,
        incidents: IncidentStore,
        ledger: str,
        clock: Clock,
        node: NodeInfo,
        metrics: Metrics,
    ) -> None:
        self._auditor, self._incidents, self._ledger = auditor, incidents, ledger
        self._clock, self._node, self._metrics = clock, node, metrics

    async def sign(self, who: Approver, review: Review) -> Signed | Refusal:
        """A person's word on the activity in a period that is over, or on who had access in it.

        1. A person of a role that reviews. 2. What is said is in its form, and the incident is the tenant's own. 3. The
        records that were written in the period are found, as a report of it finds them, and the record of the report's
        file: of this kind and these records, made when the period was over. 4. Record. What is *not* checked: that
        anybody read it.
        """
        if who.kind != "person" or SIGNERS.isdisjoint(who.roles):
            return Refusal(code="role_required", hint=f"a person of the role {' or '.join(sorted(SIGNERS))}")
        now = self._clock.now_us()
        refusal = _unfit(review, now) or await self._unknown(review)
        if refusal is not None:
            return refusal
        try:
            first, end = await self._auditor.written_between(review.since, review.until)
            looked_at = Made(kind=review.kind, digest=review.report, first=first, end=end)
            made = None if first == end else await self._auditor.making(looked_at, review.until)
        except RecordsArchived as error:
            return Refusal(code="archived", hint=error.hint)
        if made is None:
            return _wrong("from", _EMPTY) if first == end else _wrong("report", _NOT_MADE)
        entry = self._entry(who, review, (first, end), made, now)
        # A crash before this is durable: nothing is signed, and is to be signed again. After: it is signed, whether or
        # not who signed was told; signing again is a second word on the same period, and both stay.
        appended = await who.ledger.append(entry)
        self._metrics.review(self._ledger, "signed")
        return Signed(
            seq=appended.seq,
            id=entry.envelope.id,
            signed_at=timestamp(now),
            first=first,
            end=end,
            kind=review.kind,
            report=review.report,
            made=made.id,
            disposition=review.disposition,
            incident=review.incident,
        )

    async def _unknown(self, review: Review) -> Refusal | None:
        name = review.incident
        if name is None:
            return None
        known = await self._incidents.get(self._ledger, name) if _INCIDENT.fullmatch(name) else None
        return Refusal(code="not_found", field="incident", hint="the id of an incident") if known is None else None

    def _entry(self, who: Approver, review: Review, places: tuple[int, int], made: Hit, now: int) -> Entry:
        salt = new_salt()
        asked = {"report": review.kind, "from": review.since, "to": review.until, "made": made.id}
        detail = encode_detail(msgspec.structs.replace(who.by.detail, reason=review.reason, query=asked))
        envelope = Envelope(
            id=uuid7(now),
            tenant=self._ledger,
            event="review.signed",
            occurred_at=timestamp(now),
            action=review.kind,
            actor=who.actor,
            actor_kind=who.kind,
            exchange=who.by.exchange,
            trace=who.by.trace,
            range=places,
            digest=review.report,
            incident=review.incident,
            outcome=OutcomeInfo(code=review.disposition),
            detail=committed(salt, "detail", detail),
            node=self._node,
        )
        return Entry.of(envelope, detail=detail, salt=salt)


def _unfit(review: Review, now: int) -> Refusal | None:
    """Why this cannot be signed, by the field; None where it can."""
    if parse_timestamp(review.since) >= parse_timestamp(review.until):
        return _wrong("to", "a time after from")
    if parse_timestamp(review.until) > now:  # what is not over may hold more than was looked at
        return _wrong("to", "the end of a period that is over")
    if review.kind not in REVIEWS:
        return _wrong("kind", ", ".join(REVIEWS))
    if not _DIGEST.fullmatch(review.report):
        return _wrong("report", "sha256: and the 64 hex digits of the SHA-256 of the report's file")
    if review.disposition not in DISPOSITIONS:
        return _wrong("disposition", ", ".join(DISPOSITIONS))
    if not 1 <= len(review.reason.strip()) <= len(review.reason) <= MAX_REASON:
        return _wrong("reason", f"what was found and is to be done, in 1 to {MAX_REASON} characters")
    return None


def _wrong(field: str, hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field=field, hint=hint)
