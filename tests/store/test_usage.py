"""Usage is what the records say, by day, caller and agent; days that are over are read once."""

from datetime import date
from typing import Any

import pytest

from gateway.core.ids import uuid7
from gateway.ledger.entry import Entry
from gateway.ledger.record import Envelope, OutcomeInfo, timestamp
from gateway.settings import Settings
from gateway.store import usage
from gateway.store.engine import open_engine, target
from gateway.store.usage import Usage, UsageStore
from tests.conftest import ManualClock
from tests.store.ledger_kit import writer_on

DAY = 86_400
FIRST = date(2026, 11, 24)


async def write(ledger: Any, clock: ManualClock, code: str = "ok", **fields: Any) -> None:
    outcome = {
        name: fields.pop(name) for name in ("status", "tokens_in", "tokens_out", "bytes", "cost") if name in fields
    }
    values: dict[str, Any] = {"event": "exchange.completed", "actor": "ac_1", "agent": "sky", "attempt": 1, **fields}
    envelope = Envelope(
        id=uuid7(clock.now_us()),
        tenant=ledger.tenant,
        occurred_at=timestamp(clock.now_us()),
        outcome=OutcomeInfo(code=code, **outcome),
        **values,
    )
    await ledger.append(Entry.of(envelope))


def row(**fields: Any) -> Usage:
    zeros = dict.fromkeys(("kept", "refused", "tokens_in", "tokens_out", "bytes", "cost", "uncounted"), 0)
    return Usage(**{"requests": 0, **zeros, **fields})


async def test_what_was_used_is_what_the_records_say(
    database: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "CHUNK", 2)
    async with writer_on(database, clock) as ledger:
        for _ in range(3):
            await write(ledger, clock, tokens_in=10, tokens_out=5, bytes=100, cost=7)
        await write(ledger, clock, "cached", tokens_in=10, tokens_out=5, bytes=100, cost=0, attempt=0)
        await write(ledger, clock, "client_disconnected", actor="ac_2")
        await write(ledger, clock, "rate_limited", event="exchange.denied", agent=None)
        await write(ledger, clock, event="exchange.requested", tokens_in=1_000)
        clock.advance(DAY)
        await write(ledger, clock, event="exchange.late", agent="local", tokens_in=1, tokens_out=1)
        engine = open_engine(target(database))
        try:
            store = UsageStore(engine, ledger.tenant, clock)
            other = UsageStore(engine, "tn_another", clock)
            last = date(2026, 11, 25)
            assert await store.sums(FIRST, last, ()) == [
                row(requests=6, kept=1, refused=1, tokens_in=31, tokens_out=16, bytes=400, cost=21, uncounted=1)
            ]
            assert await store.sums(FIRST, last, ("day", "agent")) == [
                row(day="2026-11-24", refused=1),
                row(
                    day="2026-11-24",
                    agent="sky",
                    requests=5,
                    kept=1,
                    tokens_in=30,
                    tokens_out=15,
                    bytes=400,
                    cost=21,
                    uncounted=1,
                ),
                row(day="2026-11-25", agent="local", requests=1, tokens_in=1, tokens_out=1),
            ]
            assert await store.sums(FIRST, FIRST, ("caller",), caller="ac_2") == [
                row(caller="ac_2", requests=1, uncounted=1)
            ]
            (local,) = await store.sums(FIRST, last, ("agent",), agent="local")
            assert local.requests == 1
            assert await other.sums(FIRST, last, ()) == []
        finally:
            await engine.dispose()


async def test_what_was_cut_or_interrupted_is_counted_as_an_exchange_of_which_not_all_is_known(
    database: Settings, clock: ManualClock
) -> None:
    async with writer_on(database, clock) as ledger:
        await write(ledger, clock, "client_disconnected", tokens_in=25, tokens_out=1)
        await write(ledger, clock, "agent_timeout", tokens_in=25, tokens_out=1, cost=3)
        await write(ledger, clock, "answer_withheld", status=403, tokens_in=25, tokens_out=9)
        await write(ledger, clock, "interrupted", event="exchange.interrupted", exchange="ex_1")
        await write(ledger, clock, "interrupted", event="exchange.interrupted", exchange="ex_2")
        await write(ledger, clock, event="exchange.late", exchange="ex_2", tokens_in=1, tokens_out=1)
        engine = open_engine(target(database))
        try:
            (found,) = await UsageStore(engine, ledger.tenant, clock).sums(FIRST, FIRST, ())
        finally:
            await engine.dispose()
    assert found == row(requests=5, tokens_in=76, tokens_out=12, cost=3, uncounted=2)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        *(("credential_denied", 200), ("credential_revoked", 200), ("credential_expired", 200)),
        *(("credential_invalid", 200), ("credential_overreach", 401), ("answer_withheld", 200)),
    ],
)
async def test_of_a_stream_that_was_cut_by_a_denial_or_withheld_when_it_had_begun_not_all_is_known(
    sqlite_settings: Settings, clock: ManualClock, code: str, status: int
) -> None:
    async with writer_on(sqlite_settings, clock) as ledger:
        await write(ledger, clock, code, status=status, tokens_in=25, tokens_out=1)
        engine = open_engine(target(sqlite_settings))
        try:
            (found,) = await UsageStore(engine, ledger.tenant, clock).sums(FIRST, FIRST, ())
        finally:
            await engine.dispose()
    assert found == row(requests=1, tokens_in=25, tokens_out=1, uncounted=1)


async def test_a_day_that_is_over_is_read_once_and_one_that_is_not_each_time(
    sqlite_settings: Settings, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writer_on(sqlite_settings, clock) as ledger:
        await write(ledger, clock, tokens_in=1)
        engine = open_engine(target(sqlite_settings))
        read = list[date]()
        reads = UsageStore._read

        async def counting(self: UsageStore, day: date) -> Any:
            read.append(day)
            return await reads(self, day)

        monkeypatch.setattr(UsageStore, "_read", counting)
        try:
            store = UsageStore(engine, ledger.tenant, clock)
            for _ in range(2):
                assert (await store.sums(FIRST, FIRST, ()))[0].requests == 1
            assert read == [FIRST] * 2
            await write(ledger, clock, tokens_in=1)
            clock.advance(DAY)
            for _ in range(2):
                assert (await store.sums(FIRST, FIRST, ()))[0].requests == 2
            assert read == [FIRST] * 3
            monkeypatch.setattr(usage, "KEPT_ROWS", 1)
            before = date(2026, 11, 22)
            assert await store.sums(before, before, ()) == []
            await store.sums(FIRST, FIRST, ())
            assert read[3:] == [before, FIRST], "there was no room for both"
        finally:
            await engine.dispose()
