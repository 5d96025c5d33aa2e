"""What is in force, told from the records that changed it, taken in order: API keys, entries of the deny-list, the
policy version, and the configuration of each node; and what is open: cases, emergencies, incidents.

A thing is in force from the record that made it until one that ends it, or until the time that it was made to end.
What a record does not say, since its detail is deleted, is told so and never guessed.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from gateway.evidence.figures.endings import KINDS
from gateway.evidence.figures.seen import NONE, Seen
from gateway.evidence.figures.tally import MAX_KEYS, Cell
from gateway.ledger.granted import Denied, Granted, denied, granted

EVENTS = (
    *("key.created", "key.rotated", "key.revoked", "key.denied", "key.allowed"),
    *("policy.activated", "config.changed", "ledger.started"),
)
CASES = ("subject.erasure", "subject.erasure-refused", "subject.erased")
REVIEWS = ("alert.review_overdue", "alert.reviewed")
INCIDENTS = ("incident.opened", "incident.closed")
OPENED = (*CASES, *REVIEWS, *INCIDENTS)
"""Those of what stays open for a while: nothing is in force by them, and what is open at a time is looked for as what
is in force then."""
MAKES = (
    *("key.created", "key.rotated", "key.denied", "policy.activated", "config.changed", "ledger.started"),
    *("subject.erasure", "alert.review_overdue", "incident.opened"),
)
"""Of all these, those that put something in force, or open it."""
STILL = "still in force"
DELETED = "detail deleted"
UNTOLD = f"not known ({DELETED})"
"""When something ends whose record has lost the detail that says so."""
UNKNOWN = "not known"
"""Of what was made by a record that was not looked at."""
BEFORE, WITHIN = "before the period", "in the period"
AT_START = "at a start"
_PRUNED = 1_000
"""Of so many things that there is no room for, one time it is looked whether there is some by now."""
Thing = tuple[str, str]
"""Kind and name of what may be in force."""


class Change(NamedTuple):
    """What a record of `EVENTS` or `OPENED` says. `name`: the key, the entry, the version, the node, what is open."""

    record: int
    at: str
    event: str
    name: str
    actor: str
    value: str = ""
    """Of a configuration its digest."""
    proposer: str = NONE
    proposal: str = NONE
    told: Granted | Denied | None = None
    """What the detail says; None where it is deleted, or where there is none for such an event."""


class Ending(NamedTuple):
    """What ends a thing, or would: when, by which record, and why."""

    at: str
    by: Change
    why: str


class Held(msgspec.Struct, kw_only=True):
    """One thing that is or was in force."""

    made: Change | None
    """The record that made it; None where it was not looked at."""
    name: str
    told: Granted | Denied | None
    before: bool
    """Whether that record lies before the period."""
    endings: list[Ending] = []
    """In the order of their records. The earliest ends it; the others count where that one turns out to be none."""

    def ending(self) -> Ending | None:
        """The earliest, of several at one time the first that was recorded; None where it ends by itself or not."""
        first = min(self.endings, key=lambda one: one.at, default=None)
        expiry = None if self.told is None else self.told.ends
        return None if first is None or (expiry is not None and expiry < first.at) else first

    def until(self) -> tuple[str, str]:
        """When it ends, as far as records say, and why."""
        ending, expiry = self.ending(), None if self.told is None else self.told.ends
        if ending is not None:
            return ending.at, ending.why
        if expiry is not None:
            return expiry, "expiry"
        return (UNTOLD, NONE) if self.told is None and self.kept_beside else (STILL, NONE)

    @property
    def kept_beside(self) -> bool:
        """Whether the detail of its record says when it ends."""
        return self.made is not None and self.made.event.startswith("key.")

    def span(self) -> tuple[str, str]:
        return (UNKNOWN if self.made is None else self.made.at), self.until()[0]

    def origin(self) -> tuple[Cell, str]:
        """The number of its record, and where that lies."""
        if self.made is None:
            return UNKNOWN, BEFORE
        return self.made.record, BEFORE if self.before else WITHIN

    def end(self) -> tuple[str, str, Cell]:
        """Why it ended, by whom, and by which record."""
        ending = self.ending()
        return (self.until()[1], NONE, NONE) if ending is None else (ending.why, ending.by.actor, ending.by.record)


def change(one: Seen) -> Change:
    """What one record of `EVENTS` or `OPENED` says."""
    envelope, event = one.envelope, one.envelope.event
    place, actor = (envelope.seq or 0, one.at, event), envelope.actor or NONE
    if event.startswith("key."):
        lines = None if one.detail is None else one.detail.diff or ()
        read: Callable[..., Granted | Denied] = denied if event in ("key.denied", "key.allowed") else granted
        return Change(*place, envelope.credential or NONE, actor, told=None if lines is None else read(lines))
    if event == "policy.activated":
        proposer, proposal = envelope.proposer or NONE, envelope.proposal or NONE
        actor = envelope.actor or AT_START
        return Change(*place, envelope.policy or NONE, actor, proposer=proposer, proposal=proposal)
    if event in OPENED:
        return Change(*place, KINDS[event.partition(".")[0]].of(envelope) or NONE, actor)
    node = NONE if envelope.node is None else envelope.node.id
    return Change(*place, node, envelope.actor or AT_START, value=envelope.config or "")


class Book:
    """Keeps what is in force as changes are taken in order. Memory: one entry for each thing that is told, `MAX_KEYS`
    of each kind at most; how many more there were is counted (`beyond`), and what ends them is not told either."""

    def __init__(self) -> None:
        self._held: dict[Thing, list[Held]] = {}
        """Of each key, entry and node, and of the policy, what was in force one after the other."""
        self._sizes = Counter[str]()
        """Kind → how many of it: what is open takes no room from what is in force."""
        self.untold = 0
        """Rotations of which the detail is deleted: which key each replaced is not known."""
        self.beyond = 0
        self.told_to = -1
        """The record by which the first of them came; -1 where there was room for all."""
        self._steps = {
            "key.created": self._created,
            "key.rotated": self._rotated,
            "key.revoked": self._revoked,
            "key.denied": self._denied,
            "key.allowed": self._allowed,
            "policy.activated": self._activated,
            "config.changed": self._configured,
            "ledger.started": self._configured,
            "subject.erasure": self._asked,
            "subject.erasure-refused": self._answered,
            "subject.erased": self._answered,
            "alert.review_overdue": self._asked,
            "alert.reviewed": self._answered,
            "incident.opened": self._asked,
            "incident.closed": self._answered,
        }

    def take(self, one: Change, *, before: bool = False) -> None:
        """The next change; `before`: it lies before the period, and what it ends is not told any more."""
        self._steps[one.event](one, before)
        if before and one.event in ("key.revoked", "key.allowed"):
            thing = ("key" if one.event == "key.revoked" else "denial", one.name)
            some = self._held.pop(thing, [])
            self._sizes[thing[0]] -= len(some)
            self._keep(thing, [each for each in some if each.until()[0] > one.at])

    def close(self) -> None:
        """Forget what details say, for who must not be told."""
        for some in self._held.values():
            for one in some:
                ending, one.told = one.ending(), None
                if ending is not None and ending.why == "replaced":
                    one.endings = [ending._replace(at=UNTOLD)]

    def prune(self, at: str) -> None:
        """Forget what ended at this time or before it."""
        held, self._held, self._sizes = self._held, {}, Counter()
        for thing, some in held.items():
            self._keep(thing, [one for one in some if one.until()[0] > at])

    def _keep(self, thing: Thing, some: list[Held]) -> None:
        if some:
            self._held[thing] = some
            self._sizes[thing[0]] += len(some)

    def of(self, kind: str) -> list[Held]:
        """All of one kind, in the order of the records that made them, those before that are not known first."""
        found = [one for (name, _), some in self._held.items() if name == kind for one in some]
        return sorted(found, key=lambda one: -1 if one.made is None else one.made.record)

    def records(self) -> frozenset[int]:
        """The numbers of the records that made what is told."""
        return frozenset(one.made.record for some in self._held.values() for one in some if one.made is not None)

    # ---------------------------------------------------------------------------------------------------------- inside

    def _created(self, one: Change, before: bool) -> None:
        self._begin(("key", one.name), one, before)

    def _rotated(self, one: Change, before: bool) -> None:
        told = one.told
        self._begin(("key", one.name), one, before)
        if not isinstance(told, Granted):
            self.untold += 1
        elif told.replaces is not None:
            self._end(("key", told.replaces), one, told.replaced_ends or one.at, "replaced")

    def _revoked(self, one: Change, before: bool) -> None:
        never = one.told.never_made if isinstance(one.told, Granted) else None
        self._end(("key", one.name), one, one.at, "revoked" if never is None else "never made")
        old = None if never is None else self._last(("key", never))
        if old is not None:  # one that was to end at once did so all the same
            old.endings = [each for each in old.endings if each.by.name != one.name or each.at <= each.by.at]

    def _denied(self, one: Change, before: bool) -> None:
        last = self._last(("denial", one.name))
        if last is not None and not last.endings:
            last.told = _longer(last.told, one.told)
        else:
            self._begin(("denial", one.name), one, before)

    def _allowed(self, one: Change, before: bool) -> None:
        self._end(("denial", one.name), one, one.at, "allowed")

    def _activated(self, one: Change, before: bool) -> None:
        self._follow(("policy", ""), one, before)

    def _configured(self, one: Change, before: bool) -> None:
        last = self._last(("configuration", one.name))
        if one.value and (last is None or last.made is None or last.made.value != one.value):
            self._follow(("configuration", one.name), one, before)

    def _asked(self, one: Change, before: bool) -> None:
        self._answered(one, before)  # its newest step says most of it
        self._begin(_opened(one), one, before)

    def _answered(self, one: Change, before: bool) -> None:
        thing = _opened(one)
        self._sizes[thing[0]] -= len(self._held.pop(thing, ()))

    def _follow(self, thing: Thing, one: Change, before: bool) -> None:
        """What takes the place of what was there."""
        last = self._last(thing)
        if last is not None:
            last.endings = [Ending(one.at, one, "followed")]
            if before:
                self._sizes[thing[0]] -= len(self._held.pop(thing))
        self._begin(thing, one, before)

    def _begin(self, thing: Thing, one: Change, before: bool) -> None:
        if before and self._sizes[thing[0]] >= MAX_KEYS and self.beyond % _PRUNED == 0:
            self.prune(one.at)
        self._add(thing, Held(made=one, name=one.name, told=one.told, before=before), one)

    def _end(self, thing: Thing, one: Change, at: str, why: str) -> None:
        last = self._last(thing)
        if last is None and not self.beyond:  # made by a record that was not looked at
            told = one.told if thing[1] == one.name else None
            last = self._add(thing, Held(made=None, name=thing[1], told=told, before=True), one)
        if last is not None:
            last.endings.append(Ending(at, one, why))

    def _add(self, thing: Thing, held: Held, by: Change) -> Held | None:
        """None where there is no room for it."""
        if self._sizes[thing[0]] >= MAX_KEYS:
            self.beyond += 1
            if self.told_to < 0:
                self.told_to = by.record
            return None
        self._sizes[thing[0]] += 1
        self._held.setdefault(thing, []).append(held)
        return held

    def _last(self, thing: Thing) -> Held | None:
        return self._held.get(thing, (None,))[-1]


def _opened(one: Change) -> Thing:
    """What a record of `OPENED` opens or ends: a case (`subject`), an emergency (`alert`), an incident."""
    return one.event.partition(".")[0], one.name


def _longer(one: Granted | Denied | None, other: Granted | Denied | None) -> Granted | Denied | None:
    """Of two records of one denial what the one says that ends later, in whatever order they came."""
    if one is None or other is None:
        return other
    return one if other.ends is not None and (one.ends is None or one.ends > other.ends) else other
