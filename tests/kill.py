"""`make kill`: a gateway that serves is killed 200 times on each database, under load, and verified after each; then
thirty times more under 500 queued tasks, of which every one must end once: on PostgreSQL one of two gateways, or the
NATS or the Redis between them. And one dies, hangs and meets each error at every failpoint, on each database.

    python -m tests.kill [--kills N] [--task-kills N] [--failpoints N] [--seed N] [--only sqlite|postgresql]

With 0 there are none of a kind. Exits 1 if anything was lost or left unrecorded. A seed gives the same numbers of
answers before each kill.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gateway.settings import Settings, parse
from gateway.store import migrate
from tests.services import postgres, private_nats, private_redis
from tests.system.failing import DEATHS, ERRORS, POINTS, died, failed
from tests.system.killing import killed
from tests.system.load import KINDS
from tests.system.task_killing import Common, tasks_killed

KILLS = 200
TASK_KILLS, TASKS = 30, 500


@contextmanager
def sqlite_settings(directory: Path) -> Iterator[Settings]:
    """A fresh SQLite database in this directory."""
    settings = parse({"database": {"url": "sqlite:///gateway.db"}}, {}, directory)
    asyncio.run(migrate.upgrade(settings))
    yield settings


@contextmanager
def postgresql_settings(directory: Path) -> Iterator[Settings]:
    """A fresh database on a real PostgreSQL: see `tests/services.py`."""
    with postgres() as server:
        yield server.settings(*server.database(), base=directory)


DATABASES = {"sqlite": sqlite_settings, "postgresql": postgresql_settings}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description="Kill a gateway under load.")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how often on each database (default: {KILLS})")
    parser.add_argument("--task-kills", type=int, default=TASK_KILLS, help=f"under tasks (default: {TASK_KILLS})")
    parser.add_argument("--failpoints", type=int, default=1, help="how often at every failpoint (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    parser.add_argument("--only", choices=tuple(DATABASES), help="one database")
    given = parser.parse_args(arguments)
    lost, names = False, tuple(DATABASES) if given.only is None else (given.only,)
    for name in names if given.kills else ():
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="gw-kill-") as directory, DATABASES[name](Path(directory)) as settings:
            try:
                found = asyncio.run(killed(settings, given.kills, given.seed))
            except AssertionError as error:
                lost = True
                print(f"{name}: FAILED (seed {given.seed}): {error}", flush=True)
                continue
        print(
            f"{name}: {found.kills} kills with at least {found.fewest} requests in flight, "
            f"{found.answered} answers and {found.seen} requests at agents, all on record; "
            f"{found.interrupted} exchanges closed as interrupted; every ledger verified "
            f"({time.monotonic() - began:.0f} s)",
            flush=True,
        )
    for name in names if given.task_kills else ():
        lost = not _tasks(name, given.task_kills, given.seed) or lost
    for name in names if given.failpoints else ():
        lost = not _failpoints(name, given.failpoints) or lost
    return 1 if lost else 0


def _tasks(name: str, kills: int, seed: int) -> bool:
    """Whether all tasks of one database came through."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gw-kill-") as directory, ExitStack() as stack:
        settings = stack.enter_context(DATABASES[name](Path(directory)))
        common = None
        if name == "postgresql":
            common = Common(stack.enter_context(private_nats()), stack.enter_context(private_redis()))
        try:
            found = asyncio.run(tasks_killed(settings, kills, TASKS, seed, common))
        except AssertionError as error:
            print(f"{name}, tasks: FAILED (seed {seed}): {error}", flush=True)
            return False
    what = ", ".join(f"{number} of {one}" for one, number in sorted(found.killed.items()))
    print(
        f"{name}, tasks: {kills} kills ({what}) under {found.tasks} tasks, each of which ended once; "
        f"{found.again} times an agent was reached again, {found.interrupted} exchanges were closed as interrupted "
        f"({time.monotonic() - began:.0f} s)",
        flush=True,
    )
    return True


def _failpoints(name: str, rounds: int) -> bool:
    """Whether everything was on record after each death, and each error, at every failpoint of one database."""
    began = time.monotonic()
    each: list[str | type[Exception]] = [*DEATHS, *ERRORS]
    try:
        for way in each * rounds:
            with tempfile.TemporaryDirectory(prefix="gw-kill-") as directory, DATABASES[name](Path(directory)) as made:
                asyncio.run(_met(made, way))
    except AssertionError as error:
        print(f"{name}, failpoints: FAILED: {error}", flush=True)
        return False
    ways = ", ".join((*DEATHS, *(error.__name__ for error in ERRORS)))
    print(
        f"{name}, failpoints: {ways}, {rounds} of each at each of {len(POINTS)}, all on record; every ledger verified "
        f"({time.monotonic() - began:.0f} s)",
        flush=True,
    )
    return True


async def _met(settings: Settings, way: str | type[Exception]) -> None:
    """A gateway dies by this way, or meets this error, at every failpoint."""
    if not isinstance(way, str):
        await failed(settings, way)
    elif await died(settings, way) != frozenset(KINDS):
        raise AssertionError("a kind of request was never answered")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
