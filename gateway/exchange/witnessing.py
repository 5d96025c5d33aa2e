"""Checkpoints are shown to witnesses, whose cosignatures are kept beside them: a log that only its owner has seen
proves little against its owner.

Beside traffic, never in its way: a witness that is slow or away leaves checkpoints without its line until it is back,
and how far the ledger goes beyond what a quorum has seen is told. What a witness knows of the ledger is held against
it: one that has cosigned more records than there are, or others, shows that the ledger was taken back, by a restored
backup or on purpose. Then nothing is recorded any more, and so nothing served, until that was acknowledged on record.
"""

import logging
import os
from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.agents.witnesses import WitnessClient
from gateway.core.errors import AgentError, ConfigurationError, FormatError, VerificationError
from gateway.core.ids import uuid7
from gateway.core.ports import Clock, StoredCheckpoint
from gateway.core.together import together
from gateway.ledger import checkpoint, clocks
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.cosignature import Seen, line_of
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.merkle import EMPTY_ROOT
from gateway.ledger.note import parse_note
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, parse_timestamp, timestamp
from gateway.ledger.witnessing import SIZE_TYPE, Request, parse_size
from gateway.store.cosignatures import ACKNOWLEDGED, WITNESSED, CosignatureStore
from gateway.store.lease import Lease
from gateway.store.reader import StoreReader
from gateway.store.signing import LedgerSigning

LEASE_S = 60.0
_log = logging.getLogger("gateway.witness")
End = Literal["cosigned", "unreachable", "refused", "wrong", "conflict"]


class Ahead(msgspec.Struct, frozen=True):
    """A witness has cosigned a checkpoint of more records than this ledger has one of."""

    witness: str
    size: int
    forked: bool = False
    """Of no more records, but of others: this ledger was taken back, and has grown since."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """How far a ledger goes beyond what a quorum of witnesses has seen. `since`: when the oldest record occurred that
    is in no witnessed checkpoint (27 characters), None where there is none."""

    witnessed: int
    records: int
    since: str | None

    def seconds(self, now_us: int) -> float:
        """How long ago that was; 0 where there is none."""
        return 0.0 if self.since is None else max(0.0, (now_us - parse_timestamp(self.since)) / 1e6)


class Quorum(msgspec.Struct, frozen=True, kw_only=True):
    """Who the witnesses are, by their keys' names, and how many of them must have cosigned."""

    names: tuple[str, ...]
    needed: int


async def beyond(reader: StoreReader, store: CosignatureStore, quorum: Quorum) -> Window:
    """How far the ledger goes beyond what a quorum has seen, now."""
    witnessed = await store.witnessed(quorum.names, quorum.needed)
    since = await reader.uncovered_since(witnessed)
    records = 0 if since is None else await reader.size() - witnessed
    return Window(witnessed=witnessed, records=records, since=since)


