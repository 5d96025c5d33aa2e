"""One pass over the records of a range as a bundle is written: each is verified, and what is told of them is counted.

What a pass has come to is a value (`Passed`), from which another pass goes on as if it were the same.
"""

from collections.abc import Sequence

import msgspec

from gateway.core.errors import VerificationError
from gateway.core.ports import StoredRecord
from gateway.evidence import bag
from gateway.evidence.misses import EVENTS, Misses
from gateway.evidence.records import named_policies, start
from gateway.evidence.scope import Watch, chooser
from gateway.evidence.selection import Selection
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.emergency import TOLD
from gateway.ledger.many import parse_all
from gateway.ledger.merkle import Frontier
from gateway.ledger.record import Envelope
from gateway.ledger.verify import State, Verification


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """How far a pass has come: behind record `size` - 1 of the ledger, whose tree has these peaks there."""

    size: int
    peaks: tuple[bytes, ...]
    prev: bytes
    """The leaf hash of the last record."""
    recorded_at: bytes
    tenant: str | None
    selected: int
    proven: tuple[int, ...]
    """Records that get a proof file."""
    policies: tuple[str, ...]
    told: tuple[Envelope, ...]
    """The records that `Misses` is about, and those about emergency ledgers."""
    watched: tuple[Envelope | None, Envelope | None, set[str], Envelope | None, dict[str, int]] | None
    """What `Watch.seen` gives; None where the bundle is about nothing but its selection."""


_TOLD = frozenset((*EVENTS, *TOLD))


class Passing:
    """Takes the records of a range in order."""

    def __init__(
        self,
        selection: Selection,
        *,
        first: int,
        end: int,
        before: Sequence[bytes] | None,
        last: Checkpoint,
        passed: Passed | None = None,
    ) -> None:
        """`before`: the path to the record before the range, None at the beginning of the ledger; `last`: the
        checkpoint that covers it; `passed`: where another pass over the same range has come to."""
        self._first, self._end, self._before = first, end, before
        self._marks = [last] if last.size == end else []
        self._chosen = chooser(selection)
        self.watch = None if selection.scope is None else Watch(selection.scope)
        self.misses = Misses()
        self._told: list[Envelope] = []
        self.selected = 0
        self.proven = {first, end - 1}
        self.policies: set[str] = set()
        self._verification: Verification | None = None
        if passed is not None:
            self._go_on(passed)

    def _go_on(self, passed: Passed) -> None:
        frontier = Frontier(passed.size, passed.peaks)
        state = State(frontier=frontier, prev=passed.prev, recorded_at=passed.recorded_at, tenant=passed.tenant)
        self._verification = Verification(state, self._marks)
        self.selected = passed.selected
        self.proven.update(passed.proven)
        self.policies.update(passed.policies)
        for envelope in passed.told:
            self.misses.feed(envelope)
            self._told.append(envelope)
        if self.watch is not None and passed.watched is not None:
            self.watch.add(passed.watched)

    @property
    def size(self) -> int:
        """The number of the record that comes next."""
        return self._first if self._verification is None else self._verification.state().frontier.size

    @property
    def emergencies(self) -> list[Envelope]:
        """The records that are about emergency ledgers, in order."""
        return [envelope for envelope in self._told if envelope.event in TOLD]

    def take(self, records: Sequence[StoredRecord]) -> list[int]:
        """The next records, one at least; the numbers of those that are selected. `VerificationError` or `FormatError`
        for the first that does not hold."""
        if self._verification is None:
            self._verification = Verification(start(self._first, records[0].envelope, self._before), self._marks)
        data = [record.envelope for record in records]
        leaves = list(map(leaf_hash, data))
        for record, leaf in zip(records, leaves, strict=True):
            if leaf != record.hash:
                raise VerificationError(f"record {record.seq}: hash: the stored hash is not that of the bytes")
        envelopes = parse_all(data)
        self._verification.take_all(records, leaves, envelopes)
        return self._look(envelopes, records[0].seq)

    def _look(self, envelopes: Sequence[Envelope], first: int) -> list[int]:
        """The numbers of those that are selected, of records that follow each other from number `first` on."""
        policies = {one.decision.policy for one in envelopes if one.decision is not None}
        policies.update([one.policy for one in envelopes if one.policy is not None])
        if not policies <= self.policies:
            self.policies.update(*(named_policies(one, self.policies) for one in envelopes))
        if not _TOLD.isdisjoint([one.event for one in envelopes]):
            for envelope in envelopes:
                self._tell(envelope)
        if self.watch is not None:
            for envelope in envelopes:
                self.watch.feed(envelope)
        chosen = [seq for seq, envelope in enumerate(envelopes, first) if self._chosen(envelope)]
        self.proven.update(chosen[: max(bag.PROOFS - self.selected, 0)])
        self.selected += len(chosen)
        return chosen

    def _tell(self, envelope: Envelope) -> None:
        """A record that the misses or emergency ledgers may be about."""
        if envelope.event in _TOLD:
            self.misses.feed(envelope)
            self._told.append(envelope)

    def passed(self) -> Passed:
        """What this has come to, one record at least."""
        if self._verification is None:
            raise TypeError("a pass that has taken no record has come to nothing")
        state = self._verification.state()
        return Passed(
            size=state.frontier.size,
            peaks=state.frontier.peaks,
            prev=state.prev or b"",
            recorded_at=state.recorded_at,
            tenant=state.tenant,
            selected=self.selected,
            proven=tuple(sorted(self.proven)),
            policies=tuple(sorted(self.policies)),
            told=tuple(self._told),
            watched=None if self.watch is None else self.watch.seen(),
        )

    def finish(self) -> bytes:
        """The root of the tree that ends with the range. `VerificationError` where records of it are missing, or the
        last checkpoint's is another."""
        done = None if self._verification is None else self._verification.finish()
        if done is None or done.size != self._end:
            raise VerificationError("records of the range are missing")
        return done.state.frontier.root()
