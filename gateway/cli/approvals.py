"""`gateway approvals`: what waits for people, and their answers, from the command line.

Who looks or answers shows an API key of its own (`cli.persons`).
"""

import argparse
from typing import Any

from gateway.bootstrap import Site
from gateway.cli.common import (
    Commands,
    Failed,
    WrongUse,
    format_option,
    printable,
    say,
    say_rows,
    subcommands,
    table,
    told,
)
from gateway.cli.persons import OPTIONS, personal
from gateway.core.refusal import Refusal
from gateway.exchange.approving import COLUMNS, MAX_PAGE, STATES, Approver, Seen, described
from gateway.store.approvals import Approval


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("approvals", help="what waits for people, and their answers"))

    listed = group.add_parser("list", parents=[common], help="approvals that you may answer")
    listed.add_argument("--state", choices=STATES, default="pending", help="default: pending")
    listed.add_argument("--limit", type=int, default=50, help=f"how many at most, up to {MAX_PAGE} (default 50)")
    format_option(listed)
    personal(listed, _list)

    show = group.add_parser("show", parents=[common], help="one of them, with what the agent would get; recorded")
    show.add_argument("id", metavar="ID")
    personal(show, _show)

    for word, command in (("approve", _approve), ("deny", _deny)):
        answer = group.add_parser(word, parents=[common], help=f"{word} it, with a reason; recorded")
        answer.add_argument("id", metavar="ID")
        answer.add_argument("--reason", required=True, metavar="TEXT", help="why: it goes beside the record")
        answer.add_argument(
            "--version",
            type=int,
            required=word == "approve",
            metavar="N",
            help="as `show` told it: where it was edited since, nothing is answered",
        )
        personal(answer, command)

    edit = group.add_parser("edit", parents=[common], help="have more masked, or another agent get it; recorded")
    edit.add_argument("id", metavar="ID")
    edit.add_argument("--reason", required=True, metavar="TEXT", help="why: it goes beside the record")
    edit.add_argument("--mask", metavar="TYPES", help="finding types to mask beside the others, separated by commas")
    edit.add_argument("--agent", metavar="AGENT", help="another agent that policy permits")
    edit.add_argument("--version", type=int, metavar="N", help="as `show` told it (default: whatever it has become)")
    personal(edit, _edit)


async def _list(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    if not 1 <= arguments.limit <= MAX_PAGE:
        raise WrongUse(f"--limit must be 1 to {MAX_PAGE}")
    found = await site.approving.page(who, states=(arguments.state,), before=None, limit=arguments.limit)
    shown = [described(one, site.clock.now_us()) for one in found]
    rows = [
        (one["id"], one["state"], one["agent"], ", ".join(one.get("classes", ())), _missing(one), one["expires"])
        for one in shown
    ]
    lines = table(("id", "state", "agent", "classes", "missing", "expires"), rows)
    say_rows(arguments, "approvals", COLUMNS, shown, lines)


async def _show(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    found = await site.approving.see(who, arguments.id)
    if isinstance(found, Refusal):
        raise Failed(told(found, OPTIONS))
    shown = described(found, site.clock.now_us())
    lines = [
        f"{name}: {_words(value)}" for name, value in shown.items() if name not in ("content", "missing", "answers")
    ]
    lines.append(f"missing: {_missing(shown) or 'nothing'}")
    content = shown.get("content")
    if content is not None:
        lines += ["", f"asked by {content['requester']['subject']}", *content["explanation"], ""]
        lines += [printable(f"{part['pointer']}: {part['text']}") for part in content["parts"]]
    say(arguments, shown, lines)


def _words(value: object) -> str:
    """A value of a description for people."""
    if value is None or value == {} or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(item)}" for name, item in value.items())
    return ", ".join(map(_words, value)) if isinstance(value, list) else str(value)


async def _approve(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    _say(arguments, site, await site.approving.approve(who, arguments.id, arguments.reason, arguments.version))


async def _deny(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    _say(arguments, site, await site.approving.deny(who, arguments.id, arguments.reason, arguments.version))


async def _edit(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    if arguments.mask is None and arguments.agent is None:
        raise WrongUse("--mask or --agent must say what is to change")
    named = (kind.strip() for kind in (arguments.mask or "").split(","))
    masks = tuple(dict.fromkeys(kind for kind in named if kind))
    done = await site.approving.edit(
        who, arguments.id, arguments.reason, arguments.version, masks=masks, agent=arguments.agent
    )
    _say(arguments, site, done)


def _say(arguments: argparse.Namespace, site: Site, done: Approval | Refusal) -> None:
    if isinstance(done, Refusal):
        raise Failed(told(done, OPTIONS))
    shown = described(Seen(approval=done, own=False), site.clock.now_us())
    say(arguments, shown, [f"{done.id} is {done.state}" + (f", missing {_missing(shown)}" if _missing(shown) else "")])


def _missing(one: dict[str, Any]) -> str:
    return ", ".join(f"{item['count']} {item['role']}" for item in one["missing"])
