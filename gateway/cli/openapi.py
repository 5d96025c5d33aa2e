"""`gateway openapi`: the description of the API. It needs no configuration and no database."""

import argparse
import json

from gateway.cli.common import OK, Commands, as_json
from gateway.web.app import openapi_document


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("openapi", parents=[common], help="print the OpenAPI document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    print(json.dumps(openapi_document(), ensure_ascii=False, indent=None if as_json(arguments) else 2))
    return OK
