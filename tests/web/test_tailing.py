"""The trail as it grows: live, resumable, on record, bounded, and over when its reader may not read on."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from gateway.core.ports import StoredRecord
from gateway.exchange import auditor, underway
from gateway.exchange.following import Gone
from gateway.ledger.index import COLUMNS, index_columns
from gateway.ledger.record import GENESIS, Envelope, parse, seal, timestamp
from gateway.settings import Settings
from gateway.store.api_keys import Administrator
from gateway.store.search import Hit
from gateway.web import tailing
from tests.system.kit import Watch
from tests.system.site import System, system
from tests.web.kit import audited

PATH = "/audit/records?event=key.created"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "LOOK_S", 0.01)
    monkeypatch.setattr(underway, "LOOK_S", 0.01)


class Event(msgspec.Struct, frozen=True):
    """What stands between two empty lines. Clients keep the id of one without data, too."""

    id: str = ""
    event: str = ""
    data: str | None = None


async def events(answer: httpx.Response) -> AsyncIterator[Event]:
    text = ""
    async for piece in answer.aiter_text():
        *whole, text = (text + piece).split("\n\n")
        for one in whole:
            fields = dict(line.split(": ", 1) for line in one.split("\n") if not line.startswith(":"))
            yield msgspec.convert(fields, Event)


def headers(key: str, **more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", "accept": "text/event-stream", **more}


async def reads(site: System) -> list[dict[str, Any]]:
    return [record for record in await site.records() if record["event"] == "audit.read"]


async def test_what_comes_on_record_is_told_once_in_order_and_the_reading_was_recorded_first(
    database: Settings,
) -> None:
    async with audited(database) as api, asyncio.timeout(60):
        before = len(await api.site.records())
        async with api.site.http.stream("GET", PATH, headers=headers(api.key)) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["x-accel-buffering"] == "no"
            (read,) = await reads(api.site)
            assert read["exchange"] == answer.headers["x-exchange-id"]
            told = events(answer)
            first = await anext(told)
            assert (first.id, first.data) == (str(before - 1), None)
            seqs = []
            for owner in ("a", "b"):
                await api.site.key("clinician", owner=owner)
                while (event := await anext(told)).data is None:
                    pass
                shown = json.loads(event.data)
                assert (event.event, event.id, shown["record"]["event"]) == ("record", str(shown["seq"]), "key.created")
                seqs.append(shown["seq"])
            assert seqs == sorted(seqs)
            assert len(await reads(api.site)) == 1


async def test_who_comes_back_misses_nothing_and_repeats_nothing(sqlite_settings: Settings) -> None:
    async with audited(sqlite_settings) as api, asyncio.timeout(60):
        for owner in ("a", "b", "c"):
            await api.site.key("clinician", owner=owner)
        made = [one["seq"] for one in (await api.get(f"{PATH}&order=asc")).json()["records"]]
        for last in made[:2]:
            again = headers(api.key, **{"last-event-id": str(last)})
            async with api.site.http.stream("GET", PATH, headers=again) as answer:
                found = []
                async for event in events(answer):
                    found += [] if event.data is None else [int(event.id)]
                    if len(found) == len(made) - made.index(last) - 1:
                        break
            assert found == made[made.index(last) + 1 :]


async def test_where_nothing_fits_the_number_that_was_looked_at_is_told(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "IDLE_LOOKS", 2)
    async with audited(sqlite_settings) as api, asyncio.timeout(60):
        path = "/audit/records?agent=nobody"
        async with api.site.http.stream("GET", path, headers=headers(api.key, **{"last-event-id": "0"})) as answer:
            told = events(answer)
            numbers = [await anext(told) for _ in range(4)]
        assert all(event.data is None for event in numbers)
        assert [int(event.id) for event in numbers] == sorted(int(event.id) for event in numbers)
        assert int(numbers[-1].id) == len(await api.site.records()) - 1


async def test_an_id_of_no_event_is_refused_without_a_reading(
    sqlite_settings: Settings, subtests: pytest.Subtests
) -> None:
    async with audited(sqlite_settings) as api:
        for last in ("x", "-1", "1.0", "", "00", "9" * 16, "१"):
            with subtests.test(last=last):
                given = {
                    name.encode(): value.encode() for name, value in headers(api.key, **{"last-event-id": last}).items()
                }
                refused = await api.site.http.get("/audit/records", headers=given)
                assert (refused.status_code, refused.json()["field"]) == (400, "Last-Event-ID")
                assert await reads(api.site) == []


@pytest.mark.parametrize("paging", ["order=asc", "limit=5", "cursor=x"])
async def test_what_is_yet_to_come_has_no_pages(sqlite_settings: Settings, paging: str) -> None:
    async with audited(sqlite_settings) as api:
        refused = await api.site.http.get(f"/audit/records?{paging}", headers=headers(api.key))
        assert refused.status_code == 400
        assert "order, limit or cursor" in refused.json()["detail"]


async def cut(site: System, watch: Watch) -> dict[str, Any]:
    async def found() -> list[dict[str, Any]]:
        return [record for record in await site.records() if record["event"] == "exchange.denied"]

    (record,) = await watch.until(found)
    return record


async def test_it_ends_with_the_reader_s_right_on_record(sqlite_settings: Settings) -> None:
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site, asyncio.timeout(60):
        key = await site.key("auditor", owner="eve")
        async with site.http.stream("GET", "/audit/records", headers=headers(key)) as answer:
            told = events(answer)
            await anext(told)
            writer = await site.gateway.site.writer("default")
            by = Administrator(ledger=writer, tenant=writer.tenant)
            await site.gateway.site.denials.deny(by, "subject", "eve")
            with pytest.raises(httpx.RemoteProtocolError):
                [event async for event in told]
        record = await cut(site, watch)
        assert (record["outcome"]["code"], record["exchange"]) == (
            "credential_denied",
            answer.headers["x-exchange-id"],
        )


async def test_a_reader_who_takes_nothing_is_cut_on_record(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is full, and one lot of records waits: nothing more is read for it."""
    monkeypatch.setattr(tailing, "SLOW_S", 0.2)
    monkeypatch.setattr(auditor, "IDLE_LOOKS", 1)
    # More than connections take in while nobody reads.
    monkeypatch.setattr(tailing, "_encoded", lambda lot: [b":" + b" " * (16 << 20) + b"\n\n"])
    watch = Watch()
    async with system(sqlite_settings, failpoint=watch) as site, asyncio.timeout(60):
        key = await site.key("auditor")
        async with site.http.stream("GET", "/audit/records", headers=headers(key)) as answer:
            record = await cut(site, watch)
            assert (record["outcome"]["code"], record["outcome"]["status"]) == ("reader_too_slow", 200)
            assert record["exchange"] == answer.headers["x-exchange-id"]
        assert len(site.gateway.pipeline.parts.underway) == 0


