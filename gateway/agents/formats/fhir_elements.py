"""What FHIR R4 elements hold by their definition (HL7 FHIR 4.0.1): by element name, datatype and resource type.

Elements that are not here are scanned as text.
"""

import re
from collections.abc import Mapping
from typing import Any

from gateway.agents.formats.layout import listed

_NOT_HEALTH = listed(
    "ActivityDefinition Binary Bundle CapabilityStatement ChargeItemDefinition CodeSystem"
    " CompartmentDefinition ConceptMap Contract Endpoint EventDefinition ExampleScenario GraphDefinition"
    " ImplementationGuide InsurancePlan Library Linkage Location Measure MessageDefinition NamingSystem"
    " OperationDefinition OperationOutcome Organization OrganizationAffiliation Parameters PlanDefinition"
    " Practitioner PractitionerRole Questionnaire SearchParameter StructureDefinition StructureMap"
    " Subscription TerminologyCapabilities TestReport TestScript ValueSet"
)  # fmt: skip
_PLAIN = listed(
    "AdverseEvent AllergyIntolerance Appointment AppointmentResponse BodyStructure CarePlan CareTeam Claim"
    " ClaimResponse ClinicalImpression CommunicationRequest Composition Condition Consent Coverage"
    " CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue DeviceRequest DeviceUseStatement"
    " DiagnosticReport DocumentManifest DocumentReference Encounter EnrollmentRequest EnrollmentResponse"
    " EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory GuidanceResponse ImagingStudy Immunization"
    " ImmunizationEvaluation ImmunizationRecommendation MeasureReport Medication MedicationAdministration"
    " MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement MolecularSequence"
    " NutritionOrder Observation Patient PaymentReconciliation Practitioner PractitionerRole Procedure"
    " QuestionnaireResponse RelatedPerson RequestGroup ResearchSubject RiskAssessment ServiceRequest Specimen"
    " SupplyDelivery SupplyRequest VisionPrescription"
)  # fmt: skip
"""Resources whose names are no other kind's of documents (`Account`, `Device`, `Person`, `Task` are)."""
PEOPLE = ("Patient", "Practitioner", "RelatedPerson", "Person", "PractitionerRole")
_PEOPLE_REFERENCES = listed(
    "subject patient performer practitioner author recorder asserter requester individual actor"
    " beneficiary subscriber policyHolder sender receiver source target attester informant collector"
    " verifier enterer participant agent generalPractitioner link other who responsible operator"
)  # fmt: skip
NAME_PARTS = frozenset({"text", "family", "given", "prefix", "suffix"})
_ADDRESS = {
    "text": "street-address",
    "line": "street-address",
    "city": "place",
    "district": "place",
    "postalCode": "postal-code",
}
_CONTACT = {"phone": "phone", "fax": "phone", "pager": "phone", "sms": "phone", "email": "email", "url": "url"}
_IDENTIFIER_TYPES = {
    "MR": "mrn",
    "PI": "mrn",
    "PT": "mrn",
    "SS": "us-ssn",
    "SB": "us-ssn",
    "DL": "us-driver-license",
    "PPN": "us-passport",
    "NPI": "npi",
    "DEA": "dea",
    "LN": "certificate",
    "MD": "certificate",
    "MB": "health-plan-id",
    "MC": "mbi",
    "MCN": "health-plan-id",
    "NIIP": "health-plan-id",
    "SN": "health-plan-id",
    "AN": "account",
    "VN": "account",
    "TAX": "us-ein",
}
_IDENTIFIER_SYSTEMS = (
    ("us-ssn", "us-ssn"),
    ("us-npi", "npi"),
    ("us-mbi", "mbi"),
    ("us-medicare", "mbi"),
    ("us-driver", "us-driver-license"),
    ("passport", "us-passport"),
)
_IDENTIFIER_RESOURCES = {
    "Patient": "mrn",
    "Person": "mrn",
    "RelatedPerson": "account",
    "Practitioner": "certificate",
    "Coverage": "health-plan-id",
    "Device": "device-serial",
}
_MEDICATION = frozenset(
    {"medicationCodeableConcept", "vaccineCode", "medicationReference", "ingredient", "itemCodeableConcept"}
)
_CONDITION = listed(
    "code reasonCode valueCodeableConcept manifestation substance diagnosisCodeableConcept"
    " procedureCodeableConcept bodySite reasonReference conclusionCode evidence complication indication"
    " condition problem finding interpretation"
)  # fmt: skip
_EXTENSIONS = (
    ("race", "special-ethnicity"),
    ("ethnicity", "special-ethnicity"),
    ("religion", "special-religion"),
    ("mothersmaidenname", "person"),
    ("birthplace", "place"),
    ("birthtime", "date-of-birth"),
    ("citizenship", "special-ethnicity"),
)
_DATES = frozenset({"date", "start", "end", "issued", "authoredOn", "recorded", "created", "sent", "received", "onset"})
_SINGLE = {
    "birthDate": "date-of-birth",
    "subscriberId": "health-plan-id",
    "serialNumber": "device-serial",
    "lotNumber": "",
    "accountNumber": "account",
    "deceasedAge": "age",
}
DATE = re.compile(r"\d{4}-\d\d(?:-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?)?|\d\d:\d\d:\d\d(?:\.\d+)?")
"""A date or a time as FHIR writes it."""
AGE = "Age"
"""The datatype of how old somebody is or was (`onsetAge`), whose number stands under `value`."""
IDENTIFYING = frozenset({"id", "reference", "fullUrl", "system", "url"})
"""Elements that name something for machines: a placeholder in them would be no valid FHIR, so they are not masked."""


