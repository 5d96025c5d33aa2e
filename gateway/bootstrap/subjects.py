"""Data subjects: what finds out whom messages are about, what destroys their content when its time has come, and again
what a restored copy brought back."""

from functools import partial

from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.site import Site
from gateway.exchange import kept
from gateway.exchange.erasure import Erasure
from gateway.exchange.linking import Linking
from gateway.exchange.restored import Restored
from gateway.store.erasure import ErasureStore
from gateway.store.lease import Lease
from gateway.store.subject_cases import CaseStore

_LEASE_S = 300.0
"""A round is done well within it; who dies in one is waited for so long, unless it starts again."""


def erasure_of(base: Foundation) -> Erasure:
    """The job that goes on with erasures, of every tenant."""
    site = base.site
    holder = site.holder("er")
    return Erasure(
        store=ErasureStore(site.engine),
        flags=site.flags,
        cases=CaseStore(site.engine),
        keys=site.keyring,
        sealer=base.sealer,
        mask=partial(kept.without_findings, engine=base.engine),
        lease=lambda name: Lease(site.engine, name, holder, site.clock, _LEASE_S),
        clock=site.clock,
        node=site.node,
        settings=site.settings.subjects,
        emergencies=site.emergencies,
    )


def linking_of(site: Site) -> Linking | None:
    """What finds out from messages whom they are about; None where nothing is to."""
    wanted = site.settings.subjects.link
    return Linking(site.directory, wanted) if wanted else None


def restored_of(site: Site) -> Restored:
    """What does erasures again that this copy of the database does not know of."""
    return Restored(
        store=ErasureStore(site.engine),
        flags=site.flags,
        cases=CaseStore(site.engine),
        keys=site.keyring,
        clock=site.clock,
        node=site.node,
    )
