"""The hand that draws a year: chance, the order in time, and one place in which each record is put.

A record has its place in the ledger when its time comes, which may be long after it was drawn. What is true of it is
counted when it is drawn.
"""

import heapq
import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from benchmarks.year_persons import About
from benchmarks.year_truth import Truth
from gateway.core.ids import uuid7
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp

START_US = 1_735_689_600_000_000  # 2025-01-01: a year that is over, of which reports are made by the clock
YEAR_US = 365 * 86_400_000_000
MINUTE_US = 60_000_000
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
TENANT = "tn_00000000000000000000000001"
NODES = tuple(NodeInfo(id=f"nd_{number}", boot=f"bt_{number}") for number in range(2))
_SENDINGS = ("exchange.requested", "exchange.attempted")
GONE = 0.02
"""The share of details that were deleted since."""


T = TypeVar("T")


class Drawn(NamedTuple):
    """A record as it was drawn, before it has a place."""

    envelope: Envelope
    detail: Detail | None
    encoded: bytes | None
    """The detail's bytes; None where it never had one."""
    gone: bool
    """Whether the detail was deleted since, or is not opened."""
    about: tuple[str, ...]
    """The pseudonyms that it can still be found by."""
    deleted: bool = False
    """Whether the detail was deleted since."""

    def closed(self) -> "Drawn":
        """The same, with its detail not opened."""
        return self._replace(detail=None, gone=self.encoded is not None)

    def said(self, words: str) -> str:
        """What a report tells of these words of its detail."""
        return "detail deleted" if self.gone else words


def of_person(subject: str = "ward-desk", **told: Any) -> Detail:
    """The detail of what a person asked the gateway for: who it was, how that is known and from where, and `told`."""
    return Detail(
        credential="cr_00000000000000000000000001",
        method="jwt",
        roles=("officer",),
        source="192.0.2.4",
        subject=subject,
        **told,
    )


class Hand:
    """Draws with one seed. `purged`: persons who are erased in the year, and all of whose records were before that;
    `gone`: the share of details that are not there; `closed`: of which records of the year details are not opened."""

    def __init__(
        self,
        truth: Truth,
        seed: int,
        purged: frozenset[str],
        gone: float = GONE,
        closed: Callable[[Envelope], bool] = lambda record: False,
    ) -> None:
        self.random, self.truth, self._purged, self._gone = random.Random(seed), truth, purged, gone
        self._closed = closed
        self.followed: set[str] = set()
        """Exchanges whose records are looked up again, since incidents are about them."""
        self._waiting: list[tuple[int, int, Drawn]] = []
        self._main = self._waiting
        self.early = False
        """Whether what is put lies before the year: then it is in none of its figures but those of what stands."""
        self._serial = 0

    def apart(self, number: int) -> None:
        """What is put from here on goes onto the emergency ledger of this number, from 1; 0: onto the main one."""
        self._waiting = [] if number else self._main
        self.truth.part = number

    def earlier(self, *, early: bool) -> None:
        """What is put from here on lies before the year, or in it."""
        self.early, self._waiting = early, [] if early else self._main

    def put(
        self,
        event: str,
        at: int,
        detail: Detail | None = None,
        *,
        about: tuple[str, ...] | None = None,
        lost: bool = False,
        held: bool = False,
        **fields: Any,
    ) -> Drawn:
        """A record of this time (microseconds). `about`: whom it is found by, where its detail does not say so;
        `lost`, `held`: its detail was deleted, or is still there where any is, whatever chance says."""
        node = NODES[self.random.randrange(2)]
        name = uuid7(at, self.random.randbytes(10))
        envelope = Envelope(id=name, tenant=TENANT, event=event, occurred_at=timestamp(at), node=node, **fields)
        named = ((detail.subjects or ()) if detail is not None else ()) if about is None else about
        purged = [] if event.startswith("subject.") else [one for one in named if one in self._purged]
        chance = self._gone == 1 or not held
        deleted = detail is not None and (lost or bool(purged) or (chance and self.random.random() < self._gone))
        gone = deleted or (detail is not None and not self.early and self._closed(envelope))
        encoded = None if detail is None else encode_detail(detail)
        found = tuple(one for one in named if one not in purged)
        if not self.early:
            self.truth.drawn(envelope.occurred_at, node.id, found, None if detail is None else gone)
        if envelope.exchange in self.followed and event in _SENDINGS and envelope.attempt != 0:
            whom = self.truth.about.setdefault(str(envelope.exchange), About())
            whom.sent((detail.subjects or ()) if detail is not None else (), gone=gone)
        self._serial += 1
        kept = None if gone else detail
        made = Drawn(envelope, kept, encoded, gone, found, deleted)
        heapq.heappush(self._waiting, (at, self._serial, made))
        return made

    def due(self, until: int | None) -> Iterator[tuple[int, Drawn]]:
        """What was put and is of this time or before, in order; all of it for None."""
        while self._waiting and (until is None or self._waiting[0][0] <= until):
            at, _, drawn = heapq.heappop(self._waiting)
            yield at, drawn

    def found(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of them by whom a record of an exchange can still be found."""
        return tuple(one for one in names if one not in self._purged)

    def name(self, prefix: str) -> str:
        """A random id."""
        return f"{prefix}_{self.random.getrandbits(64):016x}"

    def actor(self) -> str:
        return f"ac_{min(int(self.random.expovariate(0.2)), 40)}"

    def pick(self, options: Sequence[T], *bounds: float) -> T:
        """One of the options. `bounds`: where each ends, from 0 to 1; the last is the rest."""
        return options[bisect(bounds, self.random.random())]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def subject(self) -> str:
        """One of the many persons of whom no more is asked."""
        return f"su_{self.random.randrange(500)}"
