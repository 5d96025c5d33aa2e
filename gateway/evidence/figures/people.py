"""What people did: approvals, who called and read, which keys and roles were in use, how the policy changed."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from gateway.evidence.figures.seen import DECIDED, GONE, NONE, Seen
from gateway.evidence.figures.tally import Cell, Keyed, Pairs, Rows, Spans, Tally
from gateway.ledger.times import parse_timestamp

_ANSWERS = ("approved", "denied", "edited")
_ENDS = ("exchange.completed", "task.callback_delivered", "task.callback_failed")
"""What tells the connection that somebody was sent something over."""
_UNTOLD = "without TLS, or not known"
_VERDICTS = {"justified": "justified", "not justified": "not_justified"}
"""Line of the detail → code."""


class Approvals:
    """What waited for people, how long until somebody answered, and what became of it."""

    events = ("approval.",)

    def __init__(self) -> None:
        self.steps = Tally()
        """Step (`requested`, `approved`, …), and who took it: `person`, `agent`, …"""
        self.reasons = Spans()
        """Step that somebody answered with, who, the reason."""
        self.waits = Pairs()
        """From the request to the first answer."""

    def feed(self, one: Seen) -> None:
        envelope, step = one.envelope, one.envelope.event.partition(".")[2]
        self.steps.add(step, envelope.actor_kind or NONE)
        if step in _ANSWERS:
            self.reasons.add(one.at, step, envelope.actor or NONE, one.reason)
        if envelope.approval is None:
            return
        if step == "requested":
            self.waits.open(envelope.approval, parse_timestamp(one.at))
        elif step in ("approved", "denied"):
            self.waits.answer(envelope.approval, parse_timestamp(one.at))
        elif step in ("expired", "superseded"):
            self.waits.drop(envelope.approval)

    def merge(self, later: "Approvals") -> None:
        self.steps.merge(later.steps)
        self.reasons.merge(later.reasons)
        self.waits.merge(later.waits)

    def document(self) -> dict[str, Any]:
        return {"steps": self.steps.rows(), "reasons": self.reasons.rows(), **self.waits.document()}


class Callers:
    """Who was let in and who was not: callers, methods, roles in use, transport, failures, keys, emergencies."""

    events = (*DECIDED, *_ENDS, "auth.failed", "key.", "issuer.", "agent.", "alert.", "limit.")

    def __init__(self) -> None:
        self.callers = Spans()
        """Actor, kind, zone."""
        self.roles = Spans()
        """Actor, role: as the credential said it, where the detail is still there."""
        self.credentials = Tally()
        """Method, issuer, credential: ids of API keys, digests of certificates and tokens."""
        self.methods = Tally()
        """Method, issuer."""
        self.transport = Tally()
        """TLS of the caller's connection."""
        self.to_agents = Tally()
        """Agent or callback, zone, TLS of the connection that it was sent something over."""
        self.failures = Tally()
        """Code."""
        self.failed_days = Tally()
        self.keys = Rows()
        """Time, event, credential, actor."""
        self.changes = Rows()
        """Issuers and tools: time, event, agent, count or nothing."""
        self.glass = Rows()
        """Time, event, id, actor, role that was lent, until when, what the review came to, reason."""
        self.overdue = Rows()
        """Emergencies without a review when the range began, which was overdue: id, role that was lent, until when,
        since when the review was overdue, the number of the record that says so."""
        self.reviews = Keyed()
        """Emergency → when it was reviewed, what the review came to, by whom."""
        self.lent = Tally()
        """Requests under a role that was lent in an emergency, by word."""

    def begin(self, stood: Iterable[Seen]) -> None:
        """Emergencies whose review was overdue when the range began, among other records."""
        for one in stood:
            if one.envelope.event == "alert.review_overdue":
                lent = (_line(one, "role"), _line(one, "until"))
                self.overdue.add(one.envelope.break_glass or NONE, *lent, one.at, one.envelope.seq or 0)

    def feed(self, one: Seen) -> None:
        envelope, event = one.envelope, one.envelope.event
        if event in DECIDED:
            self._request(one)
        elif event in _ENDS:
            self._reached(one)
        elif event == "auth.failed":
            times = 1 if envelope.count is None else envelope.count
            self.failures.add(one.outcome, times=times)
            self.failed_days.add(one.at[:10], times=times)
        elif event.startswith("key."):
            self.keys.add(one.at, event, envelope.credential or NONE, envelope.actor or NONE)
        elif event.startswith("alert."):
            who, name = envelope.actor or NONE, envelope.break_glass or NONE
            lent = (_line(one, "role"), _line(one, "until"))
            self.glass.add(one.at, event, name, who, *lent, _judged(one), one.reason)
            if event == "alert.reviewed":
                self.reviews.put(name, one.at, _judged(one), who)
        elif event.startswith(("issuer.", "agent.")):
            self.changes.add(one.at, event, envelope.agent or NONE, envelope.actor or NONE)

    def _request(self, one: Seen) -> None:
        envelope, detail = one.envelope, one.detail
        if envelope.actor is not None:
            zone = envelope.caller_zone or NONE
            self.callers.add(one.at, envelope.actor, envelope.actor_kind or NONE, zone)
        if envelope.break_glass is not None:
            self.lent.add(one.word)
        if detail is None:
            return
        if detail.method is not None:
            way = (detail.method, detail.issuer or NONE)
            self.methods.add(*way)
            if detail.credential is not None:
                self.credentials.add(*way, detail.credential)
        self.transport.add(detail.tls or _UNTOLD)
        for role in detail.roles or ():
            self.roles.add(one.at, envelope.actor or NONE, role)

    def _reached(self, one: Seen) -> None:
        """Who was sent something: an agent that answered (what was found is told then, and only then) or did not, and a
        destination."""
        envelope, detail, whom = one.envelope, one.detail, one.envelope.agent or one.envelope.callback
        if detail is None or whom is None:
            return
        left = envelope.outcome is not None and envelope.outcome.unanswered
        if detail.agent_tls or left or envelope.found is not None or envelope.callback is not None:
            self.to_agents.add(whom, envelope.zone or NONE, detail.agent_tls or _UNTOLD)

    def merge(self, later: "Callers") -> None:
        for name in (
            *("callers", "roles", "methods", "credentials", "transport", "to_agents", "failures", "failed_days"),
            *("keys", "changes", "glass", "overdue", "reviews", "lent"),
        ):
            getattr(self, name).merge(getattr(later, name))

    def _ways(self) -> list[list[Cell]]:
        """Method, issuer, how many different credentials, requests."""
        different = Counter((method, issuer) for method, issuer, *_ in self.credentials.rows())
        return [[method, issuer, different[method, issuer], times] for method, issuer, times in self.methods.rows()]

    def _overdue(self) -> list[list[Cell]]:
        """As `overdue`, then when it was reviewed, what that came to and by whom, `none` while nobody did."""
        reviewed, still = {str(name): row for name, *row in self.reviews.rows()}, [NONE, NONE, NONE]
        return [[*row, *reviewed.get(str(row[0]), still)] for row in self.overdue.rows]

    def document(self) -> dict[str, Any]:
        return {
            "callers": self.callers.rows(),
            "roles": self.roles.rows(),
            "methods": self._ways(),
            "transport": self.transport.rows(),
            "to_agents": self.to_agents.rows(),
            "failures": self.failures.rows(),
            "failed_days": self.failed_days.sorted(),
            "keys": self.keys.rows,
            "changes": self.changes.rows,
            "glass": self.glass.rows,
            "overdue_before": self._overdue(),
            "lent": self.lent.rows(),
        }


