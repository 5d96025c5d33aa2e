"""Whom a search or a report is about: a pseudonym, or an identifier that the directory knows.

Identifiers come from a file or from standard input, for other accounts can see a command line.
"""

import argparse
import sys
from pathlib import Path

from gateway.bootstrap import Site
from gateway.cli.common import WrongUse, told, warn
from gateway.cli.subjects import meant
from gateway.exchange.subjects import Identifier, unfit_identifier

_NO_SUBJECT = "su_none"
"""A pseudonym that nobody has: what an identifier that was never seen is searched for as."""


def whom_options(parser: argparse.ArgumentParser) -> None:
    """Add `--subject` and `--identifier`."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--subject",
        metavar="X",
        help="a data subject: a pseudonym, or - to read what callers write in X-Data-Subject from standard input",
    )
    group.add_argument(
        "--identifier",
        type=Path,
        metavar="FILE",
        help="a data subject by an identifier: a line of KIND VALUE, like mrn 4711; - for standard input",
    )


def named(arguments: argparse.Namespace) -> str | Identifier | None:
    """Who is named, before anything is opened: a pseudonym, an identifier or nobody; `WrongUse` for what is neither."""
    if arguments.identifier is not None:
        one = meant(arguments).identifier
    elif arguments.subject == "-":
        value = sys.stdin.readline().rstrip("\r\n")
        if not value.strip():  # whoever meant somebody would be told of nobody
            raise WrongUse("--subject -: standard input must hold the identifier, in one line")
        return Identifier(value=value)
    else:
        if arguments.subject is not None and not arguments.subject.startswith("su_"):
            raise WrongUse(
                "--subject must be a pseudonym (su_…), or - with the identifier on standard input; "
                "of another kind, like mrn, it is given with --identifier"
            )
        return None if arguments.subject is None else str(arguments.subject)
    unfit = None if one is None else unfit_identifier(one)
    if unfit is not None:
        raise WrongUse(told(unfit, {"kind": "--identifier: KIND", "identifier": "--identifier: VALUE"}))
    return one


async def pseudonym_of(site: Site, tenant: str, name: str | Identifier) -> str:
    """The pseudonym. Where nobody is known by an identifier that is told on standard error: an empty answer alone
    reads as if somebody who is known had no records."""
    if isinstance(name, str):
        return name
    found = await site.directory.find_subject(site.tenants[tenant].ledger, name.value, name.kind)
    if found is None:
        warn(
            f"nobody is known here by this identifier as {name.kind!r}; other kinds (mrn, email, …) are name spaces of "
            "their own: --identifier FILE, with a line of KIND VALUE"
        )
    return found or _NO_SUBJECT
