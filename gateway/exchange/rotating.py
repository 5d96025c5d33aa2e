"""A ledger's key is replaced by another: the old and the new one sign who comes after whom, and it is on record.

    1. a new key is made, or was (`prepare`), and lies beside the old one    a crash here: it waits for the next try
    2. a checkpoint of all records there are is signed by the old key        a crash here: nothing was replaced
    3. both keys sign the statement, which names that checkpoint's size
    4. record and statement become durable in one transaction                a crash after it: it is replaced
    5. the next checkpoint is signed by both                                 by whichever process publishes it

So there is no instant at which a key is half replaced. A node that does not have the new key signs nothing any more,
and says so, until it has it.
"""

import asyncio
import logging

import msgspec

from gateway.core.errors import ConfigurationError, GatewayError, LedgerUnavailable
from gateway.core.ids import uuid7
from gateway.core.ports import Clock, Failpoint, StoredCheckpoint
from gateway.exchange.exporting import Publisher
from gateway.ledger.commitment import committed, new_salt
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Entry, Ledger, RowChange
from gateway.ledger.merkle import EMPTY_ROOT
from gateway.ledger.note import Signer, Verifier
from gateway.ledger.record import Detail, Envelope, NodeInfo, encode_detail, timestamp
from gateway.ledger.rotation import Keys, Rotation, issue
from gateway.store.keyring import Keyring
from gateway.store.reader import StoreReader
from gateway.store.signing import LedgerSigning, Signatories, rotated

