"""What commands share: the configuration, the tenant, who runs the command, text or JSON.

Exit codes: 0 success, 1 the thing that was checked is bad or could not be reached, 2 wrong use.
"""

import argparse
import os
import pwd
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from gateway.core.errors import ConfigurationError, FormatError, GatewayError, VerificationError
from gateway.core.ids import SYSTEM
from gateway.core.refusal import Refusal
from gateway.evidence import tabular
from gateway.ledger.record import Detail
from gateway.ledger.rotation import MAX_BYTES as MAX_KEYS
from gateway.ledger.rotation import Keys, parse_keys
from gateway.settings import Settings, load

if TYPE_CHECKING:
    from gateway.bootstrap import Site

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
OK, BAD, WRONG_USE = 0, 1, 2
FORMATS = ("text", "json", "ndjson", "csv")
_FORMS = {"csv": tabular.CSV, "ndjson": tabular.NDJSON}
LOCAL = "urn:gateway:command-line"
"""The issuer of actors who use the command line: accounts of a machine, apart from subjects of keys and tokens."""
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class WrongUse(GatewayError):
    """The command line itself is wrong. Says which option, and what would be right."""


class Failed(GatewayError):
    """What was asked for cannot be done in the state that things are in."""


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """Who runs the command: the account, as pseudonym in a tenant's ledger, and what goes beside its records."""

    actor: str
    detail: Detail


def options() -> argparse.ArgumentParser:
    """The options of every command, as a parent parser. They may also stand before the command's name."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--config",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="FILE",
        help="the configuration (default: gateway.toml, or what GATEWAY_CONFIG names)",
    )
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print data instead of text")
    return parser


def subcommands(parser: argparse.ArgumentParser) -> Commands:
    """The place for the commands of a group, one of which must be named."""
    return parser.add_subparsers(title="commands", required=True, metavar="COMMAND")


def named(names: Sequence[str], arguments: Sequence[str]) -> Sequence[str]:
    """The commands that these arguments may name; all of them, where they name none."""
    return [name for name in names if name in arguments] or names


def tenant_option(parser: argparse.ArgumentParser) -> None:
    """`--tenant`, which may be left out where there is one."""
    parser.add_argument("--tenant", metavar="ID", help="the tenant; needed where several are configured")


def configuration_of(arguments: argparse.Namespace) -> Path:
    """The configuration's file that the command was given."""
    named: Path | None = getattr(arguments, "config", None)
    return named or Path(os.environ.get("GATEWAY_CONFIG") or "gateway.toml")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The configuration that the command was given."""
    return load_settings(configuration_of(arguments))


def load_settings(file: Path) -> Settings:
    """`settings.load`, with one line also for a file that is there and cannot be read."""
    try:
        return load(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error


def tenant_of(arguments: argparse.Namespace, settings: Settings, *, system: bool = False) -> str:
    """The configured id of the tenant that the command is about; with `system` the operator's own `_system` too."""
    known = [tenant.id for tenant in settings.tenants]
    named: str | None = arguments.tenant
    if system and named == SYSTEM:
        return SYSTEM
    if named is None:
        if len(known) > 1:
            raise WrongUse(f"--tenant must be given: one of {', '.join(known)}")
        return known[0]
    if named not in known:
        raise WrongUse(f"--tenant must be one of {', '.join(known)}")
    return named


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator["Site"]:
    """The installation. `ConfigurationError` if it has no database yet, `LedgerUnavailable` if that is not there."""
    from gateway.bootstrap import open_site  # noqa: PLC0415 — what reads a bundle or a text alone opens none

    await demand_database(settings)
    async with open_site(settings) as site:
        yield site


@asynccontextmanager
async def opened_to_read(settings: Settings) -> AsyncIterator["Site"]:
    """As `opened`, to show details; `Failed` where its database has some of data subjects who were erased since it was
    copied: whoever serves destroys them first, and a command that reads does not."""
    async with opened(settings) as site:
        back = await site.brought_back()
        if back:
            raise Failed(
                f"the database is a copy that has data of {back} erased data subject{'s' * (back > 1)}: "
                "`gateway restore` or a start of `gateway serve` erases it again, then read"
            )
        yield site


async def demand_database(settings: Settings) -> None:
    """A database that can be asked and has tables."""
    from gateway.store import migrate  # noqa: PLC0415 — as above: half of what starting a command takes
    from gateway.store.sql import reachable  # noqa: PLC0415

    with reachable():
        revision = await migrate.current(settings)
    if revision is None:
        raise ConfigurationError("the database has no tables yet: run `gateway migrate`")


