"""Bundles of one ledger, written from what decides what is in them: fixed once, so that who goes on makes the same."""

from collections.abc import Sequence
from hashlib import sha256
from typing import BinaryIO, Protocol

import msgspec

from gateway.core.errors import RecordsArchived, VerificationError
from gateway.core.ports import Clock, StoredCheckpoint
from gateway.core.refusal import Refusal
from gateway.evidence import bundle, carrying
from gateway.evidence.bundle import Progress, Stamps
from gateway.evidence.carried import Source
from gateway.evidence.checking import Alone
from gateway.evidence.figures.standing import Start, Stood, told_of
from gateway.evidence.kept import Keeper
from gateway.evidence.manifest import Manifest
from gateway.evidence.selection import Selection
from gateway.exchange import attaching
from gateway.exchange.published import Published
from gateway.exchange.stood import StoodReader
from gateway.exchange.trail import Trail
from gateway.ledger.record import parse
from gateway.store.policies import PolicyStore
from gateway.store.reader import StoreReader
from gateway.store.signing import LedgerSigning


class Publisher(Protocol):
    """Publishes checkpoints; `force` until the newest record is covered."""

    async def publish(self, force: bool = False) -> StoredCheckpoint | None: ...


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What decides what a bundle holds besides the records that it is of. Notes and replies are as they were then."""

    generator: str
    """The version of this program."""
    created_us: int
    end: int
    """Where the range ends, exclusive."""
    last: StoredCheckpoint
    opening: StoredCheckpoint | None
    witnessed: StoredCheckpoint | None
    stamps: tuple[Stamps, ...]
    policies: tuple[str, ...]
    """Digests of the versions that were in force."""
    standing: str | None = None
    """That of the one in force at the first record; None where none was, and of what was begun without it."""
    attached: str
    """A digest of what attachments are made of besides the records."""


class Exporting:
    """Of one ledger. `whole` reads what is in the database and in archives alike, `before` what stood before a range;
    `emergencies` finds the files of emergency ledgers, of which without it bundles hold none."""

    def __init__(
        self,
        *,
        reader: StoreReader,
        whole: Trail,
        before: StoodReader,
        publisher: Publisher,
        published: Published,
        policies: PolicyStore,
        signing: LedgerSigning,
        clock: Clock,
        setting: attaching.Setting,
        emergencies: Source | None = None,
        source: carrying.Source | None = None,
        alone: Alone = lambda why: None,
    ) -> None:
        """`source`: opens kept content, for bundles that carry some; `alone`: see `bundle.build`."""
        self._source, self._alone = source, alone
        self._before = before
        self._reader, self._whole, self._publisher, self._published = reader, whole, publisher, published
        self._policies, self._signing, self._clock, self._setting = policies, signing, clock, setting
        self._emergencies = emergencies

    async def basis(self, selection: Selection, attach: Sequence[str] = ()) -> Basis | Refusal:
        """That of a bundle which is begun now; a checkpoint is published first, of all records."""
        point = await self._publisher.publish(force=True)
        if point is None:
            return Refusal(code="no_checkpoint_yet", retry_after=5)
        try:
            attached = await self._attached(attach, await self._stood(attach, selection))
        except RecordsArchived as error:
            return Refusal(code="archived", hint=error.hint)
        size, ledger = await self._reader.size(), self._setting.ledger
        end = min(selection.end, size) if selection.end is not None else point.size
        return Basis(
            generator=bundle.GENERATOR,
            created_us=self._clock.now_us(),
            end=end,
            last=point,
            opening=await self._reader.checkpoint_until(selection.first) if selection.first else None,
            witnessed=await self._published.witnessed(),
            stamps=tuple(
                Stamps(stamped, {one.tsa: one.reply for one in stamps})
                for stamped, stamps in await self._published.covering(end, point.size)
            ),
            policies=tuple(await self._policies.in_force(ledger, selection.first, end)),
            standing=next(iter(await self._policies.in_force(ledger, selection.first, selection.first + 1)), None),
            attached=attached,
        )

    async def stands(self, basis: Basis, selection: Selection, attach: Sequence[str] = ()) -> bool:
        """Whether what was begun on a basis can be gone on with: by the same version, and with the same to tell beside
        the records. That the key and what else is in each bundle are the same, the builder finds by itself."""
        if basis.generator != bundle.GENERATOR:
            return False
        try:
            stood = await self._stood(attach, selection)
        except RecordsArchived:
            return False
        return basis.attached == await self._attached(attach, stood)

    async def build(
        self,
        basis: Basis,
        selection: Selection,
        write: BinaryIO,
        *,
        attach: Sequence[str] = (),
        progress: Progress | None = None,
        keeper: Keeper | None = None,
    ) -> Manifest | Refusal:
        """Write a bundle: see `bundle.build`. `Refusal` too where records of it lie in an archive that is not here."""
        policies: dict[str, bytes] = {}
        for digest in basis.policies:
            data = await self._policies.get(digest)
            if data is None:
                raise VerificationError("a policy version that was in force is missing")
            policies[digest] = data
        who = await self._signing.load()  # after the checkpoint, so that whoever signs counts for what that covers
        try:
            await self._whole.demand(selection.first, basis.end)
            return await bundle.build(
                self._whole,
                msgspec.structs.replace(selection, end=basis.end),
                signer=who.signer,
                keys=who.keys,
                policies=policies,
                standing=basis.standing,
                created_us=basis.created_us,
                write=write,
                opening=basis.opening,
                witnessed=basis.witnessed,
                stamps=basis.stamps,
                emergencies=self._emergencies,
                attachments=await attaching.attachments(
                    attach, self._setting, selection=selection, stood=await self._stood(attach, selection)
                ),
                source=self._source,
                progress=progress,
                last=basis.last,
                keeper=keeper,
                processes=self._setting.settings.evidence.processes,
                alone=self._alone,
            )
        except RecordsArchived as error:
            return Refusal(code="archived", hint=error.hint)

    async def _stood(self, attach: Sequence[str], selection: Selection) -> Stood | None:
        """What stood before the range, or at the start of its period, where an attachment tells it. None too where its
        first record lies in an archive that is not at hand: of such a range no bundle is made. As
        `StoodReader.before` raises."""
        if attaching.STANDING.isdisjoint(attach):
            return None
        try:
            begins = await self._whole.record(selection.first)
        except RecordsArchived:
            return None
        at = "" if begins is None else parse(begins.envelope).recorded_at or ""
        if selection.scope is None or selection.scope.period is None:
            return await self._before.before(selection.first, at)
        since, _ = selection.scope.period
        # The first record of such a range may lie before the period, to show that it holds the whole of it.
        return await self._before.before(selection.first + (len(at) > 0 and at < since), since)

    async def _attached(self, attach: Sequence[str], stood: Stood | None) -> str:
        if not attach:
            return ""
        active = await self._policies.active(self._setting.ledger)
        told = None if stood is None else (stood.known_from, told_of(stood.start), _counted(stood.start))
        return sha256(msgspec.json.encode((active, told), order="deterministic")).hexdigest()


def _counted(start: Start) -> list[tuple[int | None, bool]]:
    """The records that provisions count of what stood, and whether each has its detail: it may be deleted meanwhile."""
    return [(one.envelope.seq, one.detail is not None) for one in start.records]
