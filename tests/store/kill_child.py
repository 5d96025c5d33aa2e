"""A process that appends under load and tells what was acknowledged, until it is killed: see test_kill.py.

Arguments: the database section as JSON, the directory, the failpoint at which it kills itself (or `-`), at which pass.
Each acknowledged record is one line on standard output: seq and id.
"""

import asyncio
import json
import os
import signal
from pathlib import Path

from gateway.core.ids import random_id
from gateway.ledger.entry import Entry
from gateway.ledger.record import NodeInfo
from gateway.settings import parse
from gateway.store.writer_base import LedgerWriter
from tests.store.ledger_kit import TENANT, Failpoints, SystemClock, data_key, intent, ledgers_on, outcome

IN_FLIGHT = 16


class SyncedKeys:
    """A keyring that is as durable as the test needs: each key is a synced line of a file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def persist(self, keys: object) -> None:
        os.write(self._file, "".join(f"{key.id}\n" for key in keys).encode())  # type: ignore[attr-defined]
        os.fsync(self._file)


async def _append(writer: LedgerWriter, entry: Entry) -> None:
    appended = await writer.append(entry)
    os.write(1, f"{appended.seq} {entry.envelope.id}\n".encode())


async def _exchanges(writer: LedgerWriter, caller: int) -> None:
    number = 0
    while True:
        exchange = f"ex_{writer.node.boot}_{caller}_{number}"
        await _append(writer, intent(exchange, keys=(data_key(f"dk_{exchange}"),)))
        if number % 3:
            await _append(writer, outcome(exchange))
        number += 1


def run(arguments: list[str]) -> None:
    """Append until it is killed. `arguments`: the database as JSON, a directory, the failpoint, and its pass."""
    asyncio.run(_run(*arguments))


async def _run(database: str, directory: str, failpoint: str, passes: str) -> None:
    settings = parse({"database": json.loads(database)}, {}, Path(directory))
    left = int(passes)

    def count_down() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    actions = {} if failpoint == "-" else {failpoint: count_down}
    points = None if failpoint == "-" else Failpoints(**actions)
    keys = SyncedKeys(Path(directory, "keys"))
    node = NodeInfo(id="nd_1", boot=random_id("bt"))
    async with ledgers_on(settings, SystemClock(), node=node, failpoint=points, keyring=keys) as ledgers:
        writer = await ledgers.open(TENANT)
        await asyncio.gather(*(_exchanges(writer, caller) for caller in range(IN_FLIGHT)))
