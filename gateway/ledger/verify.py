"""Verification of a ledger's records, with nothing but their bytes and signed checkpoints.

For every record, in order:

    1. its stored sequence number is the next one
    2. it is no larger than a record may be
    3. its stored hash is the leaf hash of its bytes
    4. its `prev` is the leaf hash of the record before
    5. its `seq` is its place
    6. its `recorded_at` is not before that of the record before
    7. it is in canonical form, every field within its bounds, and of the same tenant as the others (can be left out)
    8. it becomes the next leaf of the tree

and whenever the tree has the size of a checkpoint:

    9. the tree's root is the checkpoint's

and whenever it has a size that a later record says a checkpoint was signed of (`published`, where they are given):

    10. the tree's root is the one that the record tells

and at the end:

    11. no checkpoint speaks of more records than there are

What is the caller's: that the checkpoints are signed by the right key (`checkpoint.verify`), that one of them comes
from elsewhere (without it the newest records may have been cut off, or all rewritten under a stolen key), and the
details (`check_detail`).
"""

from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.chain import leaf_hash
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.commitment import matches
from gateway.ledger.lots import TIME_BYTES, WORTH, Stored, link_text, linked, place_of
from gateway.ledger.merkle import Frontier
from gateway.ledger.published import Published
from gateway.ledger.record import GENESIS, MAX_BYTES, Detail, Envelope, parse, parse_detail

STEPS = ("sequence", "size", "hash", "prev", "seq", "recorded_at", "form", "tree", "root", "published", "missing")
"""The names of the steps above, in their order; `detail` is the step of `check_detail`."""

LOT = 256
"""Records that are looked at together (`lots`): a tile of the tree, and no more than a core's cache holds."""


class BadRecord(VerificationError):
    """The first record that does not hold, and the step that says so."""

    def __init__(self, seq: int, step: str, message: str) -> None:
        super().__init__(f"record {seq}: {step}: {message}")
        self.seq = seq
        self.step = step


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Where verification stands: behind `frontier.size` records.

    One that does not start at the beginning of the ledger must come from a verified state, or from a frontier whose
    root is that of a verified checkpoint; `prev` is then the last leaf hash, or None where the first link is not to be
    checked.
    """

    frontier: Frontier
    prev: bytes | None
    recorded_at: bytes = b""
    tenant: str | None = None
    """The ledger's id; None takes it from the first record."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of the records from `first` to `size` (exclusive)."""

    first: int
    size: int
    covered: int
    """The size of the largest checkpoint that was compared; `first` when there was none."""
    canonical: bool
    """Whether step 7 was done."""
    state: State
    """For going on from here."""

    @property
    def uncovered(self) -> int:
        """How many of the records no checkpoint covers: nothing but their own chain speaks for those."""
        return self.size - self.covered


def beginning(tenant: str | None = None) -> State:
    """The state before record 0."""
    return State(frontier=Frontier(), prev=GENESIS, tenant=tenant)


def verify_records(
    records: Iterable[Stored],
    start: State | None = None,
    checkpoints: Sequence[Checkpoint] = (),
    *,
    canonical: bool = True,
) -> Verified:
    """Steps 1 to 9 and 11 over the records; `BadRecord` names the first that fails and its step."""
    verification = Verification(start or beginning(), checkpoints, canonical=canonical)
    verification.feed(records)
    return verification.finish()


