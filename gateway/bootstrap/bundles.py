"""What builds evidence bundles while the gateway serves."""

from collections.abc import Mapping

from gateway.bootstrap.site import Site
from gateway.exchange.auditor import Auditor
from gateway.exchange.bundle_files import BundleFiles
from gateway.exchange.bundle_making import Making
from gateway.exchange.bundling import LEASE_S, Bundling
from gateway.exchange.underway import UnderWay
from gateway.store.bundle_jobs import BundleStore
from gateway.store.lease import Lease
from gateway.store.subject_cases import CaseStore


def bundling_of(site: Site, auditors: Mapping[str, Auditor], underway: UnderWay) -> Bundling:
    """Of every tenant. `auditors`: by the configured id."""
    holder = site.holder("bu")
    store, files = BundleStore(site.engine), BundleFiles(site.settings.path(site.settings.evidence.directory))
    known = {site.tenants[name].ledger: auditor for name, auditor in auditors.items()}
    return Bundling(
        store=store,
        cases=CaseStore(site.engine),
        files=files,
        making=Making(store=store, files=files, auditors=known, keys=site.keyring, metrics=site.metrics),
        auditors=known,
        lease=lambda name: Lease(site.engine, name, holder, site.clock, LEASE_S),
        underway=underway,
        clock=site.clock,
        node=site.node,
        metrics=site.metrics,
        settings=site.settings.evidence,
    )
