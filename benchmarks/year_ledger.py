"""What the ledgers themselves say in a generated year: starts, recoveries, checkpoints, backups, what was forwarded,
and emergency ledgers, which have records of their own."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from benchmarks.year_hand import HOUR_US, Drawn, Hand
from benchmarks.year_messages import version
from gateway.ledger.encoding import to_base64
from gateway.ledger.record import Detail, Envelope, OutcomeInfo, timestamp

ROOT = to_base64(bytes(32))
KEY = "gateway.example/emergency/1+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
LASTS_US = 6 * HOUR_US
"""How long an emergency lasts."""
STATES: Sequence[tuple[str, str | None, int | None]] = (
    ("ledger.recovered", None, 2),
    ("limits.degraded", None, 3),
    ("limits.restored", None, 3),
    ("backup.taken", None, None),
    ("ledger.unprotected", "accepted", None),
    ("ledger.failover", "timeline", None),
    ("ledger.archived", None, None),
    ("retention.applied", "details", 9),
    ("restore.acknowledged", None, None),
    ("restore.erased", None, 4),
    ("restore.completed", None, None),
    ("notice.failed", None, 5),
    ("forward.started", None, None),
    ("forward.stalled", "refused", None),
    ("forward.resumed", None, None),
    ("forward.gap", None, None),
    ("forward.reset", "skipped", None),
    ("ledger.recovered", None, None),
    ("retention.applied", "content", 7),
)
"""Event, outcome and count, one after the other."""
PERSONS: dict[str, Any] = {"actor": "ac_admin", "actor_kind": "person"}
BESIDE: dict[str, dict[str, Any]] = {
    "backup.taken": PERSONS,
    "restore.completed": {**PERSONS, "checkpoint": (4_000, ROOT), "detail": Detail(reason="a disk is broken")},
    "restore.acknowledged": {**PERSONS, "detail": Detail(reason="a disk is broken", diff=("witness w1",))},
    "restore.erased": {"subject": "su_3", "keys": ("k1",)},
    "forward.reset": {**PERSONS, "detail": Detail(reason="the receiver was set up anew")},
    "notice.failed": {"detail": Detail(reason="mail: refused")},
}
"""What else such records hold."""
WHY = {
    "restore.completed": "a disk is broken",
    "restore.acknowledged": "a disk is broken",
    "notice.failed": "mail: refused",
    "forward.reset": "the receiver was set up anew",
}
"""What their details say of why."""


class Ledgers:
    """Draws what ledgers say of themselves. `first`: the number of the year's first record."""

    def __init__(self, hand: Hand, first: int) -> None:
        self._hand, self._truth, self._first = hand, hand.truth, first
        self.emergencies: list[tuple[str, list[tuple[int, Drawn]]]] = []
        """Id, and the records with their times, in the order in which they were stitched in."""

    def state(self, at: int, event: str, code: str | None = None, count: int | None = None, **fields: Any) -> Drawn:
        """What is told of a ledger's life."""
        outcome = None if code is None else OutcomeInfo(code=code)
        made = self._hand.put(event, at, outcome=outcome, count=count, **fields)
        why = made.said(WHY.get(event, "none"))
        told = (timestamp(at), event, self._node(made.envelope), count or 0, code or "none", why)
        if not event.startswith("retention."):
            self._truth.states.add(at, *told, part=self._truth.part)
        if event in ("retention.applied", "ledger.archived"):
            self._truth.destroyed.add(at, timestamp(at), event, count or 0, code or "none")
        if event == "ledger.recovered":
            self._truth.refused_unrecorded += count or 0
        return made

    def draw(self, number: int, at: int) -> None:
        """Beside the exchange of this number."""
        size = self._first + number
        if number % 300 == 13:
            self._hand.put("checkpoint.published", at, checkpoint=(size, _root(size)))
            self._truth.checkpoints.append((at, size, _root(size)))
        if number % 600 == 17:
            self._witnessed(number, at, size)
        if number % 70 == 23:
            event, code, count = STATES[number // 70 % len(STATES)]
            span = (number, number + 9) if number // 70 % 5 == 0 else None
            self.state(at, event, code, count, range=span, **BESIDE.get(event, {}))

    def _witnessed(self, number: int, at: int, size: int) -> None:
        """Two witnesses have cosigned, whose clocks are a little apart; of every fifth the detail is gone."""
        turn = number // 600
        offsets = {"w1.example": turn % 4 - 2, "w2.example": turn % 3}
        said = ", ".join(f"{name} {'+' * (seconds >= 0)}{seconds} s" for name, seconds in offsets.items())
        detail = Detail(reason=f"by the witnesses' clocks, against this node's: {said}")
        lost = turn % 5 == 2
        made = self._hand.put(
            "checkpoint.witnessed",
            at,
            detail,
            lost=lost,
            held=not lost,
            checkpoint=(size, _root(size)),
            count=len(offsets),
        )
        self._truth.witnessings.append((at, size, _root(size)))
        for name, seconds in offsets.items() if made.detail is not None else ():
            self._truth.offsets.setdefault((name, self._node(made.envelope)), []).append(seconds)

    # --------------------------------------------------------------------------------------------- emergency ledgers

    def prepared(self, at: int) -> str:
        """One that may be needed, on the main ledger; its id."""
        name = self._hand.name("em")
        self._hand.put("emergency.prepared", at, emergency=name, key=KEY)
        return name

    def began(self, at: int) -> None:
        """The first records on it."""
        self.state(at, "ledger.started", build="sha256:" + "3c" * 32, config="sha256:" + "09" * 32)
        self._hand.put("emergency.began", at + 1, began=timestamp(at - 5_000_000), policy=version(at))

    def ended(self, at: int) -> None:
        """The last ones, with checkpoints of its own, which say nothing of the main ledger."""
        self._hand.put("emergency.ended", at)
        self.state(at + 1, "ledger.stopped")
        self._hand.put("checkpoint.published", at + 2, checkpoint=(10**9, ROOT))
        self._hand.put("checkpoint.witnessed", at + 3, checkpoint=(10**9, ROOT), count=2)

    def stitched(self, at: int, name: str, records: list[tuple[int, Drawn]], exchanges: int, *, told: bool) -> None:
        """It is stitched in: on the main ledger. `told`: whether it says how many exchanges there were, as those of
        version 0.1 did not."""
        size, truth = len(records), self._truth
        self.emergencies.append((name, records))
        began, ended = timestamp(records[0][0]), timestamp(at - HOUR_US)
        self._hand.put(
            "emergency.stitched",
            at,
            emergency=name,
            key=KEY,
            archive=self._hand.name("ar"),
            digest="sha256:" + "4d" * 32,
            range=(0, size),
            checkpoint=(size, ROOT),
            began=began,
            ended=ended,
            count=exchanges if told else None,
        )
        truth.emergencies.add(at, name, size, exchanges if told else "not told", began, ended)
        if told:
            truth.emergency_exchanges += exchanges
        else:
            truth.emergency_untold += 1

    def unreadable(self, at: int) -> None:
        """A record that leaves out what tells of the ledger: for whoever verifies to find, and in no figure."""
        self._hand.put("emergency.stitched", at, emergency=self._hand.name("em"), key=KEY)

    @staticmethod
    def _node(envelope: Envelope) -> str:
        return "none" if envelope.node is None else envelope.node.id


def emergencies_at(count: int) -> tuple[int, ...]:
    """Before which exchanges of the year an emergency ledger is needed."""
    return tuple(int(count * share) for share in (0.3, 0.55, 0.8))


def _root(size: int) -> str:
    """Each checkpoint has one of its own."""
    return to_base64(sha256(str(size).encode()).digest())
