"""Which legal basis a purpose has, and for whom."""

import pytest

from gateway.core.errors import ConfigurationError
from gateway.settings.identity import Tenant
from gateway.settings.purposes import Purpose, check_purposes, legal_bases

TENANTS = frozenset({"north", "south"})
TREAT = Purpose(id="TREAT", legal_basis="Art. 9(2)(h)")


def test_a_purpose_has_its_basis_for_the_tenants_that_are_named_or_for_all() -> None:
    own = Purpose(id="HRESCH", legal_basis="Art. 9(2)(j)", tenants=("south",))
    check_purposes((TREAT, own), TENANTS)
    assert legal_bases((TREAT, own), (Tenant(id="north"), Tenant(id="south"))) == {
        ("north", "TREAT"): "Art. 9(2)(h)",
        ("south", "TREAT"): "Art. 9(2)(h)",
        ("south", "HRESCH"): "Art. 9(2)(j)",
    }


def test_one_tenant_may_base_a_purpose_on_something_else_than_another() -> None:
    north, south = (Purpose(id="TREAT", legal_basis=name, tenants=(name,)) for name in ("north", "south"))
    check_purposes((north, south), TENANTS)
    assert legal_bases((north, south), ())["south", "TREAT"] == "south"


@pytest.mark.parametrize(
    ("purposes", "said"),
    [
        ((Purpose(id="no purpose", legal_basis="a"),), r"^purpose\[0\]\.id must be 1 to 64 letters"),
        ((TREAT, Purpose(id="PUBHLTH", legal_basis="")), r"^purpose\[1\]\.legal_basis must be 1 to 128"),
        ((Purpose(id="PUBHLTH", legal_basis=" a"),), r"^purpose\[0\]\.legal_basis must"),
        ((Purpose(id="PUBHLTH", legal_basis="a" * 129),), r"^purpose\[0\]\.legal_basis must"),
        ((Purpose(id="PUBHLTH", legal_basis="a\nb"),), r"^purpose\[0\]\.legal_basis must"),
        ((Purpose(id="PUBHLTH", legal_basis="a", tenants=("west",)),), r"^purpose\[0\]\.tenants names no"),
        ((Purpose(id="TREAT", legal_basis="a", tenants=("north", "north")),), r"^purpose\[0\]\.tenants must name each"),
        ((TREAT, TREAT), r"^purpose\[1\]\.id is there twice"),
        ((TREAT, Purpose(id="TREAT", legal_basis="a", tenants=("north",))), r"^purpose\[1\]\.id is there twice"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(purposes: tuple[Purpose, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_purposes(purposes, TENANTS)
