"""Samples of what was sent, and those who judge them."""

from gateway.bootstrap.approvals import notices_kept
from gateway.bootstrap.site import Site
from gateway.checks.classification.engine import Engine
from gateway.exchange.marking import MarkedMisses
from gateway.exchange.reviewing import Reviewing
from gateway.exchange.sampling import Sampler
from gateway.store.kept import KeptStore
from gateway.store.reader import StoreReader
from gateway.store.reviews import ReviewStore
from gateway.store.sealing import Sealer


def reviewing_of(site: Site, engine: Engine) -> Reviewing:
    """What shows samples and takes judgements, of every tenant. `engine`: the one that is judged."""
    misses = None
    if site.settings.classification.miss_opens_incident:
        misses = MarkedMisses(
            records=lambda ledger: StoreReader(site.engine, ledger),
            engine=engine,
            notices=notices_kept(site),
            clock=site.clock,
            node=site.node,
        )
    return Reviewing(
        samples=ReviewStore(site.engine),
        kept=KeptStore(site.engine, site.clock),
        sealer=Sealer(site.keyring),
        engine=engine,
        person_of=site.directory.person,
        clock=site.clock,
        node=site.node,
        metrics=site.metrics,
        misses=misses,
    )


async def sampler_of(site: Site, tenant: str, engine: Engine) -> Sampler:
    """What draws samples of a configured tenant."""
    return Sampler(
        tenant=site.tenants[tenant].ledger,
        ledger=await site.writer(tenant),
        kept=KeptStore(site.engine, site.clock),
        engine=engine.version,
        clock=site.clock,
        node=site.node,
        metrics=site.metrics,
    )
