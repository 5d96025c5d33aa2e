"""`gateway advise`: from a ledger with known answers to a verdict, on record, as text, data and a page."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.ledger.record import ClassesInfo, OutcomeInfo, timestamp
from tests.cli.kit import Run, change
from tests.store.kit import entry

HOUR = 3_600_000_000
START = 1_800_000_000_000_000 // (24 * HOUR) * 24 * HOUR
PERIOD = ("--from", timestamp(START), "--to", timestamp(START + 48 * HOUR))


@pytest.fixture
def recorded(site: Path) -> Path:
    """Two days of one sensitive request an hour, and one plain capability that was asked once."""
    change(site / "gateway.toml", "# on_call = false", "min_days = 2\nmin_requests = 40\non_call = false")

    async def prepare() -> None:
        async with open_site(load_settings(site / "gateway.toml")) as opened:
            ledger, writer = opened.tenants["default"].ledger, await opened.writer("default")
            phi = ClassesInfo(found=("phi",), declared=(), inherited=(), floor=())
            common: dict[str, Any] = {"ledger": ledger, "agent": "ward", "zone": "in-house", "capability": "triage"}
            sent = [
                entry("exchange.requested", us=START + hour * HOUR, classes=phi, attempt=1, **common)
                for hour in range(48)
            ]
            outcome = OutcomeInfo(code="ok", status=200, latency_us=2_000)
            sent.append(entry("exchange.completed", us=START + 47 * HOUR + 9, attempt=1, outcome=outcome, **common))
            plain = {**common, "agent": "cloudy", "zone": "cloud", "capability": "translate"}
            sent.append(entry("exchange.requested", us=START + 47 * HOUR, attempt=1, **plain))
            await asyncio.gather(*(writer.submit(one) for one in sent))

    asyncio.run(prepare())
    return site


def test_a_ledger_with_known_answers_gets_the_verdicts_that_follow(gateway: Run, recorded: Path) -> None:
    told = gateway("advise", *PERIOD, "--json")
    assert told.code == 0, told.err
    translate, triage = told.data["capabilities"]
    assert (triage["capability"], triage["fits"], triage["is"]) == ("triage", "on-premise", "on-premise")
    assert (triage["requests"], triage["sensitive_share"], triage["load"]["volatility"]) == (48, 1.0, 0.0)
    assert triage["lacking"] == ["somebody who is called at any hour"]
    assert triage["agents"][0]["p50_ms"] == 2
    assert (translate["capability"], translate["fits"]) == ("translate", "not enough recorded")
    text = gateway("advise", *PERIOD).out
    assert "triage: ON-PREMISE" in text
    assert "LACKING: somebody who is called at any hour" in text
    reads = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert [one["detail"]["query"].get("advise") for one in reads][-2:] == ["placement"] * 2


def test_it_is_written_as_a_page_that_is_not_overwritten(gateway: Run, recorded: Path) -> None:
    assert gateway("advise", *PERIOD, "--html", "advice.html").code == 0
    assert Path("advice.html").read_text().startswith("<!DOCTYPE html>")
    assert gateway("advise", *PERIOD, "--html", "advice.html").code == 2
    assert gateway("advise", *PERIOD, "--html", "other.html", "--json").code == 2
    assert gateway("advise", "--from", PERIOD[3], "--to", PERIOD[1]).code == 2
