"""What a gateway that serves, as its own command, tells of real traffic: metrics that count it, and log lines by which
it is found again."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from gateway.exchange.metrics import STEPS
from gateway.settings import Settings
from tests.system.installation import installation
from tests.system.kit import HEALTH, PUBLIC, TRACE, TRACEPARENT
from tests.system.processes import WAIT_S, forked

SECRET = "password: hunter2hunter2"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


async def _metrics(http: httpx.AsyncClient) -> Samples:
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def _until(found: Callable[[], Awaitable[bool]]) -> None:
    """`TimeoutError` when it takes too long."""
    async with asyncio.timeout(WAIT_S):
        while not await found():  # noqa: ASYNC110 — whatever is asked, it tells by its answer alone
            await asyncio.sleep(0.01)


async def test_what_was_served_is_told_by_metrics_and_by_log_lines(sqlite_settings: Settings) -> None:
    sections: dict[str, Any] = {"server": {"log_level": "debug"}}
    async with installation(sqlite_settings, **sections) as site, forked(site.file) as (process, url):
        headers = {"authorization": f"Bearer {site.key}", "traceparent": TRACEPARENT}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=WAIT_S) as http:

            async def ask(text: str, **more: Any) -> httpx.Response:
                body = {"model": "cloud", "messages": [{"role": "user", "content": text}], **more}
                return await http.post("/v1/chat/completions", json=body)

            before = await _metrics(http)
            answers = [await ask(PUBLIC), await ask(HEALTH), await ask(PUBLIC, stream=True), await ask(SECRET)]
            assert [one.status_code for one in answers] == [200, 200, 200, 403], [one.text for one in answers]
            _counted(before, await _metrics(http))
            await _lagging(http, Path(sqlite_settings.base), ask)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), WAIT_S) == 0
        _logged((site.file.parent / "serve.log").read_text(), answers)


def _counted(before: Samples, after: Samples) -> None:
    """Requests, decisions, time by step, batches: of three that were answered and one that was denied."""
    (whose,) = {dict(labels)["tenant"] for name, labels in after if name == "gateway_requests_total"}
    assert whose.startswith("tn_"), "the random id of the tenant's ledger"
    assert _value(after, "gateway_requests_total", tenant=whose, protocol="openai", code="ok") == 3
    assert _value(after, "gateway_requests_total", tenant=whose, protocol="openai", code="policy_denied") == 1
    decided = {labels: value for (name, labels), value in after.items() if name == "gateway_decisions_total"}
    assert decided == {
        frozenset({("tenant", whose), ("effect", "route"), ("zone", "cloud")}): 2,
        frozenset({("tenant", whose), ("effect", "route"), ("zone", "in-house")}): 1,  # health data stay in the house
        frozenset({("tenant", whose), ("effect", "deny"), ("zone", "none")}): 1,
    }
    for step in STEPS:
        count = _value(after, "gateway_step_seconds_count", step=step)
        assert count == (4 if step in ("identify", "read", "limit", "classify", "decide") else 3), step
        assert _value(after, "gateway_step_seconds_sum", step=step) > 0, step
        assert _value(after, "gateway_step_seconds_bucket", step=step, le="+Inf") == count
    batches, records = (
        _value(after, f"gateway_ledger_batch_records_{what}") - _value(before, f"gateway_ledger_batch_records_{what}")
        for what in ("count", "sum")
    )
    assert records == 7, "an intent and an outcome of three, and a denial"
    assert 0 < batches <= 7
    assert _value(after, "gateway_ledger_commit_seconds_sum") > 0


def _logged(log: str, answers: list[httpx.Response]) -> None:
    """Each line is JSON, and names exchange and trace of what it tells."""
    lines = [json.loads(line) for line in log.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    told = [[line for line in lines if line.get("exchange") == answer.headers["x-exchange-id"]] for answer in answers]
    assert [[(one["message"], one["code"], one["status"], one.get("agent")) for one in found] for found in told] == [
        [("completed", "ok", 200, "cloud")],
        [("completed", "ok", 200, "ward")],
        [("completed", "ok", 200, "cloud")],
        [("refused", "policy_denied", 403, None)],
    ]
    assert {one["trace"] for found in told for one in found} == {TRACE}
    assert "hunter2" not in log
    assert PUBLIC not in log


async def _lagging(http: httpx.AsyncClient, base: Path, ask: Callable[[str], Awaitable[httpx.Response]]) -> None:
    """While another process holds the database, what waits to be written is told; and that nothing does afterwards."""

    async def lag() -> float:
        return max(value for (name, _), value in (await _metrics(http)).items() if name == "gateway_ledger_lag_records")

    waiting: list[asyncio.Future[httpx.Response]] = []

    async def lags() -> bool:
        # What is being written does not wait any more; what comes behind it does.
        waiting.append(asyncio.ensure_future(ask(f"{PUBLIC} {len(waiting)}")))
        return await lag() >= 1

    async def written() -> bool:
        return await lag() == 0

    other = sqlite3.connect(base / "gateway.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        await _until(lags)
        other.execute("ROLLBACK")
    finally:
        other.close()
    # Those that had to wait for too long, on a machine that is busy, are refused.
    assert {one.status_code for one in await asyncio.gather(*waiting)} <= {200, 503}
    await _until(written)
