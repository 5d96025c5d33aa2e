"""A ledger that was taken back behind a witness is found at the start, and not served until that is acknowledged."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import open_gateway, open_site, witnesses_of
from gateway.bootstrap import witnesses as module
from gateway.bootstrap.clock import SystemClock
from gateway.core.errors import ConfigurationError
from gateway.exchange.witnessing import Ahead, acknowledgment
from gateway.ledger.record import Detail
from gateway.settings import Settings
from gateway.store.writer_base import LedgerWriter
from tests.exchange.kit_witness import Witness, a_witness, signers
from tests.system.kit import PUBLIC, code
from tests.system.site import settings_for, system

RARELY = {"checkpoint_interval_s": 3600.0}


async def acknowledge(settings: Settings) -> None:
    async with open_site(settings) as site, AsyncExitStack() as stack:
        one = (await witnesses_of(site, stack))["default"]
        ahead = await one.ahead()
        assert ahead == (Ahead("w.example/1", 1_000),)
        writer = await site.writer("default")
        entry = acknowledgment(
            ahead,
            size=await site.reader("default").size(),
            tenant=writer.tenant,
            actor="ac_1",
            detail=Detail(reason="the disk was lost"),
            clock=site.clock,
            node=site.node,
        )
        await writer.append(entry)


async def test_nothing_is_recorded_or_served_until_the_loss_is_acknowledged(database: Settings, tmp_path: Path) -> None:
    async with a_witness(tmp_path, await signers(database)) as witness:
        tables: dict[str, Any] = {"witness": [witness.table], "ledger": RARELY}
        async with system(database, **tables) as site:
            before = len(await site.records())
        witness.knows(1_000)
        settings = settings_for(database, {}, **tables)
        with pytest.raises(ConfigurationError, match="of default: was a backup restored"):
            async with open_gateway(settings):
                raise AssertionError("it must not serve")
        await acknowledge(settings)
        async with system(database, **tables) as site:
            records = await site.records()
            (told,) = [one for one in records if one["event"] == "restore.acknowledged"]
            assert told["range"] == [before + 1, 1_000], "the stop of the first is the one record that came before"
            assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200


async def test_one_that_was_away_at_the_start_stops_the_record_once_it_is_back(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_S", 0.01)
    halt, halted = LedgerWriter.halt, asyncio.Event()

    def halting(writer: LedgerWriter) -> None:
        halt(writer)
        halted.set()

    monkeypatch.setattr(LedgerWriter, "halt", halting)
    async with a_witness(tmp_path, await signers(sqlite_settings)) as witness:
        witness.lie = (503, b"text/plain", b"")
        ledger = {"checkpoint_interval_s": 0.1}
        async with system(sqlite_settings, witness=[witness.table], ledger=ledger) as site:
            key = await site.key("clerk")
            assert (await site.chat(key, PUBLIC, model="ward")).status_code == 200
            witness.knows(1_000_000)
            witness.lie = None
            writer = await site.gateway.site.writer("default")
            async with asyncio.timeout(30):
                await halted.wait()
            assert writer.halted
            answer = await site.chat(key, PUBLIC, model="ward")
            assert (answer.status_code, code(answer)) == (503, "ledger_unavailable")
            ready = await site.http.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["ledger"]) == (503, False)
            told = (await site.http.get("/metrics")).text
            assert f'gateway_ledger_up{{tenant="{writer.tenant}"}} 0.0' in told
            size = len(await site.records())
            assert (await site.chat(key, PUBLIC, model="ward")).status_code == 503
            assert len(await site.records()) == size, "also what was refused is not recorded"


async def test_a_ledger_that_was_taken_back_and_has_grown_past_what_a_witness_knows_is_not_served(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with a_witness(tmp_path, await signers(sqlite_settings)) as witness:
        tables: dict[str, Any] = {"ledger": RARELY}
        async with system(sqlite_settings, **tables) as site:  # without its witness, for some time
            for _ in range(3):
                assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
            point = await (await site.gateway.site.checkpointer("default")).publish(force=True)
            assert point is not None
        witness.knows(point.size - 2)
        settings = settings_for(sqlite_settings, {}, witness=[witness.table], **tables)
        with pytest.raises(ConfigurationError, match="or of others, of default: was a backup restored"):
            async with open_gateway(settings):
                raise AssertionError("it must not serve")


async def test_a_start_without_any_witness_is_refused_where_they_are_required(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    ledgers = await signers(sqlite_settings)
    witness = Witness(tmp_path / "w.db", "w.example/1", ledgers)
    witness.url = "http://127.0.0.1:1"
    for required in (True, False):
        ledger = {**RARELY, "require_witnesses": required}
        settings = settings_for(sqlite_settings, {}, witness=[witness.table], ledger=ledger)
        if not required:
            async with open_gateway(settings, clock=SystemClock()):
                continue
        with pytest.raises(ConfigurationError, match="no witness can be asked"):
            async with open_gateway(settings):
                raise AssertionError("it must not serve")
