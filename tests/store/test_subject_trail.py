"""The records about a subject come in order, each with what is kept of it and whether it names somebody else."""

import pytest
from sqlalchemy import insert

from gateway.store import subject_trail
from gateway.store.subject_trail import SubjectTrail
from gateway.store.tables import subject_record
from tests.exchange.erasure_kit import exchanged
from tests.exchange.subject_kit import registry
from tests.store.kit import LEDGER, Store, entry
from tests.store.ledger_kit import changing


async def test_records_come_in_chunks_and_say_what_is_theirs_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject_trail, "CHUNK", 2)
    async with registry(store) as found:
        seqs = [
            await exchanged(found, "su_a"),
            await exchanged(found, "su_b"),
            await exchanged(found, "su_a", "su_b"),
            await exchanged(found, "su_a", "su_c"),
        ]
        await found.writer.append(entry(subjects=("su_c",)))
        trail = SubjectTrail(store.engine, store.clock)
        chunks = [some async for some in trail.records(LEDGER, ("su_a", "su_c"))]
        assert [[one.seq for one in some] for some in chunks] == [[seqs[0], seqs[2]], [seqs[3], seqs[3] + 1]]
        every = [one for some in chunks for one in some]
        assert [(one.shared, len(one.content)) for one in every] == [(False, 1), (True, 1), (False, 1), (False, 0)]
        store.clock.us = 32_503_680_000_000_000  # the year 3000, when the content is over
        over = [one for some in [some async for some in trail.records(LEDGER, ("su_a",))] for one in some]
        assert [one.content for one in over] == [(), (), ()]


async def test_links_alone_whose_records_are_archived_are_no_chunk(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject_trail, "CHUNK", 2)
    async with registry(store) as found:
        seq = await exchanged(found, "su_a")
        async with changing(store.where) as connection:
            away = [{"tenant": LEDGER, "subject": "su_a", "seq": 1_000 + number} for number in range(5)]
            await connection.execute(insert(subject_record), away)
        trail = SubjectTrail(store.engine, store.clock)
        chunks = [some async for some in trail.records(LEDGER, ("su_a",))]
        assert [[one.seq for one in some] for some in chunks] == [[seq]]
