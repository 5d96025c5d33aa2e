"""Networks that rules may ask about: a caller's address lies in one of them or in none."""

from collections.abc import Sequence, Set

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_networks

MAX_NETWORKS = 32
"""Those that a request came from stand on its record, by name, among 64 values that rules have read."""
OUTSIDE = "none"
"""What a record says of an address that lies in no network that was asked about."""


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    addresses: tuple[str, ...]
    """Networks in CIDR form: an address lies in it where it lies in one of them."""
    tenants: tuple[str, ...] = ()
    """Whose policy version knows it; without any, every tenant's. It is in those whose rules name it, too."""


def check_named_networks(networks: Sequence[Network], tenants: Set[str]) -> None:
    """`ConfigurationError` where one is of no address or nobody's, or there are more than a record has room for."""
    if len(networks) > MAX_NETWORKS:
        raise ConfigurationError(f"network must be there at most {MAX_NETWORKS} times")
    for index, one in enumerate(networks):
        if one.id == OUTSIDE:
            raise ConfigurationError(f"network[{index}].id must be another than {OUTSIDE}, which stands for no network")
        if not one.addresses:
            raise ConfigurationError(f"network[{index}].addresses must hold a network such as 10.1.0.0/16")
        check_networks(f"network[{index}].addresses", one.addresses)
        if not tenants >= {*one.tenants}:
            raise ConfigurationError(f"network[{index}].tenants names no [[tenant]]")
