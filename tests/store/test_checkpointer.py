"""A checkpoint is signed over exactly what is on record, or not at all; a crash at any instant costs only work."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest
from sqlalchemy import func, insert, select

from gateway.core.errors import LedgerUnavailable, VerificationError
from gateway.core.ports import StoredCheckpoint
from gateway.ledger import checkpoint as signed
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Appended, Entry, Ledger
from gateway.ledger.merkle import root, verify_consistency
from gateway.ledger.note import Signer
from gateway.ledger.record import Envelope, parse
from gateway.ledger.tiles import newly_full
from gateway.store import checkpointer as module
from gateway.store.checkpointer import Checkpointer
from gateway.store.reader import StoreReader
from gateway.store.signed import SignedMarks
from gateway.store.tables import checkpoint, lease, tile
from gateway.store.verification import LedgerVerification
from tests.store.kit import LEDGER, NODE, Store, entry, lone
from tests.store.ledger_kit import changing, seeing

SIGNER = Signer("gateway.internal/ledger/0011", bytes(range(32)))


class Crash(Exception):
    """Stands for the end of the process."""


class CrashAt:
    """A failpoint that ends the process at one instant."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, name: str) -> None:
        if name == self.name:
            raise Crash


class Refusing:
    """A ledger that cannot be written."""

    async def append(self, entry: Entry) -> Appended:
        raise LedgerUnavailable("told to")


def of(store: Store, writer: Ledger, crash: str | None = None, marks: SignedMarks | None = None) -> Checkpointer:
    """A checkpointer as a process has it after its start."""
    return Checkpointer(
        store.engine,
        ledger=LEDGER,
        signing=lone(store, SIGNER),
        writer=writer,
        clock=store.clock,
        node=NODE,
        failpoint=None if crash is None else CrashAt(crash),
        marks=marks,
    )


async def envelopes(store: Store) -> list[Envelope]:
    reader = StoreReader(store.engine, LEDGER)
    return [parse(stored.envelope) async for stored in reader.records(0, await reader.size())]


async def verified(store: Store, found: StoredCheckpoint | None) -> StoredCheckpoint:
    """The checkpoint, after comparing it with the records: signature, root, size."""
    assert found is not None
    said = signed.verify(found.note, SIGNER.verifier)
    assert (said.size, said.root) == (found.size, found.root)
    reader = StoreReader(store.engine, LEDGER)
    leaves = [stored.hash async for stored in reader.records(0, found.size)]
    assert len(leaves) == found.size
    assert root(leaves) == found.root
    return found


async def tiles(store: Store) -> set[tuple[int, int]]:
    async with seeing(store.where) as connection:
        return {(row.level, row.idx) for row in await connection.execute(select(tile.c.level, tile.c.idx))}


async def published(store: Store) -> list[tuple[int, str] | None]:
    return [found.checkpoint for found in await envelopes(store) if found.event == "checkpoint.published"]


async def test_an_empty_ledger_has_no_checkpoint(store: Store) -> None:
    async with store.writer() as writer:
        assert await of(store, writer).publish() is None
        assert await of(store, writer).publish(force=True) is None
        assert await envelopes(store) == []


async def test_a_checkpoint_covers_every_record_and_is_itself_on_record(store: Store) -> None:
    await store.append([entry() for _ in range(7)])
    async with store.writer() as writer:
        found = await verified(store, await of(store, writer).publish())
    assert found.size == 7
    newest = await StoreReader(store.engine, LEDGER).checkpoint()
    assert newest == found
    last = (await envelopes(store))[-1]
    assert (last.event, last.seq) == ("checkpoint.published", 7)
    assert last.checkpoint == (7, to_base64(found.root))


async def test_a_record_that_is_only_about_a_checkpoint_causes_no_new_one(store: Store) -> None:
    await store.append([entry()])
    async with store.writer() as writer:
        checkpointer = of(store, writer)
        assert await checkpointer.publish() is not None
        assert await checkpointer.publish() is None
        assert await of(store, writer).publish() is None
        assert len(await envelopes(store)) == 2


