"""What X12 elements hold, as the tables have it."""

import pytest

from gateway.agents.formats.x12_fields import component_of, known_of
from gateway.checks.policy.words import FINDING_TYPES


@pytest.mark.parametrize(
    ("segment", "index", "kind"),
    [
        ("NM1*IL*1*SMITH", 3, "person"),
        ("NM1*IL*2*SMITH", 3, "organization"),
        ("NM1*IL**SMITH", 3, "person"),
        ("NM1*IL*1*S*****34*1", 9, "us-ssn"),
        ("NM1*IL*1*S*****??*1", 9, "account"),
        ("N1*PR*KEY", 2, "organization"),
        ("N1*PE*BEN", 2, "person"),
        ("REF*EA*1", 2, "mrn"),
        ("REF*??*1", 2, ""),
        ("PER*IC*A*UR*x", 4, "url"),
        ("PER*IC*A*??*x", 4, ""),
        ("SV1*HC", 1, "health-term"),
        ("ZZ*1", 1, ""),
    ],
)
def test_an_element_is_what_its_place_and_qualifier_say(segment: str, index: int, kind: str) -> None:
    elements = segment.split("*")
    assert known_of(elements[0], elements, index) == kind


@pytest.mark.parametrize(
    ("components", "component", "kind"),
    [
        (["ABK", "J02"], 2, "icd-10"),
        (["BK", "034"], 2, "health-term"),
        (["ABK", "J02", "D8", "20240101"], 4, "date"),
        (["ABK", "J02", "", "x"], 4, ""),
        (["ABK", "J02"], 1, ""),
    ],
)
def test_a_health_care_code_is_read_by_its_qualifier(components: list[str], component: int, kind: str) -> None:
    assert component_of("HI", 1, components, component) == kind


def test_every_type_is_one_that_policy_can_speak_of() -> None:
    for name in ("NM1", "N1", "N3", "N4", "REF", "PER", "DMG", "CLM", "SBR", "BPR", "TRN", "INS"):
        for index in range(1, 14):
            kind = known_of(name, [name, *["x"] * 16], index)
            assert not kind or kind in FINDING_TYPES or kind.startswith("special-"), kind
