"""Messages between hospitals and insurers pasted into text: segments whose places say what stands in them.

HL7 v2 (chapters 2 and 3: `PID-3` identifier, `-5` name, `-7` birth, `-8` sex, `-11` address; names of providers begin
with their number), X12 5010 (`NM1`, `DMG`, `REF`, `N3`, `N4`, `CLM`) and FHIR R4 (`HumanName`). A whole message of one
of them is read by its own reader (`gateway/agents`); here it is a few lines of a prompt, where no word names a number.
"""

from gateway.checks.classification.recognizer import Recognizer

_WORD = r"[A-Z\xC0][A-Za-z\xC0\xE0'\-]"
_NAME = rf"{_WORD}{{0,20}}(?: {_WORD}{{1,12}})?"
_TOWN = r"[A-Z\xC0][A-Za-z\xC0\xE0 .'\-]{1,23}"
_DAY = r"(?:1[89]|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[0-9]{4}(?:[0-9]{2})?)?"
_ID = r"[A-Za-z0-9][A-Za-z0-9\-]{2,29}"
_PID = r"\bPID\|[0-9]{0,4}\|"
_TO = r"""["'] ?: ?["']"""
_BETWEEN = r"""["'],\s{0,20}["']"""
_NUMBER = r"[A-Za-z0-9][A-Za-z0-9\-./]{2,18}"
_FIELD = r"""(?:["'](?:family|given|familyName|givenName)["'] ?: ?\[?\s{0,24}["']|<(?:family|given) value=["'])"""
_LED = "(?:(?:van|von|de|der|den|da|do|di|du|del|la|le|el|al|bin|ibn|ter|zu|dos|das|af|av) ){0,3}"
_PERSON = r"[A-Z\xC0][A-Za-z\xC0\xE0'., \-]{1,23}"
_ABOUT = "(?:subject|patient|performer|author|recorder|asserter|individual|actor|beneficiary|subscriber)"
_RESOURCES = (
    "(?:AdverseEvent|AllergyIntolerance|Appointment|CarePlan|Claim|ClinicalImpression|Condition|Coverage|"
    "DiagnosticReport|Encounter|EpisodeOfCare|ExplanationOfBenefit|FamilyMemberHistory|ImagingStudy|Immunization|"
    "MedicationAdministration|MedicationDispense|MedicationRequest|MedicationStatement|NutritionOrder|Observation|"
    "Patient|Procedure|QuestionnaireResponse|RelatedPerson|RiskAssessment|ServiceRequest|Specimen)"
)
"""Resources of FHIR that are of somebody's health, or care."""
_ZIP = "[0-9]{5}(?:-?[0-9]{4})?"

HL7 = (
    Recognizer(
        id="hl7-patient-id",
        type="mrn",
        pattern=rf"{_PID}[^|\s]{{0,20}}\|({_ID})",
        gate=_PID,
        check="code",
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        id="hl7-patient-name",
        type="person",
        pattern=rf"{_PID}[^|\s]{{0,8}}\|[^|\s]{{0,24}}\|[^|\s]{{0,8}}\|({_NAME}\^{_WORD}{{0,14}}(?:\^{_WORD}{{0,12}})?)",
        gate=_PID,
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        # The sex stands behind the birth.
        id="hl7-birth",
        type="date-of-birth",
        pattern=rf"\|({_DAY}{_TIME})\|[FMOUAN]\|",
        gate=rf"\|{_DAY}[0-9]{{0,6}}\|[FMOUAN]\|",
        check="compact_date",
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        id="hl7-date",
        type="date",
        pattern=rf"\|({_DAY}{_TIME}\b)",
        gate=rf"\|{_DAY}",
        check="compact_date",
        score=0.8,
        reason="segment",
    ),
    Recognizer(
        id="hl7-provider",
        type="npi",
        pattern=rf"[|~]([12][0-9]{{9}})\^{_WORD}",
        gate=rf"[|~][12][0-9]{{9}}\^{_WORD}",
        check="npi",
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        id="hl7-street",
        type="street-address",
        pattern=rf"\|([0-9A-Za-z\xC0\xE0][^|^\n]{{3,38}})\^[^|^\n]{{0,12}}\^{_TOWN}\^[A-Z]{{2}}\^[0-9]{{5}}",
        gate=r"\^[A-Z]{2}\^[0-9]{5}",
        score=0.9,
        reason="segment",
    ),
    Recognizer(
        id="hl7-town",
        type="place",
        pattern=rf"\^({_TOWN})\^[A-Z]{{2}}\^[0-9]{{5}}",
        gate=r"\^[A-Z]{2}\^[0-9]{5}",
        score=0.85,
        reason="segment",
    ),
    Recognizer(
        id="hl7-postal-code",
        type="postal-code",
        pattern=rf"\^[A-Z]{{2}}\^({_ZIP})\b",
        gate=r"\^[A-Z]{2}\^[0-9]{5}",
        score=0.9,
        reason="segment",
    ),
)

