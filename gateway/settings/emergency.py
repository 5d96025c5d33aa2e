"""What goes on while the database is away, and what must hold for that."""

from collections.abc import Iterable

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_between


class EmergencySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The node's emergency ledger. Without `directory` there is none: a database that is away stops traffic."""

    directory: str | None = None
    """Where this node keeps its emergency ledger: a local disk, another one than the database's, never shared."""
    files: str | None = None
    """Where ledgers that are over lie as files, best where all nodes see them; by default `closed` in `directory`."""
    capabilities: tuple[str, ...] = ()
    """The capabilities that go on, and no other."""
    zones: tuple[str, ...] = ("in-house",)
    """The zones of the agents that may be asked."""
    enter_after_s: float = 10.0
    """For how long the database must have been away."""
    leave_after_s: float = 5.0
    """For how long it must have been back."""
    max_s: float = 14_400.0
    """For how long new exchanges are taken in one emergency."""
    max_records: int = 100_000
    """From how many records of one ledger on no new exchange is taken."""
    copy_s: float = 60.0
    """Seconds between two copies of what deciding needs."""
    max_copy_age_s: float = 600.0
    """How old that copy may be when an emergency begins."""
    max_copy_rows: int = 1_000_000
    """Rows of the copy beyond which there is none."""

    @property
    def place(self) -> str | None:
        """Where ledgers that are over lie as files; None where there is no such place."""
        return self.files or (None if self.directory is None else f"{self.directory}/closed")


def check_emergency(emergency: EmergencySettings, capabilities: Iterable[str], zones: Iterable[str]) -> None:
    """`ConfigurationError` names the key. `capabilities`: those that agents offer; `zones`: those that there are."""
    for name, low, high in (
        ("enter_after_s", 1, 3_600),
        ("leave_after_s", 1, 3_600),
        ("max_s", 1, 604_800),
        ("max_records", 100, 4_000_000),
        ("copy_s", 1, 86_400),
        ("max_copy_age_s", 1, 604_800),
        ("max_copy_rows", 1, 100_000_000),
    ):
        check_between(f"emergency.{name}", getattr(emergency, name), low, high)
    if emergency.max_copy_age_s < 2 * emergency.copy_s:
        raise ConfigurationError("emergency.max_copy_age_s must be at least twice emergency.copy_s")
    if emergency.directory is None:
        if emergency.capabilities:
            raise ConfigurationError("emergency.directory must be set: without it there is no emergency ledger")
        return
    if not emergency.capabilities:
        raise ConfigurationError("emergency.capabilities must name what goes on while the database is away")
    if not set(emergency.capabilities) <= set(capabilities):
        raise ConfigurationError("emergency.capabilities must be capabilities that agents offer")
    if not emergency.zones or not set(emergency.zones) <= set(zones):
        raise ConfigurationError("emergency.zones must name at least one [[zone]], and nothing else")
