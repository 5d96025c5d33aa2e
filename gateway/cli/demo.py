"""`gateway demo`: the whole system on this machine, with synthetic conversations."""

import argparse
from pathlib import Path

from gateway.cli.common import Commands, as_json
from gateway.demo import main


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("demo", parents=[common], help="the whole system on this machine, with three agents")
    parser.add_argument(
        "--script", action="store_true", help="play the conversations, check what came of them, and end"
    )
    parser.add_argument("--dir", type=Path, default=Path("demo-data"), help="where its data goes (default: demo-data)")
    parser.add_argument("--expected", type=Path, metavar="FILE", help="expectations in place of those that ship")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    return main.run(arguments.dir, arguments.script, as_json(arguments), arguments.expected)
