"""A command looks after tasks; only a gateway that serves takes them and gives their results."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.bootstrap import Site, nats_messages, open_gateway, open_site, tasks_of
from gateway.core.errors import ConfigurationError
from gateway.settings import Settings, TaskSettings, parse
from gateway.store.sealing import Sealer
from tests.bootstrap.kit import configured
from tests.services import free_port
from tests.store.nats_kit import seed_of
from tests.store.test_nkeys import CREDENTIALS


@pytest.fixture
async def site(sqlite_settings: Settings) -> AsyncIterator[Site]:
    async with open_site(configured(sqlite_settings)) as opened:
        yield opened


async def test_a_command_submits_nothing_and_fetches_nothing(site: Site) -> None:
    writers = {site.tenants["_system"].ledger: await site.writer("_system")}
    tasks: Any = tasks_of(site, writers, Sealer(site.keyring))
    with pytest.raises(ConfigurationError, match="to a gateway that serves"):
        await tasks._foresee(None)
    with pytest.raises(ConfigurationError, match="from a gateway that serves"):
        await tasks._fetched(None, None, frozenset(), False)
    with pytest.raises(ConfigurationError, match="from a gateway that serves"):
        await tasks.reread(None, None)


async def test_a_task_waits_where_no_agent_of_its_target_would_let_a_call_through(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_gateway(configured(sqlite_settings)) as gateway:
        dispatcher: Any = gateway.dispatcher
        assert dispatcher._shut() == []
        monkeypatch.setattr(gateway.pipeline.parts.health, "open_to", lambda _: False)
        assert sorted(dispatcher._shut()) == ["summarize", "ward"]


def tasked(directory: Path, **tasks: Any) -> Settings:
    return parse({"tasks": tasks}, {}, directory)


def test_where_no_server_is_named_nodes_look_for_each_others_tasks(tmp_path: Path) -> None:
    assert nats_messages(tasked(tmp_path)) is None
    assert nats_messages(tasked(tmp_path, url="nats://127.0.0.1:1")) is not None


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ({"url": "nats://u@h", "password": "file:none"}, "none cannot be read"),
        ({"url": "nats://h", "token": "file:none"}, "none cannot be read"),
        ({"url": "nats://h", "nkey": "file:seed"}, r"tasks\.nkey must stand for"),
        ({"url": "nats://h", "credentials": "file:seed"}, r"tasks\.credentials must stand for"),
        ({"url": "tls://h", "ca": "none.pem"}, r"tasks\.ca names no file"),
        ({"url": "tls://h", "ca": "seed"}, r"tasks\.ca holds no certificate"),
    ],
)
def test_what_it_takes_to_get_in_is_there_or_nothing_starts(tmp_path: Path, tasks: dict[str, Any], said: str) -> None:
    (tmp_path / "seed").write_text("hunter2")
    with pytest.raises(ConfigurationError, match=said) as raised:
        nats_messages(tasked(tmp_path, **tasks))
    assert "hunter2" not in str(raised.value)


def test_every_way_in_is_taken(tmp_path: Path) -> None:
    seed = seed_of(bytes(32))
    (tmp_path / "seed").write_text(f"{seed}\n")
    (tmp_path / "creds").write_text(CREDENTIALS)
    ways: dict[str, dict[str, Any]] = {
        "user": {"url": "nats://gw@h", "password": "file:seed"},
        "token": {"url": "nats://h", "token": "file:seed"},
        "key": {"url": "nats://h", "nkey": "file:seed"},
        "jwt": {"url": "tls://h", "credentials": "file:creds"},
    }
    for name, tasks in ways.items():
        nats: Any = nats_messages(tasked(tmp_path, **tasks))
        assert getattr(nats._access, name) is not None
        assert (nats._tls is not None) == (name == "jwt")


async def test_a_gateway_serves_without_what_carries_messages_and_says_so(sqlite_settings: Settings) -> None:
    given = msgspec.structs.replace(
        configured(sqlite_settings), tasks=TaskSettings(url=f"nats://127.0.0.1:{free_port()}")
    )
    async with open_gateway(given) as gateway:
        assert gateway.messages == "polling"
        text = gateway.site.metrics.exposition().decode()
    assert "gateway_task_messages_connected 0.0" in text
    assert 'gateway_task_messages_total{what="told"} 0.0' in text
    async with open_gateway(configured(sqlite_settings)) as gateway:
        assert gateway.messages == "local"
        assert "gateway_task_messages" not in gateway.site.metrics.exposition().decode()


@pytest.mark.nats
async def test_a_gateway_finds_what_carries_messages(sqlite_settings: Settings, nats_server: str) -> None:
    given = msgspec.structs.replace(
        configured(sqlite_settings), tasks=TaskSettings(url=nats_server, stream=f"test-{secrets.token_hex(4)}")
    )
    async with open_gateway(given) as gateway, asyncio.timeout(10):
        while gateway.messages != "connected":  # noqa: ASYNC110 — as a probe of readiness does
            await asyncio.sleep(0)
