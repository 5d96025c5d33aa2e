"""What is built from settings is whole: a policy that was put on record, a node with an id, or no start at all."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from gateway.bootstrap import SystemClock, build_digest, config_digest, load_policy_set, open_gateway, open_site
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, parse
from gateway.store.keyring import Keyring
from tests.system.kit import policies
from tests.system.site import settings_for

LATER = (
    "p, 900, role:user, class:internal, zone:cloud, *, purpose:*, always, deny, none, later, "
    '"Internal data never go to the cloud."'
)
AGENT = {"url": "http://127.0.0.1:9", "zone": "in-house", "capabilities": ["summarize"]}


def configured(base: Settings, **sections: object) -> Settings:
    keys = Path(base.base) / "keys"
    if not keys.exists():
        Keyring.create(keys).close()
    return settings_for(base, {"ward": AGENT}, **sections)


async def activations(settings: Settings) -> list[dict[str, object]]:
    async with open_site(settings) as site:
        reader = site.reader("default")
        return [
            {"policy": json.loads(stored.envelope)["policy"], **json.loads(stored.detail or b"{}")}
            async for stored in reader.records(0, await reader.size(), details=True)
            if json.loads(stored.envelope)["event"] == "policy.activated"
        ]


async def test_a_policy_is_activated_on_record_once_however_often_the_gateway_starts(database: Settings) -> None:
    settings = configured(database)
    for _ in range(2):
        async with open_gateway(settings) as gateway:
            assert gateway.ready() == {"ledger": True, "policy": True, "tasks": True}
            digest = gateway.policy_set.digest
    (one,) = await activations(settings)
    assert one["policy"] == digest


async def test_another_directory_is_another_activation_and_its_detail_names_what_changed(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    async with open_gateway(configured(sqlite_settings)):
        pass
    changed = configured(sqlite_settings, policy=policies(tmp_path, LATER))
    async with open_gateway(changed):
        pass
    first, second = await activations(changed)
    assert first["policy"] != second["policy"]
    assert "later" in str(second["diff"])


async def test_a_start_says_under_which_configuration_and_whether_that_is_another(sqlite_settings: Settings) -> None:
    first = configured(sqlite_settings)
    second = configured(sqlite_settings, server={"max_depth": 32})
    for settings in (first, first, second):
        async with open_gateway(settings) as gateway:
            assert gateway.ready()["ledger"]
    async with open_site(second) as site:
        for tenant in ("default", "_system"):
            reader = site.reader(tenant)
            records = [json.loads(stored.envelope) async for stored in reader.records(0, await reader.size())]
            told = [
                (one["event"], one["config"])
                for one in records
                if "config" in one and one["event"] != "policy.activated"
            ]
            assert told == [
                *([("ledger.started", config_digest(first))] * 2),
                ("config.changed", config_digest(second)),
                ("ledger.started", config_digest(second)),
            ]


async def test_with_four_eyes_a_directory_that_differs_does_not_start(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    first = configured(sqlite_settings, policy={**policies(tmp_path), "four_eyes": True})
    async with open_gateway(first):
        pass
    with (tmp_path / "policies" / "policy.csv").open("a") as file:
        file.write(f"\n{LATER}\n")
    with pytest.raises(ConfigurationError, match="four_eyes"):
        async with open_gateway(first):
            pass
    assert len(await activations(first)) == 1


async def test_a_node_keeps_its_id_and_each_start_has_its_own(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings)
    nodes = []
    for _ in range(2):
        async with open_site(settings) as site:
            nodes.append(site.node)
    assert nodes[0].id == nodes[1].id
    assert nodes[0].id.startswith("nd_")
    assert nodes[0].boot != nodes[1].boot
    file = Path(settings.base) / "keys" / "node-id"
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("something else")
    with pytest.raises(ConfigurationError, match="node-id"):
        async with open_site(settings):
            pass


async def test_what_was_opened_is_closed_when_the_start_fails_half_way(sqlite_settings: Settings) -> None:
    settings = configured(sqlite_settings)
    missing = settings_for(sqlite_settings, {"ward": {**AGENT, "schema": "none.json"}})
    before = asyncio.all_tasks()
    with pytest.raises(ConfigurationError, match=r"agent\[0\].schema"):
        async with open_gateway(missing):
            pass
    assert asyncio.all_tasks() == before
    async with open_gateway(settings) as gateway:
        assert all(gateway.ready().values())


async def test_only_classes_that_the_policy_knows_may_be_kept(sqlite_settings: Settings) -> None:
    settings = settings_for(sqlite_settings, {}, cache={"classes": ["pubic"]})
    Keyring.create(Path(sqlite_settings.base) / "keys").close()
    with pytest.raises(ConfigurationError, match=r"cache\.classes must be .*, which are .*public"):
        async with open_gateway(settings):
            raise AssertionError("it started")


def test_a_policy_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="gateway init"):
        load_policy_set(parse({}, {}, tmp_path), "1-0")


def test_digests_tell_settings_apart_wherever_they_lie_and_code_is_the_same_each_time(tmp_path: Path) -> None:
    one, moved = parse({}, {}, tmp_path), parse({}, {}, tmp_path / "elsewhere")
    changed = parse({"server": {"port": 1}}, {}, tmp_path)
    assert config_digest(one) == config_digest(moved) != config_digest(changed)
    assert config_digest(msgspec.structs.replace(one)) == config_digest(one)
    assert build_digest() == build_digest()
    assert len(build_digest()) == 71


def test_the_machines_clock_tells_microseconds_and_never_goes_back() -> None:
    clock = SystemClock()
    assert 1_700_000_000_000_000 < clock.now_us() < 10_000_000_000_000_000
    assert clock.monotonic_ns() <= clock.monotonic_ns()
