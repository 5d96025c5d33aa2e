"""A ledger verified in parts: what it comes to is what one process says, whatever was done to it.

Parts are gone over here in one process, and once in processes of their own.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import FormatError, LedgerUnavailable, VerificationError
from gateway.ledger.checkpoint import Checkpoint
from gateway.ledger.entry import Entry
from gateway.ledger.merkle import Frontier
from gateway.ledger.note import Signer
from gateway.ledger.record import DecisionInfo, Detail
from gateway.ledger.verify import beginning
from gateway.settings import Settings, parse
from gateway.store.checkpointer import Checkpointer
from gateway.store.indexer import Indexer
from gateway.store.postings import BLOCK
from gateway.store.spread import WORTH, Job, Joint, Part, Spread, done, in_processes, read
from gateway.store.verification import LedgerVerification, Verdict
from tests.services import run_apart
from tests.store.kit import LEDGER, NODE, Store, entry, lone, opened
from tests.system import tampering

SIGNER = Signer("gateway.internal/ledger/0011", bytes(range(32)))
MIDDLE, SIZE = BLOCK // 2, 2 * BLOCK + 7
KEY = "gateway.internal/emergency/01+00000000+AA=="


def activation(policy: str) -> Entry:
    return msgspec.structs.replace(entry("policy.activated", policy=policy), activates=policy)


def decided(policy: str) -> Entry:
    decision = DecisionInfo(effect="allow", rules=(), obligations=(), policy=policy)
    return entry("exchange.requested", decision=decision)


async def fill(store: Store) -> None:
    """Two blocks and some records: checkpoints within the first and the second, details, postings, an emergency."""
    made = [entry(agent=f"agent-{n % 3}", detail=None if n % 50 else Detail(reason="r")) for n in range(SIZE)]
    made[BLOCK + 3] = entry("emergency.prepared", emergency="em_1", key=KEY)
    made[3], made[BLOCK + 5] = activation("a"), activation("b")
    made[5], made[BLOCK + 7], made[BLOCK + 9] = decided("a"), decided("b"), decided("a")
    async with store.writer() as writer:
        publisher = Checkpointer(
            store.engine, ledger=LEDGER, signing=lone(store, SIGNER), writer=writer, clock=store.clock, node=NODE
        )
        for lot in (made[:MIDDLE], made[MIDDLE : BLOCK + MIDDLE], made[BLOCK + MIDDLE :]):
            for start in range(0, len(lot), 1_000):
                await asyncio.gather(*(writer.append(one) for one in lot[start : start + 1_000]))
            await publisher.publish(force=True)
    await Indexer(store.engine, LEDGER).run()


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("filled")
    shutil.copy(sqlite_template, directory / "gateway.db")

    async def fill_it() -> None:
        async with opened(parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory), directory) as store:
            await fill(store)

    run_apart(fill_it())
    with closing(sqlite3.connect(directory / "gateway.db", isolation_level=None)) as connection:
        tampering.drop_rules(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return directory / "gateway.db"


@pytest.fixture
async def store(filled: Path, sqlite_settings: Settings, tmp_path: Path) -> AsyncIterator[Store]:
    shutil.copy(filled, tmp_path / "gateway.db")
    async with opened(sqlite_settings, tmp_path) as store:
        yield store


class Here:
    """Does jobs in this process, as others would, and keeps what they came to."""

    def __init__(self) -> None:
        self.parts: list[Part | None] = []

    async def __call__(self, jobs: Sequence[Job]) -> list[Part | None]:
        for job in jobs:
            try:
                self.parts.append(await read(job))
            except (FormatError, VerificationError, LedgerUnavailable):
                self.parts.append(None)
        return self.parts


async def verified(store: Store, spread: Spread | None = None) -> Verdict:
    return await LedgerVerification(store.engine, LEDGER, SIGNER.verifier, spread=spread).run()


async def test_parts_come_to_what_one_process_says(store: Store) -> None:
    here = Here()
    verdict = await verified(store, Spread(store.where, 2, here, worth=BLOCK))
    assert verdict == await verified(store)
    assert (verdict.failure, verdict.checkpoints, len(here.parts)) == (None, 3, 2)
    assert verdict.unactivated == (BLOCK + 10,), "by what was in force before; a checkpoint is a record, too"
    assert [one.told[0].event for one in here.parts if one is not None and one.told] == ["emergency.prepared"]


async def test_processes_of_their_own_come_to_the_same(store: Store) -> None:
    assert await verified(store, Spread(store.where, 2, in_processes, worth=BLOCK)) == await verified(store)


@pytest.mark.parametrize(
    ("tamper", "at"),
    [
        (tampering.rewrite_one, BLOCK - 1),
        (tampering.swap, BLOCK - 1),
        (tampering.leaf, BLOCK + 1),
        (tampering.index_column, BLOCK),
        (tampering.detail_byte, 100),
        (tampering.checkpoint_root, 1),
    ],
)
async def test_what_was_tampered_with_is_told_in_the_same_words(
    store: Store, tamper: tampering.Tamper, at: int
) -> None:
    with closing(sqlite3.connect(store.where.path, isolation_level=None)) as connection:
        tamper(connection, LEDGER, at, 3)
    alone = await verified(store)
    assert alone.failure is not None
    assert await verified(store, Spread(store.where, 2, Here(), worth=BLOCK)) == alone


async def test_postings_are_compared_with_what_parts_made(store: Store) -> None:
    async with store.bare() as bare:
        await bare.run("posting", "DELETE FROM posting WHERE value = 'agent-1' AND block = 1")
    verdict = await verified(store, Spread(store.where, 2, Here(), worth=BLOCK))
    assert verdict.failure == "postings: those of block 1 are not what its records say"


async def test_what_parts_were_told_of_emergencies_is_judged_with_the_rest(store: Store) -> None:
    await store.append([entry("emergency.prepared", emergency="em_1", key="another")])
    here = Here()
    verdict = await verified(store, Spread(store.where, 2, here, worth=BLOCK))
    assert "a second key" in (verdict.failure or "")
    assert len(here.parts) == 2
    assert None not in here.parts


async def test_a_ledger_that_is_not_worth_it_is_not_split(store: Store) -> None:
    here = Here()
    assert (await verified(store, Spread(store.where, 8, here))).failure is None
    assert here.parts == []
    assert WORTH > SIZE


async def test_a_process_that_dies_costs_time_and_no_verdict(store: Store) -> None:
    async def died(jobs: Sequence[Job]) -> list[Part | None]:
        raise BrokenProcessPool("killed")

    verdict = await verified(store, Spread(store.where, 2, died, worth=BLOCK))
    assert (verdict.failure, verdict.checkpoints) == (None, 3)


def test_what_a_part_cannot_read_it_says_nothing_of(tmp_path: Path, store: Store) -> None:
    where = msgspec.structs.replace(store.where, path=tmp_path / "gone.db")
    assert done(Job(where=where, ledger=LEDGER, first=0, marks=(BLOCK,))) is None


async def test_parts_that_do_not_meet_are_no_yes(store: Store) -> None:
    """What no tampering with a database can do, for a part to be believed: gaps, other links, times and subtrees."""
    first, second = [
        await read(Job(where=store.where, ledger=LEDGER, first=low, marks=(low + MIDDLE, low + BLOCK)))
        for low in (0, BLOCK)
    ]
    half = Frontier()
    half.extend(first.spans[0])
    point = Checkpoint(SIGNER.name, MIDDLE, half.root())

    def met(one: Part, two: Part, *points: Checkpoint) -> bool:
        joint = Joint(beginning(LEDGER), points)
        return joint.take(one) and joint.take(two)

    changed = msgspec.structs.replace
    assert met(first, second, point)
    assert not met(second, first)
    assert not met(first, first)
    assert not met(first, changed(second, before=bytes(32)))
    assert not met(first, changed(second, recorded=(b"2000-01-01T00:00:00.000000Z", second.recorded[1])))
    assert not met(first, second, changed(point, root=bytes(32)))
    with pytest.raises(FormatError):
        met(first, changed(second, spans=(((40, bytes(32)),),)))
