"""Whether what was decided was decided by a policy that the same ledger says was put in force.

policy.activated     from here on this policy is in force
exchange.requested   was decided by the policy in force at its place: the append refuses any other
any other decision   was made by a policy that had been in force, at the latest at its place
ledger.archived      which policy was in force at the end of the range that lies in the archive

The records are as they were written, whatever is found here. What is found is that somebody has had a policy served
that nobody had activated: a row is enough to say which policy is active, and the record of an activation is not made by
a row. Of records that lie in an archive which is not at hand only that is known which the record of the archive tells.
"""

from collections.abc import Iterable

import msgspec

from gateway.core.errors import VerificationError
from gateway.ledger.record import Envelope

ACTIVATED, ARCHIVED, REQUESTED = "policy.activated", "ledger.archived", "exchange.requested"
SAID = frozenset({ACTIVATED, ARCHIVED})
"""Events that say which policy is in force; others are looked at where they hold a decision."""
MOST = 10_000
"""Places that one part of a ledger hands on, at most: more than there are activations in a life of one."""
_NAMED = 8
_UNREAD = "unread"


class Place(msgspec.Struct, frozen=True):
    """A record that tells something new of the policy in force, or a range that was not read: `seq` is its end then."""

    seq: int
    event: str
    digest: str
    end: int = 0
    """Of `ledger.archived`: the end of its range."""


class Found(msgspec.Struct, frozen=True):
    """`unactivated`: records that name a policy which was not in force, the first of each, at most 8; `unseen`: digests
    of policies whose activations may lie in what was not read."""

    unactivated: tuple[int, ...] = ()
    unseen: tuple[str, ...] = ()


class Decided:
    """Of records in their order. Keeps little: of decisions by one policy the first."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._asked: str | None = None
        self._named: set[str] = set()

    def take(self, envelope: Envelope) -> None:
        """The next record that is of `SAID` or holds a decision."""
        event, seq, decision = envelope.event, envelope.seq or 0, envelope.decision
        if event == ACTIVATED:
            self._asked = None
            self.places.append(Place(seq, event, envelope.policy or ""))
        elif event == ARCHIVED:
            span = envelope.range
            self.places.append(Place(seq, event, envelope.standing or "", 0 if span is None else span[1]))
        elif decision is not None and event == REQUESTED:
            if decision.policy != self._asked:
                self._asked = decision.policy
                self.places.append(Place(seq, event, decision.policy))
        elif decision is not None and decision.policy not in self._named:
            self._named.add(decision.policy)
            self.places.append(Place(seq, event, decision.policy))

    def unread(self, end: int) -> None:
        """The records up to here lie in an archive that is not at hand."""
        self._asked = None
        self.places.append(Place(end, _UNREAD, ""))

    def bounded(self) -> "Decided":
        """As it is; `VerificationError` where there is more than a part of a ledger hands on."""
        if len(self.places) > MOST:
            raise VerificationError("more activations and policies than a part hands back")
        return self

    def join(self, later: "Decided") -> None:
        """What another has found of the records that follow."""
        self.places += later.places
        self._asked, self._named = later._asked, self._named | later._named

    def found(self) -> Found:
        """What does not fit, over all of it."""
        return _judged(self.places, self._told())

    def standing(self, size: int) -> str | None:
        """The policy in force after so many records, nothing where there was none, None where it is not known."""
        told = self._told()
        found: str | None = ""
        for place in self.places:
            if place.event == ACTIVATED and place.seq < size:
                found = place.digest
            elif place.event == _UNREAD:
                found = told.get(place.seq)
        return found

    def _told(self) -> dict[int, str]:
        """What stood at the end of a range, as the record of its archive tells."""
        return {place.end: place.digest for place in self.places if place.event == ARCHIVED and place.digest}


def _judged(places: Iterable[Place], told: dict[int, str]) -> Found:
    known, gap = set[str](), False
    standing: str | None = ""
    """None where it is not known, nothing where there is none yet."""
    wrong: dict[tuple[str, bool], int] = {}
    unseen: dict[str, None] = {}
    for place in places:
        if place.event == ACTIVATED:
            standing = place.digest
            known.add(standing)
        elif place.event == _UNREAD:
            standing, gap = told.get(place.seq), True
            known.update(() if standing is None else (standing,))
        elif place.event != ARCHIVED:
            requested = place.event == REQUESTED
            fits = place.digest == standing if requested else place.digest in known
            hidden = standing is None if requested else gap
            if not fits and hidden:
                unseen[place.digest] = None
            elif not fits:
                wrong.setdefault((place.digest, requested), place.seq)
    return Found(tuple(sorted(wrong.values())[:_NAMED]), tuple(unseen))