def _line(one: Seen, name: str) -> str:
    """What a line of the detail's `diff` says of this: `clinician` of `role clinician`; as `Seen.reason`."""
    lines = () if one.detail is None else one.detail.diff or ()
    told = (line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} "))
    return next(told, GONE if one.gone else NONE)


def _judged(one: Seen) -> str:
    """The verdict of a review; records of before the outcome told it hold it in the detail alone."""
    if one.envelope.event != "alert.reviewed" or one.envelope.outcome is not None:
        return one.outcome
    lines = () if one.detail is None else one.detail.diff or ()
    told = (code for line, code in _VERDICTS.items() if line in lines)
    return next(told, GONE if one.gone else NONE)


class Trail:
    """Who read, exported and verified the records and with which question, who was shown content, what people judged of
    samples, and which reviews they signed off."""

    events = ("audit.", "content.revealed", "subject.access", "subject.shown", "review.")

    def __init__(self) -> None:
        self.readings = Spans()
        """Actor, kind, event."""
        self.questions = Spans()
        """Actor, event, question."""
        self.verified = Rows()
        """Time, actor, outcome, first and end of what was verified, why it failed."""
        self.exports = Rows()
        """Time, actor, first and end of what was taken out, what came of a bundle or a report, why it
        failed, the file's digest."""
        self.signed = Rows()
        """Time, actor, kind of the report, first and end of what was reviewed, the period, disposition, incident, the
        report's digest, and the id of the record of its file."""
        self.findings = Rows()
        """Time, actor, disposition, what was found and is to be done, of what was signed."""

    def feed(self, one: Seen) -> None:
        envelope = one.envelope
        self.readings.add(one.at, envelope.actor or NONE, envelope.actor_kind or NONE, envelope.event)
        who, (first, end) = envelope.actor or NONE, envelope.range or (0, 0)
        if envelope.event.startswith("audit."):
            self.questions.add(one.at, who, envelope.event, one.question)
        if envelope.event == "audit.verified":
            self.verified.add(one.at, who, one.outcome, first, end, one.reason)
        elif envelope.event == "audit.exported":
            self.exports.add(one.at, who, first, end, one.outcome, one.reason, envelope.digest or NONE)
        elif envelope.event == "review.signed":
            asked = {} if one.detail is None else one.detail.query or {}
            period = f"{asked['from']} to {asked['to']}" if {"from", "to"} <= set(asked) else "not told"
            said = (one.outcome, envelope.incident or NONE, envelope.digest or NONE, asked.get("made", "not told"))
            kind = envelope.action or asked.get("report", "not told")  # before there was an action, the detail said it
            self.signed.add(one.at, who, kind, first, end, period, *said)
            self.findings.add(one.at, who, one.outcome, one.reason)

    def merge(self, later: "Trail") -> None:
        for name in ("readings", "questions", "verified", "exports", "signed", "findings"):
            getattr(self, name).merge(getattr(later, name))

    def document(self) -> dict[str, Any]:
        return {
            "readings": self.readings.rows(),
            "questions": self.questions.rows(),
            "verified": self.verified.rows,
            "exports": self.exports.rows,
            "signed": self.signed.rows,
            "findings": self.findings.rows,
        }


class Policies:
    """Versions of the policy with their dates, who proposed and who activated them, and changes of configuration."""

    events = ("policy.", "config.changed")

    def __init__(self) -> None:
        self.changes = Rows()
        """Time, event, version, who did it, who had proposed it, proposal."""
        self.reasons = Rows()
        """Time, event, version, who did it, why."""
        self.configurations = Rows()
        """Time, digest, actor."""

    def feed(self, one: Seen) -> None:
        envelope = one.envelope
        if envelope.event == "config.changed":
            self.configurations.add(one.at, envelope.config or NONE, envelope.actor or NONE)
            return
        who, proposer = envelope.actor or "at a start", envelope.proposer or NONE
        version = envelope.policy or NONE
        self.changes.add(one.at, envelope.event, version, who, proposer, envelope.proposal or NONE)
        self.reasons.add(one.at, envelope.event, version, who, one.reason)

    def merge(self, later: "Policies") -> None:
        self.changes.merge(later.changes)
        self.reasons.merge(later.reasons)
        self.configurations.merge(later.configurations)

    def document(self) -> dict[str, Any]:
        return {
            "changes": self.changes.rows,
            "reasons": self.reasons.rows,
            "configurations": self.configurations.rows,
        }
