"""Health terms, medication, ICD-10 codes."""

import pytest

from tests.checks.classification.conftest import told


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
