"""Verification of a ledger where it lies: of one that is whole, that grows meanwhile, or whose head says another thing.

What tampering is found, and by what, is tried at random in tests/system/test_tamper.py."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import to_base64
from gateway.ledger.entry import Entry, Ledger
from gateway.ledger.note import Signer
from gateway.ledger.record import GENESIS, DecisionInfo, Detail, parse, seal
from gateway.settings import Settings
from gateway.store.checkpointer import Checkpointer
from gateway.store.indexer import Indexer
from gateway.store.policies import PolicyStore
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from gateway.store.search import Hit, Search
from gateway.store.verification import LedgerVerification, Verdict
from tests.store.kit import LEDGER, NODE, Store, entry, lone, opened

SIGNER = Signer("gateway.internal/ledger/0011", bytes(range(32)))


async def verify(store: Store, given: bytes | None = None) -> Verdict:
    return await LedgerVerification(store.engine, LEDGER, SIGNER.verifier).run(given)


async def test_a_ledger_without_records_verifies(store: Store) -> None:
    assert await verify(store) == Verdict(size=0, covered=0, details=0, commitments=0, checkpoints=0)


async def test_a_deleted_detail_is_counted_and_is_no_failure(store: Store) -> None:
    await store.append([entry(detail=Detail(reason="a")), entry(detail=Detail(reason="b")), entry()])
    async with store.bare() as bare:
        await bare.run("detail", "DELETE FROM detail WHERE seq = 1")
    verdict = await verify(store)
    assert (verdict.failure, verdict.details, verdict.commitments, verdict.uncovered) == (None, 1, 1, 3)


@pytest.mark.parametrize("late", [False, True])
async def test_records_that_are_appended_while_it_reads_are_no_failure(
    store: Store, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """After the head was read and before the first record, or after the last one was read."""
    stream = Search.stream
    await store.append([entry(), entry()])

    async def growing(self: Search, *given: Any, **options: Any) -> AsyncIterator[Hit]:
        if not late:
            await store.append([entry()])
        async for hit in stream(self, *given, **options):
            yield hit
        if late:
            await store.append([entry()])

    monkeypatch.setattr(Search, "stream", growing)
    verdict = await verify(store)
    assert (verdict.failure, verdict.size) == (None, 2 if late else 3)


@pytest.mark.parametrize(
    ("statement", "failure"),
    [
        ("UPDATE head SET size = 9", "head: it says 9 records, and there are 3"),
        ("UPDATE head SET size = 2", "head: it is not what its newest record says"),
        ("UPDATE head SET hash = 'x'", "head: it is not what its newest record says"),
        ("DELETE FROM head", "head: it is not what the newest record says"),
    ],
)
async def test_a_head_that_is_not_the_newest_records_is_found(store: Store, statement: str, failure: str) -> None:
    await store.append([entry(), entry(), entry()])
    async with store.bare() as bare:
        await bare.run("head", statement)
    assert (await verify(store)).failure == failure


async def test_what_is_no_checkpoint_is_refused(store: Store) -> None:
    await store.append([entry()])
    assert (await verify(store, b"nothing signed")).failure is not None


@pytest.fixture
async def of_a_block(sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    """A ledger whose first block is full and has its postings."""
    async with opened(sqlite_settings, tmp_path) as store:
        async with store.writer() as writer:
            await asyncio.gather(*(writer.append(entry(agent=f"agent-{n % 3}")) for n in range(BLOCK + 1)))
        assert await Indexer(store.engine, LEDGER).run() == 1
        yield store


async def test_postings_that_do_not_say_what_the_records_say_are_found(of_a_block: Store) -> None:
    """Who changes them hides records from a search, and nothing else."""
    wrong = "postings: those of block 0 are not what its records say"
    assert (await verify(of_a_block)).failure is None
    for statement, failure in (
        ("DELETE FROM posting WHERE value = 'agent-1'", wrong),
        (
            "INSERT INTO posting SELECT tenant, field, 'x', block, places FROM posting WHERE value = 'agent-2'",
            wrong,
        ),
        ("DELETE FROM posting", wrong),
        ("UPDATE record_block SET block = 1", "postings: a block is missing"),
    ):
        async with of_a_block.bare() as bare:
            await bare.run("posting")
            await bare.run("record_block", statement)
        assert (await verify(of_a_block)).failure == failure


async def test_what_was_decided_by_a_policy_that_nobody_activated_is_told_apart_from_what_is_broken(
    store: Store,
) -> None:
    """As a node records it that has been made to serve by another policy by rows alone."""
    versions = PolicyStore(store.engine, store.clock)
    own, other = await versions.put(b"{}"), await versions.put(b"[]")

    def decided(policy: str, event: str = "exchange.requested") -> Entry:
        return entry(event, decision=DecisionInfo(effect="allow", rules=(), obligations=(), policy=policy))

    activation = msgspec.structs.replace(entry("policy.activated", policy=own), activates=own)
    await store.append([activation, decided(own), decided(own, "exchange.denied")])
    assert (await verify(store)).said is None
    async with store.bare() as bare:
        await bare.run("head", f"UPDATE head SET policy = '{other}'")
    moved = await verify(store)
    assert (moved.failure, moved.misnamed) == (None, True)
    assert moved.said == "policy: the head names another one than the newest policy.activated"
    async with store.bare() as bare:
        await bare.run("head", f"UPDATE head SET policy = '{own}'")
    await store.append([decided(other), decided(other), decided(other, "exchange.denied"), decided(own)])
    verdict = await verify(store)
    assert (verdict.failure, verdict.unactivated, verdict.misnamed, verdict.unseen) == (None, (3, 5), False, ())
    assert verdict.said == "policy: by the ledger the policy that these records name was not in force: 3, 5"


@pytest.mark.parametrize(
    ("table", "statement", "failure"),
    [
        (
            "policy_version",
            "UPDATE policy_version SET bytes = {one}",
            "policy: the version {own} that is stored is",
        ),
        ("policy_active", "UPDATE policy_active SET digest = 'sha256:0'", "policy: what is stored of an activation at"),
        ("policy_active", "UPDATE policy_active SET seq = 1", "policy: what is stored of an activation at record 0 is"),
        ("policy_active", "DELETE FROM policy_active", "policy: what is stored of an activation at record 0 is not on"),
    ],
)
async def test_policies_that_were_changed_underneath_are_found(
    store: Store, table: str, statement: str, failure: str
) -> None:
    own = await PolicyStore(store.engine, store.clock).put(b"{}")
    activation = msgspec.structs.replace(entry("policy.activated", policy=own), activates=own)
    await store.append([activation, entry()])
    found = await verify(store)
    assert (found.failure, found.said) == (None, None)
    async with store.bare() as bare:
        await bare.run(table, statement.format(one="x'01'" if store.where.kind == "sqlite" else "'\\x01'"))
    assert str((await verify(store)).failure).startswith(failure.format(own=own))


async def test_a_version_that_records_name_and_that_is_not_there_is_told_apart(store: Store) -> None:
    own = "sha256:" + "1f" * 32
    await store.append([msgspec.structs.replace(entry("policy.activated", policy=own), activates=own)])
    found = await verify(store)
    assert (found.failure, found.unkept) == (None, (own,))
    assert found.said == f"policy: versions that records name are not there: {own}"


def checkpointer(store: Store, writer: Ledger) -> Checkpointer:
    return Checkpointer(
        store.engine, ledger=LEDGER, signing=lone(store, SIGNER), writer=writer, clock=store.clock, node=NODE
    )


async def publish(store: Store) -> None:
    """Two checkpoints, each with its record: of 3 records and of 5 where there were none."""
    async with store.writer() as writer:
        made = checkpointer(store, writer)
        for count in (3, 1):
            for _ in range(count):
                await writer.append(entry())
            await made.publish()


@pytest.mark.parametrize(("where", "seq", "size"), [("", 3, 3), (" WHERE size = 3", 3, 3), (" WHERE size = 5", 5, 5)])
async def test_a_checkpoint_that_a_record_tells_of_is_missed_where_its_row_is_gone(
    store: Store, where: str, seq: int, size: int
) -> None:
    await publish(store)
    assert (await verify(store)).failure is None
    async with store.bare() as bare:
        await bare.run("checkpoint", f"DELETE FROM checkpoint{where}")
    failure = f"record {seq}: published: the checkpoint of {size} records is not stored"
    assert (await verify(store)).failure == failure


async def test_a_chain_made_anew_over_what_was_signed_is_found_by_what_its_records_tell(store: Store) -> None:
    """Every record, hash and column fits, and no checkpoint is left."""
    await publish(store)
    prev, statements = GENESIS, list[str]()
    form = "x'{}'" if store.where.kind == "sqlite" else "'\\x{}'"
    async for stored in StoreReader(store.engine, LEDGER).records(0, 6):
        envelope = parse(stored.envelope)
        envelope.zone = "partner"
        data = seal(envelope, stored.seq, prev, envelope.recorded_at or "")
        prev = leaf_hash(data)
        values = f"zone = 'partner', bytes = {form.format(data.hex())}, hash = {form.format(prev.hex())}"
        statements.append(f"UPDATE record SET {values} WHERE seq = {stored.seq}")
    async with store.bare() as bare:
        await bare.run("record", *statements)
        await bare.run("head", f"UPDATE head SET hash = {form.format(prev.hex())}")
        await bare.run("checkpoint", "DELETE FROM checkpoint")
    assert (await verify(store)).failure == "record 3: published: the checkpoint of 3 records is not stored"


async def test_a_record_that_tells_of_another_root_than_is_stored_is_found(store: Store) -> None:
    async with store.writer() as writer:
        await writer.append(entry())
        await checkpointer(store, writer).publish()
        await writer.append(entry("checkpoint.published", checkpoint=(1, to_base64(bytes(32)))))
    failure = "record 2: published: the checkpoint of 1 records has another root than it tells of"
    assert (await verify(store)).failure == failure


async def test_what_is_published_while_it_reads_is_no_failure(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is read, and its checkpoint was stored behind those that were."""
    await publish(store)
    stream = Search.stream

    async def growing(self: Search, *given: Any, **options: Any) -> AsyncIterator[Hit]:
        await publish(store)
        async for hit in stream(self, *given, **options):
            yield hit

    monkeypatch.setattr(Search, "stream", growing)
    verdict = await verify(store)
    assert (verdict.failure, verdict.size, verdict.checkpoints) == (None, 12, 2)


@pytest.mark.parametrize(
    ("statement", "failure"),
    [
        ("UPDATE tile SET hashes = {zeros}", "tiles: tile 0 of level 0 is not what the records' hashes give"),
        ("UPDATE tile SET idx = 1", "tiles: one stands over records that are not there"),
        ("DELETE FROM tile", None),
    ],
)
async def test_a_tile_that_is_not_the_records_is_found(store: Store, statement: str, failure: str | None) -> None:
    zeros = "zeroblob(length(hashes))" if store.where.kind == "sqlite" else "decode(repeat('00', 8192), 'hex')"
    async with store.writer() as writer:
        await asyncio.gather(*(writer.append(entry()) for _ in range(300)))
        await checkpointer(store, writer).publish()
    assert (await verify(store)).failure is None
    async with store.bare() as bare:
        await bare.run("tile", statement.format(zeros=zeros))
    assert (await verify(store)).failure == failure
