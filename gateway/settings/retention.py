"""How long what lies beside records is kept, by what they are about."""

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.core.ids import SYSTEM
from gateway.core.retention import CLASSES
from gateway.settings.forms import check_between


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule. The first one that fits a record counts; what none fits stays as long as the record."""

    tenant: str | None = None
    """The tenant, or `_system`; any of them without it."""
    about: tuple[str, ...] = ()
    """Retention classes; any without them."""
    data_classes: tuple[str, ...] = ()
    """Data classes, one of which the record must have; without them it does not matter."""
    details_days: int | None = None
    """Days after which details and openings are destroyed; without it they stay as long as the record."""
    content_days: int | None = None
    """Days after which kept content is destroyed, should its own not be over; without it those alone count."""


def check_retention(rules: tuple[Retention, ...], tenants: frozenset[str]) -> None:
    for index, rule in enumerate(rules):
        place = f"retention[{index}]"
        if rule.tenant is not None and rule.tenant not in {*tenants, SYSTEM}:
            raise ConfigurationError(f"{place}.tenant names no [[tenant]], nor _system")
        if not set(CLASSES).issuperset(rule.about):
            raise ConfigurationError(f"{place}.about must be of {', '.join(CLASSES)}")
        for name in ("details_days", "content_days"):
            days: int | None = getattr(rule, name)
            if days is not None:
                check_between(f"{place}.{name}", days, 0, 36_500)
