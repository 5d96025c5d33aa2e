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
