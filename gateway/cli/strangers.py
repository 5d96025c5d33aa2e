"""Filters by names that nobody has, most likely slips: what is said of them beside an answer that holds nothing."""

from collections.abc import Collection

from gateway.bootstrap import Site
from gateway.cli.common import warn
from gateway.core.errors import ConfigurationError
from gateway.exchange.auditor import Auditor
from gateway.exchange.terms import in_force
from gateway.store.search import Filters

_NAMES = {"agent": "agent", "zone": "zone", "data_class": "data class"}
"""Filter by what operators name → what that is."""


async def warn_of_strangers(site: Site, tenant: str, auditor: Auditor, filters: Filters) -> None:
    """A line on standard error for each filter whose agent, zone or data class is neither configured (classes: by the
    policy that is in force) nor of any record at hand, with those that are configured."""
    for name, what in _NAMES.items():
        value = getattr(filters, name)
        if value is None or await auditor.names(Filters(**{name: value})):
            continue
        known = await _known(site, tenant, name)
        if known is None or value in known:
            continue
        option, right = f"--{name.replace('_', '-')}", ", ".join(sorted(known)) or "none"
        warn(f"{option}: no {what} of this name is configured (there are: {right}), and no record at hand is of one")


async def _known(site: Site, tenant: str, name: str) -> Collection[str] | None:
    """Those that are configured; None where nobody can tell."""
    if name == "agent":
        return [one.id for one in site.settings.agent if not one.tenants or tenant in one.tenants]
    if name == "zone":
        return [one.id for one in site.settings.zone]
    try:
        terms = await in_force(site.policies, site.tenants[tenant].ledger)
    except ConfigurationError:  # whoever needs that policy is told; a search does not, and goes on without this line
        return None
    return None if terms is None else terms.known.maskable