def test_a_record_of_an_emergency_ledger_has_no_id_and_one_that_is_not_at_hand_is_told() -> None:
    sealed = seal(
        Envelope(id="a", tenant="tn_1", event="audit.read", occurred_at=timestamp(0)), 3, GENESIS, timestamp(0)
    )
    stored = StoredRecord(seq=3, envelope=sealed, hash=bytes(32))
    own = tailing._record(_hit(stored))
    assert own.startswith(b"id: 3\nevent: record\ndata: ")
    apart = tailing._record(_hit(msgspec.structs.replace(stored, emergency="em_1")))
    assert apart.startswith(b"event: record\ndata: ")
    assert b'"emergency":"em_1"' in apart
    told = tailing._encoded(auditor.Away(("em_1", "em_2")))
    assert told[0] == b'event: emergency\ndata: {"emergency":"em_1","held":false}\n\n'
    assert len(told) == 2


def test_records_that_were_archived_are_told_without_an_id() -> None:
    """So that who comes back before the next one is told again."""
    told = b'event: archived\ndata: {"archives":["ar_1"],"first":101,"end":4096}\n\n'
    assert tailing._encoded(Gone(("ar_1",), 101, 4096)) == [told]


def _hit(stored: StoredRecord) -> Hit:
    columns: dict[str, Any] = dict(zip(COLUMNS, index_columns(parse(stored.envelope)), strict=True))
    return Hit(stored=stored, **columns)
