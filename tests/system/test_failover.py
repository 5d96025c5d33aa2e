"""A real standby takes over from a real primary under a gateway that serves: one that has everything, and one that
lacks what was acknowledged last."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec
import pytest

from gateway.bootstrap import failover as module
from gateway.core.errors import ConfigurationError, VerificationError
from gateway.exchange.failover import Failover
from gateway.ledger.record import Envelope
from gateway.settings import Settings
from gateway.store.engine import open_engine, target
from gateway.store.replication import standing
from tests.cli.kit import here
from tests.conftest import ManualClock
from tests.services import Postgres
from tests.standbys import SLOT, Pair
from tests.store.kit import NODE
from tests.store.ledger_kit import whole
from tests.system.installation import toml
from tests.system.kit import PUBLIC
from tests.system.site import SHIPPED, ZONES, System, system

pytestmark = pytest.mark.postgres


@pytest.fixture
def pair(postgres_settings: Settings, postgres_server: Postgres) -> Iterator[Pair]:
    """Each holds the database of `postgres_settings`, as it was made."""
    with Pair(postgres_server) as made:
        yield made


@pytest.fixture
def both(postgres_settings: Settings, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that name the first server and the standby, whichever answers."""
    monkeypatch.setattr(module, "WATCH_S", 0.05)
    places = {"url": postgres_settings.database.url, "owner_url": postgres_settings.database.owner_url or ""}
    named = {name: _at(url, f"{pair.first.place},{pair.standby.place}") for name, url in places.items()}
    database = msgspec.structs.replace(postgres_settings.database, **named)
    return msgspec.structs.replace(postgres_settings, database=database)


async def test_a_standby_that_was_waited_for_takes_over_with_everything_that_was_acknowledged(
    both: Settings, pair: Pair
) -> None:
    await pair.first.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
    await pair.first.run("SELECT pg_reload_conf()")
    async with system(both) as site, asyncio.timeout(60):
        key = await site.key("clerk")
        answers = [await _asked(site, key)]
        assert 'gateway_database_standing{state="synchronous"} 1.0' in (await site.http.get("/metrics")).text
        under_way = [asyncio.create_task(_asked(site, key)) for _ in range(8)]
        await pair.first.end()
        answers += [await one for one in under_way]
        assert (await _asked(site, key)).status_code == 503, "the standby takes no writes yet"
        await pair.standby.promote()
        await _until_ready(site)
        answers.append(await _asked(site, key))
        ledger = site.gateway.site.tenants["default"].ledger
        while "ledger.failover" not in {one["event"] for one in await site.records()}:  # noqa: ASYNC110 — it is asked
            await asyncio.sleep(0.05)
        assert [one.status_code for one in (answers[0], answers[-1])] == [200, 200]
        sent = len(site.agents["ward"].received)
    records = await whole(both, ledger)
    assert [one.outcome.code for one in records if one.event == "ledger.failover" and one.outcome] == ["timeline"]
    _demand_on_record(records, answers)
    assert sent <= sum(one.event == "exchange.requested" for one in records), "nothing is with an agent unrecorded"


async def test_a_standby_that_lacks_what_was_acknowledged_is_not_written_to_before_its_loss_is_on_record(
    both: Settings, pair: Pair
) -> None:
    with pytest.raises(ConfigurationError, match="accept_lossy_failover"):
        async with system(both):
            raise AssertionError("it must not serve")
    async with system(both, database=_accepting(both)) as site, asyncio.timeout(60):
        key = await site.key("clerk")
        kept = await _asked(site, key)
        await pair.caught_up()
        await pair.standby.follow_no_more()
        gone = await _asked(site, key)
        assert [kept.status_code, gone.status_code] == [200, 200]
        await pair.first.end()
        await pair.standby.promote()
        ledger, mark = site.gateway.site.tenants["default"].ledger, Path(both.base) / "keys"
        mark = mark / f"lost-{ledger}.json"
        while not mark.exists():
            assert (await _asked(site, key)).status_code == 503
        assert (await _asked(site, key)).status_code == 503
        ready = await site.http.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["ledger"]) == (503, False)
        sent = len(site.agents["ward"].received)
        assert sent == 2
    before = await whole(both, ledger)
    _demand_on_record(before, [kept])
    assert gone.headers["x-exchange-id"] not in {one.exchange for one in before}
    lost = msgspec.json.decode(mark.read_bytes())["size"]
    assert lost > len(before)
    with pytest.raises(VerificationError, match="acknowledge-restore"):
        async with system(both, database=_accepting(both)):
            raise AssertionError("it must not serve")
    assert await whole(both, ledger) == before, "nothing was written"
    _write_file(both)
    done = await asyncio.to_thread(here, Path(both.base), "audit", "acknowledge-restore", "--reason", "It was behind")
    assert (done.code, f"knows of {lost} records" in done.out) == (0, True), done.err
    async with system(both) as site, asyncio.timeout(60):
        again = await _asked(site, key)
        assert (again.status_code, mark.exists()) == (200, False)
    checked = await asyncio.to_thread(here, Path(both.base), "audit", "verify")
    assert checked.code == 0, checked.err
    after = await whole(both, ledger)
    assert after[: len(before)] == before
    assert [one.range for one in after if one.event == "restore.acknowledged"] == [(len(before), lost)]
    _demand_on_record(after, [kept, again])


