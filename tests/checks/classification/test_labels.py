"""A key reads as words before its value, and what lies in it alone is no finding of the value."""

import pytest

from gateway.checks.classification.labels import labelled, moved
from gateway.core.finding import Finding


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("mrn", "mrn: "),
        ("patientName", "patient name: "),
        ("patient_name", "patient name: "),
        ("HTTPStatus2", "http status 2: "),
        ("numéroDeSécurité", "numéro de sécurité: "),
        ("NUMÉRO_2", "numéro 2: "),
        ("病历号", "病历号: "),
        ("content", ""),
        ("Text", ""),
        ("", ""),
        ("--", ""),
        ("k" * 65, ""),
    ],
)
def test_a_key_becomes_the_words_that_would_stand_before_its_value(label: str, words: str) -> None:
    assert labelled(label) == words


def test_a_finding_is_told_by_its_place_in_the_value() -> None:
    one = Finding(type="mrn", start=5, end=12, score=0.9, reason="label")
    assert moved(one, 5) == Finding(type="mrn", start=0, end=7, score=0.9, reason="label")
    assert moved(one, 8) == Finding(type="mrn", start=0, end=4, score=0.9, reason="label")
    assert moved(one, 12) is None
