"""`make kill`: a gateway that serves is killed 200 times on each database, under load, and verified after each; then
thirty times more under 500 queued tasks, of which every one must end once: on PostgreSQL one of two gateways, or the
NATS or the Redis between them.

    python -m tests.kill [--kills N] [--task-kills N] [--seed N] [--only sqlite|postgresql]

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
from tests.system.killing import killed
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
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    parser.add_argument("--only", choices=tuple(DATABASES), help="one database")
    given = parser.parse_args(arguments)
    failed, names = False, tuple(DATABASES) if given.only is None else (given.only,)
    for name in names if given.kills else ():
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="gw-kill-") as directory, DATABASES[name](Path(directory)) as settings:
            try:
                found = asyncio.run(killed(settings, given.kills, given.seed))
            except AssertionError as error:
                failed = True
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
        failed = not _tasks(name, given.task_kills, given.seed) or failed
    return 1 if failed else 0


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
