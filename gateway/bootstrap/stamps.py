"""The ledgers before their time-stamping authorities: asked as long as the gateway serves."""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import msgspec

from gateway.agents.client import AgentClient
from gateway.agents.tsas import TsaClient, authorities_of, tsa_clients
from gateway.bootstrap.site import Site
from gateway.core.errors import AgentError, ConfigurationError, FormatError, VerificationError
from gateway.core.ids import SYSTEM
from gateway.core.together import together
from gateway.exchange.metrics import StampState
from gateway.exchange.stamping import Stamping
from gateway.settings import Settings

MOST_S = 10.0
"""How long a checkpoint that is due waits, at most, until it is stamped."""
_log = logging.getLogger("gateway.stamp")


async def stampings_of(site: Site, stack: AsyncExitStack) -> Mapping[str, Stamping]:
    """Each tenant's ledger before the configured authorities, by the tenant's id; none where there are none.
    `ConfigurationError` for a file or a secret that cannot be used."""
    authorities = authorities_of(site.settings)
    if not authorities:
        return {}
    client = await stack.enter_async_context(AgentClient([one.route for one in authorities]))
    found = {
        name: Stamping(
            site.engine,
            ledger=entry.ledger,
            tsas=tsa_clients(authorities, client),
            clock=site.clock,
            node=site.node,
        )
        for name, entry in site.tenants.items()
    }
    site.metrics.stamps(lambda: [_state(site, name, one) for name, one in found.items()])
    return found


def states(stampings: Mapping[str, Stamping], settings: Settings) -> dict[str, str]:
    """By authority: `failing` where its last answer for some ledger was no stamp, else `ok`; as this node saw it."""
    failing = frozenset().union(*(one.failing for one in stampings.values()))
    return {one.id: "failing" if one.id in failing else "ok" for one in settings.tsa}


async def stamping(stampings: Mapping[str, Stamping], interval_s: float) -> None:
    """Have checkpoints stamped as long as the gateway serves. `interval_s`: between checkpoints."""
    while stampings:
        await asyncio.sleep(min(interval_s, MOST_S))
        await together(_round(name, one) for name, one in stampings.items())


async def proved(settings: Settings, index: int) -> str:
    """That an authority of the configuration stamps: it is asked for a stamp of random bytes, which is looked at as any
    other and thrown away. In words; `AgentError` where none came, `ConfigurationError` where it would be refused."""
    # Its credential is needed, and nothing of the others.
    only = msgspec.structs.replace(settings, tsa=(settings.tsa[index],))
    (authority,) = authorities_of(only)
    async with AgentClient([authority.route]) as client:
        try:
            found = await TsaClient(authority, client).stamp(secrets.token_bytes(32))
        except (FormatError, VerificationError) as error:
            raise ConfigurationError(f"what it answers does not hold: {error}") from error
        except AgentError as error:
            if error.code == "refused":
                raise ConfigurationError(
                    "it refuses to stamp: is its policy, its address or authorization wrong?"
                ) from error
            raise
    until = datetime.fromtimestamp(authority.authorities.until_us // 1_000_000, UTC)
    return f"stamps, under policy {found.stamp.policy}; its authorities hold until {until:%Y-%m-%d}"


def _state(site: Site, name: str, one: Stamping) -> StampState:
    return StampState(
        tenant=site.tenants[name].ledger,
        records=one.beyond.records,
        seconds=one.beyond.seconds(site.clock.now_us()),
        ends=one.ends,
    )


async def _round(name: str, one: Stamping) -> None:
    try:
        await one.round()
    except Exception as error:  # noqa: BLE001 — whatever it was, the next round tries again
        whose = SYSTEM if name == SYSTEM else "a tenant"
        _log.error("a checkpoint of %s could not be time-stamped: %s", whose, type(error).__name__)
