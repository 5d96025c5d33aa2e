"""The ledgers of this process by their tenants' random ids."""

from asyncio import Future
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from gateway.core.errors import LedgerUnavailable
from gateway.core.ids import SYSTEM
from gateway.ledger.entry import Appended, Entry, Ledger


class Counting(Ledger, Protocol):
    """A ledger that takes entries in the order of the calls, and counts what was refused while it could not be used."""

    def submit(self, entry: Entry, only_if_open: bool = False) -> "Future[Appended | None]":
        """As `append`, queued at once: the future may be cancelled, which does not withdraw the record.

        `only_if_open`: None, and no record, where the exchange that the entry closes is not open when its turn comes.
        """
        ...

    def missed(self) -> None:
        """Count a request that was refused before there was anything to append."""
        ...


class Ledgers:
    """One ledger for each configured tenant, and the operator's own (`_system`)."""

    def __init__(self, ledgers: Mapping[str, Counting], configured: Mapping[str, str] = MappingProxyType({})) -> None:
        """`ledgers`: by their ids; `configured`: those ids by the configured ids of tenants."""
        self._ledgers, self._configured = dict(ledgers), dict(configured)
        self.system = self._ledgers[SYSTEM]

    def whose(self, tenant: str | None) -> str:
        """The id of the ledger for what is known of a configured tenant alone: its own; the operator's where it is
        none, or one that this process does not write."""
        found = SYSTEM if tenant is None else self._configured.get(tenant, SYSTEM)
        return found if found in self._ledgers else SYSTEM

    def of(self, tenant: str) -> Counting:
        """The ledger of a tenant, by its ledger id; `LedgerUnavailable` for one that this process does not write."""
        ledger = self._ledgers.get(tenant)
        if ledger is None:
            raise LedgerUnavailable("no ledger of this tenant is open here")
        return ledger
