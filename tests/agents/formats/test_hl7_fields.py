"""What HL7 v2 fields hold, as the tables have it."""

import pytest

from gateway.agents.formats.hl7_fields import FIELDS, known_of
from gateway.checks.policy.words import FINDING_TYPES


@pytest.mark.parametrize(
    ("field", "components", "component", "kind"),
    [
        (("PID", 3), ["1", "", "", "A", "MR"], 1, "mrn"),
        (("PID", 3), ["1", "", "", "A", " ss "], 1, "us-ssn"),
        (("PID", 3), ["1"], 1, "mrn"),
        (("PID", 3), ["1", "2"], 2, ""),
        (("PID", 5), ["a", "b"], 2, "person"),
        (("PID", 11), ["a"], 1, "street-address"),
        (("PID", 11), ["a", "b", "c", "OR"], 4, ""),
        (("PV1", 7), ["1"], 1, "certificate"),
        (("DG1", 3), ["I10", "Hypertension"], 1, "icd-10"),
        (("DG1", 3), ["I10", "Hypertension"], 2, "health-term"),
        (("DG1", 3), ["I10", "Hypertension", "I10C"], 3, ""),
        (("RXA", 5), ["1", "aspirin"], 2, "medication"),
        (("IN1", 36), ["P1"], 1, "health-plan-id"),
        (("PID", 7), ["19670824"], 1, "date-of-birth"),
    ],
)
def test_a_component_is_what_the_standard_says(
    field: tuple[str, int], components: list[str], component: int, kind: str
) -> None:
    assert known_of(*FIELDS[field], component, components) == kind


def test_every_type_is_one_that_policy_can_speak_of() -> None:
    for datatype, value in FIELDS.values():
        for component in range(1, 24):
            kind = known_of(datatype, value, component, ["x"] * 23)
            assert not kind or kind in FINDING_TYPES or kind.startswith("special-"), kind