async def operator(site: "Site", tenant: str) -> Operator:
    """The account that runs this process, as an actor of a tenant."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as in many containers
        name = f"uid {os.getuid()}"
    account = f"{name}@{socket.gethostname()}"
    actor = await site.directory.actor(site.tenants[tenant].ledger, account, LOCAL)
    return Operator(actor=actor, detail=Detail(subject=account, issuer=LOCAL, method="command-line"))


def told(found: Refusal, names: Mapping[str, str] | None = None) -> str:
    """A refusal in one line; `names` maps its fields to the command's options."""
    field = (names or {}).get(found.field or "", found.field)
    return ": ".join(part for part in (field, found.expected or found.title) if part)


def say(arguments: argparse.Namespace, data: Any, lines: Iterable[str]) -> None:
    """Print the answer: `data` as one line of JSON with `--json`, else the lines."""
    if as_json(arguments):
        print(msgspec.json.encode(data).decode("utf-8"))
    else:
        for line in lines:
            print(printable(line))
    sys.stdout.flush()


def hush() -> None:
    """Whoever read the answer has gone: nothing more can be said, also not at the interpreter's own last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def as_json(arguments: argparse.Namespace) -> bool:
    """Whether the command was asked for data."""
    return bool(getattr(arguments, "json", False))


def format_option(parser: argparse.ArgumentParser) -> None:
    """`--format`, of commands that list something."""
    parser.add_argument("--format", choices=FORMATS, help="default: text; csv has formulas escaped")


def rows_as(arguments: argparse.Namespace) -> str | None:
    """The form of `tabular` that a command which lists something was asked for. `--format json` is `--json`."""
    if arguments.format == "json":
        arguments.json = True
    elif arguments.format is not None and as_json(arguments):
        raise WrongUse("--format and --json say different things: give one of them")
    return _FORMS.get(arguments.format)


def say_rows(
    arguments: argparse.Namespace,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    lines: Iterable[str],
) -> None:
    """Print a list as it was asked for: the lines, one line of JSON, or a line for each row."""
    form = rows_as(arguments)
    if form is None:
        say(arguments, {name: rows}, lines)
        return
    for line in tabular.lines(form, columns, rows):
        put(line)
    sys.stdout.flush()


def put(line: bytes) -> None:
    """A line of CSV or NDJSON, exactly."""
    sys.stdout.write(line.decode())


def warn(line: str) -> None:
    """One line to whoever watches, apart from the answer."""
    print(f"gateway: {printable(line)}", file=sys.stderr)


def printable(text: str) -> str:
    """The text on one line, without characters that would move a terminal's cursor or change its colours."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Columns under their names, as lines."""
    cells = [head, *rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


class Columns:
    """As `table`, of a list that is not held whole: the head comes with the first lot of rows, and what a later lot has
    that is wider than all before makes its column wider from there on."""

    def __init__(self, head: tuple[str, ...]) -> None:
        self._widths = [len(name) for name in head]
        self._head = [head]

    def lines(self, rows: Sequence[tuple[str, ...]]) -> list[str]:
        """The next lot of rows as lines, one for each; before the first of all the head."""
        cells, self._head = [*self._head, *rows], []
        self._widths = [max([width, *(len(one[place]) for one in cells)]) for place, width in enumerate(self._widths)]
        return [
            "  ".join(cell.ljust(width) for cell, width in zip(row, self._widths, strict=True)).rstrip()
            for row in cells
        ]


def when(moment: str) -> str:
    """A record's time to the second, for people: their order is that of sequence numbers."""
    return f"{moment[:19]}Z"


def cut(text: str, width: int) -> str:
    """The text, or its beginning where it is wider: a column stays as wide as a terminal bears."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def seconds(text: str) -> int:
    """A span of time like `90d`, `12h`, `30m` or `45s`, in seconds; for argparse."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("must be a number with s, m, h or d, like 90d")
    return int(found[1]) * _SECONDS[found[2]]


def read_file(path: Path, option: str, limit: int) -> bytes:
    """A small file whole; `WrongUse` where there is none, or it is larger than such a file can be."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise WrongUse(f"{option} must be a file that can be read") from error
    if len(data) > limit:
        raise WrongUse(f"{option} must be a file of at most {limit} bytes")
    return data


def read_keys(path: Path, option: str = "--key") -> Keys:
    """A ledger's public keys: of a `.vkey` file, or of one with the statements after it that lead to others."""
    try:
        return parse_keys(read_file(path, option, MAX_KEYS))
    except (FormatError, VerificationError) as error:
        raise WrongUse(f"{option}: {error}") from error


def write_file(path: Path, data: bytes, option: str = "--out", *, private: bool = False) -> None:
    """Write a new file, `private`: which its owner alone may read; `WrongUse` where there is one already, or where none
    can be."""
    try:
        with open(path, "xb", opener=partial(os.open, mode=0o600) if private else None) as file:
            file.write(data)
    except FileExistsError as error:
        raise WrongUse(f"{option} names a file that exists: it is not overwritten") from error
    except OSError as error:
        raise WrongUse(f"{option} must name a file that can be written") from error
