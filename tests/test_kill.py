"""`make kill`: what it is asked for is done, told with its figures, and judged."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import open_site
from gateway.store.keyring import Keyring
from tests import kill
from tests.services import Postgres
from tests.system.killing import Killed
from tests.system.load import KINDS
from tests.system.task_killing import Survived

WAYS = ("kill", "hang", "RuntimeError", "OSError")


def test_what_it_is_asked_for_is_done_on_a_fresh_database_and_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real kills are in `tests/system`: `killed` and `tasks_killed` are what is called here."""

    async def survived(settings: Any, kills: int, seed: int) -> Killed:
        Keyring.create(Path(settings.base) / "keys").close()
        async with open_site(settings) as site:
            assert list(site.tenants) == ["default", "_system"], "it is migrated"
        return Killed(kills, 90, 80, 7, 12)

    monkeypatch.setattr(kill, "killed", survived)
    assert kill.main(["--kills", "1", "--task-kills", "0", "--failpoints", "0", "--seed", "7", "--only", "sqlite"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("sqlite: 1 kills with at least 12 requests in flight, 90 answers and 80 requests at agents")
    assert "every ledger verified" in said


@pytest.mark.postgres
def test_each_database_has_its_kills_and_its_kills_under_tasks(
    postgres_server: Postgres, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int, int]] = []

    async def survived(settings: Any, kills: int, seed: int) -> Killed:
        asked.append((settings.database.url.partition(":")[0], kills, seed))
        return Killed(kills, 900, 800, 70, 12)

    async def survived_too(settings: Any, kills: int, tasks: int, seed: int, common: Any) -> Survived:
        asked.append((f"{settings.database.url.partition(':')[0]}, {tasks} tasks", kills, seed))
        assert (common is not None) == settings.database.url.startswith("postgresql"), "what nodes have in common"
        return Survived({"gateway": kills}, tasks, 3, 4)

    @contextmanager
    def running() -> Iterator[Any]:
        yield postgres_server

    async def died(settings: Any, how: str) -> frozenset[str]:
        asked.append((f"{settings.database.url.partition(':')[0]}, {how}", 1, 0))
        return frozenset(KINDS)

    async def failed(settings: Any, error: type[Exception]) -> None:
        asked.append((f"{settings.database.url.partition(':')[0]}, {error.__name__}", 1, 0))

    monkeypatch.setattr(kill, "killed", survived)
    monkeypatch.setattr(kill, "tasks_killed", survived_too)
    monkeypatch.setattr(kill, "died", died)
    monkeypatch.setattr(kill, "failed", failed)
    for name in ("postgres", "private_nats", "private_redis"):
        monkeypatch.setattr(kill, name, running)
    assert kill.main([]) == 0
    assert asked == [
        ("sqlite", 200, 1),
        ("postgresql", 200, 1),
        ("sqlite, 500 tasks", 30, 1),
        ("postgresql, 500 tasks", 30, 1),
        *((f"{name}, {way}", 1, 0) for name in ("sqlite", "postgresql") for way in WAYS),
    ]
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("sqlite: 200 kills with at least 12 requests in flight, 900 answers and 800 requests at")
    assert said[3].startswith("postgresql, tasks: 30 kills (30 of gateway) under 500 tasks, each of which ended once")
    assert said[5].startswith(
        "postgresql, failpoints: kill, hang, RuntimeError, OSError, 1 of each at each of 13, all on"
    )


def test_what_does_not_hold_makes_it_fail_and_names_the_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are still done: a failure of one database says nothing of the other."""

    async def lost(settings: Any, kills: int, seed: int) -> Killed:
        raise AssertionError("an answer is not on record")

    async def lost_too(settings: Any, kills: int, tasks: int, seed: int, common: Any) -> Survived:
        raise AssertionError("a task ended twice")

    async def unanswered(settings: Any, how: str) -> frozenset[str]:
        return frozenset(KINDS) - {"streamed"}

    monkeypatch.setattr(kill, "killed", lost)
    monkeypatch.setattr(kill, "tasks_killed", lost_too)
    monkeypatch.setattr(kill, "died", unanswered)
    monkeypatch.setattr(kill, "DATABASES", {"sqlite": kill.sqlite_settings, "other": kill.sqlite_settings})
    assert kill.main(["--seed", "3"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "sqlite: FAILED (seed 3): an answer is not on record",
        "other: FAILED (seed 3): an answer is not on record",
        "sqlite, tasks: FAILED (seed 3): a task ended twice",
        "other, tasks: FAILED (seed 3): a task ended twice",
        "sqlite, failpoints: FAILED: a kind of request was never answered",
        "other, failpoints: FAILED: a kind of request was never answered",
    ]


@pytest.mark.parametrize("wrong", [["--only", "oracle"], ["--kills", "many"], ["--unknown"]])
def test_what_it_does_not_know_it_does_not_do(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        kill.main(wrong)
    assert ended.value.code == 2
