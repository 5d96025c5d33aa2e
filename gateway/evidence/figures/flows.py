"""What went where: classes by zone, recipients by place, and processing by purpose."""

from typing import Any

from gateway.core.decision import masks
from gateway.evidence.figures.seen import DECIDED, NONE, PUBLIC, SENT, Seen
from gateway.evidence.figures.tally import Spans, Tally

NOWHERE = "not sent"
"""In the place of a zone: what policy or a limit kept from every agent."""


class Flows:
    """Counts messages: one that has two classes is in both of their rows. Each sending counts, a second agent's too."""

    events = (*SENT, "exchange.denied", "task.callback_sent")

    def __init__(self) -> None:
        self.zones = Tally()
        """Class, zone."""
        self.recipients = Spans()
        """Agent or callback, zone, region, processor, whether personal: `personal` or `other`."""
        self.versions = Spans()
        """The same, and the policy version that it was decided under."""
        self.processing = Tally()
        """Purpose, legal basis, class, agent, zone, processor, policy version."""
        self.models = Spans()
        """Agent, its version and the model that it ran, as they were registered then."""
        self.sent = self.sent_personal = 0

    def feed(self, one: Seen) -> None:
        envelope, classes = one.envelope, one.classes or (PUBLIC,)
        if envelope.event == "exchange.denied":
            for name in classes if envelope.classes is not None else ():
                self.zones.add(name, NOWHERE)
            return
        recipient = envelope.callback if envelope.event == "task.callback_sent" else envelope.agent
        if recipient is None or envelope.attempt == 0:
            return
        self.sent += 1
        self.sent_personal += one.personal
        zone, processor = envelope.zone or NONE, envelope.processor or NONE
        place = (recipient, zone, envelope.region or NONE, processor, "personal" if one.personal else "other")
        version = NONE if envelope.decision is None else envelope.decision.policy
        self.recipients.add(one.at, *place)
        self.versions.add(one.at, *place, version)
        if envelope.agent is not None:
            self.models.add(one.at, envelope.agent, envelope.agent_version or NONE, envelope.model or NONE)
        purpose, basis = envelope.purpose or NONE, envelope.legal_basis or NONE
        for name in classes:
            self.zones.add(name, zone)
            self.processing.add(purpose, basis, name, recipient, zone, processor, version)

    def merge(self, later: "Flows") -> None:
        self.zones.merge(later.zones)
        self.recipients.merge(later.recipients)
        self.versions.merge(later.versions)
        self.models.merge(later.models)
        self.processing.merge(later.processing)
        self.sent += later.sent
        self.sent_personal += later.sent_personal

    def document(self) -> dict[str, Any]:
        return {
            "sent": self.sent,
            "sent_personal": self.sent_personal,
            "zones": self.zones.rows(),
            "recipients": self.recipients.rows(),
            "versions": self.versions.rows(),
            "models": self.models.rows(),
            "processing": self.processing.rows(),
        }


class Decisions:
    """What was decided, by day, rule, purpose, code."""

    events = (*DECIDED, "exchange.completed")

    def __init__(self) -> None:
        self.days = Tally()
        """Day, word."""
        self.words = Tally()
        self.rules = Tally()
        """Rule, word."""
        self.refusals = Tally()
        """Code of what was not sent."""
        self.outcomes = Tally()
        """Code of what was, as it ended."""
        self.purposes = Tally()
        """Purpose, word."""
        self.versions = Spans()
        """Policy version that it was decided by."""
        self.watched = Tally()
        """Rule that is only watched, and what it would have done."""
        self.kept = 0
        """Answers that had been kept, so that nothing was sent."""

    def feed(self, one: Seen) -> None:
        envelope, decision = one.envelope, one.envelope.decision
        if envelope.event == "exchange.completed":
            self.outcomes.add(one.outcome)
            return
        word = one.word
        self.words.add(word)
        self.days.add(one.at[:10], word)
        self.purposes.add(envelope.purpose or NONE, word)
        self.kept += envelope.attempt == 0
        if envelope.event == "exchange.denied":
            self.refusals.add(one.outcome)
        if decision is None:
            return
        self.versions.add(one.at, decision.policy)
        for rule in decision.rules:
            self.rules.add(rule, word)
        if decision.observed is not None:
            for rule in decision.observed.watched:
                self.watched.add(rule, decision.observed.effect)

    def merge(self, later: "Decisions") -> None:
        for name in ("days", "words", "rules", "refusals", "outcomes", "purposes", "versions", "watched"):
            getattr(self, name).merge(getattr(later, name))
        self.kept += later.kept

    def document(self) -> dict[str, Any]:
        return {
            "requests": self.words.total(),
            "words": self.words.rows(),
            "days": self.days.sorted(),
            "rules": self.rules.rows(),
            "refusals": self.refusals.rows(),
            "outcomes": self.outcomes.rows(),
            "purposes": self.purposes.rows(),
            "versions": self.versions.rows(),
            "watched": self.watched.rows(),
            "kept_answers": self.kept,
        }


class Minimum:
    """What was asked to be sent, and how much of it was: messages by class, findings by type.

    A request that was denied, waits for people or was answered from what was kept is `not sent`. Where a rule says
    `redact` without types, `generalise` or `tokenize`, every type counts as masked that is masked for one of the
    message's classes: which of them the rule was for is not on record.
    """

    events = DECIDED

    def __init__(self, maskable: dict[str, frozenset[str]]) -> None:
        self._maskable = maskable
        self.messages = Tally()
        """Class, what became of it: `as it was`, `masked` or `not sent`."""
        self.fields = Tally()
        """Finding type, the same."""

    def feed(self, one: Seen) -> None:
        envelope = one.envelope
        if envelope.classes is None or envelope.decision is None:
            return
        said = envelope.decision.obligations
        masked = _masked(said, one.classes, self._maskable) if one.sent else frozenset[str]()
        became = "not sent" if not one.sent else ("masked" if masks(said) else "as it was")
        for name in one.classes or (PUBLIC,):
            self.messages.add(name, became)
        for kind, count in (envelope.found or {}).items():
            fate = "not sent" if not one.sent else ("masked" if kind in masked else "as it was")
            self.fields.add(kind, fate, times=count)

    def merge(self, later: "Minimum") -> None:
        self.messages.merge(later.messages)
        self.fields.merge(later.fields)

    def document(self) -> dict[str, Any]:
        return {"messages": _wide(self.messages), "fields": _wide(self.fields)}


FATES = ("as it was", "masked", "not sent")


def _masked(
    obligations: tuple[str, ...], classes: tuple[str, ...], maskable: dict[str, frozenset[str]]
) -> frozenset[str]:
    found: set[str] = set()
    for obligation in obligations:
        if obligation in ("redact", "generalise", "tokenize"):
            found.update(*(maskable.get(name, frozenset()) for name in classes))
        elif obligation.startswith("redact:"):
            found.update(obligation.removeprefix("redact:").split(","))
    return frozenset(found)


def _wide(tally: Tally) -> list[list[str | int]]:
    """Name, how many were asked for, and of these each fate; the most first."""
    wide: list[list[str | int]] = []
    for name in dict.fromkeys(str(row[0]) for row in tally.rows()):
        counts = [tally.of(name, fate) for fate in FATES]
        wide.append([name, sum(counts), *counts])
    return sorted(wide, key=lambda row: (-int(row[1]), str(row[0])))
