"""The filters of the audit API as options, shared by `audit query` and `evidence export`, and a period alone, shared by
`policy simulate` and `reclassify`, and where archives lie."""

import argparse
from pathlib import Path

import msgspec

from gateway.cli.common import WrongUse, told
from gateway.core.refusal import Refusal
from gateway.store.search import Filters, parse_filters

_HELP = {
    "from": "occurred at this time or later: RFC 3339, or a date",
    "to": "occurred before this time",
    "actor": "who acted: a pseudonym",
    "agent": "the id of an agent",
    "action": "what was asked for, like chat",
    "decision": "route, redact, tokenize, approve or deny",
    "data_class": "a data class that the message carried, like phi",
    "exchange": "the id of an exchange",
    "trace": "a trace id",
    "purpose": "a purpose of use, like TREAT",
    "outcome": "how it ended: ok, or a code",
    "zone": "the zone of the agent",
    "event": "the kind of record, like exchange.completed",
}
_PREFIX = "filter_"


def add_filters(parser: argparse.ArgumentParser) -> None:
    """An option for each filter but `subject`, which is not for every command."""
    group = parser.add_argument_group("filters, all of which must hold")
    for name, text in _HELP.items():
        option = f"--{name.replace('_', '-')}"
        group.add_argument(
            option, dest=f"{_PREFIX}{name}", metavar="TIME" if name in ("from", "to") else "X", help=text
        )


def filters_of(arguments: argparse.Namespace) -> Filters:
    """The filters that were given; `WrongUse` names an option whose value cannot be one."""
    values = {name: getattr(arguments, f"{_PREFIX}{name}") for name in _HELP}
    found = parse_filters({name: value for name, value in values.items() if value is not None})
    if isinstance(found, Refusal):
        raise WrongUse(told(found, {name: f"--{name.replace('_', '-')}" for name in _HELP}))
    return found


def add_period(parser: argparse.ArgumentParser) -> None:
    """The options of a period, both of which must be given."""
    parser.add_argument("--from", dest="since", required=True, metavar="TIME", help="RFC 3339, or a date")
    parser.add_argument("--to", dest="until", required=True, metavar="TIME", help="before this time")


def period_of(arguments: argparse.Namespace) -> tuple[str, str]:
    """Begin and end as records write times (27 characters each); `WrongUse` names an option that is none."""
    found = parse_filters({"from": arguments.since, "to": arguments.until})
    if isinstance(found, Refusal):
        raise WrongUse(told(found, {"from": "--from", "to": "--to"}))
    return found.since or "", found.until or ""


def add_archives(parser: argparse.ArgumentParser) -> None:
    """Where archives and files of emergency ledgers lie that are not in their directories; read by `Site.lying_in`."""
    parser.add_argument(
        "--archive",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="archives and emergency ledgers of the period that do not lie in the configured directories",
    )


def texts(filters: Filters) -> dict[str, str]:
    """The filters by their names, as a bundle's selection has them."""
    return {name: str(value) for name, value in msgspec.to_builtins(filters).items()}
