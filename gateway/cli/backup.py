"""`gateway backup`: the database copied, with a manifest of what is in the copy. On PostgreSQL its own tools copy it.

The keyring is not in it, on purpose: whoever holds both can read what was erased since.
"""

import argparse
import asyncio
from pathlib import Path

from gateway.bootstrap import Site, take_backup
from gateway.cli.common import OK, Commands, opened, operator, say, settings_of
from gateway.exchange.rewrapping import wrapping_now
from gateway.ledger.record import Detail
from gateway.store.backup import Manifest


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("backup", parents=[common], help="copy the database, with a manifest; it is recorded")
    parser.add_argument("directory", type=Path, metavar="DIR", help="a new or empty directory")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    directory: Path = arguments.directory

    async def taken() -> Manifest:
        async with opened(settings) as site:
            return await take_backup(site, directory, by)

    manifest = asyncio.run(taken())
    data = {
        "directory": str(directory),
        "database": manifest.database,
        "revision": manifest.revision,
        "ledgers": [{"tenant": one.tenant, "size": one.size} for one in manifest.ledgers],
    }
    lines = [f"{one.tenant}: {one.size} records, {one.checkpoint_size} of them signed for" for one in manifest.ledgers]
    if manifest.database == "sqlite":
        lines.append(f"wrote {directory}: a copy of the database and its manifest")
    else:
        lines += [
            f"wrote {directory}: the manifest of what a copy that is made from now on holds at least",
            "now copy the database itself, as its owner or a superuser:",
            f"  pg_dump --format=custom --file={directory}/ledger.dump DATABASE",
            "or the whole server, with pg_basebackup --wal-method=stream --checkpoint=fast",
        ]
    lines.append("the keyring is not in it: back that up apart, and keep it no longer than subjects.backups_days")
    wrapping = wrapping_now(settings.path(settings.keys.directory))
    if wrapping.id is not None:
        lines.append(f"its root key is wrapped {wrapping.how}: who restores it needs that too")
    say(arguments, data, lines)
    return OK


async def by(site: Site, tenant: str) -> tuple[str, Detail]:
    """The account that runs the command, as an actor of a tenant."""
    found = await operator(site, tenant)
    return found.actor, found.detail
