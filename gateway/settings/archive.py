"""Where records go when the days are over that they stay in the database."""

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_between
from gateway.settings.identity import Tenant

BLOCK = 4_096
"""Archives are whole blocks of records (`store.postings`)."""


class ArchiveSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Archives of all tenants. How many days a tenant's records stay, its `retention_days` says."""

    directory: str | None = None
    """Where archives are written and read; without it nothing is archived."""
    range_records: int = 65_536
    """Records of one archive: a multiple of 4,096."""
    interval_s: float = 3_600.0
    """Seconds between two looks for what is to be archived."""
    system_days: int = 2_192
    """How many days the records of the operator's own ledger stay."""

    def days(self, tenant: str, tenants: tuple[Tenant, ...]) -> int:
        """How many days the records of a tenant, or of `_system`, stay in the database."""
        return next((one.retention_days for one in tenants if one.id == tenant), self.system_days)

    def least_days(self, tenants: tuple[Tenant, ...]) -> int | None:
        """After how many days any record may leave the database; None where nothing is archived."""
        return None if self.directory is None else min(self.system_days, *(one.retention_days for one in tenants))


def check_archive(archive: ArchiveSettings, tenants: tuple[Tenant, ...]) -> None:
    check_between("archive.interval_s", archive.interval_s, 1, 86_400)
    check_between("archive.system_days", archive.system_days, 0, 36_500)
    check_between("archive.range_records", archive.range_records, BLOCK, 256 * BLOCK)
    if archive.range_records % BLOCK:
        raise ConfigurationError(f"archive.range_records must be a multiple of {BLOCK}")
    for index, tenant in enumerate(tenants):
        check_between(f"tenant[{index}].retention_days", tenant.retention_days, 0, 36_500)
