"""kill -9 at every failpoint, and at any moment: nothing acknowledged is missing, no exchange is left without its end.

The process that dies is a real one, on a real database; the one that recovers is another.
"""

import json
import random
import signal
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from gateway.ledger.record import Envelope, NodeInfo
from gateway.settings import Settings
from tests.forked import Forked, forked
from tests.store.kill_child import run
from tests.store.ledger_kit import TENANT, SystemClock, ledgers_on, rows, whole

_ROOT = Path(__file__).parents[2]


def _started(settings: Settings, failpoint: str, passes: int) -> AbstractContextManager[Forked]:
    database = json.dumps({"url": settings.database.url})
    return forked(run, [database, str(settings.base), failpoint, str(passes)], _ROOT)


def _acknowledged(output: str) -> dict[int, str]:
    lines = output.splitlines(keepends=True)
    return {int(seq): name for seq, name in (line.split() for line in lines if line.endswith("\n"))}


def _keys(settings: Settings) -> set[str]:
    return set(Path(settings.base, "keys").read_text().split())


async def _recovered(settings: Settings) -> list[Envelope]:
    """What a restart makes of it."""
    node = NodeInfo(id="nd_1", boot="bt_2")
    async with ledgers_on(settings, SystemClock(), node=node) as ledgers:
        await ledgers.open(TENANT)
    return await whole(settings)


def _check(records: list[Envelope], acknowledged: dict[int, str], keys: set[str]) -> None:
    for seq, name in acknowledged.items():
        assert records[seq].id == name, "acknowledged, and not on record"
    opened: dict[str, int] = {}
    for record in records:
        if record.event == "exchange.requested":
            assert record.exchange not in opened
            assert f"dk_{record.exchange}" in keys, "on record, and its key is lost"
            opened[str(record.exchange)] = 0
        elif record.event in ("exchange.completed", "exchange.interrupted"):
            opened[str(record.exchange)] += 1
    assert set(opened.values()) <= {1}, "every exchange has exactly one end"
    assert "exchange.late" not in [record.event for record in records]


async def _kill_and_check(settings: Settings, child: Forked, seen: str = "") -> None:
    output = seen + child.communicate(timeout=60)[0]
    assert child.returncode == -signal.SIGKILL
    records = await _recovered(settings)
    _check(records, _acknowledged(output), _keys(settings))
    assert await rows(settings, "SELECT * FROM open_exchange") == []
    details = await rows(settings, "SELECT count(*) FROM detail")
    assert details == [(sum(record.detail is not None for record in records),)]


@pytest.mark.parametrize(("failpoint", "passes"), [("before_insert", 7), ("before_commit", 2), ("after_commit", 7)])
async def test_a_process_killed_at_a_failpoint_loses_nothing_it_acknowledged(
    database: Settings, failpoint: str, passes: int
) -> None:
    with _started(database, failpoint, passes) as child:
        await _kill_and_check(database, child)


@pytest.mark.parametrize("seed", range(2))
async def test_a_process_killed_at_any_moment_loses_nothing_it_acknowledged(database: Settings, seed: int) -> None:
    with _started(database, "-", 0) as child:
        seen = [child.stdout.readline() for _ in range(random.Random(seed).randrange(1, 400))]
        child.kill()
        await _kill_and_check(database, child, "".join(seen))


async def test_a_process_killed_again_and_again_leaves_one_unbroken_ledger(database: Settings) -> None:
    """Without a recovery in between: each start finds what the one before left, its open exchanges too."""
    seen: dict[int, str] = {}
    for turn in range(3):
        with _started(database, ("before_commit", "after_commit", "before_insert")[turn], 5) as child:
            seen |= _acknowledged(child.communicate(timeout=60)[0])
            assert child.returncode == -signal.SIGKILL
    records = await _recovered(database)
    _check(records, seen, _keys(database))
    assert [record.event for record in records].count("ledger.started") == 4
