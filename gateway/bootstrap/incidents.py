"""What should not have left, and those who close it."""

from gateway.bootstrap.site import Site
from gateway.exchange.incidents import Incidents
from gateway.store.incidents import IncidentStore
from gateway.store.reader import StoreReader


def incidents_of(site: Site) -> Incidents:
    """What lists and closes incidents, of every tenant."""
    return Incidents(
        store=IncidentStore(site.engine),
        records=lambda ledger: StoreReader(site.engine, ledger),
        person_of=site.directory.person,
        clock=site.clock,
        node=site.node,
    )
