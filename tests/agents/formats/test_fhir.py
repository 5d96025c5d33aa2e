"""FHIR is read by element, its narrative too, and stays FHIR when it is masked."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.bodies import read_json, write_json
from gateway.agents.formats.fhir import masked, parts
from gateway.agents.formats.labels import Labels, from_pointers
from gateway.agents.formats.layout import Layout, Marking
from gateway.core.errors import FormatError
from gateway.core.message import Part

from ..support import BOUNDS
from .support import MASK, known

LAYOUT = Layout(format="fhir")
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "text": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">Name: <b>Ann &amp; Roe</b></div>',
    },
    "extension": [
        {
            "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
            "extension": [{"url": "ombCategory", "valueCoding": {"code": "2106-3", "display": "White"}}],
        },
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "Carter"},
    ],
    "identifier": [
        {"system": "urn:oid:1.2", "value": "7701"},
        {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "078-05-1120"},
        {"type": {"coding": [{"code": "DL"}]}, "value": "D77"},
    ],
    "name": [{"use": "official", "family": "Roe", "given": ["Annabel", "Q"]}],
    "telecom": [{"system": "phone", "value": "555-0101"}, {"system": "email", "value": "ann@example.test"}],
    "birthDate": "1967-08-24",
    "address": [{"line": ["1 Elm St"], "city": "Salem", "state": "OR", "postalCode": "97301"}],
    "contact": [{"name": {"text": "Rick Roe"}}],
    "generalPractitioner": [{"reference": "Practitioner/1", "display": "Dr Grace"}],
    "managingOrganization": {"reference": "Organization/1", "display": "Salem Clinic"},
    "photo": [{"contentType": "image/png", "data": "iVBORw0KGgo="}],
}
CONDITION = {
    "resourceType": "Condition",
    "code": {
        "coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10", "display": "Essential hypertension"}],
        "text": "High blood pressure",
    },
    "subject": {"reference": "Patient/p1", "display": "Ann B. Roe"},
    "onsetDateTime": "2024-01-15",
    "note": [{"text": "patient is well"}],
    "severityScore": 5,
}
BUNDLE = {"resourceType": "Bundle", "type": "message", "entry": [{"resource": PATIENT}, {"resource": CONDITION}]}


def read(document: object, layout: Layout = LAYOUT) -> tuple[Part, ...]:
    return tuple(parts(document, layout, BOUNDS))


class TestReading:
    def test_elements_are_what_the_standard_says(self) -> None:
        found = known(read(PATIENT))
        for text, kind in {
            "7701": "mrn",
            "078-05-1120": "us-ssn",
            "D77": "us-driver-license",
            "Roe": "person",
            "Annabel": "person",
            "Q": "person",
            "555-0101": "phone",
            "ann@example.test": "email",
            "1967-08-24": "date-of-birth",
            "1 Elm St": "street-address",
            "Salem": "place",
            "97301": "postal-code",
            "Rick Roe": "person",
            "Dr Grace": "person",
            "Salem Clinic": "organization",
            "White": "special-ethnicity",
            "Carter": "person",
        }.items():
            assert found.get(text) == kind, text
        assert "official" not in found
        assert "OR" not in found

    def test_clinical_resources_in_a_bundle_keep_their_meaning(self) -> None:
        found = known(read(BUNDLE))
        assert found["I10"] == "icd-10"
        assert found["Essential hypertension"] == found["High blood pressure"] == "health-term"
        assert found["Ann B. Roe"] == "person"
        assert found["2024-01-15"] == "date"
        assert found["7701"] == "mrn"

    def test_medications_are_known(self) -> None:
        request = {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "lisinopril"}}
        assert known(read(request))["lisinopril"] == "medication"

    def test_contained_resources_are_read_as_what_they_are(self) -> None:
        found = known(
            read({"resourceType": "Observation", "contained": [{"resourceType": "Coverage", "subscriberId": "S1"}]})
        )
        assert found["S1"] == "health-plan-id"

    def test_patients_are_health_data_and_organisations_are_not(self) -> None:
        assert read(PATIENT)[0] == Part("fhir", "Patient", "name", "", "health-term")
        assert read({"resourceType": "Organization", "name": "x"})[0].pointer != "fhir"
        assert read({"resourceType": "SomethingNew"})[0].known == "health-term"

    def test_the_narrative_is_read_as_the_xhtml_that_it_is(self) -> None:
        (bold,) = (part for part in read(PATIENT) if part.text == "Ann & Roe")
        assert (bold.pointer, bold.label) == ("/text/div#div:b#3", "Name:")

    def test_a_narrative_that_is_no_xhtml_is_scanned_and_counts_as_unread(self) -> None:
        found = read({"resourceType": "Patient", "text": {"div": "<div>&nbsp;x"}})
        assert [part.kind for part in found if part.pointer == "/text/div"] == ["name", "text", "unreadable"]

    def test_attachments_cannot_be_read_and_references_not_be_masked(self) -> None:
        found = {part.pointer: part for part in read(PATIENT)}
        assert found["/photo/0/data"].kind == "unreadable"
        assert found["/id"].kind == "name"
        assert found["/generalPractitioner/0/reference"].kind == "name"

    def test_unknown_elements_and_other_json_are_scanned_as_text(self) -> None:
        assert Part("/remark", "hello", "text", "remark") in read({"remark": "hello"})
        assert read([1, "x", None, 123456, True]) == (Part("/1", "x"), Part("/3", "123456", "name"))

    def test_a_mapping_says_more_of_numbers_too(self) -> None:
        fields = {"/note/*/text": Marking("x-declared-phi"), "/severityScore": Marking("x-declared-phi")}
        found = read(CONDITION, Layout(format="fhir", labels=Labels(from_pointers(fields), None)))
        assert known(found)["patient is well"] == "x-declared-phi"
        assert Part("/severityScore", "5", "name", "", "x-declared-phi") in found


class TestMasking:
    def test_masks_take_their_places_and_leave_the_rest(self) -> None:
        sent: Any = masked(PATIENT, {"/name/0/family": MASK, "/name/0/given/1": MASK}, BOUNDS)
        assert sent["name"][0] == {"use": "official", "family": MASK, "given": ["Annabel", MASK]}
        assert {**sent, "name": 0} == {**PATIENT, "name": 0}

    def test_a_masked_date_is_absent_with_its_reason(self) -> None:
        document = {**PATIENT, "_birthDate": {"id": "b", "extension": [{"url": "u"}]}}
        sent: Any = masked(document, {"/birthDate": MASK}, BOUNDS)
        assert "birthDate" not in sent
        absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
        assert sent["_birthDate"] == {"id": "b", "extension": [{"url": "u"}, absent]}
        assert document["_birthDate"] == {"id": "b", "extension": [{"url": "u"}]}

    def test_a_mask_in_the_narrative_leaves_its_markup(self) -> None:
        sent: Any = masked(PATIENT, {"/text/div#div:b#3": "<M>"}, BOUNDS)
        assert sent["text"]["div"] == PATIENT["text"]["div"].replace("Ann &amp; Roe", "&lt;M&gt;")

    @pytest.mark.parametrize(
        "place", ["/nobody", "/name/7/family", "/name", "/text/div#div:q#1", "/birthDate/x", "/name/x"]
    )
    def test_a_mask_without_its_place_is_never_lost(self, place: str) -> None:
        with pytest.raises(FormatError):
            masked(PATIENT, {place: MASK}, BOUNDS)


_KEYS = st.sampled_from(
    [
        "resourceType",
        "name",
        "given",
        "birthDate",
        "text",
        "div",
        "data",
        "contentType",
        "code",
        "identifier",
        "x",
        "url",
        "extension",
    ]
)
_STRINGS = st.sampled_from(["Patient", "Ann", "<div>a<b/>c</div>", "<div>", "2024-01-01", "", "078-05-1120"])
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | _STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200)
@given(_JSON)
def test_any_document_is_read_and_every_masked_text_is_gone(document: Any) -> None:
    before = json.dumps(document)
    found = read(document)
    masks = {part.pointer: MASK for part in found if part.kind == "text"}
    assert len(masks) == sum(part.kind == "text" for part in found)
    sent = masked(document, masks, BOUNDS)
    assert json.dumps(document) == before
    assert all(part.text == MASK for part in read(sent) if part.kind == "text" and part.pointer in masks)
    again = read_json(write_json(sent), BOUNDS)
    assert hasattr(again, "value")


@pytest.mark.parametrize("key", ["onsetAge", "abatementAge", "deceasedAge", "valueAge", "age"])
def test_an_age_above_89_is_a_part_although_it_is_a_short_number(key: str) -> None:
    def told(value: float) -> list[str]:
        condition = {"resourceType": "Condition", key: {"value": value, "unit": "years"}}
        return [part.text for part in read(condition) if part.text.startswith("age: ")]

    assert told(93) == told(93.5) == ["age: 93"]
    assert told(89) == told(126) == []
