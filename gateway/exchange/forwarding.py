"""Forwards a ledger's records to a destination as they come: in order, each at least once, beside traffic.

One node at a time, by lease; whichever has it goes on from the cursor in the database. The cursor moves when the
destination has taken a batch: a crash in between, or a node that was thought dead, sends some of it again, and a
receiver knows a record by its tenant and number, and by its emergency ledger if it is of one. What a destination does
not take is tried again until it does, with growing waits; nothing is skipped, and only its own records wait for it. A
person may set the cursor elsewhere, on record.

What an emergency ledger recorded is sent before the record that stitches it in (`following`). One whose file is not at
hand, or is not what is on record, is waited for like a destination that takes nothing, and shows like one.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from gateway.core.errors import (
    AgentError,
    FormatError,
    GatewayError,
    LedgerUnavailable,
    RecordsArchived,
    VerificationError,
)
from gateway.core.ports import Clock
from gateway.exchange.following import At, Following
from gateway.exchange.forward_record import ForwardScribe
from gateway.exchange.forward_senders import Sender
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import ForwardState, Metrics
from gateway.ledger.entry import Entry
from gateway.ledger.record import parse_timestamp
from gateway.store.forwarding import Cursor, ForwardStore, begun, moved, told
from gateway.store.lease import Lease
from gateway.store.search import Filters, Hit

LEASE_S = 30.0
RENEW_S = 10.0
POLL_S = 1.0
"""Seconds between two looks for what is new, and of a node that does not forward at how far the other one is."""
BREATH_S = 0.01
"""Seconds between two batches: traffic is to have the processor between them."""
FIRST_WAIT_S, MOST_WAIT_S = 1.0, 60.0
STALL_S = 300.0
"""How long a destination may take nothing until that is on record."""
MAX_BYTES = 1 << 20
"""Bytes of envelopes that are sent together at most; one record goes whatever its size."""
KEEP_S, KEEP_RECORDS = 10.0, 4_096
"""After so long, or so many records of which none fits, how far was looked is kept."""
AWAY, DAMAGED = "emergency_away", "emergency_damaged"
"""Why nothing goes on: the file of the emergency ledger that comes next is not at hand, or not what is on record."""
_SMALLER = frozenset({"status_400", "status_413", "status_422"})
"""Answers that may be about one record of a batch, or its size."""
_SECOND_NS = 1_000_000_000
_log = logging.getLogger("gateway.forwarding")


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """What is configured of one."""

    id: str
    filters: Filters
    from_beginning: bool
    batch: int


class Forwarding:
    """One ledger's records to one destination. `tenant` is the ledger's id."""

    def __init__(
        self,
        destination: Destination,
        tenant: str,
        *,
        sender: Sender,
        following: Following,
        store: ForwardStore,
        lease: Lease,
        ledgers: Ledgers,
        scribe: ForwardScribe,
        clock: Clock,
        metrics: Metrics,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._destination, self._tenant, self._sender = destination, tenant, sender
        self._following, self._store, self._lease, self._ledgers = following, store, lease, ledgers
        self._scribe, self._clock, self._metrics, self._jitter = scribe, clock, metrics, jitter
        self._renew_ns = 0
        self._leads = False
        self._cursor: Cursor | None = None
        self._next = At(0)
        """Behind what was sent."""
        self._marks: deque[tuple[At, int]] = deque()
        """What was sent and is not known to be taken: the place behind it, and when."""
        self._unkept, self._kept_ns = False, 0
        self._size, self._tries = destination.batch, 0
        self._records = 0
        self._since: str | None = None

    @property
    def forward(self) -> str:
        """The destination's configured id."""
        return self._destination.id

    @property
    def state(self) -> ForwardState:
        """As it was when it was looked at last, on this node."""
        since = 0.0 if self._since is None else (self._clock.now_us() - parse_timestamp(self._since)) / 1e6
        failing = self._cursor is not None and self._cursor.failing_us is not None
        return ForwardState(
            tenant=self._tenant,
            forward=self._destination.id,
            records=self._records,
            seconds=max(0.0, since),
            failing=failing,
        )

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                wait = await self.round()
            except GatewayError as error:
                _log.error("records could not be forwarded: %s", type(error).__name__)
                wait = self._wait()
            except Exception as error:  # noqa: BLE001 — whatever it was, the next round goes on from the cursor
                _log.error("records could not be forwarded: %s", type(error).__name__)
                wait = self._wait()
            await asyncio.sleep(wait)

    async def stop(self) -> None:
        """Let another node go on at once. What was sent and is not known to be taken is sent again by that."""
        try:
            if self._leads:
                await self._lease.release()
        except LedgerUnavailable:
            _log.warning("a lease of forwarding was not given back: it ends by itself")
        await self._sender.close()

    async def round(self) -> float:
        """1. lead, 2. find the cursor, 3. take over what was taken, 4. send what comes next. Seconds to wait until the
        next round. `LedgerUnavailable` when the database does not answer: nothing has moved then."""
        try:
            return await self._round()
        except LedgerUnavailable:
            # How far behind it is is to be seen for as long as that lasts.
            cursor = await self._store.get(self._tenant, self._destination.id)
            if cursor is not None:
                await self._lags(cursor)
            raise

    async def _round(self) -> float:
        if not await self._led():
            await self._look(await self._store.get(self._tenant, self._destination.id))
            return POLL_S
        await self._found()
        try:
            return await self._passed_on()
        except AgentError as error:
            return await self._failed(error.code)
        except RecordsArchived:
            wait = await self._failed(AWAY)
            await self._let_go()
            return wait
        except VerificationError:
            return await self._failed(DAMAGED)
        except FormatError:
            # A record that is none is for `gateway audit verify` to find; it is not passed over in silence here.
            return await self._failed("record_damaged")

    # ---------------------------------------------------------------------------------------------------------- inside

    async def _led(self) -> bool:
        """Whether this node is the one that forwards now."""
        now = self._clock.monotonic_ns()
        if now >= self._renew_ns:
            before, self._leads = self._leads, await self._lease.take()
            self._renew_ns = now + int(RENEW_S * _SECOND_NS)
            if not (before and self._leads):  # what is known is from another time
                self._cursor = None
        return self._leads

    async def _let_go(self) -> None:
        """Another node may have the file, and comes to lead before this one does so again."""
        await self._lease.release()
        self._leads, self._renew_ns = False, self._clock.monotonic_ns() + int(2 * RENEW_S * _SECOND_NS)

    async def _found(self) -> None:
        """Find the cursor as it is now; where somebody else has moved it, it is gone on from there."""
        cursor = await self._store.get(self._tenant, self._destination.id) or await self._begun()
        known, self._cursor = self._cursor, cursor
        if known is None or known.version != cursor.version:
            self._back()

    def _back(self) -> None:
        """Go on from the cursor: what is not known to be taken is sent again."""
        self._marks.clear()
        self._unkept, self._next = False, At(0) if self._cursor is None else _place(self._cursor)

    async def _begun(self) -> Cursor:
        size = (await self._store.waiting(self._tenant, 0)).size
        first = 0 if self._destination.from_beginning else size
        made = Cursor(
            tenant=self._tenant, forward=self._destination.id, next_seq=first, changed_us=self._clock.now_us()
        )
        # A crash before the commit: nothing has begun. After it: whoever comes next finds it.
        entry = self._scribe.entry("forward.started", made, begun(made), first=0, end=first)
        await self._ledgers.of(self._tenant).submit(entry)
        found = await self._store.get(self._tenant, self._destination.id)
        return made if found is None else found

    async def _look(self, cursor: Cursor | None) -> None:
        """Learn how far another node is."""
        self._cursor = cursor
        if cursor is not None:
            await self._lags(cursor)

    async def _lags(self, cursor: Cursor) -> None:
        waiting = await self._store.waiting(self._tenant, cursor.next_seq)
        self._records, self._since = max(0, waiting.size - cursor.next_seq), waiting.since

    async def _passed_on(self) -> float:
        cursor = await self._settled()
        if cursor is None:
            return BREATH_S
        waiting = await self._store.waiting(self._tenant, self._next.seq)
        self._records, self._since = max(0, waiting.size - self._next.seq), waiting.since
        if waiting.first is None:
            self._tries = 0
            if not self._marks and self._next > _place(
                cursor
            ):  # what does not fit was passed over: keep that some time
                self._marks.append((self._next, self._clock.monotonic_ns()))
            return POLL_S
        if waiting.first > self._next.seq:
            return await self._left_out(cursor, waiting.first)
        lot = await self._following.lot(self._destination.filters, self._next, limit=self._size)
        some = _bounded(lot.hits)
        if some:
            # Over another connection than what has not settled yet it would be taken for what has.
            await self._sender.send([one.stored for one in some], holding=self._unkept)
            self._metrics.forwarded(self._tenant, self._destination.id, len(some))
            self._tries, self._size = 0, min(self._destination.batch, self._size * 2)
            self._unkept = True
        self._next = lot.after if len(some) == len(lot.hits) else _behind(some[-1], self._next)
        self._records = max(0, waiting.size - self._next.seq) + lot.left
        self._since = waiting.since if self._records else None
        self._marks.append((self._next, self._clock.monotonic_ns()))
        settled = await self._settled()
        return POLL_S if settled is not None and self._next.seq >= waiting.size else BREATH_S

    async def _settled(self) -> Cursor | None:
        """Move the cursor over what was sent long enough ago, where the destination still holds it. Where it is then;
        None where somebody else has moved it, and the next round finds where to."""
        cursor = await self._resumed(self._cursor)
        now = self._clock.monotonic_ns()
        ripe = now - int(self._sender.settles_s * _SECOND_NS)
        if not self._marks or self._marks[0][1] > ripe or cursor is None:
            return cursor
        if self._unkept and not await self._sender.holds():
            raise AgentError("closed_early")
        taken = [place for place, at in self._marks if at <= ripe]
        through, late = taken[-1], now - self._kept_ns >= KEEP_S * _SECOND_NS
        moved_on: Cursor | None = cursor
        if self._unkept or late or through.seq - cursor.next_seq >= KEEP_RECORDS:
            moved_on = await self._store.advance(cursor, through.seq, self._clock.now_us(), through.own)
            self._cursor, self._kept_ns = moved_on, now
        for _ in taken:  # not before: where it could not be kept, the next round does so
            self._marks.popleft()
        if moved_on is cursor:
            return cursor
        if moved_on is None:
            return None
        self._unkept = bool(self._marks)
        return await self._resumed(moved_on)

    async def _resumed(self, cursor: Cursor | None) -> Cursor | None:
        """Put on record that it goes on again, once it has taken something. A crash before: the next round does so."""
        if cursor is not None and cursor.stalled and cursor.failing_us is None:
            change = told(cursor, False, self._clock.now_us())
            entry = self._scribe.entry(
                "forward.resumed", cursor, change, first=cursor.next_seq, end=max(cursor.next_seq, self._next.seq)
            )
            await self._record(entry, cursor, stalled=0)
            return self._cursor
        return cursor

    async def _left_out(self, cursor: Cursor, first: int) -> float:
        """Records that are not there any more cannot be forwarded: on record, and then on with those that are."""
        if self._marks:
            return POLL_S
        change = moved(cursor, first, self._clock.now_us())
        entry = self._scribe.entry("forward.gap", cursor, change, first=self._next.seq, end=first)
        await self._record(entry, cursor, next_seq=first, emergency_seq=0)
        self._back()
        _log.warning("records that are not there any more were not forwarded")
        return BREATH_S

    async def _failed(self, code: str) -> float:
        self._metrics.forward_failed(self._tenant, self._destination.id, code)
        self._back()
        if code in _SMALLER and self._size > 1:
            self._size //= 2
            return 0.0
        now = self._clock.now_us()
        if self._cursor is not None and (self._cursor.failing_us is None or self._cursor.code != code):
            _log.warning("a destination of records takes none: %s", code)
            self._cursor = await self._store.fails(self._cursor, code, now)
        cursor = self._cursor
        since = None if cursor is None or cursor.stalled else cursor.failing_us
        if cursor is not None and since is not None and now - since >= STALL_S * 1_000_000:
            size = (await self._store.waiting(self._tenant, cursor.next_seq)).size
            change = told(cursor, True, now)
            entry = self._scribe.entry(
                "forward.stalled", cursor, change, first=cursor.next_seq, end=max(size, cursor.next_seq), code=code
            )
            await self._record(entry, cursor, stalled=1)
        return self._wait()

    async def _record(self, entry: Entry, cursor: Cursor, **changed: int) -> None:
        """Put it on record with its change of the cursor; nothing where somebody else has moved that, and the next
        round finds where to."""
        done = await self._ledgers.of(self._tenant).submit(entry)
        then = msgspec.structs.replace(cursor, version=cursor.version + 1, **changed)
        self._cursor = None if done is None else then

    def _wait(self) -> float:
        """Twice as long each time, and a part of that by chance, so that not everybody comes at once."""
        longest: float = min(MOST_WAIT_S, FIRST_WAIT_S * 2 ** min(self._tries, 16))
        self._tries += 1
        return longest * (0.5 + self._jitter() / 2)


def _place(cursor: Cursor) -> At:
    return At(cursor.next_seq, cursor.emergency_seq)


def _behind(hit: Hit, at: At) -> At:
    """The place behind a record that comes after this one."""
    after = hit.stored.seq + 1
    return At(after) if hit.stored.emergency is None else At(at.seq, after)


def _bounded(hits: Sequence[Hit]) -> Sequence[Hit]:
    """As many of them as may go together: at least one."""
    total = 0
    for place, one in enumerate(hits):
        total += len(one.stored.envelope)
        if total > MAX_BYTES and place:
            return hits[:place]
    return hits
