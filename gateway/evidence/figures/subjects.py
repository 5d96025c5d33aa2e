"""What was done for data subjects, what was destroyed and how long things are kept, and what went wrong."""

from collections.abc import Iterable
from typing import Any

from gateway.evidence.figures.endings import due_of
from gateway.evidence.figures.seen import NONE, SENT, Seen
from gateway.evidence.figures.tally import Cell, Keyed, Rows, Spans, Tally
from gateway.ledger.times import parse_timestamp, timestamp

_KEPT = ("retention.", "ledger.archived", "subject.erased")
NOTIFY_US = 72 * 3_600 * 1_000_000
"""GDPR Art. 33(1): 72 hours after having become aware."""
INDIVIDUALS_US = 60 * 86_400 * 1_000_000
"""45 CFR 164.404(b): 60 calendar days after discovery."""


_REQUESTS = {
    "subject.access": "access",
    "subject.erasure": "erasure",
    "subject.erasure-refused": "erasure",
    "subject.erased": "erasure",
}
ELSEWHERE = ("archive ", "emergency ")
"""How lines in the detail of an access begin that name what it did not look into."""


class Subjects:
    """Accesses, rectifications, restrictions, holds and erasures, each with its case."""

    events = ("subject.",)

    def __init__(self) -> None:
        self.requests = Keyed()
        """Case → access or erasure, subject, when it was received, by when it is due, when it ended, newest outcome."""
        self.steps = Tally()
        """Event, outcome."""
        self.cases = Rows()
        """Time, event, outcome, case, subject, ground."""
        self.reasons = Rows()
        """Time, event, outcome, case, who said so, why; of what persons said."""
        self.erased = Rows()
        """Time, case, subject, records reached, keys, recipients to be told, by when backups hold nothing."""
        self.elsewhere = Rows()
        """Time, case, what an access did not look into."""

    def begin(self, stood: Iterable[Seen]) -> None:
        """The newest steps of the cases that were open when the range began, among other records."""
        for one in stood:
            self._request(one)

    def feed(self, one: Seen) -> None:
        if one.envelope.event == "subject.shown":
            return  # is a reading, and told among those
        envelope, case, subject = one.envelope, one.envelope.case or NONE, one.envelope.subject or NONE
        self._request(one)
        self.steps.add(envelope.event, one.outcome)
        self.cases.add(one.at, envelope.event, one.outcome, case, subject, envelope.legal_basis or NONE)
        if envelope.actor is not None:
            self.reasons.add(one.at, envelope.event, one.outcome, case, envelope.actor, one.reason)
        if envelope.event == "subject.access" and one.detail is not None:
            for line in one.detail.diff or ():
                if line.startswith(ELSEWHERE):
                    self.elsewhere.add(one.at, case, line)
        if envelope.event == "subject.erased":
            told = ", ".join(envelope.recipients or ()) or NONE
            self.erased.add(
                one.at,
                case,
                subject,
                envelope.count or 0,
                len(envelope.keys or ()),
                told,
                envelope.backups_until or NONE,
            )

    def merge(self, later: "Subjects") -> None:
        for name in ("requests", "steps", "cases", "reasons", "erased", "elsewhere"):
            getattr(self, name).merge(getattr(later, name))

    def document(self) -> dict[str, Any]:
        return {
            "requests": self.requests.rows(),
            "steps": self.steps.rows(),
            "cases": self.cases.rows,
            "reasons": self.reasons.rows,
            "erased": self.erased.rows,
            "elsewhere": self.elsewhere.rows,
        }

    def _request(self, one: Seen) -> None:
        envelope, what = one.envelope, _REQUESTS.get(one.envelope.event)
        if what is None or envelope.case is None:
            return
        received, due = (NONE, NONE) if envelope.began is None else (envelope.began, due_of(one))
        ended = NONE if envelope.event == "subject.erasure" else one.at
        self.requests.put(envelope.case, what, envelope.subject or NONE, received, due, ended, one.outcome)


class Keeping:
    """For how long content is kept, and what was destroyed."""

    events = (*SENT, *_KEPT)

    def __init__(self) -> None:
        self.kept = Tally()
        """What a rule says of the content of what was sent: `keep-content:<days>`, `no-content`, or `not kept`."""
        self.destroyed = Rows()
        """Time, event, how many, outcome."""

    def feed(self, one: Seen) -> None:
        envelope, decision = one.envelope, one.envelope.decision
        if envelope.event not in SENT:
            self.destroyed.add(one.at, envelope.event, envelope.count or 0, one.outcome)
        elif one.sent:
            said = () if decision is None else decision.obligations
            kept = [word for word in said if word == "no-content" or word.startswith("keep-content:")]
            self.kept.add(kept[0] if kept else "not kept")

    def merge(self, later: "Keeping") -> None:
        self.kept.merge(later.kept)
        self.destroyed.merge(later.destroyed)

    def document(self) -> dict[str, Any]:
        return {"kept": self.kept.rows(), "destroyed": self.destroyed.rows}