X12 = (
    Recognizer(
        id="x12-name",
        type="person",
        pattern=rf"\bNM1\*[A-Z0-9]{{2,3}}\*1\*({_NAME}\*{_WORD}{{0,24}}(?:\*{_WORD}{{0,24}})?)",
        gate=r"\bNM1\*[A-Z0-9]{2,3}\*1\*",
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        id="x12-birth",
        type="date-of-birth",
        pattern=rf"\bDMG\*D8\*({_DAY})\b",
        gate=r"\bDMG\*D8\*",
        check="compact_date",
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        id="x12-date",
        type="date",
        pattern=rf"\*R?D8\*({_DAY}(?:-{_DAY})?)\b",
        gate=rf"\*R?D8\*{_DAY}",
        check="compact_date",
        score=0.85,
        reason="segment",
    ),
    Recognizer(
        id="x12-member",
        type="health-plan-id",
        pattern=rf"(?:\*MI\*|\bREF\*(?:1W|0F|IG)\*)({_ID})\b",
        gate=r"\*MI\*|\bREF\*(?:1W|0F|IG)\*",
        check="long_code",
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        id="x12-provider",
        type="npi",
        pattern=r"\*XX\*([0-9]{10})\b",
        gate=r"\*XX\*[0-9]{10}\b",
        check="npi",
        score=0.97,
        reason="segment",
    ),
    Recognizer(
        id="x12-ssn",
        type="us-ssn",
        pattern=r"\bREF\*SY\*([0-9]{9})\b",
        gate=r"\bREF\*SY\*[0-9]{9}\b",
        check="nine_digits",
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        id="x12-record",
        type="mrn",
        pattern=rf"\bREF\*EA\*({_ID})\b",
        gate=r"\bREF\*EA\*",
        check="code",
        score=0.95,
        reason="segment",
    ),
    Recognizer(
        id="x12-control-number",
        type="account",
        pattern=rf"\bCLM\*({_ID})\*",
        gate=r"\bCLM\*",
        check="code",
        score=0.85,
        reason="segment",
    ),
    Recognizer(
        id="x12-street",
        type="street-address",
        pattern=r"\bN3\*([0-9A-Za-z][^*~\n]{2,54})",
        gate=r"\bN3\*[0-9A-Za-z]",
        score=0.9,
        reason="segment",
    ),
    Recognizer(
        id="x12-town",
        type="place",
        pattern=rf"\bN4\*({_TOWN})\*",
        gate=r"\bN4\*[A-Z]",
        score=0.85,
        reason="segment",
    ),
    Recognizer(
        id="x12-postal-code",
        type="postal-code",
        pattern=rf"\bN4\*{_TOWN}\*[A-Z]{{2}}\*({_ZIP})\b",
        gate=r"\bN4\*[A-Z]",
        score=0.9,
        reason="segment",
    ),
)

