"""`gateway migrate`: the database brought to what this version needs."""

import argparse
import asyncio

from gateway.cli.common import OK, Commands, say, settings_of
from gateway.settings import Settings
from gateway.store import migrate
from gateway.store.sql import reachable


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("migrate", parents=[common], help="bring the database to what this version needs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    before, after = asyncio.run(upgrade(settings_of(arguments)))
    state = "was at this revision already" if before == after else "is now at this revision"
    say(arguments, {"revision": after, "before": before}, [f"{after}: the database {state}"])
    return OK


async def upgrade(settings: Settings) -> tuple[str | None, str]:
    """The revision before and after. `LedgerUnavailable` when the database cannot be reached."""
    with reachable():
        before = await migrate.current(settings)
        return before, await migrate.upgrade(settings)
