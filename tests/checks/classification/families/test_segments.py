"""Segments of HL7 v2, X12 and FHIR in the middle of text."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.families.segments import RECOGNIZERS
from gateway.checks.classification.patterns import Pattern
from tests.checks.classification.conftest import ENGINE, told

PID = "PID|1||19702192^^^MRN||PAGE^ZACHARY^P||19640520|F|||702 Marisa Way^^New Kimberly^NE^65462||724.269.7942"


def test_a_patient_is_told_by_the_places_of_its_segment() -> None:
    assert told(PID) == [
        ("mrn", "19702192"),
        ("person", "PAGE^ZACHARY^P"),
        ("date-of-birth", "19640520"),
        ("street-address", "702 Marisa Way"),
        ("place", "New Kimberly"),
        ("postal-code", "65462"),
        ("phone", "724.269.7942"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OBR|1||A1|1554-5^GLUCOSE|||20250309\nOBX|1|NM", ("date", "20250309")),
        ("EVN|A01|202503091200|x", ("date", "202503091200")),
        ("PV1|1|I|W^1|||1234567893^WALSH^HENRY^^^DR", ("npi", "1234567893")),
        ("NM1*IL*1*DOE*JANE*Q***MI*W123456789~", ("person", "DOE*JANE*Q")),
        ("NM1*IL*1*DOE*JANE*Q***MI*W123456789~", ("health-plan-id", "W123456789")),
        ("NM1*82*2*CLINIC*****XX*1234567893~", ("npi", "1234567893")),
        ("DMG*D8*19640520*F~", ("date-of-birth", "19640520")),
        ("DTP*472*D8*20250309~", ("date", "20250309")),
        ("DTP*434*RD8*20250301-20250309~", ("date", "20250301-20250309")),
        ("REF*SY*123456789~", ("us-ssn", "123456789")),
        ("REF*EA*84736251~", ("mrn", "84736251")),
        ("REF*1W*XYZ123456~", ("health-plan-id", "XYZ123456")),
        ("CLM*A37YH556*500***11:B:1*Y~", ("account", "A37YH556")),
        ("N3*236 N MAIN ST~N4*MIAMI*FL*33413~", ("street-address", "236 N MAIN ST")),
        ("N3*236 N MAIN ST~N4*MIAMI*FL*33413~", ("place", "MIAMI")),
        ("N3*236 N MAIN ST~N4*MIAMI*FL*33413~", ("postal-code", "33413")),
        ('"name":[{"family":"Kline","given":["Heather"]}]', ("person", "Kline")),
        ('"name":[{"family":"Kline","given":["Heather"]}]', ("person", "Heather")),
    ],
)
def test_these_are_found(text: str, expected: tuple[str, str]) -> None:
    assert expected in told(text)


@pytest.mark.parametrize(
    "text",
    ["|20251309|", "|00000000|F|", "*D8*20250230*", "1234567890^WALSH^HENRY", "|a|19640520x|", "PID controller, 12345",
     "NM1*82*2*", "2*XX*3", "if (a || b) ^ c", "CLM*", "|BMP^Basic Panel^L|"],
)  # fmt: skip
def test_other_text_of_that_form_is_not(text: str) -> None:
    assert told(text) == []


_SOUP = ("PID|", "1|", "|", "^", "*", "~", "NM1*IL*1*", "DMG*D8*", "N3*", "N4*", "19640520", "A", "DOE", " ", "\n", "9")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_SOUP), max_size=120).map("".join))
def test_soups_of_segments_end_in_findings_within_the_text(text: str) -> None:
    for finding in ENGINE.scan_text(text):
        assert 0 <= finding.start < finding.end <= len(text)


@pytest.mark.parametrize("item", RECOGNIZERS, ids=lambda item: item.id)
def test_no_match_that_holds_white_space_is_longer_than_a_window_looks_ahead(item: object) -> None:
    pattern = Pattern(item.pattern)  # type: ignore[attr-defined]
    for text in (
        PID,
        "NM1*IL*1*" + "A" * 60 + " " + "B" * 60 + "*C",
        "N3*" + "9 " * 60,
        "|9" + " a" * 60 + "^^A^NE^12345",
    ):
        for begin, _, _, end in pattern.spans(text.encode("latin-1"), 0):
            assert end - begin <= 96


_OBSERVATION = {
    "resourceType": "Observation",
    "code": {"coding": [{"system": "http://loinc.org", "code": "25836-8", "display": "HIV-1 RNA"}]},
    "subject": {"reference": "Patient/48210099", "display": "Adaeze Okonkwo"},
}
_PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5", "value": "48210099"}],
    "name": [{"family": "Okonkwo", "given": ["Adaeze", "N"]}],
    "birthDate": "1961-04-02",
    "address": [{"line": ["12 Harbour Lane"], "city": "Leeds", "postalCode": "LS1 4DY"}],
}


@pytest.mark.parametrize("indent", [None, 2, 4])
def test_a_resource_of_fhir_in_a_message_is_health_data(indent: int | None) -> None:
    told_of = told(f"Explain this: {json.dumps(_OBSERVATION, indent=indent)}")
    assert {("health-term", "Observation"), ("mrn", "48210099"), ("person", "Adaeze Okonkwo")} <= set(told_of)
    assert set(told(f"```json\n{json.dumps(_PATIENT, indent=indent)}\n```")) >= {
        ("health-term", "Patient"),
        ("mrn", "48210099"),
        ("person", "Okonkwo"),
        ("person", "Adaeze"),
        ("date-of-birth", "1961-04-02"),
        ("street-address", "12 Harbour Lane"),
        ("place", "Leeds"),
        ("postal-code", "LS1 4DY"),
    }


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('"subject": {"display": "Adaeze Okonkwo"}', "person", "Adaeze Okonkwo"),
        ('{"display": "Adaeze Okonkwo", "reference": "Patient/1"}', "person", "Adaeze Okonkwo"),
        ("https://fhir.example/Patient/48210099", "mrn", "48210099"),
        ('"system": "https://clinic.example/mrn", "value": "MR-48210"', "mrn", "MR-48210"),
        ('<family value="Okonkwo"/><given value="Adaeze"/>', "person", "Okonkwo"),
    ],
)
def test_elements_of_it_are_found_alone(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "x", "url": "/b/c", "value": "12345"}',
        '{"system": "phone", "value": "abc"}',
        '{"code": "25836-8", "display": "Sodium in serum"}',
        '{"resourceType": "Bundle"}, {"resourceType": "StructureDefinition"}',
        "the patient/provider ratio, Patient/id",
    ],
)
def test_other_json_is_none(text: str) -> None:
    assert not {"mrn", "person", "health-term"} & {kind for kind, _ in told(text)}


def test_a_family_name_of_fhir_goes_with_its_small_words() -> None:
    assert ("person", "du Marché") in told('{"name":[{"family":"du Marché","given":["X"]}]}')