class Incidents:
    """What should not have left: when that was seen, what it was, who judged it, and by when somebody must be told."""

    events = ("incident.", "exchange.reclassified")

    def __init__(self) -> None:
        self.opened = Rows()
        """Id, time, agent, zone, classes, findings, exchange, end of 72 hours, end of 60 days."""
        self.before = Rows()
        """The same of those that were open when the range began."""
        self.closed: dict[str, list[str | int]] = {}
        """Id → time, what it was, who said so."""
        self.closings = Rows()
        """Time, id, what it was, who said so, why: of each word that was given."""
        self.searched = Tally()
        """Outcome of searching again what was kept."""

    def begin(self, stood: Iterable[Seen]) -> None:
        """Incidents that were open when the range began, among other records."""
        for one in stood:
            if one.envelope.event == "incident.opened":
                self.before.add(*_incident(one))

    def feed(self, one: Seen) -> None:
        envelope = one.envelope
        if envelope.event == "exchange.reclassified":
            self.searched.add(one.outcome)
        elif envelope.event == "incident.closed":
            name, who = envelope.incident or NONE, envelope.actor or NONE
            self.closed.setdefault(name, [one.at, one.outcome, who])
            self.closings.add(one.at, name, one.outcome, who, one.reason)
        else:
            self.opened.add(*_incident(one))

    def merge(self, later: "Incidents") -> None:
        self.opened.merge(later.opened)
        self.before.merge(later.before)
        self.closings.merge(later.closings)
        self.searched.merge(later.searched)
        for name, row in later.closed.items():
            self.closed.setdefault(name, row)

    def document(self) -> dict[str, Any]:
        """`opened`, `open_before`: as above, then when it was closed, as what and by whom, `none` while it is open.
        `closed_of_before`: closed here, and neither opened here nor known to be open when the range began."""
        told = {row[0] for row in (*self.opened.rows, *self.before.rows)}
        return {
            "opened": [self._ended(row) for row in self.opened.rows],
            "open_before": [self._ended(row) for row in self.before.rows],
            "closed_of_before": [[name, *row] for name, row in self.closed.items() if name not in told],
            "closings": self.closings.rows,
            "searched": self.searched.rows(),
        }

    def _ended(self, row: list[Cell]) -> list[Cell]:
        return [*row, *self.closed.get(str(row[0]), [NONE, NONE, NONE])]


def _incident(one: Seen) -> list[Cell]:
    """As a row of `Incidents.opened`."""
    envelope, at = one.envelope, parse_timestamp(one.at)
    found = ", ".join(f"{name} {count}" for name, count in sorted((envelope.found or {}).items()))
    return [
        *(envelope.id, one.at, envelope.agent or NONE, envelope.zone or NONE),
        *(", ".join(one.classes) or NONE, found or NONE, envelope.exchange or NONE),
        *(timestamp(at + NOTIFY_US), timestamp(at + INDIVIDUALS_US)),
    ]


class Disclosures:
    """What agents were sent about one person, for an accounting of disclosures (45 CFR 164.528): repeats of one kind as
    the first, how many and the last. Fed the records about that person alone.

    Treatment, payment and operations need not be accounted for (164.528(a)(1)(i)): how many there were is told.
    """

    events = (*SENT, "task.callback_sent")

    def __init__(self, excluded: frozenset[str]) -> None:
        self._excluded = excluded
        self.told = Spans()
        """Recipient, zone, processor, purpose, classes, policy version."""
        self.left_out = Tally()
        """Purpose that is excluded."""

    def feed(self, one: Seen) -> None:
        envelope = one.envelope
        recipient = envelope.callback if envelope.event == "task.callback_sent" else envelope.agent
        if recipient is None or envelope.attempt == 0:
            return
        purpose = envelope.purpose or NONE
        if purpose in self._excluded:
            self.left_out.add(purpose)
            return
        classes = ", ".join(one.classes) or "public"
        version = NONE if envelope.decision is None else envelope.decision.policy
        self.told.add(one.at, recipient, envelope.zone or NONE, envelope.processor or NONE, purpose, classes, version)

    def merge(self, later: "Disclosures") -> None:
        self.told.merge(later.told)
        self.left_out.merge(later.left_out)

    def document(self) -> dict[str, Any]:
        return {"told": self.told.rows(), "left_out": self.left_out.rows()}


_TREATMENT = "TREAT CLINTRL CAREMGT COC ETREAT BTG ERTREAT POPHLTH"
_PAYMENT = "HPAYMT CLMATTCH COVAUTH COVERAGE ELIGDTRM ELIGVER ENROLLM MILDCRG REMITADV"
_OPERATIONS = "HOPERAT FRAUD HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HQUALIMP HSYSADMIN METAMGT MEMADMIN"
EXCLUDED = frozenset(f"{_TREATMENT} {_PAYMENT} {_OPERATIONS} PATADMIN PATSFTY PERFMSR RECORDMGT TRAIN".split())
"""HL7 purposes of use that are treatment, payment or health care operations (45 CFR 164.501)."""


class Personal:
    """What records about one person say: how many there are, what was disclosed, and what was done on request."""

    def __init__(self) -> None:
        self._disclosures, self._steps, self._records = Disclosures(EXCLUDED), Subjects(), 0

    def take(self, one: Seen) -> None:
        """A record about this person."""
        self._records += 1
        if one.envelope.event in self._disclosures.events:
            self._disclosures.feed(one)
        elif one.envelope.event.startswith("subject."):
            self._steps.feed(one)

    def document(self, pseudonyms: Iterable[str]) -> dict[str, Any]:
        """As `Basis.subject`."""
        return {
            "pseudonyms": list(pseudonyms),
            "records": self._records,
            "disclosures": self._disclosures.document(),
            "subjects": self._steps.document(),
        }
