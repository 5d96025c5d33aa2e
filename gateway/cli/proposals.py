"""`gateway policy propose`, `proposals`, `activate`, `rollback`: which policy is in force, and who says so.

With `--key` it is a person who acts, known by an API key of a role that may do it over the API; where two persons are
asked for (`policy.four_eyes`) that is needed. Without, it is the account of this machine, as at a start. Gateways that
serve take over what was activated by themselves.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from gateway.bootstrap import Site, load_policy_set
from gateway.bootstrap.hands import machine_hand
from gateway.bootstrap.policies import proposals_of
from gateway.checks.access.rights import shipped_rights
from gateway.checks.classification.registry import DEFAULT
from gateway.cli.common import (
    LOCAL,
    OK,
    Commands,
    Failed,
    opened,
    operator,
    printable,
    say,
    settings_of,
    table,
    tenant_of,
    tenant_option,
    told,
)
from gateway.cli.persons import identified, key_of
from gateway.core.refusal import Refusal
from gateway.exchange.proposals import Hand, described
from gateway.store.proposals import Proposal

_OPTIONS = {"proposal": "PROPOSAL", "reason": "--reason", "authorization": "--key"}
_PROPOSE, _ACTIVATE, _ROLLBACK = (
    "POST /policy/proposals",
    "POST /policy/proposals/{proposal}/activate",
    "POST /policy/rollback",
)
"""The routes whose roles may do the same here."""
Act = Callable[[argparse.Namespace, Site, Hand], Awaitable[Proposal | Refusal]]


def add(group: Commands, common: argparse.ArgumentParser) -> None:
    """Add the commands to those about policies."""
    propose = group.add_parser("propose", parents=[common], help="propose the policy directory; recorded")
    _acting(propose, _PROPOSE, _propose)

    listed = group.add_parser("proposals", parents=[common], help="what was proposed, and what became of it")
    listed.set_defaults(run=lambda arguments: asyncio.run(_list(arguments)))

    activate = group.add_parser("activate", parents=[common], help="put what was proposed in force; recorded")
    activate.add_argument("proposal", metavar="PROPOSAL", help="its id, or the digest of its version")
    _acting(activate, _ACTIVATE, _activate)

    rollback = group.add_parser("rollback", parents=[common], help="go back to the version before; recorded")
    _acting(rollback, _ROLLBACK, _rollback)


def _acting(parser: argparse.ArgumentParser, route: str, act: Act) -> None:
    tenant_option(parser)
    parser.add_argument("--key", metavar="REF", help="your API key, as env:NAME or file:PATH, never itself")
    parser.add_argument("--reason", metavar="TEXT", help="why: it goes beside the record")
    parser.set_defaults(run=lambda arguments: asyncio.run(_act(arguments, route, act)))


async def _act(arguments: argparse.Namespace, route: str, act: Act) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    key = None if arguments.key is None else key_of(arguments.key)
    async with opened(settings) as site:
        person = None if key is None else await identified(site, tenant, key)
        refusal = None if person is None else shipped_rights().refusal(route, person[0])
        if refusal is not None:
            raise Failed(told(refusal, _OPTIONS))
        account = (await operator(site, tenant)).detail
        done = await act(arguments, site, await machine_hand(site, account, LOCAL, person))
        if isinstance(done, Refusal):
            raise Failed(told(done, _OPTIONS))
        shown = _shown(site, done, stale=False)
    say(arguments, shown, _lines(shown))
    return OK


async def _propose(arguments: argparse.Namespace, site: Site, by: Hand) -> Proposal | Refusal:
    shared = load_policy_set(site.settings, DEFAULT.version)
    return await proposals_of(site).propose(by, shared, arguments.reason)


async def _activate(arguments: argparse.Namespace, site: Site, by: Hand) -> Proposal | Refusal:
    return await proposals_of(site).activate(by, arguments.proposal, arguments.reason)


async def _rollback(arguments: argparse.Namespace, site: Site, by: Hand) -> Proposal | Refusal:
    return await proposals_of(site).rollback(by, arguments.reason)


async def _list(arguments: argparse.Namespace) -> int:
    async with opened(settings_of(arguments)) as site:
        shown = [_shown(site, one, stale=stale) for one, stale in await proposals_of(site).listed()]
    rows = [
        (
            one["id"],
            one["state"],
            one["origin"],
            one["proposed"],
            one["activated"] or "",
            printable(one["reason"] or ""),
        )
        for one in shown
    ]
    say(arguments, {"proposals": shown}, table(("id", "state", "origin", "proposed", "activated", "reason"), rows))
    return OK


def _shown(site: Site, one: Proposal, *, stale: bool) -> dict[str, Any]:
    """As over the API, with tenants by their configured ids."""
    names = {entry.ledger: name for name, entry in site.tenants.items()}
    shown = described(one, stale=stale, only=None)
    for field in ("versions", "changes"):
        shown[field] = {names.get(ledger, ledger): value for ledger, value in shown[field].items()}
    return shown


def _lines(shown: dict[str, Any]) -> Iterable[str]:
    yield f"{shown['id']} is {shown['state']}"
    for tenant, digest in shown["versions"].items():
        yield f"{tenant}  {digest}"
        yield from (printable(f"  {line}") for line in shown["changes"][tenant])
