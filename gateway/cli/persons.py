"""Commands that are a person's to give: who it is, an API key says.

An account of this machine has no roles: who looks or answers shows an API key of its own (`--key`, a reference), and is
the same person as over the API.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from gateway.bootstrap import Site
from gateway.checks.identity.api_key import ApiKeys
from gateway.cli.common import (
    OK,
    Failed,
    WrongUse,
    opened_to_read,
    operator,
    settings_of,
    tenant_of,
    tenant_option,
    told,
)
from gateway.core.caller import Identity
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from gateway.exchange.approval_record import By
from gateway.exchange.approving import Approver
from gateway.ledger.record import Detail
from gateway.settings import secret

OPTIONS = {
    "id": "ID",
    "reason": "--reason",
    "minutes": "--minutes",
    "authorization": "--key",
    "place": "--place",
    "missed": "--missed",
    "wrong": "--wrong",
    "disposition": "--disposition",
}
"""What the fields of refusals are called on the command line."""
Command = Callable[[argparse.Namespace, Site, Approver], Awaitable[None]]


def personal(parser: argparse.ArgumentParser, command: Command) -> None:
    """Finish the parser of a command that is done by a person, who is known by the key that `--key` refers to."""
    tenant_option(parser)
    parser.add_argument(
        "--key", required=True, metavar="REF", help="your API key, as env:NAME or file:PATH, never itself"
    )
    parser.set_defaults(run=lambda arguments: asyncio.run(_run(arguments, command)))


def key_of(reference: str) -> str:
    """The API key that `--key` refers to; `WrongUse` for what is no reference, or refers to nothing."""
    if not reference.startswith(("env:", "file:")):
        raise WrongUse("--key must be a reference, env:NAME or file:PATH, never the key itself")
    try:
        return secret(reference, ".")
    except ConfigurationError as error:
        raise WrongUse(f"--key: {error}") from error


async def identified(site: Site, tenant: str, key: str) -> tuple[Identity, Detail]:
    """Whose key it is, and what records tell of who acts by it; `Failed` for a key that is none of the tenant's."""
    identity = await ApiKeys(site.api_keys, site.clock).identify(key)
    if isinstance(identity, Refusal):
        raise Failed(told(identity, OPTIONS))
    if identity.tenant != tenant:
        raise Failed("--key: a key of this tenant")
    account = (await operator(site, tenant)).detail.subject
    detail = Detail(
        subject=identity.subject,
        roles=identity.roles,
        credential=identity.credential,
        method=identity.method,
        source=f"command line of {account}",
    )
    return identity, detail


async def _run(arguments: argparse.Namespace, command: Command) -> int:
    settings = settings_of(arguments)
    tenant = tenant_of(arguments, settings)
    key = key_of(arguments.key)
    async with opened_to_read(settings) as site:
        identity, detail = await identified(site, tenant, key)
        await command(arguments, site, await _approver(site, tenant, identity, detail))
    return OK


async def _approver(site: Site, tenant: str, identity: Identity, detail: Detail) -> Approver:
    ledger = site.tenants[tenant].ledger
    actor = await site.directory.actor(ledger, identity.subject, identity.issuer)
    by = By(actor=actor, detail=detail)
    return site.approving.approver(ledger, await site.writer(tenant), identity, by)
