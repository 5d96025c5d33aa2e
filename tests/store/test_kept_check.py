"""Verification opens what is kept and holds it against its record: what was changed or moved is named."""

import msgspec
import pytest

from gateway.core.errors import VerificationError
from gateway.ledger.commitment import new_salt
from gateway.ledger.content import content_commitment, part_of
from gateway.ledger.entry import Entry
from gateway.ledger.record import KeptInfo
from gateway.ledger.times import timestamp
from gateway.store.kept_check import KeptTally, check_kept
from gateway.store.sealing import Sealer
from tests.store.kit import LEDGER, START_US, Store, entry

UNTIL = timestamp(START_US + 1_000_000)
LATER = timestamp(START_US + 2_000_000)
CANARY = b"canary-4711"


def keeping(
    store: Store,
    *,
    subject: str | None = None,
    committed: bytes | None = CANARY,
    part: str = part_of(UNTIL),
    value: bytes | None = CANARY,
) -> Entry:
    """A record that commits to this content, where it does, with that one beside it."""
    sealer, salt = Sealer(store.keyring), new_salt()
    key = sealer.exchange_key(() if subject is None else (subject,))
    made = entry(event="exchange.requested").envelope
    if committed is not None:
        commitment = content_commitment(salt, "+".join(key.ids), committed)
        made.kept = KeptInfo(commitment=commitment, bytes=len(committed), until=UNTIL)
    sealed = sealer.seal(tenant=LEDGER, record=made.id, part=part, opening=salt, value=value, key=key)
    return Entry.of(made, sealed=(sealed,), keys=key.new)


async def test_what_became_of_all_that_was_kept_is_counted(store: Store) -> None:
    await store.append(
        [
            entry(),
            keeping(store),
            keeping(store, subject="su_ann"),
            keeping(store, committed=None),
            keeping(store, part=part_of(UNTIL, masked=True), value=b"[masked]"),
            msgspec.structs.replace(keeping(store), sealed=(), keys=()),
        ]
    )
    sealer = Sealer(store.keyring)
    found = await check_kept(store.engine, LEDGER, sealer, 4)
    assert found == KeptTally(open=2, masked=1, uncommitted=1, gone=1)
    store.keyring.destroy(store.keyring.subject_keys("su_ann"))
    found = await check_kept(store.engine, LEDGER, sealer, 4)
    assert found == KeptTally(open=1, masked=1, closed=1, uncommitted=1, gone=1)
    assert await check_kept(store.engine, LEDGER, None, 4) == KeptTally(closed=4, gone=1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": b"canary-0815"}, "not what the record commits to"),
        ({"value": None}, "its sealed part holds none"),
        ({"part": part_of(LATER)}, "another time than its record says"),
    ],
)
async def test_what_is_not_what_its_record_commits_to_is_named_and_nothing_of_it_told(
    store: Store, wrong: dict[str, bytes | None], said: str
) -> None:
    first, second = await store.append([keeping(store), keeping(store, **wrong)])  # type: ignore[arg-type]
    with pytest.raises(VerificationError, match=f"record {second.seq}: content: .*{said}") as caught:
        await check_kept(store.engine, LEDGER, Sealer(store.keyring), 2)
    assert "canary" not in str(caught.value)
    async with store.bare() as bare:
        await bare.run("sealed", f"DELETE FROM sealed WHERE seq = {second.seq}")
        await bare.run("sealed", f"UPDATE sealed SET seq = {second.seq} WHERE seq = {first.seq}")
    with pytest.raises(VerificationError, match=f"record {second.seq}: a sealed part does not open"):
        await check_kept(store.engine, LEDGER, Sealer(store.keyring), 2)
