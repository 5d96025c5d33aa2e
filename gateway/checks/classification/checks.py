"""All checks that a recognizer or a label may name."""

from gateway.checks.classification import digits, numbers, people, validators
from gateway.checks.classification.validators import Check

CHECKS: dict[str, Check] = {**validators.CHECKS, **numbers.CHECKS, **people.CHECKS, **digits.CHECKS}