class Writer:
    suspended = False


async def test_a_standby_without_a_slot_that_is_cut_off_is_not_taken_for_one_that_is_no_more(
    postgres_settings: Settings, pair: Pair
) -> None:
    """What would be acknowledged then, it lacks when it is promoted."""
    settings = msgspec.structs.replace(
        postgres_settings.database, url=_at(postgres_settings.database.url, pair.first.place), owner_url=None
    )
    engine = open_engine(target(msgspec.structs.replace(postgres_settings, database=settings)))
    writer: Any = Writer()
    looking = Failover(
        look=partial(standing, engine), writers={"tn_1": writer}, accepted=False, clock=ManualClock(), node=NODE
    )
    copying = "SELECT count(*) FROM pg_stat_replication"
    try:
        await looking.look()
        assert (looking.state, writer.suspended) == ("asynchronous", True)
        await pair.standby.run("ALTER SYSTEM SET primary_slot_name = ''")
        await pair.standby.run("SELECT pg_reload_conf()")
        slots = f"FROM pg_replication_slots WHERE slot_name = '{SLOT}'"
        while await pair.first.run(f"SELECT count(*) {slots}") != "0":
            await pair.first.run(f"SELECT pg_drop_replication_slot(slot_name) {slots} AND NOT active")
        while await pair.first.run(copying) == "0":  # noqa: ASYNC110 — the server is asked
            await asyncio.sleep(0.01)
        found = await standing(engine)
        assert found is not None
        assert (found.state, found.loose) == ("asynchronous", 1)
        await looking.look()
        await pair.standby.follow_no_more()
        while await pair.first.run(copying) != "0":  # noqa: ASYNC110 — the server is asked
            await asyncio.sleep(0.01)
        found = await standing(engine)
        assert found is not None
        assert found.state == "alone"
        await looking.look()
        assert (looking.state, writer.suspended) == ("asynchronous", True)
        await pair.first.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await pair.first.run("SELECT pg_reload_conf()")
        while looking.state != "synchronous":
            await looking.look()
        assert writer.suspended is False
    finally:
        await engine.dispose()


def _at(url: str, places: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@", query=f"host={places}"))


def _accepting(settings: Settings) -> dict[str, object]:
    return {
        "url": settings.database.url,
        "owner_url": settings.database.owner_url,
        "accept_lossy_failover": True,
    }


def _write_file(settings: Settings) -> None:
    document = {
        "database": {"url": settings.database.url, "owner_url": settings.database.owner_url},
        "keys": {"directory": "keys"},
        "policy": {"directory": str(SHIPPED)},
        "zone": ZONES,
    }
    text = "".join(f"{name} = {toml(value)}\n" for name, value in document.items())
    (Path(settings.base) / "gateway.toml").write_text(text)


async def _asked(site: System, key: str) -> httpx.Response:
    return await site.chat(key, PUBLIC, model="ward")


async def _until_ready(site: System) -> None:
    while (await site.http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 — it is asked
        await asyncio.sleep(0.05)


def _demand_on_record(records: list[Envelope], answers: list[httpx.Response]) -> None:
    """Who was answered is on record with that end, and every exchange that began has one."""
    begun = [one.exchange for one in records if one.event == "exchange.requested"]
    ends = {one.exchange: one.event for one in records if one.event in ("exchange.completed", "exchange.interrupted")}
    assert set(begun) == set(ends)
    told = {one.headers["x-exchange-id"] for one in answers if one.status_code == 200}
    assert {ends[one] for one in told} == {"exchange.completed"}
