"""Nodes on two machines: one database of records, one of data keys, and a keyring on each with the same keys."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from gateway.core.errors import ConfigurationError
from gateway.settings import Settings
from gateway.store.keyring import Keyring
from gateway.store.root_key import kek_of
from gateway.store.shared_keys import SharedDataKeys
from gateway.store.tables import task as table
from gateway.store.tables import task_content
from gateway.store.tasks import REQUEST
from tests.services import Postgres
from tests.store.ledger_kit import changing, seeing
from tests.store.shared_keys_kit import away, back, data_keys_database
from tests.system.approvals import approval_of, asking
from tests.system.kit import PUBLIC, Watch, code
from tests.system.site import Agent, served, system
from tests.web.tasking import Tasking, chat, tasking

LATER = 3600
PATIENT = {"x-data-subject": "patient-7"}
AGENTS: dict[str, dict[str, Any]] = {
    "cloud": {"zone": "cloud", "processor": "cloud-inc", "capabilities": ["summarize"]},
    "ward": {"zone": "in-house", "capabilities": ["summarize"]},
}
pytestmark = pytest.mark.postgres


class Machines(msgspec.Struct):
    """Settings of two nodes, what both have to be given, and the database of their data keys."""

    first: Settings
    second: Settings
    more: dict[str, Any]
    url: str


@pytest.fixture
async def machines(postgres_server: Postgres, postgres_settings: Settings, tmp_path: Path) -> AsyncIterator[Machines]:
    with data_keys_database(postgres_server) as url:
        Keyring.create(tmp_path / "keys").close()
        assert await asyncio.to_thread(SharedDataKeys.create, url, kek_of(tmp_path / "keys"))
        async with AsyncExitStack() as stack:
            agents = {
                name: {**values, "url": await stack.enter_async_context(served(Agent()))}
                for name, values in AGENTS.items()
            }
            (tmp_path / "two").mkdir()
            yield Machines(
                postgres_settings,
                msgspec.structs.replace(postgres_settings, base=str(tmp_path / "two")),
                {"agents": agents, "keys": {"data_keys": url}},
                url,
            )


def copied(base: Path) -> None:
    """The operator brings the keys of the first machine to the second one."""
    apart = shutil.ignore_patterns("node-id", "data-keys.db*")
    shutil.copytree(base / "keys", base / "two" / "keys", ignore=apart)


@asynccontextmanager
async def two(m: Machines, base: Path, **tasks: Any) -> AsyncIterator[tuple[Tasking, Tasking]]:
    async with tasking(m.first, tasks=tasks, **m.more) as one:
        copied(base)
        async with tasking(m.second, tasks=tasks, **m.more) as other:
            yield one, other.by(one.key)


async def test_a_task_that_one_accepted_runs_on_the_other(machines: Machines, tmp_path: Path) -> None:
    async with two(machines, tmp_path) as (one, other):
        await one.site.gateway.dispatcher.stop()
        tasks = [await one.submit(chat(), **headers) for headers in ({}, PATIENT)]
        for task in tasks:
            done = await other.ended(task)
            assert done["state"] == "completed", done
            assert (await one.get(task))["state"] == "completed"
            result = await one.ask("GET", f"/v1/tasks/{task}/result")
            assert (result.status_code, PUBLIC in result.text) == (200, True)
            first, *_ = await other.site.trail(done["exchange"])
            assert first["node"]["id"] == other.site.gateway.site.node.id != one.site.gateway.site.node.id


async def test_an_approval_asked_for_on_one_is_decided_and_used_on_the_other(
    machines: Machines, tmp_path: Path
) -> None:
    async with asking(machines.first, tmp_path, **machines.more) as one:
        copied(tmp_path)
        async with asking(machines.second, tmp_path, **machines.more) as other:
            analyst, eve = await one.analyst(), await one.person("eve")
            approval = approval_of(await one.ask(analyst, "order-1", headers=PATIENT))
            shown = await other.get(eve, f"/approvals/{approval}")
            assert shown.status_code == 200
            assert (await other.answer(eve, approval, "approve")).status_code == 200
            answered = await other.ask(analyst, "order-1", headers=PATIENT)
            assert answered.status_code == 200, answered.text


async def test_a_key_destroyed_on_one_is_gone_on_both_and_its_task_is_erased(
    machines: Machines, tmp_path: Path
) -> None:
    async with two(machines, tmp_path) as (one, other):
        await one.site.gateway.dispatcher.stop()
        task = await one.submit(chat(delay_s=LATER))
        async with seeing(one.site.gateway.site.where) as connection:
            key = str(await connection.scalar(select(task_content.c.key).where(task_content.c.part == REQUEST)))
        rings = one.site.gateway.site.keyring, other.site.gateway.site.keyring
        assert [ring.data_key(key) is None for ring in rings] == [False, False]
        assert rings[0].destroy([key]) == 1
        assert [(ring.data_key(key), ring.unknown(key)) for ring in rings] == [(None, False)] * 2
        async with changing(one.site.gateway.site.where) as connection:
            await connection.execute(update(table).values(due_us=0))
        other.site.gateway.dispatcher.wake()
        ended = await other.ended(task)
        assert (ended["state"], ended["code"]) == ("failed", "task_erased"), ended


async def test_while_the_data_keys_are_away_nothing_leaves_and_all_of_it_is_counted(
    machines: Machines, postgres_server: Postgres
) -> None:
    watch = Watch()
    async with system(machines.first, failpoint=watch, **machines.more) as site:
        key = await site.key("clinician")
        assert (await site.chat(key, PUBLIC, "ward")).status_code == 200
        before = len(await site.records())
        async with away(postgres_server, machines.url):
            for headers in ({}, PATIENT, PATIENT):
                refused = await site.chat(key, PUBLIC, "ward", headers=headers)
                assert (refused.status_code, code(refused)) == (503, "ledger_unavailable"), refused.text
            ready = await site.http.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["keys"]) == (503, False)
            assert (await site.http.get("/healthz")).status_code == 200
        shared = site.gateway.site.keyring.shared
        assert shared is not None
        await back(shared)
        ready = await site.http.get("/readyz")
        assert ready.json()["checks"]["keys"] is True
        assert (await site.chat(key, PUBLIC, "ward", headers=PATIENT)).status_code == 200

        async def counted() -> int | None:
            found = [one for one in (await site.records())[before:] if one["event"] == "ledger.recovered"]
            return total if (total := sum(one["count"] for one in found)) >= 3 else None

        assert await watch.until(counted) == 3
        intents = [one for one in (await site.records())[before:] if one["event"] == "exchange.requested"]
        assert len(intents) == 1


async def test_a_node_with_another_kek_does_not_start(machines: Machines, tmp_path: Path) -> None:
    async with system(machines.first, **machines.more):
        copied(tmp_path)
        (tmp_path / "two" / "keys" / "kek").write_bytes(bytes(32))
        with pytest.raises(ConfigurationError, match="kek is not the one"):
            async with system(machines.second, **machines.more):
                raise AssertionError("it started")
