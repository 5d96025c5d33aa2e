"""What goes on beside requests comes on record in the end, and outlives its own failures."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gateway.bootstrap import background, open_gateway
from gateway.bootstrap.background import checkpointed, covered, flush, stopped, told
from gateway.core.errors import LedgerUnavailable
from gateway.exchange.ledgers import Ledgers
from gateway.exchange.metrics import Metrics
from gateway.ledger.times import timestamp
from gateway.settings import Settings
from gateway.store.kept import KeptStore
from tests.bootstrap.kit import configured
from tests.conftest import ManualClock


class Full:
    """A ledger that cannot be written."""

    async def append(self, _: object) -> None:
        raise LedgerUnavailable("no space left")


async def test_failures_that_were_counted_come_on_record_once_the_ledger_can_be_written(
    sqlite_settings: Settings,
) -> None:
    async with open_gateway(configured(sqlite_settings)) as gateway:
        parts, full = gateway.pipeline.parts, Full()
        for _ in range(3):
            parts.failures.note("192.0.2.1", "credential_invalid")
        broken: Any = Ledgers({"_system": full})  # type: ignore[dict-item]
        await flush(msgspec.structs.replace(parts, ledgers=broken), everything=True)
        await flush(parts, everything=True)
        reader = gateway.site.reader("_system")
        records = [json.loads(one.envelope) async for one in reader.records(0, await reader.size())]
        failed = [one for one in records if one["event"] == "auth.failed"]
        assert [(one["count"], one["outcome"]["code"]) for one in failed] == [(2, "credential_invalid")]


async def test_what_is_stopped_has_ended_also_after_one_that_failed() -> None:
    async def broken() -> None:
        raise RuntimeError("swordfish")

    tasks = [asyncio.create_task(broken()), *(asyncio.create_task(asyncio.sleep(3600)) for _ in range(2))]
    await asyncio.sleep(0)
    await stopped(tasks)
    assert [task.cancelled() for task in tasks] == [False, True, True]


async def test_one_that_has_missed_that_it_was_cancelled_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.bootstrap.background._AGAIN_S", 0.01)
    missed = 0

    async def deaf() -> None:
        nonlocal missed
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                missed += 1
                if missed == 3:
                    raise

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await stopped([task])
    assert (task.cancelled(), missed) == (True, 3)


async def test_a_defect_that_ends_one_of_them_is_told_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        raise RuntimeError("swordfish")

    task = asyncio.create_task(broken())
    task.add_done_callback(told)
    await asyncio.gather(task, return_exceptions=True)
    (record,) = [one for one in caplog.records if one.name == "gateway"]
    assert "broken: RuntimeError" in record.getMessage()
    assert "swordfish" not in record.getMessage()


async def test_what_is_kept_is_destroyed_in_every_ledger_also_after_a_failure(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    swept: list[str] = []
    twice = asyncio.Event()

    async def sweep(self: KeptStore, ledger: str) -> int:
        swept.append(ledger)
        if len(swept) == 1:
            raise LedgerUnavailable("swordfish")
        if len(set(swept)) > 1 and len(swept) > len(set(swept)):
            twice.set()
        return 0

    monkeypatch.setattr(background, "_EXPIRY_S", 0.01)
    monkeypatch.setattr(KeptStore, "sweep", sweep)
    async with open_gateway(configured(sqlite_settings)) as gateway:
        await asyncio.wait_for(twice.wait(), 60)
        assert set(swept) == {one.ledger for one in gateway.site.tenants.values()}
    assert "kept content could not be destroyed: LedgerUnavailable" in caplog.text
    assert "swordfish" not in caplog.text


async def test_open_incidents_are_counted_and_a_store_that_fails_leaves_the_last_count(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    metrics, rounds = Metrics(), asyncio.Event()
    answers: list[int | Exception] = [2, LedgerUnavailable("down"), 3]

    class Store:
        async def open(self, tenant: str) -> int:
            if len(answers) == 1:
                rounds.set()
                await asyncio.sleep(3600)
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    monkeypatch.setattr(background, "_EXPIRY_S", 0)
    store: Any = Store()
    task = asyncio.create_task(background._incidents(store, metrics, ["tn_1"]))
    await rounds.wait()
    await stopped([task])
    assert b'gateway_incidents_open{tenant="tn_1"} 2.0' in metrics.exposition()
    assert "LedgerUnavailable" in caplog.text


class Unsigned:
    """An auditor of a ledger whose key is away, and whose oldest uncovered record is of `since`."""

    def __init__(self, since: str | None) -> None:
        self.since, self.signs = since, False

    @property
    def publisher(self) -> "Unsigned":
        return self

    published = publisher

    async def publish(self) -> None:
        if not self.signs:
            raise LedgerUnavailable("the token is away")

    async def due_since(self) -> str | None:
        if self.since == "unknown":
            raise LedgerUnavailable("the database is away")
        return None if self.signs else self.since


async def test_without_checkpoints_for_too_long_nothing_new_begins_until_there_is_one_again(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    away: Any = Unsigned(timestamp(clock.us))
    writer: Any = SimpleNamespace(held=False, tenant="tn_1")
    metrics = Metrics()

    async def round_after(seconds: float, limit: float | None = 100.0) -> bool:
        clock.advance(seconds)
        await checkpointed("clinic", away, writer, limit, clock, metrics)
        return bool(writer.held)

    assert not await round_after(1_000, None), "without a limit traffic goes on"
    assert metrics.registry.get_sample_value("gateway_ledger_uncovered_seconds", {"tenant": "tn_1"}) == 1_000
    away.since = timestamp(clock.us)
    assert [await round_after(50), await round_after(50), await round_after(1)] == [False, False, True]
    away.since = "unknown"
    assert await round_after(1), "what is not known changes nothing"
    away.since, away.signs = None, True
    assert not await round_after(1)
    assert metrics.registry.get_sample_value("gateway_ledger_uncovered_seconds", {"tenant": "tn_1"}) == 0
    told = [one.message for one in caplog.records]
    assert (sum("nothing new is taken" in one for one in told), sum("checkpoints again" in one for one in told)) == (
        1,
        1,
    )
    assert "clinic" not in caplog.text


async def test_a_last_checkpoint_of_each_ledger_waits_for_none_that_fails_and_not_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Publisher(Unsigned):
        def __init__(self, *, hangs: bool) -> None:
            super().__init__(None)
            self.hangs, self.asked = hangs, 0

        async def publish(self) -> None:
            self.asked += 1
            if self.hangs:
                await asyncio.Event().wait()
            await super().publish()

    broken, whole, hanging, late = (Publisher(hangs=number == 2) for number in range(4))
    whole.signs = late.signs = True
    ledgers: Any = {"_system": broken, "clinic": whole}
    await covered(ledgers, 60.0)
    assert [one.asked for one in (broken, whole)] == [1, 1]
    assert "no checkpoint of _system: the token is away" in caplog.text, "which a kind of error alone would not say"
    await covered({"clinic": hanging, "bank": late}, 0.01)  # type: ignore[dict-item]
    assert [one.asked for one in (hanging, late)] == [1, 0]
    assert "the next start makes it" in caplog.text
    assert "clinic" not in caplog.text
