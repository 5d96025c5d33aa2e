"""The ledgers before their witnesses: looked at when the gateway starts, offered to them as long as it serves."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from gateway.agents.client import AgentClient
from gateway.agents.witnesses import witness_clients, witness_routes
from gateway.bootstrap.site import Site
from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.core.together import together
from gateway.exchange.metrics import WitnessState
from gateway.exchange.witnessing import Witnessing
from gateway.store.writer_base import LedgerWriter

MOST_S = 10.0
"""How long a checkpoint waits, at most, until it is offered; and a witness that was away until it is asked again."""
_log = logging.getLogger("gateway.witness")


async def witnesses_of(site: Site, stack: AsyncExitStack) -> Mapping[str, Witnessing]:
    """Each tenant's ledger before the configured witnesses, by the tenant's id; none where there are none."""
    quorum, routes = site.quorum, witness_routes(site.settings)
    if quorum is None:
        return {}
    client = await stack.enter_async_context(AgentClient([route for _, route in routes]))
    return {
        name: Witnessing(
            site.engine,
            ledger=entry.ledger,
            signing=site.signing(name),
            witnesses=witness_clients(routes, client),
            quorum=quorum,
            clock=site.clock,
            node=site.node,
        )
        for name, entry in site.tenants.items()
    }


def tell(site: Site, witnessings: Mapping[str, Witnessing]) -> None:
    """Tell of them among the metrics, as it was when they were last offered."""

    def states() -> list[WitnessState]:
        now_us = site.clock.now_us()
        return [
            WitnessState(
                tenant=site.tenants[name].ledger,
                records=one.window.records,
                seconds=one.window.seconds(now_us),
                ends=one.ends,
            )
            for name, one in witnessings.items()
        ]

    if witnessings:
        site.metrics.witnesses(states)


async def demand_whole(witnessings: Mapping[str, Witnessing], *, required: bool) -> None:
    """Before anything is recorded: no ledger was taken back behind what a witness knows. `ConfigurationError` names the
    tenants whose was, and nothing serves until that was acknowledged."""
    found = await together(one.ahead(required=required) for one in witnessings.values())
    behind = [name for name, ahead in zip(witnessings, found, strict=True) if ahead]
    if behind:
        raise ConfigurationError(f"a witness {taken_back(behind)}")


def taken_back(tenants: Sequence[str]) -> str:
    """What a witness says that refuses these tenants' ledgers, and what is to be done."""
    return (
        f"knows of more records than there are, or of others, of {', '.join(tenants)}: was a backup restored? See "
        "docs/witnesses.md, and `gateway audit acknowledge-restore`"
    )


async def offering(
    witnessings: Mapping[str, Witnessing], writers: Mapping[str, LedgerWriter], interval_s: float
) -> None:
    """Offer checkpoints as long as the gateway serves. `writers` by the tenants' configured ids."""
    while witnessings:
        await asyncio.sleep(min(interval_s, MOST_S))
        await together(_offer(name, one, writers[name]) for name, one in witnessings.items())


async def _offer(name: str, one: Witnessing, writer: LedgerWriter) -> None:
    try:
        ahead = await one.offer(writer)
    except Exception as error:  # noqa: BLE001 — whatever it was, the next round tries again
        whose = SYSTEM if name == SYSTEM else "a tenant"
        _log.error("a checkpoint of %s could not be offered: %s", whose, type(error).__name__)
        return
    if ahead and not writer.halted:
        _log.error(
            "a witness knows of more records than there are, or of others: nothing is recorded until acknowledged"
        )
        writer.halt()
