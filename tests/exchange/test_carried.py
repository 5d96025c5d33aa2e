"""What is given to a bundle is kept content as it was sent, while all of its keys are there, and nothing else."""

import pytest

from gateway.core.errors import VerificationError
from gateway.exchange.carried import KeptSource
from gateway.ledger.content import check_content, part_of
from gateway.ledger.record import Envelope, parse
from gateway.store.kept import KeptStore
from gateway.store.reader import StoreReader
from gateway.store.sealing import Sealer
from tests.store.conftest import store as store
from tests.store.kit import LEDGER, START_US, Store, entry
from tests.store.test_kept_check import CANARY, UNTIL, keeping


async def test_what_is_there_is_opened_and_what_is_over_masked_or_erased_is_not(store: Store) -> None:
    await store.append(
        [
            keeping(store, subject="su_ann"),
            keeping(store, part=part_of(UNTIL, masked=True), value=b"[masked]"),
            entry(),
            keeping(store, value=None),
        ]
    )
    source = KeptSource(KeptStore(store.engine, store.clock), LEDGER, Sealer(store.keyring))
    reader = StoreReader(store.engine, LEDGER)

    async def of(seq: int) -> Envelope:
        stored = await reader.record(seq)
        assert stored is not None
        return parse(stored.envelope)

    first = await of(0)
    found = await source.opened(first)
    assert found is not None
    assert (found.seq, found.value, found.keys) == (0, CANARY, store.keyring.subject_keys("su_ann")[0])
    check_content(first, found.salt, found.keys, found.value)
    assert [await source.opened(await of(seq)) for seq in (1, 2)] == [None, None]
    with pytest.raises(VerificationError, match="record 3: content: its sealed part holds none"):
        await source.opened(await of(3))
    store.keyring.destroy(store.keyring.subject_keys("su_ann"))
    assert await source.opened(first) is None
    store.clock.us = START_US + 1_000_000
    assert await source.opened(await of(3)) is None, "its days are over"