async def test_when_forced_it_covers_also_the_record_about_a_checkpoint_without_another_record(store: Store) -> None:
    await store.append([entry()])
    async with store.writer() as writer:
        checkpointer = of(store, writer)
        first = await verified(store, await checkpointer.publish())
        forced = await verified(store, await checkpointer.publish(force=True))
        assert (first.size, forced.size) == (1, 2)
        assert await checkpointer.publish(force=True) == forced
        assert await of(store, writer).publish(force=True) == forced
        assert await checkpointer.publish() is None
    assert len(await envelopes(store)) == 2
    await store.append([entry()])
    async with store.writer() as writer:
        assert (await verified(store, await of(store, writer).publish())).size == 3


@pytest.mark.parametrize("kept", [True, False])
async def test_checkpoints_extend_one_another_whether_the_process_went_on_or_started_again(
    store: Store, kept: bool
) -> None:
    found: list[StoredCheckpoint] = []
    async with store.writer() as writer:
        checkpointer = of(store, writer)
        for more in (3, 253, 1, 300):
            await asyncio.gather(*(writer.append(entry()) for _ in range(more)))
            if not kept:
                checkpointer = of(store, writer)
            found.append(await verified(store, await checkpointer.publish()))
    reader = StoreReader(store.engine, LEDGER)
    for first, second in pairwise(found):
        proof = await reader.consistency(first.size, second.size)
        verify_consistency(first.size, second.size, proof, first.root, second.root)
    assert await tiles(store) == {(full.level, full.index) for full in newly_full(0, found[-1].size)}
    assert [known[0] for known in await published(store) if known is not None] == [item.size for item in found]


async def test_many_tiles_are_written_in_portions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TILES_AT_ONCE", 1)
    async with store.writer() as writer:
        await asyncio.gather(*(writer.append(entry()) for _ in range(800)))
        found = await verified(store, await of(store, writer).publish())
    assert found.size == 800
    assert await tiles(store) == {(0, 0), (0, 1), (0, 2)}


@pytest.mark.parametrize("instant", ["checkpoint.before_commit", "checkpoint.after_commit"])
@pytest.mark.parametrize("more", [0, 300])
async def test_after_a_crash_the_next_run_makes_up_for_what_is_missing_and_nothing_is_there_twice(
    store: Store, instant: str, more: int
) -> None:
    async with store.writer() as writer:
        await asyncio.gather(*(writer.append(entry()) for _ in range(260)))
        with pytest.raises(Crash):
            await of(store, writer, instant).publish(force=True)
        assert await published(store) == []
        await asyncio.gather(*(writer.append(entry()) for _ in range(more)))
        checkpointer = of(store, writer)
        await checkpointer.publish()
        await checkpointer.publish()
        await verified(store, await StoreReader(store.engine, LEDGER).checkpoint())
    sizes = [known[0] for known in await published(store) if known is not None]
    # The record of the first checkpoint itself comes before the second one where that was committed.
    committed = instant == "checkpoint.after_commit"
    assert sizes == ([260, 561] if committed and more else [260] if committed else [260 + more])


@pytest.mark.parametrize("instant", ["checkpoint.before_commit", "checkpoint.after_commit"])
async def test_a_fault_that_lasts_leaves_checkpoints_that_extend_one_another_each_on_record_once(
    store: Store, instant: str
) -> None:
    """Not persisted, or persisted anyway, four times in a row, while records come, and begun anew."""
    async with store.writer() as writer:
        for _ in range(4):
            await asyncio.gather(*(writer.append(entry()) for _ in range(130)))
            with pytest.raises(Crash):
                await of(store, writer, instant).publish(force=True)
        await verified(store, await of(store, writer).publish(force=True))
    sizes = [known[0] for known in await published(store) if known is not None]
    assert sizes == sorted(set(sizes))
    assert len(sizes) == (1 if instant == "checkpoint.before_commit" else 4), "the last one covers but such a record"
    verdict = await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run()
    assert (verdict.failure, verdict.uncovered <= 1) == (None, True)