class Witnessing:
    """One ledger before its witnesses."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        ledger: str,
        signing: LedgerSigning,
        witnesses: Sequence[WitnessClient],
        quorum: Quorum,
        clock: Clock,
        node: NodeInfo,
    ) -> None:
        self._ledger, self._signing, self._witnesses, self._quorum = ledger, signing, tuple(witnesses), quorum
        self._clock, self._node = clock, node
        self._reader, self.store = StoreReader(engine, ledger), CosignatureStore(engine, ledger)
        holder = f"{node.id}/{node.boot}/{os.urandom(8).hex()}"
        self._lease = Lease(engine, f"witness/{ledger}", holder, clock, LEASE_S)
        self._on_record = 0
        self.window = Window(witnessed=0, records=0, since=None)
        """As it was when checkpoints were last offered."""
        self.ends: dict[tuple[str, str], int] = {}
        """How often each witness was asked, by its name and what came of it."""

    async def ahead(self, *, required: bool = False) -> tuple[Ahead, ...]:
        """Witnesses that know of more than there is, or of something else, beyond what was acknowledged: to be asked
        before anything is recorded. `ConfigurationError` where one must be asked (`required`) and none could tell."""
        point = await self._reader.checkpoint()
        found = await together(self._ask(one, point) for one in self._witnesses)
        newest = await self._reader.checkpoint()  # another node may have published and offered one meanwhile
        size = 0 if newest is None else newest.size
        # An error, and a witness that does not know this ledger, tell as little as silence.
        if required and not any(end == "cosigned" or isinstance(end, Ahead) for end in found):
            raise ConfigurationError(
                "no witness can be asked whether the ledger was taken back: one must answer that has the ledger's key"
            )
        return await self._unacknowledged(found, size)

    async def told(self) -> dict[str, End | Ahead]:
        """What each witness says of the newest checkpoint, by its name, beyond what was acknowledged; nothing of it is
        kept, recorded or logged."""
        point = await self._reader.checkpoint()
        found = await together(self._ask(one, point, keep=False) for one in self._witnesses)
        newest = await self._reader.checkpoint()
        ahead = await self._unacknowledged(found, 0 if newest is None else newest.size)
        return {
            one.witness.name: "cosigned" if isinstance(end, Ahead) and end not in ahead else end
            for one, end in zip(self._witnesses, found, strict=True)
        }

    async def offer(self, writer: Ledger) -> tuple[Ahead, ...]:
        """Show the newest checkpoint to the witnesses that have not cosigned it, and put on record that a quorum has.
        Those that know of more than there is, or of something else, beyond what was acknowledged.

        One process at a time: another one that is at it is left to it.
        """
        try:
            ahead = await self._shown_around(writer)
        except Exception:
            # What is not witnessed is to be seen for as long as that lasts.
            self.window = await beyond(self._reader, self.store, self._quorum)
            raise
        self.window = await beyond(self._reader, self.store, self._quorum)
        return ahead

    async def _shown_around(self, writer: Ledger) -> tuple[Ahead, ...]:
        point = await self._reader.checkpoint()
        if point is None or not await self._lease.take():
            return ()
        try:
            return await self._offered(writer, point)
        finally:
            await self._lease.release()

    async def _offered(self, writer: Ledger, point: StoredCheckpoint) -> tuple[Ahead, ...]:
        kept = await self.store.of(point.size)
        missing = [one for one in self._witnesses if one.witness.name not in kept]
        found = await together(self._ask(one, point) for one in missing)
        await self._record(writer, point)
        # Another node may have published meanwhile, and another witness's answer may be of that.
        newest = await self._reader.checkpoint()
        size = point.size if newest is None else newest.size
        return await self._unacknowledged(found, size)

    async def _unacknowledged(self, found: Sequence[End | Ahead], size: int) -> tuple[Ahead, ...]:
        """Those of them that know of more than `size` records, or of others."""
        ahead = [one for one in found if isinstance(one, Ahead) and (one.forked or one.size > size)]
        return tuple([one for one in ahead if one.size > await self.store.acknowledged(one.witness)])

    async def _ask(self, one: WitnessClient, point: StoredCheckpoint | None, *, keep: bool = True) -> End | Ahead:
        """One witness, from the size that it is known to have cosigned last, or that it tells."""
        try:
            end = await self._asked(one, point, keep=keep)
        except AgentError as error:
            if keep:
                _log.warning("witness %s did not answer: %s", one.witness.name, error.code)
            end = "unreachable"
        counted = end if not isinstance(end, Ahead) else "conflict" if end.forked else "ahead"
        self.ends[one.witness.name, counted] = self.ends.get((one.witness.name, counted), 0) + 1
        return end

    async def _asked(self, one: WitnessClient, point: StoredCheckpoint | None, *, keep: bool) -> End | Ahead:
        size, note = self._shown(point)
        old = min(size, await self.store.last(one.witness.name))
        for _ in range(2):
            path = await self._reader.consistency(old, size) if 0 < old < size else []
            answer = await one.add(Request(old=old, proof=tuple(path), note=note))
            if answer.status == 200:
                return await self._keep(one, size, note, answer.body, keep=keep)
            if answer.status == 422 and old:  # and it stands at `old`, or it would have said 409
                return self._forked(one, old, keep=keep)
            told = answer.header("content-type") == SIZE_TYPE
            if answer.status != 409 or not told:
                if keep:
                    _log.warning("witness %s refused a checkpoint with %d", one.witness.name, answer.status)
                return "refused"
            try:
                known = parse_size(answer.body)
            except FormatError:
                return "wrong"
            if known > size:
                return Ahead(one.witness.name, known)
            if known == old:  # and another root of it
                return self._forked(one, old, keep=keep) if old else "conflict"
            old = known
        return "conflict"

    def _forked(self, one: WitnessClient, size: int, *, keep: bool) -> Ahead:
        if keep:
            told = "witness %s has cosigned another history of ledger %s, in a tree of %d records"
            _log.error(told, one.witness.name, self._signing.signer.name, size)
        return Ahead(one.witness.name, size, forked=True)

    def _shown(self, point: StoredCheckpoint | None) -> tuple[int, bytes]:
        """The checkpoint to show; of a ledger that has none, that it is empty."""
        if point is not None:
            return point.size, point.note
        signer = self._signing.signer
        return 0, checkpoint.sign(Checkpoint(signer.name, 0, EMPTY_ROOT), signer)

    async def _keep(self, one: WitnessClient, size: int, note: bytes, body: bytes, *, keep: bool) -> End:
        try:
            line, seen = line_of(body, parse_note(note)[0], one.witness)
        except (FormatError, VerificationError) as error:
            _log.error("witness %s answered with what is no cosignature of its: %s", one.witness.name, error)
            return "wrong"
        if size and keep:
            await self.store.add(size, line, seen)
        return "cosigned"

    async def _record(self, writer: Ledger, point: StoredCheckpoint) -> None:
        """`checkpoint.witnessed`, once a quorum has cosigned. A crash before: the next look finds the lines and records
        it. After, before anyone knows: the record is found, and not made twice."""
        kept = await self.store.of(point.size)
        lines = [Seen(name, kept[name][1]) for name in self._quorum.names if name in kept]
        if self._on_record >= point.size or len(lines) < self._quorum.needed:
            return
        if not await self.store.recorded(point.size):
            now_s = self._clock.now_us() // 1_000_000
            offsets = clocks.written((one.witness, one.seconds - now_s) for one in lines)
            told = (point.size, to_base64(point.root))
            envelope = self._envelope(WITNESSED, checkpoint=told, count=len(lines))
            await writer.append(_entry(envelope, Detail(reason=offsets)))
        self._on_record = point.size

    def _envelope(self, event: str, **fields: object) -> Envelope:
        now = self._clock.now_us()
        return Envelope(
            id=uuid7(now),
            tenant=self._ledger,
            event=event,
            occurred_at=timestamp(now),
            node=self._node,
            **fields,  # type: ignore[arg-type]  # fields of the envelope, by their names
        )


def _entry(envelope: Envelope, detail: Detail) -> Entry:
    salt, data = new_salt(), encode_detail(detail)
    envelope.detail = committed(salt, "detail", data)
    return Entry.of(envelope, detail=data, salt=salt)


def acknowledgment(
    ahead: Sequence[Ahead],
    *,
    size: int,
    tenant: str,
    actor: str,
    detail: Detail,
    clock: Clock,
    node: NodeInfo,
    gone: Sequence[Ahead] = (),
) -> Entry:
    """The record that a ledger of `size` records was taken back behind what others know, by whom and why
    (`detail.reason`). `gone`: what is known of ledgers that are none here any more."""
    told = msgspec.structs.replace(detail, query={one.witness: str(one.size) for one in (*ahead, *gone)})
    now = clock.now_us()
    envelope = Envelope(
        id=uuid7(now),
        tenant=tenant,
        event=ACKNOWLEDGED,
        occurred_at=timestamp(now),
        actor=actor,
        actor_kind="person",
        range=(size, max([size, *(one.size for one in ahead)])),
        node=node,
    )
    return _entry(envelope, told)
