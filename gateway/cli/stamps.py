"""`gateway audit stamps`: time-stamps of checkpoints, as files that `openssl ts -verify` takes.

Looking at them leaves no record: they say how many records there were at a time, and nothing of what is in them.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    say,
    settings_of,
    table,
    tenant_of,
    tenant_option,
    write_file,
)
from gateway.core.ports import StoredCheckpoint
from gateway.exchange.published import Published
from gateway.ledger.times import timestamp
from gateway.store.stamps import KeptStamp

_PAGE = 256
_COLUMNS = ("records", "by", "at")
Stamped = tuple[StoredCheckpoint, Sequence[KeptStamp]]


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to `gateway audit`."""
    parser = group.add_parser("stamps", parents=[common], help="time-stamps of checkpoints (RFC 3161), as .tsr files")
    tenant_option(parser)
    parser.add_argument("--all", action="store_true", help="of every checkpoint that has any (default: of the newest)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where SIZE.AUTHORITY.tsr goes for each, and SIZE.txt, the checkpoint that it is of",
    )
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings, system=True)
    rows: list[tuple[str, ...]] = []
    files: list[str] = []
    async with opened(settings) as site:
        published = (await site.auditor(tenant)).published
        async for point, stamps in _every(published) if arguments.all else _newest(published):
            rows += [(str(point.size), one.tsa, timestamp(one.at_us)) for one in stamps]
            if arguments.out is not None:
                files += _written(arguments.out, point, stamps)
    if not rows:
        raise Failed("no checkpoint of this ledger was time-stamped")
    data: dict[str, Any] = {
        "stamps": [dict(zip(("size", "tsa", "at"), (int(row[0]), *row[1:]), strict=True)) for row in rows]
    }
    if arguments.out is not None:
        data["files"] = files
    say(arguments, data, [*table(_COLUMNS, rows), *(f"wrote {name}" for name in files)])
    return OK


async def _newest(published: Published) -> AsyncIterator[Stamped]:
    newest = await published.stamped()
    if newest:
        for found in await published.stamps(newest[0].size - 1, 1):
            yield found


async def _every(published: Published) -> AsyncIterator[Stamped]:
    after = 0
    while found := await published.stamps(after, _PAGE):
        for one in found:
            yield one
        after = found[-1][0].size


def _written(directory: Path, point: StoredCheckpoint, stamps: Sequence[KeptStamp]) -> list[str]:
    """A checkpoint's exact signed bytes, and each time-stamp of it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUse("--out must name a directory, or one that can be made") from error
    found = {directory / f"{point.size}.txt": point.note}
    found |= {directory / f"{point.size}.{one.tsa}.tsr": one.reply for one in stamps}
    for file, content in found.items():
        write_file(file, content)
    return [str(file) for file in found]