async def test_a_checkpoint_whose_record_could_not_be_written_gets_it_later(store: Store) -> None:
    await store.append([entry()])
    refused = of(store, Refusing())
    with pytest.raises(LedgerUnavailable):
        await refused.publish()
    async with store.writer() as writer:
        refused._writer = writer
        assert await refused.publish() is None
        assert await of(store, writer).publish() is None
    assert [known[0] for known in await published(store) if known is not None] == [1]


async def test_publishing_at_once_makes_one_checkpoint_and_one_record(store: Store) -> None:
    await store.append([entry() for _ in range(5)])
    async with store.writer() as writer:
        checkpointer = of(store, writer)
        await asyncio.gather(*(checkpointer.publish() for _ in range(5)))
        assert len(await published(store)) == 1


async def test_processes_that_publish_at_once_never_contradict_each_other(store: Store) -> None:
    async with store.writer() as writer:
        for _ in range(4):
            await asyncio.gather(*(writer.append(entry()) for _ in range(100)))
            found = await asyncio.gather(*(of(store, writer).publish(force=True) for _ in range(4)))
            for item in found:
                await verified(store, item)
    async for item in StoreReader(store.engine, LEDGER).checkpoints():
        await verified(store, item)


async def test_while_another_process_is_at_it_only_who_is_forced_goes_ahead(store: Store) -> None:
    await store.append([entry()])
    async with changing(store.where) as connection:
        until = store.clock.now_us() + 60_000_000
        await connection.execute(insert(lease).values(name=f"checkpoint/{LEDGER}", holder="other", until_us=until))
    async with store.writer() as writer:
        assert await of(store, writer).publish() is None
        assert (await verified(store, await of(store, writer).publish(force=True))).size == 1
        await writer.append(entry())
        store.clock.advance(60)
        assert (await verified(store, await of(store, writer).publish())).size == 3


async def test_the_lease_is_given_back_also_when_publishing_fails(store: Store) -> None:
    await store.append([entry()])
    async with store.writer() as writer:
        with pytest.raises(Crash):
            await of(store, writer, "checkpoint.before_commit").publish()
        assert await of(store, writer).publish() is not None
    async with seeing(store.where) as connection:
        assert await connection.scalar(select(func.count()).select_from(lease)) == 0


BLOB: dict[str, Callable[[bytes], str]] = {
    "sqlite": lambda data: f"x'{data.hex()}'",
    "postgresql": lambda data: f"'\\x{data.hex()}'::bytea",
}


async def tampered(store: Store, table: str, statement: str, **blobs: bytes) -> None:
    written = {name: BLOB[store.where.kind](data) for name, data in blobs.items()}
    async with store.bare() as bare:
        await bare.run(table, statement.format(**written))


async def refuses(store: Store, checkpointer: Checkpointer | None = None) -> None:
    """Nothing is signed over this, forced or not, and nothing is added."""
    await store.append([entry()])
    before = [item.size async for item in StoreReader(store.engine, LEDGER).checkpoints()]
    async with store.writer() as writer:
        for attempt in [of(store, writer)] if checkpointer is None else [checkpointer, of(store, writer)]:
            for force in (False, True):
                with pytest.raises(VerificationError):
                    await attempt.publish(force=force)
    assert [item.size async for item in StoreReader(store.engine, LEDGER).checkpoints()] == before


@pytest.fixture
async def signed_once(store: Store) -> StoredCheckpoint:
    async with store.writer() as writer:
        await asyncio.gather(*(writer.append(entry()) for _ in range(270)))
        return await verified(store, await of(store, writer).publish())


@pytest.mark.usefixtures("signed_once")
async def test_a_changed_tile_is_never_signed_over(store: Store) -> None:
    await tampered(store, "tile", "UPDATE tile SET hashes = {new}", new=bytes(8192))
    await refuses(store)


@pytest.mark.usefixtures("signed_once")
async def test_a_changed_hash_of_a_covered_record_is_never_signed_over(store: Store) -> None:
    await tampered(store, "record", "UPDATE record SET hash = {new} WHERE seq = 265", new=bytes(32))
    await refuses(store)


async def test_a_changed_record_that_no_checkpoint_covers_yet_is_never_signed(store: Store) -> None:
    await store.append([entry() for _ in range(5)])
    await tampered(store, "record", "UPDATE record SET bytes = {new} WHERE seq = 3", new=b"{}")
    await refuses(store)


