"""Who signs is known by statements that both keys have signed, and by a private key that is there: by nothing else."""

import asyncio

import pytest
from sqlalchemy import insert, select

from gateway.core.errors import ConfigurationError, VerificationError
from gateway.ledger.entry import Entry
from gateway.ledger.note import Signer
from gateway.ledger.record import timestamp
from gateway.ledger.rotation import Rotation, issue
from gateway.store.signing import LedgerSigning, rotated
from gateway.store.tables import checkpoint, key_rotation
from tests.store.kit import LEDGER, START_US, Store, entry
from tests.store.ledger_kit import changing

ORIGIN = "gateway.internal/ledger/0011"
OLD, NEW, OTHER = (Signer(ORIGIN, bytes([byte]) * 32) for byte in (1, 2, 3))
UNTIL_US = START_US + 60_000_000


def statement(old: Signer = OLD, new: Signer = NEW, after: int = 4) -> bytes:
    rotation = Rotation(
        origin=ORIGIN, old=old.verifier.vkey, new=new.verifier.vkey, after=after, at=timestamp(START_US)
    )
    return issue(rotation, old, new)


class Ring:
    """Private keys, the first of which the ledger began with."""

    def __init__(self, *signers: Signer) -> None:
        self.signers = {signer.verifier.vkey: signer for signer in signers}

    def __call__(self, vkey: str | None) -> Signer:
        found = next(iter(self.signers.values())) if vkey is None else self.signers.get(vkey)
        if found is None:
            raise ConfigurationError("not here")
        return found


def of(store: Store, *signers: Signer) -> LedgerSigning:
    return LedgerSigning(store.engine, LEDGER, ORIGIN, store.clock, Ring(*signers))


async def replaced(store: Store, data: bytes, number: int = 1) -> bool:
    """Whether a rotation went on record."""
    made = Entry(draft=entry("key.rotated").draft, change=rotated(number, data, UNTIL_US))
    async with store.writer() as writer:
        return await writer.submit(made) is not None


async def test_a_new_key_signs_from_its_record_on_and_the_old_one_beside_it_for_a_while(store: Store) -> None:
    held = of(store, OLD, NEW)
    first = await held.load()
    assert (first.number, first.signer, first.beside) == (0, OLD, ())
    assert await replaced(store, statement())
    assert held.signer is OLD, "until it is loaded"
    second = await held.load()
    assert (second.number, second.signer, second.beside) == (1, NEW, (OLD,))
    assert second.all == (NEW, OLD)
    assert [key.vkey for key in held.keys.known] == [OLD.verifier.vkey, NEW.verifier.vkey]
    assert await held.load() is second, "nothing is put together twice"
    store.clock.us = UNTIL_US
    assert ((await held.load()).beside, held.signer, held.probe()) == ((), NEW, NEW)
    assert (await of(store, NEW).load()).keys.vkey == NEW.verifier.vkey, "without the old key too"


async def test_those_who_load_at_the_same_time_take_a_key_over_once(store: Store) -> None:
    held = of(store, OLD, NEW)
    await held.load()
    assert await replaced(store, statement())
    found = await asyncio.gather(*(held.load() for _ in range(4)))
    assert [(one.number, one.signer) for one in found] == [(1, NEW)] * 4
    assert (await held.load()).number == 1


async def test_a_node_without_the_new_key_signs_nothing(store: Store) -> None:
    held = of(store, OLD)
    await held.load()
    assert await replaced(store, statement())
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            await held.load()
    with pytest.raises(ConfigurationError):
        _ = held.signer
    with pytest.raises(ConfigurationError):
        held.probe()


async def test_rows_alone_make_nobody_a_signer(store: Store) -> None:
    forged = statement().replace(b"after 4", b"after 9")
    async with changing(store.where) as connection:
        row = {"tenant": LEDGER, "number": 1, "until_size": 9, "until_us": UNTIL_US, "statement": forged}
        await connection.execute(insert(key_rotation).values(row))
    with pytest.raises(VerificationError, match="does not verify"):
        await of(store, OLD, NEW).load()


async def test_a_missing_or_unreadable_statement_is_found(store: Store) -> None:
    async with changing(store.where) as connection:
        row = {"tenant": LEDGER, "number": 2, "until_size": 9, "until_us": UNTIL_US, "statement": b"no note"}
        await connection.execute(insert(key_rotation).values(row))
    with pytest.raises(VerificationError, match="missing"):
        await of(store, OLD).load()
    async with changing(store.where) as connection:
        await connection.execute(insert(key_rotation).values({**row, "number": 1}))
    with pytest.raises(VerificationError, match="no statement"):
        await of(store, OLD).load()


async def test_of_two_that_replace_one_key_the_first_does_and_the_other_leaves_no_record(store: Store) -> None:
    assert await replaced(store, statement())
    assert not await replaced(store, statement(OLD, OTHER))
    assert (await of(store, OLD, NEW, OTHER).load()).signer is NEW


async def test_a_key_is_not_replaced_before_a_checkpoint_that_it_has_signed(store: Store) -> None:
    """Or the old key would not count any more for a checkpoint that is published."""
    async with changing(store.where) as connection:
        row = {"tenant": LEDGER, "size": 5, "root": b"r", "note": b"n"}
        await connection.execute(insert(checkpoint).values(row))
    assert not await replaced(store, statement(after=4))
    assert await replaced(store, statement(after=5))
    async with changing(store.where) as connection:
        assert len((await connection.execute(select(key_rotation))).all()) == 1


async def test_a_key_of_another_ledger_signs_nothing(store: Store) -> None:
    with pytest.raises(ConfigurationError, match="named for its origin"):
        await of(store, Signer("gateway.internal/ledger/other", b"o" * 32)).load()
