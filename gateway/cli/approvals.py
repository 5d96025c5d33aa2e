"""`gateway approvals`: what waits for people, and their answers, from the command line.

An account of this machine has no roles: who looks or answers shows an API key of its own (`--key`, a reference), and is
the same person as over the API.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.bootstrap import Site
from gateway.checks.identity.api_key import ApiKeys
from gateway.cli.common import (
    OK,
    Commands,
    Failed,
    WrongUse,
    opened,
    operator,
    printable,
    say,
    settings_of,
    subcommands,
    table,
    tenant_of,
    tenant_option,
    told,
)
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from gateway.exchange.approval_record import By
from gateway.exchange.approving import MAX_PAGE, STATES, Approver, Seen, described
from gateway.ledger.record import Detail
from gateway.settings import secret
from gateway.store.approvals import Approval

_OPTIONS = {"id": "ID", "reason": "--reason", "authorization": "--key"}
Command = Callable[[argparse.Namespace, Site, Approver], Awaitable[None]]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the group."""
    group = subcommands(commands.add_parser("approvals", help="what waits for people, and their answers"))

    listed = group.add_parser("list", parents=[common], help="approvals that you may answer")
    listed.add_argument("--state", choices=STATES, default="pending", help="default: pending")
    listed.add_argument("--limit", type=int, default=50, help=f"how many at most, up to {MAX_PAGE} (default 50)")
    _finished(listed, _list)

    show = group.add_parser("show", parents=[common], help="one of them, with what the agent would get; recorded")
    show.add_argument("id", metavar="ID")
    _finished(show, _show)

    for word, command in (("approve", _approve), ("deny", _deny)):
        answer = group.add_parser(word, parents=[common], help=f"{word} it, with a reason; recorded")
        answer.add_argument("id", metavar="ID")
        answer.add_argument("--reason", required=True, metavar="TEXT", help="why: it goes beside the record")
        _finished(answer, command)


def _finished(parser: argparse.ArgumentParser, command: Command) -> None:
    tenant_option(parser)
    parser.add_argument(
        "--key", required=True, metavar="REF", help="your API key, as env:NAME or file:PATH, never itself"
    )
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments, command)))


async def _run(arguments: argparse.Namespace, command: Command) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    if not arguments.key.startswith(("env:", "file:")):
        raise WrongUse("--key must be a reference, env:NAME or file:PATH, never the key itself")
    try:
        key = secret(arguments.key, ".")
    except ConfigurationError as error:
        raise WrongUse(f"--key: {error}") from error
    async with opened(settings) as site:
        identity = await ApiKeys(site.api_keys, site.clock).identify(key)
        if isinstance(identity, Refusal):
            raise Failed(told(identity, _OPTIONS))
        if identity.tenant != tenant:
            raise Failed("--key: a key of this tenant")
        await command(arguments, site, await _approver(site, tenant, identity))
    return OK


async def _approver(site: Site, tenant: str, identity: Identity) -> Approver:
    ledger = site.tenants[tenant].ledger
    actor = await site.directory.actor(ledger, identity.subject, identity.issuer)
    account = (await operator(site, tenant)).detail.subject
    detail = Detail(
        subject=identity.subject,
        roles=identity.roles,
        credential=identity.credential,
        method=identity.method,
        source=f"command line of {account}",
    )
    by = By(actor=actor, detail=detail)
    return site.approving.approver(ledger, await site.writer(tenant), identity, by)


async def _list(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    if not 1 <= arguments.limit <= MAX_PAGE:
        raise WrongUse(f"--limit must be 1 to {MAX_PAGE}")
    found = await site.approving.page(who, states=(arguments.state,), before=None, limit=arguments.limit)
    shown = [described(one, site.clock.now_us()) for one in found]
    rows = [
        (one["id"], one["state"], one["agent"], ", ".join(one.get("classes", ())), _missing(one), one["expires"])
        for one in shown
    ]
    say(arguments, {"approvals": shown}, table(("id", "state", "agent", "classes", "missing", "expires"), rows))


async def _show(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    found = await site.approving.see(who, arguments.id)
    if isinstance(found, Refusal):
        raise Failed(told(found, _OPTIONS))
    shown = described(found, site.clock.now_us())
    lines = [
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in shown.items()
        if name not in ("content", "missing", "answers")
    ]
    lines.append(f"missing: {_missing(shown) or 'nothing'}")
    content = shown.get("content")
    if content is not None:
        lines += ["", f"asked by {content['requester']['subject']}", *content["explanation"], ""]
        lines += [printable(f"{part['pointer']}: {part['text']}") for part in content["parts"]]
    say(arguments, shown, lines)


async def _approve(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    _say(arguments, site, await site.approving.approve(who, arguments.id, arguments.reason))


async def _deny(arguments: argparse.Namespace, site: Site, who: Approver) -> None:
    _say(arguments, site, await site.approving.deny(who, arguments.id, arguments.reason))


def _say(arguments: argparse.Namespace, site: Site, done: Approval | Refusal) -> None:
    if isinstance(done, Refusal):
        raise Failed(told(done, _OPTIONS))
    shown = described(Seen(approval=done, own=False), site.clock.now_us())
    say(arguments, shown, [f"{done.id} is {done.state}" + (f", missing {_missing(shown)}" if _missing(shown) else "")])


def _missing(one: dict[str, Any]) -> str:
    return ", ".join(f"{item['count']} {item['role']}" for item in one["missing"])
