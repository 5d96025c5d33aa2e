"""Reading the record, recorded: who asks for the trail of a tenant is on that trail before the first row leaves.

The API and the command line share this; neither reads a ledger in any other way.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import from_bytes
from gateway.core.canonical import MAX_INTEGER
from gateway.core.errors import ConfigurationError, FormatError, RecordsArchived, VerificationError
from gateway.core.ports import Clock, StoredCheckpoint, StoredRecord
from gateway.core.refusal import Refusal
from gateway.evidence import misses
from gateway.evidence.age import Recipient, parse_recipients
from gateway.evidence.bundle import Progress
from gateway.evidence.checking import Alone
from gateway.evidence.encrypted import Told, build_encrypted
from gateway.evidence.kept import Keeper
from gateway.evidence.manifest import Manifest
from gateway.evidence.misses import Misses
from gateway.evidence.selection import Selection
from gateway.exchange import attaching
from gateway.exchange import drafting as drafts
from gateway.exchange.archived import Archives
from gateway.exchange.audit_scribe import MADE, AuditScribe, Made, Reader, asked_for, encrypted_to, query_of
from gateway.exchange.carried import KeptSource
from gateway.exchange.drafting import Drafted, Drafting
from gateway.exchange.emergency_carried import Carried
from gateway.exchange.emergency_trail import EmergencyTrail
from gateway.exchange.exporting import Basis, Exporting, Publisher
from gateway.exchange.following import At, Following, Gone, gone
from gateway.exchange.named import Named
from gateway.exchange.published import Published
from gateway.exchange.recipients import recipients_of, unfit
from gateway.exchange.replayed import EVENTS
from gateway.exchange.scoping import Asked, Scoping
from gateway.exchange.simulation import TURN, Simulated, Simulation
from gateway.exchange.spliced_search import SplicedSearch
from gateway.exchange.stood import StoodReader
from gateway.exchange.trail import Trail
from gateway.exchange.witnessing import Quorum
from gateway.ledger.chain import leaf_hash
from gateway.ledger.entry import Ledger
from gateway.ledger.merkle import verify_inclusion
from gateway.ledger.proof import Proof
from gateway.ledger.proof import encode as encode_proof
from gateway.ledger.record import NodeInfo, parse
from gateway.ledger.tiles import WIDTH, Tile, encode_entries, encode_path
from gateway.ledger.witnessing import checkpoint_of
from gateway.store.cosignatures import CosignatureStore
from gateway.store.decided import Decided, DecidedStore
from gateway.store.kept import KeptStore
from gateway.store.kept_check import Opener
from gateway.store.policies import PolicyStore
from gateway.store.reader import StoreReader
from gateway.store.search import Filters, Hit, Page, Search
from gateway.store.signing import LedgerSigning
from gateway.store.spread import Spread
from gateway.store.stamps import StampStore
from gateway.store.usage import Usage, UsageStore
from gateway.store.verification import LedgerVerification, Read, Verdict

LOOK_S = 0.5
"""Seconds between two looks for what is new, of whoever follows."""
IDLE_LOOKS = 30
"""After so many looks that found nothing, who follows is told that nothing is new."""

Remembering = Callable[[], Awaitable[StoredCheckpoint | None]]
"""Tells of the checkpoint that is remembered apart from the database; None where none is."""


async def _nothing() -> None:
    return None


class Away(msgspec.Struct, frozen=True):
    """Ids of emergency ledgers that come next, and whose files are not at hand."""

    emergencies: tuple[str, ...]


class Auditor:
    """One tenant's trail. `ledger_id` is its random id, `signing` who signs for it."""

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        ledger_id: str,
        ledger: Ledger,
        publisher: Publisher,
        policies: PolicyStore,
        signing: LedgerSigning,
        clock: Clock,
        node: NodeInfo,
        setting: attaching.Setting,
        archives: Archives,
        emergencies: EmergencyTrail,
        quorum: Quorum | None = None,
        opener: Opener | None = None,
        alone: Alone = lambda why: None,
        remembered: Remembering = _nothing,
    ) -> None:
        """`opener`: opens what policy keeps of messages; `alone`: see `bundle.build`; `remembered`: what was signed
        last, as it is kept beside the keys."""
        self._engine, self._id, self._setting = engine, ledger_id, setting
        self.scribe = AuditScribe(ledger, ledger_id, clock, node)
        """Puts on record what is read, and what came of it."""
        self._reader, self._search = StoreReader(engine, ledger_id), Search(engine, ledger_id)
        self._usage = UsageStore(engine, ledger_id, clock)
        self.publisher, self._policies, self._signing = publisher, policies, signing
        cosignatures, stamps = CosignatureStore(engine, ledger_id), StampStore(engine, ledger_id)
        self.published = Published(self._reader, cosignatures, quorum, signing, stamps)
        """What of this ledger is made to be seen, so that looking at it leaves no record."""
        self.emergencies, self._opener, self._remembered = emergencies, opener, remembered
        self._whole_search = SplicedSearch(self._search, emergencies)
        self._following = Following(self._search, emergencies)
        self._archives = archives
        self.whole = Trail(engine, ledger_id, archives)
        """What is in the database and what lies in archives alike, for who has put on record what it reads."""
        self.stood = StoodReader(engine, ledger_id, archives)
        """What stood when a range began, for the same."""
        self._scoping = Scoping(
            engine=engine,
            ledger=ledger_id,
            policies=policies,
            clock=clock,
            archives=archives,
            emergencies=emergencies,
        )
        self.exporting = Exporting(
            reader=self._reader,
            whole=self.whole,
            before=self.stood,
            publisher=publisher,
            published=self.published,
            policies=policies,
            signing=signing,
            clock=clock,
            setting=setting,
            emergencies=Carried(emergencies.blocks, engine, ledger_id),
            source=None if opener is None else KeptSource(KeptStore(engine, clock), ledger_id, opener),
            alone=alone,
        )
        """What writes bundles, for who has put on record that one is asked for."""
        self.busy = asyncio.Lock()
        """One replay or report at a time: they take as much of the processor as they are given."""

    async def page(
        self, by: Reader, filters: Filters, *, order: Literal["asc", "desc"], limit: int, cursor: str | None
    ) -> Page | Refusal:
        """One page of what was found, with details. A refused question is no reading, and leaves no record."""
        found = await self._whole_search.page(filters, order=order, limit=limit, cursor=cursor)
        if not isinstance(found, Refusal):
            await self.scribe.record("audit.read", by, query_of(filters))
        return found

    async def stream(self, by: Reader, filters: Filters, *, order: Literal["asc", "desc"]) -> AsyncGenerator[Hit, None]:
        """Everything that was found, as it is read. One record, durable before the first row."""
        await self.scribe.record("audit.read", by, query_of(filters))
        async with aclosing(self._whole_search.stream(filters, order=order)) as hits:
            async for hit in hits:
                yield hit

    async def tail(
        self, by: Reader, filters: Filters, *, after: int | None
    ) -> AsyncGenerator[Sequence[Hit] | int | Away | Gone, None]:
        """What is found from now on, or after record `after`, without an end: some records, in order, those of an
        emergency ledger before the record that stitches it in; or the number of the last record that was looked at
        where none of them fits or nothing is new for a while (`IDLE_LOOKS`). An emergency ledger whose file is not at
        hand is told, and passed over; so are records that were archived before they were read. `VerificationError`
        where a file is not what is on record.

        One record of it, durable before the first row. What is not taken holds nothing back but itself: the next lot
        is read when the one before is gone, and at most one is held.
        """
        if after is None:
            after = await self._reader.size() - 1
        await self.scribe.record("audit.read", by, {**query_of(filters), "tail": str(after)})
        yield after
        at, idle = At(after + 1), 0
        while True:
            try:
                lot = await self._following.lot(filters, at, details=True)
            except RecordsArchived as error:
                yield Away(tuple(error.archives))
                at = msgspec.structs.replace(at, own=MAX_INTEGER)
                continue
            passed = await gone(self._search, self._archives.store, self._id, at, lot)
            if passed is not None:
                yield passed
            if lot.hits:
                yield lot.hits
            elif lot.after > at or idle >= IDLE_LOOKS:
                yield lot.after.seq - 1
            else:
                idle += 1
                await asyncio.sleep(LOOK_S)
                continue
            at, idle = lot.after, 0

    async def record(self, by: Reader, seq: int) -> StoredRecord | None:
        """One record with its detail, None where there is none. A number that none can have is no reading.
        `RecordsArchived` where it lies in an archive that is not at hand."""
        if not 0 <= seq < MAX_INTEGER:
            return None
        await self.scribe.record("audit.read", by, {"seq": str(seq)}, first=seq, end=seq + 1)
        return await self.whole.record(seq)

    async def exchange(self, by: Reader, exchange: str) -> list[StoredRecord]:
        """All records of one exchange in order, on whichever ledger; empty when there is no such exchange.
        `RecordsArchived` where it may lie in an archive, or on an emergency ledger, that is not at hand: its id says
        when it began."""
        await self.scribe.record("audit.read", by, {"exchange": exchange[:256]})
        found = [*await self.whole.exchange(exchange), *await self.emergencies.exchange(exchange)]
        away = () if found else await self.emergencies.away_around(exchange)
        if away:
            raise RecordsArchived(away)
        return found

    async def archives(self, since: str | None, until: str | None) -> tuple[str, ...]:
        """Ids of the archives that records of a period lie in, which a search does not look into."""
        return tuple(one.id for one in await self._archives.store.among(self._id, since, until))

    async def names(self, filters: Filters) -> bool:
        """Whether a record that is at hand is found by these, or might be by a longer look; nothing is read out by
        that."""
        found = await self._whole_search.page(filters, order="desc", limit=1, cursor=None)
        return not isinstance(found, Refusal) and (bool(found.hits) or found.cursor is not None)

    async def passed_over(self, filters: Filters) -> dict[str, tuple[str, ...]]:
        """What a search does not look into: `archives` and `emergencies` of the period, by their ids, the latter those
        whose file is not at hand."""
        since, until = filters.since, filters.until
        away = await self.emergencies.away(since, until)
        return {"archives": await self.archives(since, until), "emergencies": away}

    async def _demand(self, since: str, until: str) -> None:
        """`RecordsArchived` unless all that occurred in a period (27 characters each) is in the database."""
        found = await self.archives(since, until)
        if found:
            raise RecordsArchived(found)

    async def usage(
        self, by: Reader, first: date, last: date, apart: Sequence[str], *, caller: str | None, agent: str | None
    ) -> list[Usage]:
        """What was used on these days: see `UsageStore.sums`."""
        named = {"caller": caller, "agent": agent}
        asked = {name: value for name, value in named.items() if value is not None}
        await self._demand(f"{first.isoformat()}T00:00:00.000000Z", f"{last.isoformat()}T23:59:59.999999Z")
        await self.scribe.record(
            "audit.read",
            by,
            {"usage": ",".join(apart), "from": first.isoformat(), "to": last.isoformat(), **asked},
        )
        return await self._usage.sums(first, last, apart, caller=caller, agent=agent)

    async def replay(self, by: Reader, draft: Policy, tenant: str, named: Named, since: str, until: str) -> Simulated:
        """What `draft` would have decided otherwise in a period (27 characters each). `tenant`: its configured id;
        `named`: as `named.naming`."""
        await self._demand(since, until)
        await self.scribe.record("audit.read", by, {"simulate": draft.version(tenant), "from": since, "to": until})
        simulation = Simulation(draft, tenant, named)
        async with self.busy:
            async for chunk in DecidedStore(self._engine, self._id).chunks(EVENTS, since, until):
                for some in _some(chunk):
                    await simulation.take(some, self.version)
                    await asyncio.sleep(0)  # traffic goes on beside it, and has its turn
        return await simulation.result()

    async def draft(
        self, by: Reader, policy: Policy, tenant: str, named: Named, since: str, until: str, *, others: bool
    ) -> Drafted:
        """Rules for what trials of `policy` would have stopped in a period (27 characters each); `others`: whether
        there are other tenants. `ConfigurationError` where there is no room for them."""
        await self._demand(since, until)
        await self.scribe.record("audit.read", by, {"draft": policy.version(tenant), "from": since, "to": until})
        drafting = Drafting(policy, tenant, named, others=others)
        async with self.busy:
            async for chunk in DecidedStore(self._engine, self._id).chunks(drafts.EVENTS, since, until):
                for some in _some(chunk):
                    drafting.take(some)
                    await asyncio.sleep(0)  # traffic goes on beside it, and has its turn
        return drafting.result()

    async def rereading(self, by: Reader, engine: str, since: str, until: str) -> None:
        """Put on record that content kept of a period is about to be classified again by this version of the engine."""
        await self.scribe.record("audit.read", by, {"reclassify": engine, "from": since, "to": until})

    async def misses(self, by: Reader, since: str, until: str) -> Misses:
        """What samples that were drawn in a period (27 characters each) show of what classification misses, with the
        judgements of the same period."""
        await self._demand(since, until)
        await self.scribe.record("audit.read", by, {"misses": "rate", "from": since, "to": until})
        found = Misses()
        async for chunk in DecidedStore(self._engine, self._id).chunks(misses.EVENTS, since, until):
            for one in chunk:
                found.feed(parse(one.envelope))
            await asyncio.sleep(0)
        return found

    async def period(
        self,
        by: Reader,
        asked: Mapping[str, str],
        events: Sequence[str],
        since: str,
        until: str,
        subject: str | None = None,
    ) -> AsyncGenerator[Sequence[Decided], None]:
        """Records of these events of a period (27 characters each) with their details, from archives and from the
        database (`Trail.period`), then from emergency ledgers (`EmergencyTrail.period`), of one pseudonym where
        `subject` is one. `asked` says on record what for. One record of it, durable before the first row; where a file
        is not at hand, or an archive not what is on record, there is none."""
        await self.whole.demand_period(since, until)
        await self.emergencies.demand(since, until)
        about = {} if subject is None else {"subject": subject}
        await self.scribe.record("audit.read", by, {**asked, **about, "from": since, "to": until})
        async for chunk in self.whole.period(events, since, until, subject):
            yield chunk
        async for chunk in self.emergencies.period(events, since, until, None if subject is None else (subject,)):
            yield chunk

    async def version(self, digest: str) -> Policy | None:
        """The policy of this version; None where it is not there, or is of a form that is not read any more."""
        data = await self._policies.get(digest)
        try:
            return None if data is None else Policy(from_bytes(data), None)
        except (ConfigurationError, FormatError):
            return None

    async def entries(self, by: Reader, bundle: Tile) -> bytes | None:
        """A bundle of entries (C2SP tlog-tiles), of records that the newest checkpoint covers; None where it does not.
        `VerificationError` where one of them is missing."""
        first = bundle.index * WIDTH
        end = first + bundle.width
        point = await self._reader.checkpoint(end)
        if point is None:
            return None
        await self.scribe.record("audit.read", by, {"entries": encode_path(bundle)}, first=first, end=end)
        found = [stored.envelope async for stored in self.whole.records(first, end)]
        if len(found) != bundle.width:
            raise VerificationError("tiles: a record that a checkpoint covers is missing")
        return encode_entries(found)

    async def proof(self, by: Reader, seq: int, *, force: bool) -> bytes | Refusal:
        """A `.tlog-proof` of one record against the newest checkpoint. `force` publishes one first if need be;
        otherwise a record that none covers is `no_checkpoint_yet`. `VerificationError` where the record and the hashes
        that the database has do not lead to what was signed: what is handed out as a proof is one."""
        if not 0 <= seq < await self._reader.size():
            return Refusal(code="not_found")
        point = await self._reader.checkpoint(seq + 1)
        if point is None and force:
            point = await self.publisher.publish(force=True)
        if point is None or point.size <= seq:
            return Refusal(code="no_checkpoint_yet", retry_after=5, hint="ask again when the next one is published")
        await self.scribe.record("audit.read", by, {"proof": str(seq)}, first=seq, end=seq + 1)
        path = await self._reader.inclusion(seq, point.size)
        verify_inclusion(await self._leaf(seq), seq, point.size, path, checkpoint_of(point.note).root)
        return encode_proof(Proof(index=seq, path=tuple(path), checkpoint=await self.published.cosigned(point)))

    async def _leaf(self, seq: int) -> bytes:
        """The leaf hash of a record: of its bytes, or as the tree has it where those lie in an archive."""
        async for stored in self._reader.records(seq, seq + 1):
            return leaf_hash(stored.envelope)
        return (await self._reader.hashes(0, seq, seq + 1))[0]

    async def verify(
        self,
        by: Reader,
        checkpoint: bytes | None = None,
        read: Read | None = None,
        emergencies: Sequence[Path] = (),
        spread: Spread | None = None,
    ) -> Verdict:
        """Verify the whole ledger now: chain, tree, checkpoints, index columns, details; the result is a record.

        `checkpoint` is a signed checkpoint obtained elsewhere, `read` gives the records of archives that are at hand;
        of others the hashes are verified; `emergencies` are files of emergency ledgers that do not lie where this
        node looks for them; `spread` are processes that share the work. What is remembered beside the keys is compared,
        too. The verdict says what is wrong, by step and
        place.
        """
        who = await self._signing.load()
        ledger = LedgerVerification(self._engine, self._id, who.keys, self._opener, spread)
        mark = await self._remembered()
        verdict = await ledger.run(checkpoint, read, None if mark is None else mark.note)
        verdict = await self.emergencies.files.followed(self._id, verdict, emergencies)
        why = verdict.failure or verdict.said
        code = "ok" if why is None else "verification_failed"
        await self.scribe.record("audit.verified", by, {}, first=0, end=verdict.size, outcome=code, reason=why)
        return verdict

    async def export(
        self,
        by: Reader,
        selection: Selection,
        write: BinaryIO,
        *,
        attach: Sequence[str] = (),
        recipients: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Manifest | Refusal:
        """Write an evidence bundle, with attachments of these kinds (`attaching.KINDS`), encrypted to these recipients
        and those that are configured, where there are any. The record of it is durable before anything is written, and
        lies in the bundle's own range where that is open to the end. `VerificationError` where the ledger does not
        hold."""
        found = await self.asked(by, selection, attach, recipients)
        if isinstance(found, Refusal):
            return found
        texts = [one.text for one in found]
        return await self.write(selection, write, attach=attach, recipients=texts, progress=progress)

    async def asked(
        self, by: Reader, selection: Selection, attach: Sequence[str] = (), recipients: Sequence[str] = ()
    ) -> tuple[Recipient, ...] | Refusal:
        """Put on record that a bundle is asked for, before anything of it is written, and say whom it is to be
        encrypted to (`recipients_of`); why it cannot be, where so."""
        refusal = attaching.refused(attach) or await attaching.unready(attach, self._setting)
        if refusal is not None:
            return refusal
        named, contents = self._setting.tenant, selection.contents
        found = recipients_of(self._setting.settings, named, recipients, contents=contents)
        if isinstance(found, Refusal):
            return found
        await self.scribe.record(
            "audit.exported",
            by,
            {**asked_for(selection, attach), **encrypted_to(found)},
            first=selection.first,
            end=selection.end if selection.end is not None else max(selection.first, await self._reader.size()),
        )
        return found

    def unfit(self, recipients: Sequence[str], *, contents: bool) -> Refusal | None:
        """Why a bundle that was asked for with these recipients, and with kept content or without, may not leave any
        more, or be written."""
        return unfit(self._setting.settings, self._setting.tenant, recipients, contents=contents)

    async def write(
        self,
        selection: Selection,
        write: BinaryIO,
        *,
        attach: Sequence[str] = (),
        recipients: Sequence[str] = (),
        progress: Progress | None = None,
        basis: Basis | None = None,
        keeper: Keeper | None = None,
        work: BinaryIO | None = None,
    ) -> Manifest | Refusal:
        """Write a bundle that `asked` has put on record, encrypted to whom it has said. The same wherever and however
        often it is done on one `basis`, but for the ciphertext; without one, up to the newest record where the
        selection is open to the end. `keeper` and `work`: see `bundle.build` and `build_encrypted`.
        `VerificationError` where the ledger does not hold."""
        refusal = self.unfit(recipients, contents=selection.contents)
        if refusal is not None:
            return refusal
        found = basis or await self.exporting.basis(selection, attach)
        if isinstance(found, Refusal):
            return found
        told = Told(progress)
        build = partial(self.exporting.build, found, selection, attach=attach, progress=told, keeper=keeper)
        if not recipients:
            return await build(write)
        return await build_encrypted(write, parse_recipients(recipients), build, told.again, work=work)

    async def select(self, asked: Asked) -> Selection | Refusal:
        """What was asked for as a selection; nothing is read out by that."""
        return await self._scoping.selection(asked)

    async def written_between(self, since: str, until: str) -> tuple[int, int]:
        """The first number and the end of the records that were written in this time (27 characters each, the end
        exclusive); nothing is read out by that. `RecordsArchived` where they begin or end in an archive that is not at
        hand, or right before it: one that lies wholly before them need not be."""
        first = await self._scoping.first_recorded(since)
        return first, max(await self._scoping.first_recorded(until), first)

    async def making(self, made: Made, since: str) -> Hit | None:
        """The record of such a file that was made at this time (27 characters) or later, as far as the database holds
        it; nothing is read out by that."""
        asked = Filters(event="audit.exported", action=made.kind, outcome=MADE, since=since)
        async with aclosing(self._whole_search.stream(asked, order="desc")) as hits:
            async for hit in hits:
                envelope = parse(hit.stored.envelope)
                if (envelope.digest, envelope.range) == (made.digest, (made.first, made.end)):
                    return hit
        return None


def _some(chunk: Sequence[Decided]) -> Iterator[Sequence[Decided]]:
    """A little at a time, for what else the loop has to do."""
    return (chunk[start : start + TURN] for start in range(0, len(chunk), TURN))
