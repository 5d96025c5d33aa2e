"""Whether the records are all there, and of what they say nothing: coverage and gaps."""

from typing import Any

from gateway.evidence.figures.seen import DECIDED, GONE, NONE, Seen
from gateway.evidence.figures.tally import Pairs, Rows, Spans, Tally
from gateway.ledger import clocks
from gateway.ledger.emergency import STITCHED, stitched
from gateway.ledger.record import Envelope
from gateway.ledger.times import parse_timestamp

_STATES = ("ledger.", "limits.", "backup.", "restore.", "notice.", "forward.")
_ENDS = ("exchange.completed", "exchange.interrupted")
COSIGNED = "checkpoint.witnessed"
POINTS = {"checkpoint.published": "published", COSIGNED: "cosigned by witnesses"}
"""Event → what it says of a checkpoint."""
WITH, WITHOUT = "with a subject", "without a subject"


class Coverage:
    """Every record of a range: places without a record, starts and stops, exchanges without an end, what was not
    scanned, exchanges with personal data that name nobody, and what no witness has seen. Of records of emergency
    ledgers, whose numbers are their own, all but their places and checkpoints."""

    events = ()

    def __init__(self) -> None:
        self.records = 0
        self.first = self.last = -1
        self.first_at = self.last_at = ""
        self.gaps = Rows()
        """First and last place that no record was given for."""
        self.missing = 0
        self.events_seen = Tally()
        self.states = Rows()
        """Time, event, node, count, code, reason."""
        self.refused_unrecorded = 0
        self.emergencies = Rows()
        """Id, records, exchanges, from when and until when, of emergency ledgers that were stitched in."""
        self.emergency_records = 0
        """Records of emergency ledgers that are counted with those of the range."""
        self.emergency_exchanges = 0
        self.emergency_untold = 0
        """Emergency ledgers whose record does not say how many exchanges went through them."""
        self.exchanges = Pairs()
        self.scanned = Tally()
        self.subjects = Tally()
        self.engines = Spans()
        self.nodes = Spans()
        self.details = 0
        """Records that commit to a detail, and have it."""
        self.details_deleted = 0
        self.points: dict[str, tuple[int, str, str]] = {}
        """Event → size, time and root of the newest checkpoint that it tells of."""
        self.clocks = Tally()
        """Witness, node, and by how many seconds the witness's clock was before the node's."""
        self.witnessed_first = self.witnessed_last = ""
        self.unwitnessed_us = 0
        """The longest time between two records of a checkpoint that witnesses had cosigned."""

    def feed(self, one: Seen) -> None:
        if one.emergency is None:
            self._place(one.envelope)
        else:
            self.emergency_records += 1
        self._told(one)

    def _place(self, envelope: Envelope) -> None:
        seq = envelope.seq or 0
        if self.records and seq != self.last + 1:
            self._gap(self.last + 1, seq - 1)
        if not self.records:
            self.first, self.first_at = seq, envelope.recorded_at or ""
        self.records += 1
        self.last, self.last_at = seq, envelope.recorded_at or ""

    def _told(self, one: Seen) -> None:
        envelope, event = one.envelope, one.envelope.event
        self.events_seen.add(event)
        if envelope.detail is not None:
            self.details += one.detail is not None
            self.details_deleted += one.gone
        if envelope.node is not None:
            self.nodes.add(one.at, envelope.node.id)
        if event in _ENDS and envelope.exchange is not None:
            self.exchanges.answer(envelope.exchange, parse_timestamp(one.at))
        elif event in DECIDED:
            self._decided(one)
        elif event == STITCHED:
            self._emergency(one)
        elif event.startswith("checkpoint."):
            if one.emergency is None:  # those of another tree say nothing of this one
                self._checkpoint(one)
        elif event.startswith(_STATES):
            node = NONE if envelope.node is None else envelope.node.id
            self.states.add(one.at, event, node, envelope.count or 0, one.outcome, one.reason)
            if event == "ledger.recovered":
                self.refused_unrecorded += envelope.count or 0

    def _decided(self, one: Seen) -> None:
        envelope = one.envelope
        if envelope.event == "exchange.requested" and envelope.exchange is not None:
            self.exchanges.open(envelope.exchange, parse_timestamp(one.at))
        if envelope.scanned is not None:
            self.scanned.add(envelope.scanned)
        if envelope.engine is not None:
            self.engines.add(one.at, envelope.engine)
        if one.personal:
            named = one.detail is not None and bool(one.detail.subjects)
            self.subjects.add(WITH if named else WITHOUT if one.detail is not None else GONE)

    def _emergency(self, one: Seen) -> None:
        found = stitched(one.envelope)
        if found is None:
            return  # what does not tell of one is for whoever verifies to find
        exchanges = found.exchanges
        self.emergencies.add(
            found.id, found.size, "not told" if exchanges is None else exchanges, found.began, found.ended
        )
        self.emergency_exchanges += exchanges or 0
        self.emergency_untold += exchanges is None

    def _checkpoint(self, one: Seen) -> None:
        event, point = one.envelope.event, one.envelope.checkpoint
        if point is not None:
            self._newest(event, (point[0], one.at, point[1]))
        if event == COSIGNED:
            self._seen_by_witnesses(one.at, one.at)
            node = NONE if one.envelope.node is None else one.envelope.node.id
            for witness, seconds in clocks.read(one.reason):
                self.clocks.add(witness, node, f"{seconds:+d}")

    def _newest(self, event: str, point: tuple[int, str, str]) -> None:
        self.points[event] = max(self.points.get(event, point), point)

    def _seen_by_witnesses(self, first: str, last: str) -> None:
        if self.witnessed_last and first:
            waited = parse_timestamp(first) - parse_timestamp(self.witnessed_last)
            self.unwitnessed_us = max(self.unwitnessed_us, waited)
        self.witnessed_first = self.witnessed_first or first
        self.witnessed_last = last or self.witnessed_last

    def _gap(self, first: int, last: int) -> None:
        self.gaps.add(first, last)
        self.missing += last - first + 1

    def merge(self, later: "Coverage") -> None:
        if later.records:
            self._follow(later)
        self._add(later)

    def _follow(self, later: "Coverage") -> None:
        if self.records and later.first != self.last + 1:
            self._gap(self.last + 1, later.first - 1)
        if not self.records:
            self.first, self.first_at = later.first, later.first_at
        self.last, self.last_at = later.last, later.last_at

    def _add(self, later: "Coverage") -> None:
        for name in (
            "gaps",
            "events_seen",
            "states",
            "exchanges",
            "scanned",
            "subjects",
            "engines",
            "nodes",
            "clocks",
            "emergencies",
        ):
            getattr(self, name).merge(getattr(later, name))
        for name in (
            *("records", "missing", "refused_unrecorded", "details", "details_deleted"),
            *("emergency_records", "emergency_exchanges", "emergency_untold"),
        ):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        for event, point in later.points.items():
            self._newest(event, point)
        self._seen_by_witnesses(later.witnessed_first, later.witnessed_last)
        self.unwitnessed_us = max(self.unwitnessed_us, later.unwitnessed_us)

    def document(self) -> dict[str, Any]:
        seen, scanned, without = self.events_seen, self.scanned.total(), self.subjects.of(WITHOUT)
        published, witnessed = (self.points.get(event, (0,))[0] for event in POINTS)
        return {
            "records": self.records,
            "first": self.first,
            "last": self.last,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "missing": self.missing,
            "gaps": self.gaps.rows,
            "events": seen.rows(),
            "states": self.states.rows,
            "nodes": self.nodes.rows(),
            "refused_unrecorded": self.refused_unrecorded,
            "emergencies": self.emergencies.rows,
            "emergency_records": self.emergency_records,
            "emergency_exchanges": self.emergency_exchanges,
            "emergency_untold": self.emergency_untold,
            "requested": seen.of("exchange.requested"),
            "completed": seen.of("exchange.completed"),
            "denied": seen.of("exchange.denied"),
            "interrupted": seen.of("exchange.interrupted"),
            "late": seen.of("exchange.late"),
            "open": self.exchanges.waiting,
            "scanned": self.scanned.rows(),
            "unscanned_bp": share(self.scanned.of("none"), scanned),
            "partial_bp": share(self.scanned.of("partial"), scanned),
            "personal": self.subjects.rows(),
            "personal_without_subject_bp": share(without, without + self.subjects.of(WITH)),
            "personal_unknown": self.subjects.of(GONE),
            "engines": self.engines.rows(),
            "details": self.details,
            "details_deleted": self.details_deleted,
            "checkpoints": seen.of("checkpoint.published"),
            "published": published,
            "witnessings": seen.of("checkpoint.witnessed"),
            "witnessed": witnessed,
            "points": [[POINTS[event], *self.points[event]] for event in POINTS if event in self.points],
            "clocks": _clocks(self.clocks),
            "unwitnessed_records": max(self.last + 1 - witnessed, 0),
            "unwitnessed_us": self.unwitnessed_us,
        }


def _clocks(offsets: Tally) -> list[list[Any]]:
    """Witness, node, how often they were compared, and between which offsets, as they are shown."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for witness, node, seconds, times in offsets.rows():
        found.setdefault((str(witness), str(node)), []).append((int(seconds), int(times)))
    return [
        [witness, node, sum(times for _, times in told), f"{min(told)[0]:+d} s", f"{max(told)[0]:+d} s"]
        for (witness, node), told in sorted(found.items())
    ]


def share(part: int, whole: int) -> int | None:
    """A share in hundredths of a percent, halves up; None of nothing."""
    return (2 * 10_000 * part + whole) // (2 * whole) if whole else None
