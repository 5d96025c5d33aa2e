"""A gateway forwards to each configured destination the records of whose it gets, beside traffic, and says how far."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap.forwarding import forwards_to, reachable_settings, ways_of
from gateway.core.errors import ConfigurationError
from gateway.exchange import forward_senders, forwarding
from gateway.settings import Forward, Settings, parse
from tests.exchange.forward_kit import receiving
from tests.system.kit import PUBLIC
from tests.system.site import Agent, served, system

SECRET = "a secret of more than sixteen bytes"


def settings(directory: Path, *tables: dict[str, Any]) -> Settings:
    return parse({"forward": list(tables)}, {}, directory)


async def test_all_there_is_reaches_whom_it_should_and_one_that_is_away_keeps_nobody_waiting(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "POLL_S", 0.02)
    monkeypatch.setattr(forward_senders.SyslogSender, "settles_s", 0.0)
    (tmp_path / "secret").write_text(SECRET)
    hook, took = Agent(), asyncio.Event()

    async def told(_: dict[str, str]) -> None:
        took.set()

    hook.on_request = told
    with receiving() as receiver:
        async with served(hook) as url:
            tables = [
                {
                    "id": "siem",
                    "kind": "syslog",
                    "url": f"tcp://127.0.0.1:{receiver.port}",
                    "start": "beginning",
                    "tenants": ["default"],
                },
                {
                    "id": "hook",
                    "kind": "webhook",
                    "url": f"{url}/agents",
                    "secret": "file:secret",
                    "start": "beginning",
                    "filter": {"event": "exchange.completed"},
                },
                {"id": "away", "kind": "ocsf", "url": "http://127.0.0.1:9", "tenants": ["default"]},
            ]
            async with system(sqlite_settings, forward=tables) as site:
                assert (await site.chat(await site.key("clerk"), PUBLIC, model="ward")).status_code == 200
                async with asyncio.timeout(60):
                    await took.wait()
                records = await site.records()
                everything = await asyncio.to_thread(receiver.wait, len(records))
                assert len(site.gateway.forwards.each) == 4, "two of the one that names no tenant"
                ready = (await site.http.get("/readyz")).json()
                assert ready["status"] == "ready"
                assert ready["forwards"].keys() == {"siem", "hook", "away"}
                metrics = (await site.http.get("/metrics")).text
                assert 'gateway_forward_lag_records{forward="siem"' in metrics
        assert {b"exchange.requested", b"ledger.started"} <= {one.split(b" ")[5] for one in everything}
    (_, body), *_ = hook.received
    assert {one["record"]["event"] for one in json.loads(body)["records"]} == {"exchange.completed"}


async def test_what_takes_nothing_is_told(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "POLL_S", 0.02)
    failed = asyncio.Event()
    real = forwarding.Forwarding._failed

    async def failing(self: Any, code: str) -> float:
        wait = await real(self, code)
        failed.set()
        return wait

    monkeypatch.setattr(forwarding.Forwarding, "_failed", failing)
    table = {"id": "away", "kind": "ocsf", "url": "http://127.0.0.1:9", "tenants": ["default"]}
    async with system(sqlite_settings, forward=[table]) as site:
        async with asyncio.timeout(60):
            await failed.wait()
        assert (await site.http.get("/readyz")).json()["forwards"] == {"away": "failing"}
        assert "gateway_forward_errors_total" in (await site.http.get("/metrics")).text


async def test_without_a_destination_nothing_runs_and_nothing_is_said(sqlite_settings: Settings) -> None:
    async with system(sqlite_settings) as site:
        assert site.gateway.forwards.each == ()
        assert "forwards" not in (await site.http.get("/readyz")).json()
        assert "gateway_forward_lag_records" not in (await site.http.get("/metrics")).text


def test_who_names_no_tenant_gets_those_of_the_one_there_is_and_of_the_operator() -> None:
    everybody = Forward(id="a", kind="syslog", url="tls://s")
    assert forwards_to(everybody, ("default", "_system")) == ("default", "_system")
    one = Forward(id="a", kind="syslog", url="tls://s", tenants=("clinic",))
    assert forwards_to(one, ("clinic", "bank", "_system")) == ("clinic",)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            {"kind": "webhook", "url": "https://h", "secret": "file:short"},
            r"forward\[0\].secret must stand for at least",
        ),
        ({"kind": "webhook", "url": "https://h", "secret": "file:none"}, "cannot be read"),
        ({"kind": "ocsf", "url": "https://h", "authorization": "file:odd"}, "must stand for printable ASCII"),
        ({"kind": "syslog", "url": "tls://h", "filter": {"event": "nothing"}}, r"forward\[0\].filter.event must be"),
        ({"kind": "syslog", "url": "tls://h", "filter": {"decision": "maybe"}}, r"filter.decision must be one of"),
        ({"kind": "syslog", "url": "tls://h", "ca": "none.pem"}, "cannot be read"),
        ({"kind": "ocsf", "url": "https://h", "ca": "none.pem"}, "cannot be read"),
    ],
)
async def test_what_cannot_be_used_is_refused_before_anything_is_sent(
    tmp_path: Path, table: dict[str, Any], said: str
) -> None:
    (tmp_path / "short").write_text("short")
    (tmp_path / "odd").write_text("a\tb")
    with pytest.raises(ConfigurationError, match=said):
        await reachable_settings(settings(tmp_path, {"id": "one", **table}))


def test_a_filter_is_that_of_a_search(tmp_path: Path) -> None:
    table = {"id": "one", "kind": "syslog", "url": "tls://h", "filter": {"data_class": "phi", "zone": "cloud"}}
    found = ways_of(settings(tmp_path, table))["one"].destination.filters
    assert (found.data_class, found.zone, found.event) == ("phi", "cloud", None)
