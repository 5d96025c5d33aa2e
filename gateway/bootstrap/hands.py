"""Who proposes and activates policies, as the records of each tenant may know them."""

from collections.abc import Mapping

from gateway.bootstrap.site import Site, callers_of
from gateway.core.caller import Identity
from gateway.core.denial import names_of
from gateway.core.ids import SYSTEM
from gateway.exchange.answerers import denied_names, key_of, persons_of
from gateway.exchange.proposals import Hand
from gateway.ledger.record import Detail
from gateway.store.proposals import Party


async def api_hand(site: Site, identity: Identity, detail: Detail) -> Hand:
    """A caller of the API, who may change the policy of its own tenant alone."""
    ledger = site.tenants[identity.tenant].ledger
    actor = await site.directory.actor(ledger, identity.subject, identity.issuer)
    return Hand(party=_party(site, identity, {ledger: actor}), details={ledger: detail}, only=ledger)


async def machine_hand(site: Site, account: Detail, issuer: str, person: tuple[Identity, Detail] | None = None) -> Hand:
    """Who runs the installation (`account`, of `issuer`), and where a key was shown the person whose it is: known as
    such to the own tenant's record alone, and to the others' as the account."""
    actors, details = {}, {}
    for name, entry in site.tenants.items():
        if name != SYSTEM:
            actors[entry.ledger] = await site.directory.actor(entry.ledger, account.subject or "", issuer)
            details[entry.ledger] = account
    if person is None:
        return Hand(party=Party(kind="service", actors=actors), details=details)
    identity, detail = person
    own = site.tenants[identity.tenant].ledger
    actors[own] = await site.directory.actor(own, identity.subject, identity.issuer)
    return Hand(party=_party(site, identity, actors), details={**details, own: detail})


def _party(site: Site, identity: Identity, actors: Mapping[str, str]) -> Party:
    """Persons are compared over all tenants: what a set changes is everybody's. Whom an agent calls as is no person,
    whatever the credential says."""
    called = (identity.tenant, identity.subject) in callers_of(site.settings)
    return Party(
        kind="agent" if called else identity.kind,
        actors=actors,
        tenant=identity.tenant,
        persons=persons_of(site.directory, site.tenants[SYSTEM].ledger, identity),
        names=denied_names(site.directory, site.tenants[identity.tenant].ledger, names_of(identity)),
        key=key_of(identity),
    )
