"""Which checks there are."""

from gateway.checks.classification import civil, credentials, digits, mrz, named, numbers, people, regrouped, validators
from gateway.checks.classification.checks import CHECKS


def test_all_checks_are_there_under_one_name_each() -> None:
    parts = (
        validators.CHECKS,
        numbers.CHECKS,
        civil.CHECKS,
        people.CHECKS,
        mrz.CHECKS,
        named.CHECKS,
        digits.CHECKS,
        regrouped.CHECKS,
        credentials.CHECKS,
    )
    assert set(CHECKS) == set().union(*parts)
    assert len(CHECKS) == sum(map(len, parts))
