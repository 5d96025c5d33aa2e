"""Proofs put together from tiles and records are those that the whole tree gives, whichever tiles are there."""

from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import event, insert

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.merkle import Frontier, root, verify_consistency, verify_inclusion
from gateway.ledger.tiles import WIDTH, tile_root
from gateway.store import tree as module
from gateway.store.growth import Growth
from gateway.store.tables import record, tile
from gateway.store.tree import TreeReader
from tests.store.kit import LEDGER, Store
from tests.store.ledger_kit import changing

SIZE = 2_100
LEAVES = [sha256(number.to_bytes(4)).digest() for number in range(SIZE)]


async def fill(store: Store, leaves: list[bytes], tiles_until: int | None = None, ledger: str = LEDGER) -> None:
    """Rows as the writer and the checkpointer leave them; tiles only of the tree of `tiles_until`."""
    blank: dict[str, Any] = {"id": "i", "event": "e", "occurred_at": "t", "recorded_at": "t", "bytes": b""}
    rows = [{**blank, "tenant": ledger, "seq": seq, "hash": leaf} for seq, leaf in enumerate(leaves)]
    growth = Growth.empty()
    tiles = [full for leaf in leaves[:tiles_until] for full in growth.append(leaf)]
    async with changing(store.where) as connection:
        await connection.execute(insert(record), rows)
        for full in tiles:
            await connection.execute(
                insert(tile).values(tenant=ledger, level=full.level, idx=full.index, hashes=full.hashes)
            )


