"""What makes reports of a tenant, from a site and the policy to report by, and takes sign-offs of them."""

from gateway.bootstrap.shipped import inactive_frameworks
from gateway.bootstrap.site import Site
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet
from gateway.exchange.auditor import Auditor
from gateway.exchange.declared import VersionRegisters
from gateway.exchange.reporting import Reporter
from gateway.exchange.signing_off import SignOffs
from gateway.exchange.terms import in_force, terms_of
from gateway.store.archives import ArchiveStore
from gateway.store.incidents import IncidentStore


async def reporter_of(site: Site, tenant: str, auditor: Auditor, policy: Policy, shared: PolicySet) -> Reporter:
    """Of a configured tenant, or of `_system`. It reports by the version that is in force for the ledger, as bundles
    do; before the first, and for `_system`, by `policy` and the set that it was made of."""
    entry = site.tenants[tenant]
    terms = await in_force(site.policies, entry.ledger) or terms_of(policy, shared)
    return Reporter(
        auditor=auditor,
        archives=ArchiveStore(site.engine),
        flags=site.flags,
        ledger=entry.ledger,
        origin=entry.origin,
        registers=VersionRegisters(site.policies, tenant),
        terms=terms,
        inactive=inactive_frameworks(site.settings, [one.id for one in terms.frameworks]),
        clock=site.clock,
    )


def sign_offs_of(site: Site, tenant: str, auditor: Auditor) -> SignOffs:
    """What takes sign-offs of reviews of activity, of a configured tenant."""
    return SignOffs(
        auditor=auditor,
        incidents=IncidentStore(site.engine),
        ledger=site.tenants[tenant].ledger,
        clock=site.clock,
        node=site.node,
        metrics=site.metrics,
    )
