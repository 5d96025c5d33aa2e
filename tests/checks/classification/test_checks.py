"""Which checks there are."""

from gateway.checks.classification import numbers, people, validators
from gateway.checks.classification.checks import CHECKS


def test_all_checks_are_there_under_one_name_each() -> None:
    assert set(CHECKS) == set(validators.CHECKS) | set(numbers.CHECKS) | set(people.CHECKS)
    assert not set(validators.CHECKS) & set(numbers.CHECKS)
