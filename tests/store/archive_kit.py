"""Ledgers of more than a block for tests of archives: real records, their checkpoint, and postings."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from gateway.ledger.entry import Entry
from gateway.ledger.note import Signer
from gateway.ledger.record import Detail
from gateway.settings import parse
from gateway.store.archives import Archived, added
from gateway.store.checkpointer import Checkpointer
from gateway.store.indexer import Indexer
from gateway.store.postings import BLOCK
from gateway.store.reader import StoreReader
from tests.services import run_apart
from tests.store.kit import LEDGER, NODE, Store, entry, lone, opened

SIGNER = Signer("gateway.internal/ledger/0011", bytes(range(32)))
MORE = 300
"""Records beyond the first block: more than a tile of them."""


def plain(seq: int) -> Entry:
    """Few with a detail and a subject, as real ones cost most."""
    if seq % 1_000 == 7:
        return entry(detail=Detail(reason=f"r{seq}"), subjects=(f"su_{seq}",), agent="scribe", us=_at(seq))
    return entry(agent="scribe" if seq % 2 else "other", us=_at(seq))


def _at(seq: int) -> int:
    return 1_795_482_123_000_004 + seq


async def fill(store: Store, records: int = BLOCK + MORE, made: Callable[[int], Entry] = plain) -> None:
    """So many records, a checkpoint that covers them, and the postings of full blocks."""
    async with store.writer() as writer:
        for start in range(0, records, 1_000):
            await asyncio.gather(*(writer.append(made(seq)) for seq in range(start, min(start + 1_000, records))))
        signed = Checkpointer(
            store.engine, ledger=LEDGER, signing=lone(store, SIGNER), writer=writer, clock=store.clock, node=NODE
        )
        await signed.publish(force=True)
    await Indexer(store.engine, LEDGER).run()


def template(empty: Path, directory: Path) -> Path:
    """A database like `empty` with `fill`, closed: to be copied, since filling it takes a second."""
    shutil.copy(empty, directory / "gateway.db")
    settings = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)

    async def filled() -> None:
        async with opened(settings, directory) as store:
            await fill(store)

    run_apart(filled())
    return directory / "gateway.db"


async def named(store: Store, first: int = 0, end: int = BLOCK) -> Archived:
    """Say that a range lies in an archive."""
    last = await StoreReader(store.engine, LEDGER).record(end - 1)
    assert last is not None
    made = Archived(
        id=f"ar_{first}",
        first=first,
        end=end,
        digest="sha256:" + "0" * 64,
        size=1,
        first_at="2026-11-24T01:02:03.000004Z",
        last_at="2026-11-24T01:02:03.004099Z",
        last_hash=last.hash,
        recorded_at="2026-11-24T01:02:03.000004Z",
        checkpoint=end + 1,
        at_us=store.clock.now_us(),
    )
    async with store.writer() as writer:
        draft = entry("ledger.archived", range=(first, end), archive=made.id).draft
        await writer.append(Entry(draft=draft, change=added(made)))
    return made
