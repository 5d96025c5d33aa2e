"""`gateway incidents`: from what a later engine finds to a person's word on it, told to a channel on the way."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from gateway.store.notices import NoticeStore
from tests.checks.classification.test_own import BADGE, toml
from tests.cli.kit import Run
from tests.cli.test_reclassify import PERIOD

CHANNEL = """
[[channel]]
id = "desk"
url = "http://127.0.0.1:9"
secret = "env:DESK"
roles = ["privacy"]
"""


def test_an_incident_is_told_listed_and_closed(gateway: Run, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK", "s" * 32)
    (kept / "policies" / "recognizers" / "own.toml").write_bytes(toml(BADGE))
    with (kept / "gateway.toml").open("a") as file:
        file.write(CHANNEL)
    assert gateway("incidents", "list", "--json").data == {"incidents": []}
    assert gateway("reclassify", *PERIOD).code == 1

    (one,) = gateway("incidents", "list", "--json").data["incidents"]
    assert gateway("incidents", "list", "--format", "csv").out.splitlines()[1].split(",")[0] == one["id"]
    assert json.loads(gateway("incidents", "list", "--format", "ndjson").out) == one
    (record,) = gateway("audit", "query", "--event", "incident.opened", "--json").data["records"]
    assert (one["id"], one["exchange"]) == (record["record"]["id"], record["record"]["exchange"])
    (notice,) = asyncio.run(_waiting(kept))
    assert (b'"incident.opened"' in notice, one["id"].encode() in notice) == (True, True)

    wanted = ("--owner", "eve", "--zone", "in-house", "--role", "privacy", "--kind", "person")
    made = gateway("keys", "create", *wanted, "--json")
    monkeypatch.setenv("KEY_EVE", made.data["key"])
    arguments = ("--disposition", "mistaken", "--reason", "A name of a product.", "--key", "env:KEY_EVE")
    done = gateway("incidents", "close", one["id"], *arguments)
    assert (done.code, "mistaken" in done.out) == (0, True), done.err
    assert gateway("incidents", "close", one["id"], *arguments).code == 1
    assert gateway("incidents", "list", "--json").data == {"incidents": []}
    assert "mistaken" in gateway("incidents", "list", "--closed").out
    assert gateway("audit", "verify").code == 0


async def _waiting(site: Path) -> list[bytes]:
    async with open_site(load_settings(site / "gateway.toml")) as opened:
        due = await NoticeStore(opened.engine).due(2**60, 9, channel="desk", beside=())
        return [one.body for one in due]