@pytest.mark.parametrize("tiles_until", [0, 700, None])
async def test_proofs_verify_at_every_kind_of_place_whichever_tiles_are_there(
    store: Store, tiles_until: int | None
) -> None:
    await fill(store, LEAVES, tiles_until)
    reader = TreeReader(store.engine, LEDGER)
    for size in (1, 2, 255, 256, 257, 700, 1024, 2048, 2049, SIZE):
        for index in {0, 1, size // 2, size - 1, min(256, size - 1)} & set(range(size)):
            path = await reader.inclusion(index, size)
            verify_inclusion(LEAVES[index], index, size, path, root(LEAVES[:size]))
        for first in {1, size // 3, size - 1, size, 256} & set(range(1, size + 1)):
            proof = await reader.consistency(first, size)
            verify_consistency(first, size, proof, root(LEAVES[:first]), root(LEAVES[:size]))
        assert Frontier(size, await reader.peaks(size)).root() == root(LEAVES[:size])


async def test_a_level_of_which_no_tile_is_full_is_made_from_the_tiles_below_and_remembered(store: Store) -> None:
    await fill(store, LEAVES)
    reader = TreeReader(store.engine, LEDGER)
    eight = await reader.hashes(1, 0, SIZE // WIDTH)
    assert eight == [root(LEAVES[at : at + WIDTH]) for at in range(0, SIZE - WIDTH + 1, WIDTH)]
    seen: list[str] = []
    event.listen(store.engine.sync_engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    assert await reader.hashes(1, 0, SIZE // WIDTH) == eight
    assert len([statement for statement in seen if "FROM tile" in statement]) == 1


async def test_a_call_reads_only_the_tiles_that_it_needs(store: Store) -> None:
    await fill(store, LEAVES)
    reader = TreeReader(store.engine, LEDGER)
    seen: list[str] = []
    event.listen(store.engine.sync_engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    await reader.inclusion(5, 256)
    assert len([statement for statement in seen if "FROM tile" in statement]) == 1
    assert [statement for statement in seen if "FROM record" in statement] == []


async def test_a_proof_takes_one_statement_for_its_tiles_and_for_what_is_in_none(store: Store) -> None:
    """Beside what is made of tiles below, once: the way to the database is most of what a proof costs."""
    await fill(store, LEAVES)
    reader = TreeReader(store.engine, LEDGER)
    await reader.inclusion(900, SIZE)
    seen: list[str] = []
    event.listen(store.engine.sync_engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    verify_inclusion(LEAVES[900], 900, SIZE, await reader.inclusion(900, SIZE), root(LEAVES))
    [statement] = [one for one in seen if "FROM" in one]
    assert "FROM tile" in statement
    assert "FROM record" in statement


async def test_what_stands_over_full_tiles_is_hashed_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not again for each proof: of two thousand records those are 7 hashes, of ten million three hundred."""
    await fill(store, LEAVES)
    reader = TreeReader(store.engine, LEDGER)
    for index in (900, 5):
        verify_inclusion(LEAVES[index], index, SIZE, await reader.inclusion(index, SIZE), root(LEAVES))
    hashed: list[int] = []

    def counting(hashes: list[bytes]) -> bytes:
        hashed.append(len(hashes))
        return tile_root(hashes)

    monkeypatch.setattr(module, "tile_root", counting)
    verify_inclusion(LEAVES[910], 910, SIZE, await reader.inclusion(910, SIZE), root(LEAVES))
    # Its own tile but for itself, and what the newest records, which are in none, are put together to: 32, 16 and 4.
    assert sum(hashed) == 255 + SIZE % WIDTH


async def test_what_is_remembered_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED", 3)
    await fill(store, LEAVES)
    reader = TreeReader(store.engine, LEDGER)
    eight = [root(LEAVES[at : at + WIDTH]) for at in range(0, 8 * WIDTH, WIDTH)]
    assert await reader.hashes(1, 0, 8) == eight
    assert list(reader._roots.values()) == eight[-3:]
    # And what is remembered no longer is made again.
    assert await reader.hashes(1, 0, 8) == eight
    verify_inclusion(LEAVES[5], 5, SIZE, await reader.inclusion(5, SIZE), root(LEAVES))


async def test_an_empty_range_and_the_peaks_of_nothing_are_empty(store: Store) -> None:
    reader = TreeReader(store.engine, LEDGER)
    assert await reader.hashes(0, 7, 7) == []
    assert await reader.peaks(0) == []


async def test_a_place_beyond_the_ledger_is_no_proof(store: Store) -> None:
    await fill(store, LEAVES[:10])
    reader = TreeReader(store.engine, LEDGER)
    for index, size in ((-1, 10), (10, 10), (0, 0)):
        with pytest.raises(FormatError):
            await reader.inclusion(index, size)
    for first, second in ((0, 10), (5, 4)):
        with pytest.raises(FormatError):
            await reader.consistency(first, second)
    with pytest.raises(VerificationError, match="missing"):
        await reader.inclusion(3, 11)
    with pytest.raises(VerificationError, match="missing"):
        await reader.consistency(8, 16)


async def test_another_ledger_s_records_and_tiles_are_not_read(store: Store) -> None:
    await fill(store, LEAVES[:600])
    with pytest.raises(VerificationError, match="missing"):
        await TreeReader(store.engine, "tn_other").inclusion(3, 600)


async def test_a_tile_that_is_cut_or_a_hash_of_another_length_is_an_error(store: Store) -> None:
    await fill(store, LEAVES[:300])
    async with changing(store.where) as connection:
        await connection.execute(insert(tile).values(tenant=LEDGER, level=0, idx=1, hashes=bytes(32)))
    with pytest.raises(VerificationError, match="not full"):
        await TreeReader(store.engine, LEDGER).inclusion(299, 300)
    await fill(store, [bytes(31)], 0, ledger="tn_other")
    with pytest.raises(VerificationError, match="missing"):
        await TreeReader(store.engine, "tn_other").hashes(0, 0, 1)


async def test_a_proof_of_a_tree_whose_newest_tile_has_become_full_since_reads_the_tile(store: Store) -> None:
    """And not the records of it, which may lie in an archive by now."""
    await fill(store, LEAVES)
    async with store.bare() as bare:
        await bare.run("record", f"DELETE FROM record WHERE seq < {2 * WIDTH}")
    path = await TreeReader(store.engine, LEDGER).inclusion(300, 400)
    verify_inclusion(LEAVES[300], 300, 400, path, root(LEAVES[:400]))
