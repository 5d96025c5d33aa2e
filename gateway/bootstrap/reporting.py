"""What makes reports of a tenant, from a site and the policy to report by."""

from gateway.bootstrap.policies import frameworks_of
from gateway.bootstrap.site import Site
from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet
from gateway.evidence.figures.seen import Known
from gateway.evidence.reports.register import register_of
from gateway.exchange.auditor import Auditor
from gateway.exchange.reporting import Reporter
from gateway.store.subject_trail import SubjectTrail


def known_of(policy: Policy, engine: Engine) -> Known:
    """What the policy and its recognizers say and records do not."""
    return Known(
        personal=policy.personal_classes,
        maskable={name: frozenset(engine.maskable(name)) for name in sorted(policy.known_classes)},
    )


def reporter_of(
    site: Site, tenant: str, auditor: Auditor, policy: Policy, shared: PolicySet, engine: Engine
) -> Reporter:
    """Of a configured tenant, or of `_system`."""
    entry = site.tenants[tenant]
    return Reporter(
        auditor=auditor,
        reader=site.reader(tenant),
        trail=SubjectTrail(site.engine, site.clock),
        flags=site.flags,
        ledger=entry.ledger,
        origin=entry.origin,
        register=register_of(site.settings, tenant),
        known=known_of(policy, engine),
        frameworks=frameworks_of(policy, shared),
        clock=site.clock,
    )
