"""`gateway demo`: the whole system on this machine, with synthetic conversations."""

import argparse
from pathlib import Path

from gateway.cli.common import Commands, as_json
from gateway.demo import main

SCRIPTED, SERVED = Path("demo-data"), Path("demo-run")
"""Each of its own: what the script kept is there to be verified while the demo is served."""


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("demo", parents=[common], help="the whole system on this machine, with three agents")
    parser.add_argument(
        "--script", action="store_true", help="play the conversations, check what came of them, and end"
    )
    parser.add_argument(
        "--dir",
        type=Path,
        help=f"where its data goes, emptied of a former run's first (default: {SCRIPTED} with --script, else {SERVED})",
    )
    parser.add_argument("--expected", type=Path, metavar="FILE", help="expectations in place of those that ship")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    directory = arguments.dir or (SCRIPTED if arguments.script else SERVED)
    return main.run(directory, arguments.script, as_json(arguments), arguments.expected)