def is_health(resource: str) -> bool:
    """Whether a resource is about somebody's health by its type; one that is not known is taken to be."""
    return resource not in _NOT_HEALTH


def is_plainly_fhir(document: Any) -> bool:
    """Whether a resource of FHIR stands anywhere in this JSON, whatever it is said to be."""
    waiting = [document]
    for item in waiting:  # which grows while it is walked
        if type(item) is dict:
            named = item.get("resourceType")
            if type(named) is str and named in _PLAIN:
                return True
            waiting += item.values()
        elif type(item) is list:
            waiting += item
    return False


def datatype(key: str, value: Any, parent: str) -> str:
    """The datatype that matters here of an object under `key`; that of the object around it where it is none."""
    if type(value) is not dict and type(value) is not list:
        return parent
    if key == "name" or key.endswith("HumanName"):
        return "HumanName"
    if key == "address" or key.endswith("Address"):
        return "Address"
    if key in ("telecom", "valueContactPoint"):
        return "ContactPoint"
    if key in ("identifier", "valueIdentifier"):
        return "Identifier"
    if key == "age" or key.endswith("Age"):
        return AGE
    if key in _MEDICATION:
        return "Medication"
    if key in _CONDITION:
        return "Condition"
    if key in ("coding", "valueCoding", "concept"):
        return parent if parent in ("Medication", "Condition") or parent.startswith("Extension:") else ""
    if key in ("extension", "modifierExtension"):
        return parent if parent.startswith("Extension:") else "Extension"
    return f"Reference:{key}" if key in _PEOPLE_REFERENCES else ""


def extension(url: object) -> str:
    """The datatype of an extension by its address: `Extension:<finding type>` for those whose value is known."""
    name = str(url).lower().rpartition("/")[2].replace("-", "")
    return next((f"Extension:{kind}" for word, kind in _EXTENSIONS if word in name), "Extension")


def known_of(kind: str, key: str, item: Mapping[str, Any], resource: str) -> str:
    """The finding type of the string under `key` in an object of this datatype; empty where none is sure."""
    if key in _SINGLE:
        return _SINGLE[key]
    if key in _DATES or key.endswith(("Date", "DateTime", "Instant")):
        return "date"
    if kind == "HumanName":
        return "person" if key in NAME_PARTS else ""
    if kind == "Address":
        return _ADDRESS.get(key, "")
    if kind == "ContactPoint":
        return _CONTACT.get(str(item.get("system")), "phone") if key == "value" else ""
    if kind == "Identifier":
        return _identifier(item, resource) if key == "value" else ""
    if kind in ("Medication", "Condition"):
        return _coded(kind, key, item)
    if kind.startswith("Extension:") and (key.startswith("value") or key in ("display", "text")):
        return kind.removeprefix("Extension:")
    return _display(kind, item) if key == "display" else ""


def _identifier(item: Mapping[str, Any], resource: str) -> str:
    system = str(item.get("system", "")).lower()
    for word, kind in _IDENTIFIER_SYSTEMS:
        if word in system:
            return kind
    for code in _codes(item.get("type")):
        if code in _IDENTIFIER_TYPES:
            return _IDENTIFIER_TYPES[code]
    return _IDENTIFIER_RESOURCES.get(resource, "account")


def _codes(concept: Any) -> list[str]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [str(one.get("code")) for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []


def _coded(kind: str, key: str, item: Mapping[str, Any]) -> str:
    if key in ("text", "display"):
        return "medication" if kind == "Medication" else "health-term"
    return "icd-10" if key == "code" and "icd-10" in str(item.get("system", "")).lower() else ""


def _display(kind: str, item: Mapping[str, Any]) -> str:
    """The display of a reference: whose name it is, as far as the reference or its element tells."""
    reference = str(item.get("reference", item.get("type", "")))
    if "Organization" in reference or "Location" in reference:
        return "organization"
    if any(f"{name}/" in reference or reference == name for name in PEOPLE):
        return "person"
    return "person" if kind.startswith("Reference:") else ""
