"""How old the record is that is in the database, and what becomes of what is older: figures for whoever watches."""

from collections.abc import Iterator

import msgspec

from gateway.exchange.archiving import Reason


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one ledger. `oldest_s`: when the oldest record in the database was recorded, seconds since the epoch, None
    for none; `over_s`: for how long its days have been over; `waits`: what keeps the next range from being archived."""

    archives: int
    oldest_s: float | None
    over_s: float
    waits: Reason | None


class ArchiveFigures:
    """As they were last looked at, by the ledger's id."""

    def __init__(self) -> None:
        self._figures: dict[str, Figures] = {}
        self._failed: dict[str, int] = {}

    def told(self, tenant: str, figures: Figures) -> None:
        self._figures[tenant] = figures

    def failed(self, tenant: str) -> None:
        """A round could not archive what was due."""
        self._failed[tenant] = self._failed.get(tenant, 0) + 1

    def states(self) -> Iterator[tuple[str, Figures, int]]:
        """Each ledger's figures, with how many rounds have failed."""
        for tenant, figures in list(self._figures.items()):
            yield tenant, figures, self._failed.get(tenant, 0)
