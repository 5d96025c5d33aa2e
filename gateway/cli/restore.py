"""`gateway restore`: a backup put in the database's place, after what was erased since was erased in it again."""

import argparse
import asyncio
from pathlib import Path

import msgspec

from gateway.bootstrap import restore
from gateway.bootstrap.backups import Done
from gateway.cli.backup import by
from gateway.cli.common import OK, Commands, WrongUse, say, settings_of
from gateway.exchange.newer import AGAIN
from gateway.store.backup import LedgerState


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("restore", parents=[common], help="put a backup in the database's place; on record")
    parser.add_argument("directory", type=Path, metavar="DIR", help="what `gateway backup` has written")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, and what became of the rest")
    parser.add_argument(
        "--newer",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a newer copy of the record, a bundle or a database file: what it says was erased is erased again",
    )
    parser.add_argument("--no-newer", action="store_true", help="there is no newer copy of the record to be had")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.newer and arguments.no_newer:
        raise WrongUse("--newer and --no-newer contradict each other")
    done = asyncio.run(
        restore(
            settings_of(arguments),
            arguments.directory,
            newer=tuple(arguments.newer),
            alone=arguments.no_newer,
            reason=arguments.reason,
            by=by,
        )
    )
    data = {
        "ledgers": [{"tenant": one.tenant, "size": one.size} for one in done.manifest.ledgers],
        "erased": done.erased,
        "since": {
            tenant: {
                "size": told.size,
                "events": told.events,
                "erasures": [msgspec.to_builtins(one) for one in told.asked],
                "emergencies": [msgspec.to_builtins(one) for one in told.emergencies],
            }
            for tenant, told in done.since.items()
        },
        "aside": done.aside,
    }
    lines = [f"{one.tenant}: {one.size} records, verified" for one in done.manifest.ledgers]
    lines += [line for one in done.manifest.ledgers for line in _gone(one, done)]
    lines.append(f"what was erased of {done.erased} data subjects since the backup was erased in it again")
    for tenant, told in done.since.items():
        lost = {event: told.events[event] for event in AGAIN if event in told.events}
        lines += [f"{tenant}: see to {count} {event} again: the backup is older" for event, count in lost.items()]
        lines += [f"{tenant}: {line}" for line in told.to_see_to]
    if done.aside is not None:
        lines.append(f"the database that was there is now {done.aside}: it holds what was erased since, and more")
    lines.append("restored, on record. Witnesses and monitors know of more: see docs/backups.md")
    say(arguments, data, lines)
    return OK


def _gone(one: LedgerState, done: Done) -> list[str]:
    """What newer copies tell of after the backup. On PostgreSQL a copy, made later, may hold some of it."""
    told = done.since.get(one.tenant)
    if told is None:
        return [f"{one.tenant}: no newer copy was read: how many records came after these is not known"]
    count = told.size - one.size
    if count <= 0:
        return []
    events = ", ".join(f"{number} {event}" for event, number in sorted(told.events.items()))
    after = f"{count} records came after these, {one.size} to {told.size - 1}"
    what = "and are gone" if done.manifest.database == "sqlite" else "of which the copy may hold the first"
    return [f"{one.tenant}: {after}, {what}: {events}"]
