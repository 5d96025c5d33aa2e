"""Networks that rules ask about have a name and addresses."""

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings.networks import MAX_NETWORKS, OUTSIDE, Network, check_named_networks

WARD = Network(id="ward", addresses=("10.1.0.0/16", "fd00:1::/64"))


def test_networks_with_addresses_are_taken() -> None:
    check_named_networks((WARD, Network(id="desk", addresses=("192.0.2.7",), tenants=("north",))), {"north"})
    check_named_networks((), {"north"})


@pytest.mark.parametrize(
    ("networks", "said"),
    [
        ((WARD, Network(id="desk", addresses=())), r"^network\[1\]\.addresses must hold a network"),
        ((Network(id="desk", addresses=("desk.example",)),), r"^network\[0\]\.addresses must be networks such as"),
        ((Network(id="desk", addresses=("10.1.2.3/8",)),), r"^network\[0\]\.addresses must be networks such as"),
        ((Network(id=OUTSIDE, addresses=("10.0.0.0/8",)),), r"^network\[0\]\.id must be another than none"),
        ((Network(id="desk", addresses=("10.0.0.0/8",), tenants=("west",)),), r"^network\[0\]\.tenants names no"),
        ((WARD,) * (MAX_NETWORKS + 1), r"^network must be there at most 32 times"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(networks: tuple[Network, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_named_networks(networks, {"north"})
