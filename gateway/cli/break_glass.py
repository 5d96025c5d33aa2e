"""`gateway break-glass`: a person is lent a role, gives it back, and somebody else reviews that, from the command line.

A gateway that serves learns of it within seconds, and sends the notices that it is told by.
"""

import argparse
from typing import Any

from gateway.bootstrap import Site
from gateway.bootstrap.approvals import glass_of, notices_kept
from gateway.cli.common import Commands, Failed, printable, say, subcommands, table, told
from gateway.cli.persons import OPTIONS, personal
from gateway.core.refusal import Refusal
from gateway.exchange.approving import Approver
from gateway.exchange.glass import Glass, described
from gateway.store.glass import Broken


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("break-glass", help="roles that are lent for minutes, and their reviews"))

    personal(group.add_parser("list", parents=[common], help="your own, and those that you may review"), _list)

    lent = group.add_parser("open", parents=[common], help="be lent a role, at once; recorded and told")
    lent.add_argument("--role", required=True, metavar="ROLE", help="the role that you need")
    lent.add_argument("--minutes", required=True, type=int, metavar="N", help="for how long")
    lent.add_argument("--reason", required=True, metavar="TEXT", help="why: it goes beside the record")
    personal(lent, _open)

    closed = group.add_parser("close", parents=[common], help="end it before its time; recorded")
    closed.add_argument("id", metavar="ID")
    personal(closed, _close)

    review = group.add_parser("review", parents=[common], help="judge what somebody else was lent; recorded")
    review.add_argument("id", metavar="ID")
    verdict = review.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--justified", action="store_true", help="it was right")
    verdict.add_argument("--not-justified", action="store_true", help="it was not")
    review.add_argument("--reason", required=True, metavar="TEXT", help="why: it goes beside the record")
    personal(review, _review)


async def _list(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    shown = [described(one) for one in await _glass(site).listed(who)]
    rows = [(one["id"], one["role"], one["until"], one["due"] or "", _review_of(one), one["reason"]) for one in shown]
    columns = ("id", "role", "until", "review due", "reviewed", "reason")
    say(arguments, {"break_glass": shown}, table(columns, rows))


async def _open(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    done = await _glass(site).open(who, arguments.role, arguments.minutes, arguments.reason)
    _say(
        arguments, done, lambda one: f"{one['id']}: {one['role']} until {one['until']}, to be reviewed by {one['due']}"
    )


async def _close(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    _say(arguments, await _glass(site).close(who, arguments.id), lambda one: f"{one['id']} is over")


async def _review(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    done = await _glass(site).review(who, arguments.id, arguments.justified, arguments.reason)
    _say(arguments, done, lambda one: f"{one['id']} is reviewed: {_review_of(one)}")


def _glass(site: Site) -> Glass:
    return glass_of(site, notices_kept(site))


def _say(arguments: argparse.Namespace, done: Broken | Refusal, words: Any) -> None:
    if isinstance(done, Refusal):
        raise Failed(told(done, OPTIONS))
    shown = described(done)
    say(arguments, shown, [printable(words(shown))])


def _review_of(one: dict[str, Any]) -> str:
    return "" if one["justified"] is None else "justified" if one["justified"] else "not justified"
