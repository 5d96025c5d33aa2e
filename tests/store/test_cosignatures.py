"""Cosignatures are found by what they are of, each witness counting once."""

from gateway.ledger.cosignature import Seen
from gateway.store.cosignatures import CosignatureStore
from tests.store.kit import LEDGER, START_US, Store, entry


async def test_a_checkpoint_is_witnessed_once_so_many_of_these_have_cosigned_it(store: Store) -> None:
    kept = CosignatureStore(store.engine, LEDGER)
    assert await kept.witnessed(("a", "b"), 1) == 0
    for size, witness in ((3, "a"), (3, "b"), (7, "a"), (9, "stranger")):
        await kept.add(size, f"line {witness} {size}\n", Seen(witness, 100 + size))
    assert await kept.of(3) == {"a": ("line a 3\n", 103), "b": ("line b 3\n", 103)}
    assert (await kept.witnessed(("a", "b"), 2), await kept.witnessed(("a", "b"), 1)) == (3, 7)
    assert (await kept.last("a"), await kept.last("b"), await kept.last("c")) == (7, 3, 0)
    await kept.add(3, "another line\n", Seen("a", 999))
    assert (await kept.of(3))["a"] == ("line a 3\n", 103), "what was said first stays"


async def test_of_each_witness_the_first_that_covers_all_is_told_or_the_last_before(store: Store) -> None:
    kept = CosignatureStore(store.engine, LEDGER)
    assert await kept.covering(5) == ()
    for size, witness in ((3, "a"), (5, "a"), (9, "a"), (2, "b"), (4, "b"), (7, "c")):
        await kept.add(size, "line\n", Seen(witness, 100 + size))
    assert await kept.covering(5) == (("b", 4, 104), ("a", 5, 105), ("c", 7, 107))
    assert await kept.covering(6) == (("b", 4, 104), ("c", 7, 107), ("a", 9, 109))
    assert await kept.covering(10) == (("b", 4, 104), ("c", 7, 107), ("a", 9, 109))


async def test_another_ledgers_are_not_seen(store: Store) -> None:
    await CosignatureStore(store.engine, LEDGER).add(3, "line\n", Seen("a", 1))
    other = CosignatureStore(store.engine, "tn_other")
    assert (await other.of(3), await other.last("a"), await other.witnessed(("a",), 1)) == ({}, 0, 0)
    assert await other.covering(1) == ()
    assert (await other.recorded(0), await other.acknowledged("w.example/1")) == (False, 0)


async def test_an_acknowledgment_holds_until_the_witness_has_cosigned_what_came_after_it(store: Store) -> None:
    kept, start_s = CosignatureStore(store.engine, LEDGER), START_US // 1_000_000
    await store.append([entry(), entry("restore.acknowledged", range=(1, 99)), entry()])
    await kept.add(40, "line\n", Seen("a", start_s - 60))
    await kept.add(1, "line\n", Seen("a", start_s + 60))
    assert (await kept.acknowledged("a"), await kept.acknowledged("b")) == (99, 99), "of before, and of before it"
    await kept.add(3, "line\n", Seen("a", start_s + 60))
    assert (await kept.acknowledged("a"), await kept.acknowledged("b")) == (0, 99)
