"""Special categories and criminal matters."""

import pytest

from gateway.checks.classification.classes import classes_of
from tests.checks.classification.conftest import ENGINE, told


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("he is Catholic", "special-religion"),
        ("she came out as lesbian", "special-orientation"),
        ("of Hispanic descent", "special-ethnicity"),
        ("a trade union secretary", "special-union"),
        ("party membership since 1990", "special-politics"),
        ("a retina scan", "special-biometric"),
        ("two prior convictions", "special-criminal"),
    ],
)
def test_words_of_special_categories_are_found(text: str, kind: str) -> None:
    assert [found for found, _ in told(text)] == [kind]
    assert classes_of(ENGINE.scan_text(text)) == {"special-category"}


@pytest.mark.parametrize("text", ["his fingerprints", "the Fingerprint of her thumb", "a fingerprint scanner"])
def test_fingerprints_of_fingers_are(text: str) -> None:
    assert [kind for kind, _ in told(text)] == ["special-biometric"]


@pytest.mark.parametrize(
    "text",
    [
        "ED25519 key fingerprint is SHA256:abc",
        "the certificate's fingerprint",
        "a browser fingerprint",
        "sha-256 fingerprint of it",
        "TLS_fingerprint",
    ],
)
def test_fingerprints_of_keys_and_programs_are_not(text: str) -> None:
    assert told(text) == []


def test_ordinary_words_are_not() -> None:
    assert told("an encoding-agnostic reader by Christian, and a matter of taste") == []
    assert told("the party was gay-friendly-ish? no: a merry, cheerful evening of parties") != [
        ("special-politics", "party")
    ]
    assert told("the union of two sets, a party for all, the court of law") == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("zij is katholiek", "special-religion"), ("hij is moslim", "special-religion"),
        ("hun er muslimsk", "special-religion"), ("jest katolikiem", "special-religion"),
        ("is vakbondslid", "special-union"), ("a trans woman", "special-orientation"),
        ("of Roma origin", "special-ethnicity"), ("Race: White", "special-ethnicity"),
        ('{"race": "Asian"}', "special-ethnicity"), ("| Race | Black |", "special-ethnicity"),
        ("he is on probation", "special-criminal"), ("was indicted for fraud", "special-criminal"),
    ],
)  # fmt: skip
def test_more_words_of_special_categories_are_found(text: str, kind: str) -> None:
    assert [found for found, _ in told(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        '{"id":"x","system_fingerprint":"fp_44709d6fcb"}', r'{\"system_fingerprint\": \"fp_1\"}',
        "system_fingerprint=fp_1", "the request fingerprint", "commit fingerprint", "race condition: white box",
        "race=0", "the probation period ends", "charged with shipping", "trans fat", "Roma won 2-1", "embrace: white",
    ],
)  # fmt: skip
def test_what_looks_like_them_is_not(text: str) -> None:
    assert not [kind for kind, _ in told(text) if kind.startswith("special-")]
