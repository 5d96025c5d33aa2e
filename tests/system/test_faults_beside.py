"""Where nothing that goes on beside requests can be kept, requests go on, what is not kept shows, and all of it is made
up for afterwards."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import stamps, witnesses
from gateway.exchange import forwarding, stamping
from gateway.settings import Settings
from gateway.store.verification import LedgerVerification
from tests.exchange.durable_kit import Steps
from tests.exchange.kit_witness import a_witness, signers
from tests.system.kit import PUBLIC
from tests.system.site import Agent, System, served, system
from tests.tsa import a_tsa

GAUGES = (
    "gateway_ledger_unwitnessed_records",
    "gateway_forward_lag_records",
    "gateway_ledger_unstamped_records",
)
SOON = (
    (stamps, "MOST_S"),
    (witnesses, "MOST_S"),
    (stamping, "MOST_WAIT_S"),
    (forwarding, "MOST_WAIT_S"),
    (forwarding, "POLL_S"),
)
BESIDE = ("cosignature", "time_stamp", "forward_cursor")
SAID = ("could not be offered", "could not be time-stamped", "could not be forwarded")


async def test_requests_go_on_while_nothing_beside_them_can_be_kept(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for place, name in SOON:
        monkeypatch.setattr(place, name, 0.2)
    steps, receiver = Steps(), Agent()
    async with (
        a_witness(tmp_path, await signers(sqlite_settings)) as witness,
        a_tsa(tmp_path) as tsa,
        served(receiver) as url,
    ):
        tables: dict[str, Any] = {
            "ledger": {"checkpoint_interval_s": 0.1},
            "witness": [witness.table],
            "tsa": [{**tsa.table, "interval_s": 1.0}],
            "forward": [
                {"id": "siem", "kind": "webhook", "url": f"{url}/records", "secret": f"file:{tmp_path}/secret"}
            ],
        }
        (tmp_path / "secret").write_text("s" * 32)
        async with system(sqlite_settings, **tables) as site, asyncio.timeout(60):
            steps.of_engine(site.gateway.site.engine)
            key = await site.key("clerk")
            await _until(site, lambda told: max(told.values()) == 0)
            steps.full(lambda step: any(name in step for name in BESIDE))
            answers = [await site.chat(key, PUBLIC, model="ward")]
            shown = await _until(site, lambda told: min(told.values()) > 0 and all(one in caplog.text for one in SAID))
            answers += [await site.chat(key, PUBLIC, model="ward") for _ in range(3)]
            await _until(site, lambda told: all(told[name] > shown[name] for name in GAUGES))
            ready = await site.http.get("/readyz")
            assert [one.status_code for one in (*answers, ready)] == [200] * 5
            steps.disarm()
            await _until(site, lambda told: max(told.values()) == 0)
            whole = LedgerVerification(
                site.gateway.site.engine,
                site.gateway.site.tenants["default"].ledger,
                site.gateway.site.keyring.signer(site.gateway.site.tenants["default"].origin).verifier,
            )
            assert (await whole.run()).failure is None
            records = await site.records()
    ends = {one["exchange"]: one["event"] for one in records if one["event"].startswith("exchange.")}
    assert [ends[one.headers["x-exchange-id"]] for one in answers] == ["exchange.completed"] * 4


async def _until(site: System, holds: Callable[[dict[str, float]], bool]) -> dict[str, float]:
    """Until the gauges, each of all ledgers together, are so."""
    while True:
        told = dict.fromkeys(GAUGES, 0.0)
        for line in (await site.http.get("/metrics")).text.splitlines():
            name = line.partition("{")[0]
            if name in told:
                told[name] += float(line.rpartition(" ")[2])
        if holds(told):
            return told
        await asyncio.sleep(0.1)