FHIR = (
    Recognizer(
        id="fhir-name",
        type="person",
        pattern=rf"""{_FIELD}({_LED}[A-Z\xC0][A-Za-z\xC0\xE0'. \-]{{1,40}})["']""",
        gate=rf"{_FIELD}(?:[A-Z\xC0]|[a-z]{{2,3}} [a-zA-Z\xC0])",
        score=0.9,
        reason="field",
    ),
    Recognizer(
        # Whatever stands in it is of somebody's health, as in a body that is read by its elements.
        id="fhir-resource",
        type="health-term",
        pattern=rf"""["']resourceType{_TO}({_RESOURCES})["']""",
        gate=rf"""["']resourceType{_TO}{_RESOURCES}["']""",
        score=0.9,
        reason="field",
    ),
    Recognizer(
        id="fhir-reference",
        type="mrn",
        pattern=r"\b(?:Patient|RelatedPerson)/([A-Za-z0-9\-.]{4,64})\b",
        gate=r"\b(?:Patient|RelatedPerson)/[A-Za-z0-9]",
        check="code",
        score=0.9,
        reason="field",
    ),
    Recognizer(
        # With the system that gave it: in other JSON a value is anything.
        id="fhir-identifier",
        type="mrn",
        pattern=rf"""(?:system{_TO}[a-z]{{3,5}}:[^"'\s]{{1,28}}|\burn:[^"'\s]{{1,40}}){_BETWEEN}value{_TO}({_NUMBER})["']""",
        gate=rf"""{_BETWEEN}value{_TO}[A-Za-z0-9]""",
        check="code",
        score=0.85,
        reason="field",
    ),
    Recognizer(
        id="fhir-display",
        type="person",
        pattern=rf"""/[A-Za-z0-9\-.]{{1,36}}{_BETWEEN}display{_TO}({_PERSON})["']""",
        gate=rf"""{_BETWEEN}display{_TO}[A-Z\xC0]""",
        score=0.85,
        reason="field",
    ),
    Recognizer(
        id="fhir-display-before",
        type="person",
        pattern=rf"""["']display{_TO}({_PERSON}){_BETWEEN}reference{_TO}[A-Z]""",
        gate=rf"""{_BETWEEN}reference{_TO}[A-Z]""",
        score=0.85,
        reason="field",
    ),
    Recognizer(
        id="fhir-display-alone",
        type="person",
        pattern=rf"""["']{_ABOUT}["'] ?: ?\[?\s{{0,8}}\{{\s{{0,12}}["']display{_TO}({_PERSON})["']""",
        gate=rf"""\{{\s{{0,12}}["']display{_TO}[A-Z\xC0]""",
        score=0.85,
        reason="field",
    ),
    Recognizer(
        id="fhir-postal-code",
        type="postal-code",
        pattern=rf"""["']postalCode{_TO}([A-Z0-9][A-Z0-9 \-]{{2,9}})["']""",
        gate=rf"""["']postalCode{_TO}[A-Z0-9]""",
        score=0.9,
        reason="field",
    ),
    Recognizer(
        id="fhir-town",
        type="place",
        pattern=rf"""["']city{_TO}([A-Z\xC0][A-Za-z\xC0\xE0'. \-]{{1,40}})["']""",
        gate=rf"""["']city{_TO}[A-Z\xC0]""",
        score=0.85,
        reason="field",
    ),
    Recognizer(
        id="fhir-street",
        type="street-address",
        pattern=r"""["']line["'] ?: ?\[\s{0,24}["']([0-9A-Z\xC0][^"'\n]{2,50})["']""",
        gate=r"""["']line["'] ?: ?\[\s{0,24}["'][0-9A-Z\xC0]""",
        score=0.85,
        reason="field",
    ),
)

RECOGNIZERS = (*HL7, *X12, *FHIR)
