"""What FHIR elements hold, as the tables have it."""

from typing import Any

import pytest

from gateway.agents.formats.fhir_elements import datatype, extension, is_health, known_of


@pytest.mark.parametrize(
    ("kind", "key", "item", "resource", "found"),
    [
        ("HumanName", "use", {}, "Patient", ""),
        ("HumanName", "prefix", {}, "Patient", "person"),
        ("Address", "state", {}, "Patient", ""),
        ("ContactPoint", "value", {"system": "url"}, "Patient", "url"),
        ("ContactPoint", "value", {}, "Patient", "phone"),
        ("Identifier", "value", {}, "Coverage", "health-plan-id"),
        ("Identifier", "value", {}, "Claim", "account"),
        ("Identifier", "value", {"system": "http://hl7.org/fhir/sid/us-npi"}, "Practitioner", "npi"),
        ("Identifier", "value", {"type": {"coding": ["x", {"code": "MR"}]}}, "Claim", "mrn"),
        ("Identifier", "system", {}, "Patient", ""),
        ("Condition", "code", {"system": "http://snomed.info/sct"}, "Condition", ""),
        ("Condition", "display", {}, "Condition", "health-term"),
        ("Reference:subject", "display", {"reference": "urn:uuid:1"}, "Condition", "person"),
        ("Reference:subject", "display", {"reference": "Organization/1"}, "Condition", "organization"),
        ("", "display", {"type": "Patient"}, "Condition", "person"),
        ("", "display", {}, "Condition", ""),
        ("", "deathDate", {}, "Patient", "date"),
        ("", "remark", {}, "Patient", ""),
    ],
)
def test_an_element_is_what_its_datatype_says(
    kind: str, key: str, item: dict[str, Any], resource: str, found: str
) -> None:
    assert known_of(kind, key, item, resource) == found


@pytest.mark.parametrize(
    ("key", "value", "parent", "found"),
    [
        ("name", [{}], "", "HumanName"),
        ("name", "Clinic", "Parent", "Parent"),
        ("valueAddress", {}, "", "Address"),
        ("coding", [{}], "Condition", "Condition"),
        ("coding", [{}], "Identifier", ""),
        ("subject", {}, "", "Reference:subject"),
        ("extension", [{}], "HumanName", "Extension"),
        ("period", {}, "Identifier", ""),
    ],
)
def test_an_object_has_the_datatype_of_its_element(key: str, value: Any, parent: str, found: str) -> None:
    assert datatype(key, value, parent) == found


def test_extensions_are_known_by_the_end_of_their_address() -> None:
    assert extension("http://x/us-core-ethnicity") == "Extension:special-ethnicity"
    assert extension(None) == "Extension"


def test_a_type_that_is_not_known_counts_as_health() -> None:
    assert is_health("Observation")
    assert is_health("")
    assert not is_health("ValueSet")
