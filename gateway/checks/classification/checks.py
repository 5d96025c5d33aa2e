"""All checks that a recognizer or a label may name."""

from gateway.checks.classification import civil, credentials, digits, mrz, named, numbers, people, regrouped, validators
from gateway.checks.classification.validators import Check

CHECKS: dict[str, Check] = {
    **validators.CHECKS,
    **numbers.CHECKS,
    **civil.CHECKS,
    **people.CHECKS,
    **credentials.CHECKS,
    **named.CHECKS,
    **mrz.CHECKS,
    **digits.CHECKS,
    **regrouped.CHECKS,
}
