"""Numbers that a word touches."""

import pytest

from tests.checks.classification.conftest import told


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("card4111111111111111", "card", "4111111111111111"),
        ("Card4111 1111 1111 1111 exp", "card", "4111 1111 1111 1111"),
        ("PAN4111-1111-1111-1111", "card", "4111-1111-1111-1111"),
        ("amex378282246310005", "card", "378282246310005"),
        ("pay 4111111111111111now", "card", "4111111111111111"),
        ("ssn123-45-6789", "us-ssn", "123-45-6789"),
        ("SSN123-45-6789.", "us-ssn", "123-45-6789"),
        ("is 123-45-6789and", "us-ssn", "123-45-6789"),
        ("número4111111111111111", "card", "4111111111111111"),
    ],
)
def test_what_a_word_touches_is_found(text: str, kind: str, value: str) -> None:
    assert (kind, value) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "card4111111111111112",
        "sha 9f4111111111111111ab12",
        "a4111111111111111",
        "Ab4C4111111111111111",
        "part000-45-6789",
        "v123-45-67890",
        "build4111111111111111111111",
    ],
)
def test_codes_and_hashes_are_not(text: str) -> None:
    assert not {"card", "us-ssn"} & {kind for kind, _ in told(text)}