class Verification:
    """`verify_records` for records that come in pieces."""

    def __init__(
        self,
        start: State,
        checkpoints: Sequence[Checkpoint] = (),
        *,
        canonical: bool = True,
        published: Sequence[Published] = (),
    ) -> None:
        """Checkpoints, and what records tell of such, in any order, not before the start. Checks steps 9 and 10 for
        those of the start's own size."""
        self._first = start.frontier.size
        self._frontier = start.frontier.copy()
        self._prev, self._recorded_at, self._tenant = start.prev, start.recorded_at, start.tenant
        self._canonical = canonical
        self._checkpoints = sorted(checkpoints, key=lambda item: item.size, reverse=True)
        self._covered = self._first
        self._next: int | None = None
        """The least size at which the root is compared."""
        self._published = sorted(published, key=lambda item: item.size, reverse=True)
        if any(items and items[-1].size < self._first for items in (self._checkpoints, self._published)):
            raise VerificationError("a checkpoint before the first record cannot be compared")
        self._compare()

    def feed(self, records: Iterable[Stored]) -> None:
        """Steps 1 to 10 over the next records: lots of them at once, and one by one where a lot does not hold."""
        source = iter(records)
        while True:
            lot = list[Stored]()
            try:
                # What came before the source failed: extending keeps it, and it is looked at before the error goes on.
                lot.extend(islice(source, self._room()))
            finally:
                self._feed(lot)
            if not lot:
                return

    def _room(self) -> int:
        """How many records make a lot here: up to the end of a tile, or to where a checkpoint is compared."""
        size = self._frontier.size
        room = LOT - size % LOT
        return min(room, self._next - size) if self._next is not None else room

    def _feed(self, lot: Sequence[Stored]) -> None:
        if len(lot) >= WORTH and self._hold(lot):
            return
        for record in lot:
            leaf = self._placed(record)
            if self._canonical:
                self._form(record.envelope)
            self._append(leaf)

    def _hold(self, lot: Sequence[Stored]) -> bool:
        """Steps 1 to 8 over a lot, 9 and 10 behind it. False, and nothing was done, unless all of it holds."""
        # 1. to 6.
        found = linked(lot, self._frontier.size, self._prev, self._recorded_at)
        if found is None:
            return False
        # 7. Canonical form, and one tenant.
        tenant = self._tenant
        if self._canonical:
            try:
                tenants = {parse(record.envelope).tenant for record in lot}
            except FormatError:
                return False
            tenant = tenants.pop() if tenant is None else tenant
            if tenants - {tenant}:
                return False
        # 8. The next leaves of the tree.
        self._frontier.append_all(found.leaves)
        self._prev, self._recorded_at, self._tenant = found.leaves[-1], found.recorded_at, tenant
        # 9. and 10. The root, where a checkpoint or a record names one.
        self._compare()
        return True

    def read(self, record: Stored) -> Envelope:
        """Steps 1 to 10 over the next record, which is given back as step 7 has read it, whatever else leaves that out.
        For those who need what it says: parsing is most of what verifying costs."""
        leaf = self._placed(record)
        envelope = self._form(record.envelope)
        self._append(leaf)
        return envelope

    def _placed(self, record: Stored) -> bytes:
        """Steps 1 to 6 over the next record: its leaf hash."""
        place, data = self._frontier.size, record.envelope
        # 1. The stored sequence number is the next one.
        if record.seq != place:
            raise BadRecord(place, "sequence", "the record stored next has another number")
        # 2. The record is no larger than a record may be.
        if len(data) > MAX_BYTES:
            raise BadRecord(place, "size", "more than 65,535 bytes")
        # 3. The stored hash is the leaf hash of the bytes.
        leaf = leaf_hash(data)
        if record.hash != leaf:
            raise BadRecord(place, "hash", "the stored hash is not that of the bytes")
        # 4. to 6.
        self._link(data, place)
        return leaf

    def _append(self, leaf: bytes) -> None:
        # 8. The next leaf of the tree.
        self._frontier.append(leaf)
        self._prev = leaf
        # 9. and 10. The root, where a checkpoint or a record names one.
        if self._next == self._frontier.size:
            self._compare()

    def pass_over(self, leaves: Iterable[bytes], recorded_at: bytes) -> None:
        """Steps 8 to 10 over the hashes of records that lie elsewhere. Nothing is said of what they hold, and these
        hashes are the ledger's only as far as a checkpoint covers them; `recorded_at` is said to be the last one's."""
        for leaf in leaves:
            self._append(leaf)
        self._recorded_at = max(self._recorded_at, recorded_at)

    def take(self, seq: int, data: bytes, leaf: bytes, envelope: Envelope) -> None:
        """The same steps for one record that the caller has parsed (`record.parse`, and so all of step 7 but the
        tenant), and hashed: `leaf` is the leaf hash of these very bytes. It costs half of what `feed` does."""
        place = self._frontier.size
        # 1. The stored sequence number is the next one.
        if seq != place:
            raise BadRecord(place, "sequence", "the record stored next has another number")
        # 2. and 3. are done by whoever parsed and hashed it.
        # 4. `prev` is the leaf hash of the record before.
        if self._prev is not None and (envelope.prev or "").encode("utf-8") != b2a_base64(self._prev, newline=False):
            raise BadRecord(place, "prev", "not the hash of the record before")
        # 5. `seq` is its place.
        if envelope.seq != place:
            raise BadRecord(place, "seq", "not the record's place")
        # 6. `recorded_at` is not before that of the record before.
        recorded = (envelope.recorded_at or "").encode("utf-8")
        if len(recorded) != 27 or recorded < self._recorded_at:
            raise BadRecord(place, "recorded_at", "before that of the record before")
        self._recorded_at = recorded
        # 7. All are of one tenant.
        if envelope.tenant != self._tenant:
            if self._tenant is not None:
                raise BadRecord(place, "form", "of another tenant")
            self._tenant = envelope.tenant
        # 8. to 10.
        self._append(leaf)

    def take_all(self, records: Sequence[Stored], leaves: Sequence[bytes], envelopes: Sequence[Envelope]) -> None:
        """`take` of records that come one after the other, in half the time: of all of them at once where they hold."""
        if not self._follow(records, leaves, envelopes):
            for record, leaf, envelope in zip(records, leaves, envelopes, strict=True):
                self.take(record.seq, record.envelope, leaf, envelope)

    def _follow(self, records: Sequence[Stored], leaves: Sequence[bytes], envelopes: Sequence[Envelope]) -> bool:
        """The steps of `take`. False, and nothing was done, unless all of it holds and no checkpoint is in between."""
        first, end = self._frontier.size, self._frontier.size + len(records)
        if len(records) < WORTH or (self._next is not None and self._next < end):
            return False
        # 1. and 5. Their stored numbers, and those that they name, are the next ones.
        numbers = list(range(first, end))
        if [record.seq for record in records] != numbers or [one.seq for one in envelopes] != numbers:
            return False
        # 4. Each `prev` is the leaf hash of the record before.
        before = [*(() if self._prev is None else (self._prev,)), *leaves[:-1]]
        links = [b2a_base64(leaf, newline=False).decode("ascii") for leaf in before]
        if [one.prev for one in envelopes[self._prev is None :]] != links:
            return False
        # 6. No `recorded_at` is before that of the record before.
        times = [one.recorded_at or "" for one in envelopes]
        if set(map(len, times)) != {27} or sorted(times) != times or times[0].encode("utf-8") < self._recorded_at:
            return False
        # 7. All are of one tenant.
        tenants = {one.tenant for one in envelopes}
        if len(tenants) > 1 or self._tenant not in (None, *tenants):
            return False
        # 8. to 10.
        self._frontier.append_all(leaves)
        self._prev, self._recorded_at, self._tenant = leaves[-1], times[-1].encode("utf-8"), tenants.pop()
        self._compare()
        return True

    def finish(self) -> Verified:
        """Step 11, and the result."""
        size = self._frontier.size
        # 11. No checkpoint speaks of more records than there are.
        if self._checkpoints:
            raise BadRecord(size, "missing", "a checkpoint covers records that are not there")
        return Verified(
            first=self._first, size=size, covered=self._covered, canonical=self._canonical, state=self.state()
        )

    def state(self) -> State:
        """Where it stands now."""
        return State(
            frontier=self._frontier.copy(), prev=self._prev, recorded_at=self._recorded_at, tenant=self._tenant
        )

    def _link(self, data: bytes, place: int) -> None:
        """Steps 4 to 6."""
        try:
            said = place_of(data)
        except FormatError as error:
            raise BadRecord(place, "form", str(error)) from error
        # 4. `prev` is the leaf hash of the record before.
        if self._prev is not None and bytes(said.prev) != link_text(self._prev):
            raise BadRecord(place, "prev", "not the hash of the record before")
        # 5. `seq` is its place.
        if bytes(said.seq) != b"%d" % place:
            raise BadRecord(place, "seq", "not the record's place")
        # 6. `recorded_at` is not before that of the record before: the form is fixed, so text order is time order.
        quoted = bytes(said.recorded_at)
        recorded = quoted[1:-1]
        if len(quoted) != TIME_BYTES or quoted[:1] != b'"' or recorded < self._recorded_at:
            raise BadRecord(place, "recorded_at", "before that of the record before")
        self._recorded_at = recorded

    def _form(self, data: bytes) -> Envelope:
        """Step 7: canonical form, and of the same tenant as the others."""
        place = self._frontier.size
        try:
            envelope = parse(data)
        except FormatError as error:
            raise BadRecord(place, "form", str(error)) from error
        if self._tenant is None:
            self._tenant = envelope.tenant
        if envelope.tenant != self._tenant:
            raise BadRecord(place, "form", "of another tenant")
        return envelope

    def _compare(self) -> None:
        size = self._frontier.size
        # 9. The checkpoints of this size.
        while self._checkpoints and self._checkpoints[-1].size == size:
            if self._checkpoints.pop().root != self._frontier.root():
                raise BadRecord(
                    max(size - 1, 0), "root", f"the tree of size {size} has another root than its checkpoint"
                )
            self._covered = size
        # 10. What records tell of such.
        while self._published and self._published[-1].size == size:
            told = self._published.pop()
            if told.root != self._frontier.root():
                raise BadRecord(told.seq, "published", f"the tree of size {size} has another root than it tells of")
        sizes = [items[-1].size for items in (self._checkpoints, self._published) if items]
        self._next = min(sizes, default=None)


def check_detail(envelope: Envelope, salt: bytes | None, detail: bytes | None) -> Detail | None:
    """The detail, where it is there and is the one that the envelope commits to.

    None where the envelope commits to one that was deleted (then the record says "commitment only") or to none.
    `VerificationError` for a detail that is another, is not one, or that no record commits to.
    """
    # 1. No detail: nothing to open.
    if detail is None:
        return None
    # 2. A detail must be committed to.
    if envelope.detail is None or salt is None:
        raise VerificationError("detail: nothing commits to it")
    # 3. The commitment must open to exactly these bytes.
    if not matches(envelope.detail, salt, "detail", detail):
        raise VerificationError("detail: not what the record commits to")
    # 4. The bytes must be a detail.
    try:
        return parse_detail(detail)
    except FormatError as error:
        raise VerificationError(f"detail: {error}") from error