async def test_a_removed_record_is_never_signed_over(store: Store) -> None:
    await store.append([entry() for _ in range(5)])
    await tampered(store, "record", "DELETE FROM record WHERE seq = 2")
    await refuses(store)


@pytest.mark.usefixtures("signed_once")
async def test_a_ledger_shorter_than_its_newest_checkpoint_is_refused(store: Store) -> None:
    await tampered(store, "record", "DELETE FROM record WHERE seq >= 200")
    async with store.writer() as writer:
        for force in (False, True):
            with pytest.raises(VerificationError, match="fewer records"):
                await of(store, writer).publish(force=force)


async def test_a_checkpoint_that_this_key_has_not_signed_is_not_built_upon(
    store: Store, signed_once: StoredCheckpoint
) -> None:
    forger = Signer(SIGNER.name, bytes(32))
    note = signed.sign(signed.Checkpoint(SIGNER.name, signed_once.size, signed_once.root), forger)
    await tampered(store, "checkpoint", "UPDATE checkpoint SET note = {new}", new=note)
    await refuses(store)


@pytest.mark.usefixtures("signed_once")
async def test_a_checkpoint_that_is_no_note_is_our_own_error(store: Store) -> None:
    await tampered(store, "checkpoint", "UPDATE checkpoint SET note = {new}", new=b"\xff")
    await refuses(store)


@pytest.mark.usefixtures("signed_once")
async def test_a_root_that_is_not_the_signed_one_is_refused(store: Store) -> None:
    await tampered(store, "checkpoint", "UPDATE checkpoint SET root = {new}", new=bytes(32))
    await refuses(store)


async def test_a_signed_checkpoint_of_another_tree_is_noticed_by_the_process_that_remembers_its_own(
    store: Store,
) -> None:
    await store.append([entry() for _ in range(3)])
    async with store.writer() as writer:
        checkpointer = of(store, writer)
        found = await verified(store, await checkpointer.publish())
    other = signed.sign(signed.Checkpoint(SIGNER.name, found.size, bytes(32)), SIGNER)
    await tampered(store, "checkpoint", "UPDATE checkpoint SET root = {r}, note = {n}", r=bytes(32), n=other)
    await refuses(store, checkpointer)


async def test_a_tile_of_another_content_in_the_way_stops_the_checkpoint(store: Store) -> None:
    await store.append([entry() for _ in range(3)])
    async with store.writer() as writer:
        await asyncio.gather(*(writer.append(entry()) for _ in range(260)))
    async with changing(store.where) as connection:
        await connection.execute(insert(tile).values(tenant=LEDGER, level=0, idx=0, hashes=bytes(8192)))
    await refuses(store)


@pytest.mark.usefixtures("signed_once")
async def test_a_damaged_record_of_a_checkpoint_stops_the_next_one(store: Store) -> None:
    await tampered(store, "record", "UPDATE record SET bytes = {new} WHERE seq = 270", new=b"{")
    await refuses(store)


async def test_a_database_that_is_gone_is_our_own_error(store: Store) -> None:
    async with store.bare() as bare:
        await bare.run("checkpoint", "DROP TABLE checkpoint")
    with pytest.raises(LedgerUnavailable):
        await of(store, Refusing()).publish()


async def test_another_ledger_s_records_and_checkpoints_are_not_touched(store: Store) -> None:
    await store.append([entry(ledger="tn_other")], "tn_other")
    async with store.writer() as writer:
        assert await of(store, writer).publish(force=True) is None
    await store.append([entry()])
    async with store.writer() as writer:
        assert (await verified(store, await of(store, writer).publish())).size == 1
    async with seeing(store.where) as connection:
        assert {row.tenant for row in await connection.execute(select(checkpoint.c.tenant))} == {LEDGER}


def test_signing_again_gives_the_same_bytes() -> None:
    text = signed.Checkpoint(SIGNER.name, 1, bytes(32))
    assert signed.sign(text, SIGNER) == signed.sign(msgspec.structs.replace(text), SIGNER)
