"""`gateway tasks`: the queue and the dead letters, looked at and moved by somebody, on record."""

import asyncio
from pathlib import Path
from typing import Any

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.ledger.entry import Entry, SealedPart
from gateway.store.tasks import FAILED, QUEUED, created
from tests.cli.kit import Run
from tests.store.kit import entry
from tests.store.test_tasks import made

REQUEST = SealedPart(part="task.request", key="k", nonce=b"n", ciphertext=b"c")


def put(site: Path, *tasks: dict[str, Any]) -> None:
    """Tasks of the installation's tenant."""

    async def write() -> None:
        async with open_site(load_settings(site / "gateway.toml")) as opened:
            writer = await opened.writer("default")
            for fields in tasks:
                one = made(tenant=writer.tenant, **fields)
                draft = entry(ledger=writer.tenant).draft
                assert await writer.submit(Entry(draft=draft, change=created(one, REQUEST))) is not None

    asyncio.run(write())


def test_tasks_are_listed_and_shown_without_what_they_hold(gateway: Run, site: Path) -> None:
    put(site, {"name": "t1"}, {"name": "t2", "state": FAILED, "ended_us": 1, "code": "agent_timeout"})
    out = gateway("tasks", "list").out
    assert all(text in out for text in ("t1", "t2", "agent_timeout", "ward"))
    (dead,) = gateway("tasks", "list", "--state", "failed", "--json").data["tasks"]
    assert (dead["id"], dead["state"]) == ("t2", "failed")
    assert gateway("tasks", "list", "--before", "t2", "--limit", "1", "--json").data["tasks"][0]["id"] == "t1"
    assert gateway("tasks", "list", "--limit", "0").code == 2
    shown = gateway("tasks", "show", "t1", "--json").data
    assert (shown["most_tries"], shown["actor"]) == (3, "ac_1")
    assert "most_tries" in gateway("tasks", "show", "t1").out
    assert gateway("tasks", "show", "t9").code == 1


def test_a_dead_letter_is_begun_anew_and_what_waits_is_cancelled_on_record(gateway: Run, site: Path) -> None:
    put(site, {"name": "t1"}, {"name": "t2", "state": FAILED, "ended_us": 1, "tries": 3})
    assert gateway("tasks", "requeue", "t1").code == 1
    again = gateway("tasks", "requeue", "t2", "--json").data
    assert (again["state"], again["tries"]) == (QUEUED, 0)
    assert gateway("tasks", "cancel", "t1", "--json").data["state"] == "cancelled"
    assert "cancelled" in gateway("tasks", "cancel", "t2").out
    assert gateway("tasks", "cancel", "t1").code == 1
    records = gateway("audit", "query", "--order", "asc", "--json").data["records"]
    events = [(one["record"]["event"], one["record"]["task"]) for one in records if "task" in one["record"]]
    assert events == [("task.requeued", "t2"), ("task.cancelled", "t1"), ("task.cancelled", "t2")]
