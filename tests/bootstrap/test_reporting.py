"""What reports know of the policy they are made by."""

from gateway.bootstrap import SystemClock, engine_of, proposed
from gateway.bootstrap.reporting import known_of
from gateway.settings import Settings
from tests.bootstrap.kit import configured


def test_personal_classes_and_maskable_types_are_the_policys(sqlite_settings: Settings) -> None:
    policy, _ = proposed(configured(sqlite_settings))
    known = known_of(policy, engine_of(policy, SystemClock(), 100))
    assert {"pii", "phi", "pci", "special-category"} <= known.personal
    assert "internal" not in known.personal
    assert "email" in known.maskable["pii"]
    assert known.maskable["internal"] == frozenset()
