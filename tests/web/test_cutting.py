"""Readings that last end with their reader's right to them: on record, and never as if they were whole."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import Any, cast

import httpx
import pytest

from gateway.core.errors import LedgerUnavailable
from gateway.core.refusal import Refusal
from gateway.exchange import underway
from gateway.exchange.auditor import Auditor
from gateway.exchange.exchange import Exchange
from gateway.pipeline import Pipeline
from gateway.settings import Settings
from gateway.store.api_keys import Administrator
from gateway.store.search import Hit
from gateway.web.cutting import _LASTS, Cutting
from tests.exchange.making import exchange
from tests.system.kit import PUBLIC, Watch
from tests.system.site import System, new_key, system
from tests.web.kit import Audited


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(underway, "LOOK_S", 0.01)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Streams of records stop after the first row, or before it once the event is set, and never go on."""
    original, before, never = Auditor.stream, asyncio.Event(), asyncio.Event()

    async def stream(self: Auditor, *about: Any, **how: Any) -> AsyncIterator[Hit]:
        async with aclosing(original(self, *about, **how)) as hits:
            async for hit in hits:
                if before.is_set():
                    await never.wait()
                yield hit
                await never.wait()

    monkeypatch.setattr(Auditor, "stream", stream)
    return before


async def _by(site: System) -> Administrator:
    writer = await site.gateway.site.writer("default")
    return Administrator(ledger=writer, tenant=writer.tenant)


async def _deny(site: System, owner: str) -> None:
    assert not isinstance(await site.gateway.site.denials.deny(await _by(site), "subject", owner), Refusal)


async def _denied(site: System, watch: Watch) -> dict[str, Any]:
    """The record of the one reading that was cut, once it is there."""

    async def found() -> list[dict[str, Any]]:
        return [record for record in await site.records() if record["event"] == "exchange.denied"]

    (record,) = await watch.until(found)
    return record


async def _rest(pieces: AsyncIterator[bytes]) -> None:
    async for _ in pieces:
        pass


@pytest.mark.parametrize("form", ["application/x-ndjson", "text/csv"])
async def test_a_stream_of_records_is_cut_on_record_and_ends_as_none_that_is_whole(
    database: Settings, endless: asyncio.Event, form: str
) -> None:
    watch = Watch()
    async with system(database, failpoint=watch) as site, asyncio.timeout(20):
        await site.chat(await site.key("clerk"), PUBLIC, model="ward")
        keys = [await site.key("auditor", owner=owner) for owner in ("eve", "ada")]
        heads = [{"authorization": f"Bearer {key}", "accept": form} for key in keys]
        async with (
            site.http.stream("GET", "/audit/records", headers=heads[1]) as unharmed,
            site.http.stream("GET", "/audit/records", headers=heads[0]) as answer,
        ):
            pieces, others = answer.aiter_raw(), unharmed.aiter_raw()
            assert await anext(pieces)
            assert await anext(others)
            await _deny(site, "eve")
            with pytest.raises(httpx.RemoteProtocolError):
                await _rest(pieces)
            record = await _denied(site, watch)
            assert (record["outcome"]["code"], record["outcome"]["status"]) == ("credential_denied", 200)
            assert record["exchange"] == answer.headers["x-exchange-id"]
            assert len(site.gateway.pipeline.parts.underway) == 1, "whoever is not denied goes on"


async def test_a_reading_of_which_nothing_had_left_is_refused(database: Settings, endless: asyncio.Event) -> None:
    endless.set()
    watch = Watch()
    async with system(database, failpoint=watch) as site, asyncio.timeout(20):
        made = await new_key(site.gateway.site, "auditor")
        headers = {"authorization": f"Bearer {made.plain}", "accept": "application/x-ndjson"}
        asking = asyncio.create_task(site.http.get("/audit/records", headers=headers))
        while not len(site.gateway.pipeline.parts.underway):  # noqa: ASYNC110 — nothing tells of it
            await asyncio.sleep(0.001)
        await site.gateway.site.api_keys.revoke(await _by(site), "default", made.record.id)
        answer = await asking
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:gateway:problem:credential_revoked")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        record = await _denied(site, watch)
        assert (record["exchange"], record["outcome"]["status"]) == (answer.headers["x-exchange-id"], 401)
        assert len(site.gateway.pipeline.parts.underway) == 0


async def test_a_bundle_that_is_being_fetched_or_built_is_cut(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site, asyncio.timeout(20):
        api = Audited(site, await site.key("auditor", owner="eve"))
        built = (await api.post("/evidence/bundles", {})).json()
        while (found := (await api.get(f"/evidence/bundles/{built['id']}")).json())["status"] == "building":  # noqa: ASYNC110 — as a client of the API waits
            await asyncio.sleep(0.02)
        assert found["status"] == "ready"
        # More than connections take in while nobody reads.
        file = next(site.gateway.site.settings.path("bundles").rglob(f"{built['id']}.*.zip"))
        os.truncate(file, 64 << 20)
        waits = asyncio.Event()

        async def never(self: Auditor, *about: object, **how: object) -> None:
            waits.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(Auditor, "write", never)
        begun = (await api.post("/evidence/bundles", {})).json()
        await waits.wait()
        path, headers = f"/evidence/bundles/{built['id']}/download", {"authorization": f"Bearer {api.key}"}
        async with site.http.stream("GET", path, headers=headers) as answer:
            pieces = answer.aiter_raw()
            assert await anext(pieces)
            assert len(site.gateway.pipeline.parts.underway) == 2
            await _deny(site, "eve")
            record = await _denied(site, watch)
            with pytest.raises(httpx.RemoteProtocolError):
                await _rest(pieces)
        assert (record["exchange"], record["outcome"]["status"]) == (answer.headers["x-exchange-id"], 200)
        other = Audited(site, await site.key("auditor", owner="ada"))
        failed = (await other.get(f"/evidence/bundles/{begun['id']}")).json()
        assert (failed["status"], failed["reason"]) == ("failed", "credential_denied")
        assert len(site.gateway.pipeline.parts.underway) == 0


class _Pipeline:
    """Where nothing can be recorded."""

    def __init__(self) -> None:
        self.parts = self
        self.underway = self
        self.ended: list[Exchange] = []

    async def deny(self, *about: object, **how: object) -> None:
        raise LedgerUnavailable("down")

    def over(self, exchange: Exchange) -> None:
        self.ended.append(exchange)


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("cut", [False, True])
async def test_what_cannot_be_recorded_ends_too_and_a_stop_of_the_server_is_no_cut(started: bool, cut: bool) -> None:
    one, pipeline, waits = exchange(), _Pipeline(), asyncio.Event()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def api(scope: Any, receive: Any, send: Any) -> None:
        if started:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        waits.set()
        await asyncio.Event().wait()

    cutting = Cutting(api, cast(Pipeline, pipeline))
    stack = AsyncExitStack()
    stack.callback(sent.append, {"type": "closed"})
    task = asyncio.create_task(cutting({"type": "http", _LASTS: (one, stack)}, cast(Any, None), send))
    await waits.wait()
    one.cut = Refusal(code="credential_denied") if cut else None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled() is not cut
    assert pipeline.ended == [one]
    assert sent.pop() == {"type": "closed"}, "whatever was held"
    statuses = [message["status"] for message in sent if "status" in message]
    assert statuses == [200] * started + [503] * (cut and not started)
    if cut and not started:
        assert json.loads(sent[-1]["body"])["type"].endswith("ledger_unavailable")
