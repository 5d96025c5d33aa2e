"""Health terms, medication, ICD-10 codes."""

import pytest

from tests.checks.classification.conftest import ENGINE, told


@pytest.mark.parametrize("text", ["type 2 diabetes", "HIV", "chest pain", "MRI", "blood pressure", "Alzheimer's"])
def test_terms_are_found(text: str) -> None:
    assert told(f"noted {text} today") == [("health-term", text)]


def test_medication_is_a_type_of_its_own() -> None:
    assert told("takes Metformin daily") == [("medication", "Metformin")]


def test_codes_need_a_word_that_says_so() -> None:
    assert ("icd-10", "E11.9") in told("ICD-10: E11.9")
    assert ("icd-10", "I10") in told("dx I10")
    assert told("cell E11 in sheet F20") == []


@pytest.mark.parametrize(
    "text",
    ["a patient person", "the doctor will see", "standard", "rashly", "Our HIPAA training module has 12 chapters"],
)
def test_ordinary_words_are_not_health_terms(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "term", ["dor torácica", "enxaqueca", "emicrania", "migraña", "hoofdpijn", "huvudvärk", "ból głowy"]
)
def test_complaints_are_known_in_more_languages(term: str) -> None:
    assert ("health-term", term) in told(f"— {term} —")


@pytest.mark.parametrize(
    "words",
    [
        "HTN", "T2DM", "CKD", "DVT", "AFib", "afib", "PCOS", "the flu", "anxiety", "panic attacks",
        "alcohol abuse",
        "a pacemaker", "a vasectomy", "a hip replacement", "a wheelchair", "an oncologist", "Keytruda", "Viagra",
        "PrEP",
        "MS", "ALS", "AIDS", "CHF", "kanker", "kreft", "sukkersyke", "zwanger", "grávida", "w ciąży", "krebskrank",
        "sclérose en plaques", "marcapasos", "sclerosi multipla", "rullstol",
    ],
)  # fmt: skip
def test_what_a_person_has_makes_phi(words: str) -> None:
    assert "phi" in ENGINE.classes(ENGINE.scan_text(f"Anna Miller has {words}"))


@pytest.mark.parametrize(
    ("text", "term"),
    [("hx of CAD", "CAD"), ("PMH: HTN, CHF", "CHF"), ("93F with CHF", "CHF"), ("patient with TB", "TB"),
     ("she has MS.", "MS"), ("died of AIDS", "AIDS")],
)  # fmt: skip
def test_capitals_that_say_much_else_need_a_word_of_care(text: str, term: str) -> None:
    assert ("health-term", term) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "CHF 1200 per month", "MS Office and MS SQL", "4 TB of disk", "C++ STD headers", "CAD drawings",
        "aids the team",
        "AIDS", "ALS sensor", "GDM session", "SLE 15", "ISO OSA RA", "50 MS", "the button is disabled",
        "non-alcoholic beer", "Corosync and Pacemaker", "pacemaker.service failed", "lithium batteries",
        "runs on lithium cells", "lithium-ion", "toss the coin", "an influenced flue",
    ],
)  # fmt: skip
def test_what_looks_like_an_illness_is_none(text: str) -> None:
    assert {"health-term", "medication"}.isdisjoint(kind for kind, _ in told(text))


@pytest.mark.parametrize("text", ["he takes lithium.", "on lithium 300 mg", "lithium carbonate", "his lithium level"])
def test_lithium_that_is_taken_is_a_medication(text: str) -> None:
    assert [kind for kind, _ in told(text)] == ["medication"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Dx: J45909", ["J45909"]), ("Diagnosis code: E119", ["E119"]), ("ICD-10: E119", ["E119"]),
        ("icd10=J45909", ["J45909"]), ("Principal diagnosis: S72001A", ["S72001A"]), ("dx1: E119", ["E119"]),
        ("Dx: E119, I10, J45909", ["E119", "I10", "J45909"]), ("<Dx>J45909</Dx>", ["J45909"]),
        ('{"diagnosisCode":"J45909"}', ["J45909"]), ("icd_code,desc\nE119,x\nJ45909,y", ["E119", "J45909"]),
        ("Hauptdiagnose: U071", ["U071"]),
    ],
)  # fmt: skip
def test_a_diagnosis_is_found_without_its_dot_where_a_word_says_so(text: str, codes: list[str]) -> None:
    assert [value for kind, value in told(text) if kind == "icd-10"] == codes


@pytest.mark.parametrize(
    "text",
    [
        "error code: E1190", "status code E119", "part code: J45909", "Exit code: E119", "diagnosis: R2D2 unit",
        "postal code: K1A0B1", "diagnostic trouble code: P0300", "Product code: B12345", "Diagnosis tool: V12000",
        "diagnosis code of 2024", "dx = x1000a",
    ],
)  # fmt: skip
def test_other_codes_are_no_diagnosis(text: str) -> None:
    assert "icd-10" not in {kind for kind, _ in told(text)}
