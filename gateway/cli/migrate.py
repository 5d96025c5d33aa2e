"""`gateway migrate`: the database brought to what this version needs."""

import argparse
import asyncio

from gateway.cli.common import OK, Commands, say, settings_of
from gateway.settings import Settings
from gateway.store import migrate
from gateway.store.keyring import means_of
from gateway.store.root_key import kek_of
from gateway.store.shared_keys import SharedDataKeys, data_keys_dsn
from gateway.store.sql import reachable


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("migrate", parents=[common], help="bring the database to what this version needs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    before, after = asyncio.run(upgrade(settings))
    state = "was at this revision already" if before == after else "is now at this revision"
    told: dict[str, object] = {"revision": after, "before": before}
    lines = [f"{after}: the database {state}"]
    dsn = data_keys_dsn(settings)
    if dsn is not None:
        made = SharedDataKeys.create(dsn, kek_of(settings.path(settings.keys.directory), means_of(settings)))
        told["data_keys"] = "made" if made else "kept"
        lines.append(f"the database of the data keys {'has its tables now' if made else 'had its tables already'}")
    say(arguments, told, lines)
    return OK


async def upgrade(settings: Settings) -> tuple[str | None, str]:
    """The revision before and after. `LedgerUnavailable` when the database cannot be reached."""
    with reachable():
        before = await migrate.current(settings)
        return before, await migrate.upgrade(settings)
