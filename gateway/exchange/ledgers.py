"""The ledgers of this process by their tenants' random ids."""

from collections.abc import Mapping

from gateway.core.errors import LedgerUnavailable
from gateway.ledger.entry import Ledger


class Ledgers:
    """One ledger for each configured tenant, and the operator's own (`_system`)."""

    def __init__(self, ledgers: Mapping[str, Ledger], system_tenant: str = "_system") -> None:
        self._ledgers = dict(ledgers)
        self.system_tenant = system_tenant
        self.system = self._ledgers[system_tenant]

    def of(self, tenant: str) -> Ledger:
        """The ledger of a tenant, by its ledger id; `LedgerUnavailable` for one that this process does not write."""
        ledger = self._ledgers.get(tenant)
        if ledger is None:
            raise LedgerUnavailable("no ledger of this tenant is open here")
        return ledger