_TRIES = 8
"""Others publish meanwhile: then it is begun anew with their checkpoint."""
_log = logging.getLogger("gateway.keys")


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `until_us`: until when both keys sign."""

    vkey: str
    statement: bytes
    until_us: int


class Rotating:
    """Replaces the key of one ledger, and destroys those that were replaced."""

    def __init__(
        self,
        *,
        ledger: str,
        origin: str,
        keyring: Keyring,
        signing: LedgerSigning,
        reader: StoreReader,
        publisher: Publisher,
        writer: Ledger,
        clock: Clock,
        node: NodeInfo,
        failpoint: Failpoint | None = None,
    ) -> None:
        self._ledger, self._origin, self._keyring, self._signing = ledger, origin, keyring, signing
        self._reader, self._publisher, self._writer = reader, publisher, writer
        self._clock, self._node, self._failpoint = clock, node, failpoint

    async def prepare(self) -> Signer:
        """The key that comes next, made unless it waits already. It signs nothing yet: it may be copied to the other
        nodes first. `ConfigurationError` where several wait."""
        who = await self._signing.load()
        return await asyncio.to_thread(self._next, who)

    async def rotate(self, actor: str, detail: Detail, overlap_s: int) -> Rotated:
        """Replace the key, by the one that waits or a new one. `ConfigurationError` where somebody else has meanwhile,
        or several keys wait; `LedgerUnavailable` where it cannot be put on record."""
        # 1.
        new = await self.prepare()
        await self._pause("rotation.prepared")
        who = await self._signing.load()
        for _ in range(_TRIES):
            # 2.
            point = await self._publisher.publish(force=True)
            # 3.
            now = self._clock.now_us()
            rotation = Rotation(
                origin=self._origin,
                old=who.signer.verifier.vkey,
                new=new.verifier.vkey,
                after=0 if point is None else point.size,
                at=_not_before(who.keys, timestamp(now)),
            )
            statement = await asyncio.to_thread(issue, rotation, who.signer, new)
            # What everybody will ask of it, before it stands for good: one that does not hold would end all of it.
            _ = Keys(who.signer.verifier, (*who.keys.statements, statement))
            until = now + overlap_s * 1_000_000
            await self._pause("rotation.signed")
            # 4.
            if await self._recorded(who, rotation, statement, until, (actor, detail), point):
                await self._pause("rotation.recorded")
                # 5.
                await self._signed_over()
                return Rotated(vkey=rotation.new, statement=statement, until_us=until)
        raise LedgerUnavailable("checkpoints are published faster than a key can be replaced: try again")

    async def _signed_over(self) -> None:
        """Step 5. The key is replaced, whatever comes of this: whoever heard of an error would replace it again."""
        try:
            await self._publisher.publish(force=True)
        except GatewayError as error:
            _log.warning("the key is replaced; the first checkpoint with it comes later: %s", type(error).__name__)

    async def retire(self, actor: str, detail: Detail, *, early: bool = False) -> tuple[str, ...]:
        """Destroy the private keys that were replaced and sign no more; `early`: the one too that still signs beside
        the newest. Their verifier keys. Each is on record before it is destroyed."""
        who = await self._signing.load()
        await asyncio.to_thread(self._keyring.settle)
        kept = {who.signer.verifier.vkey} | {signer.verifier.vkey for signer in who.beside if not early}
        gone: list[str] = []
        for key in who.keys.known:
            if key.vkey not in kept and await asyncio.to_thread(self._has, key):
                told = msgspec.structs.replace(detail, diff=(f"- {key.vkey}",))
                # A crash after it: it is on record, and the key still there; the next try says so again.
                await self._writer.append(_entry(self._envelope("key.revoked", key, actor), told))
                await self._pause("rotation.revoked")
                await asyncio.to_thread(self._keyring.destroy_signer, self._origin, key.vkey)
                gone.append(key.vkey)
        return tuple(gone)

    def _next(self, who: Signatories) -> Signer:
        # One that waits is of a try that failed, perhaps before its name was on the disk.
        self._keyring.settle()
        waiting = self._keyring.next_ledger_keys(self._origin, who.keys.known)
        if len(waiting) > 1:
            raise ConfigurationError("several keys wait to replace the ledger's: leave the one that is to, in keys")
        return waiting[0] if waiting else self._keyring.create_next_ledger_key(self._origin)

    def _has(self, key: Verifier) -> bool:
        try:
            self._keyring.signer(self._origin, key.vkey)
        except ConfigurationError:
            return False
        return True

    async def _recorded(
        self,
        who: Signatories,
        rotation: Rotation,
        statement: bytes,
        until_us: int,
        by: tuple[str, Detail],
        point: StoredCheckpoint | None,
    ) -> bool:
        """Whether it is on record; False where a larger checkpoint was published before it could be."""
        root = EMPTY_ROOT if point is None else point.root
        new = Verifier.parse(rotation.new)
        envelope = self._envelope("key.rotated", new, by[0], checkpoint=(rotation.after, to_base64(root)))
        told = msgspec.structs.replace(by[1], diff=(f"- {rotation.old}", f"+ {rotation.new}"))
        try:
            await self._writer.append(_entry(envelope, told, rotated(who.number + 1, statement, until_us)))
        except LedgerUnavailable:
            # It may be on record all the same, or have lost to another rotation, or to a checkpoint.
            found = await self._signing.load()
            if statement in found.keys.statements:
                return True
            if found.number != who.number:
                raise ConfigurationError("the ledger's key was replaced meanwhile, by somebody else") from None
            newest = await self._reader.checkpoint()
            if newest is None or newest.size <= rotation.after:
                raise
            return False
        await self._signing.load()
        return True

    def _envelope(self, event: str, key: Verifier, actor: str, **fields: tuple[int, str]) -> Envelope:
        now = self._clock.now_us()
        return Envelope(
            id=uuid7(now),
            tenant=self._ledger,
            event=event,
            occurred_at=timestamp(now),
            actor=actor,
            actor_kind="person",
            credential=key.key_id.hex(),
            node=self._node,
            **fields,  # type: ignore[arg-type]  # fields of the envelope, by their names
        )

    async def _pause(self, name: str) -> None:
        if self._failpoint is not None:
            await self._failpoint(name)


def _not_before(keys: Keys, at: str) -> str:
    """This time, or that of the last rotation where the clock stands before it: times only grow along a line of
    keys."""
    return max([at, *(one.at for one in keys.rotations[-1:])])


def _entry(envelope: Envelope, detail: Detail, change: RowChange | None = None) -> Entry:
    salt, data = new_salt(), encode_detail(detail)
    envelope.detail = committed(salt, "detail", data)
    return Entry.of(envelope, detail=data, salt=salt, change=change)
