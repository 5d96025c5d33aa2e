"""What is a secret by how it is made."""

import pytest

from gateway.checks.classification.credentials import (
    password_of,
    random_key,
    short_password,
    strong_password,
    told_answer,
)


@pytest.mark.parametrize(
    "value",
    ["9f8E7d6C5b4A39281706", "550e8400-e29b-41d4-a716-446655440000", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
)
def test_what_is_drawn_by_lot_is_a_key(value: str) -> None:
    assert random_key(value) is not None


@pytest.mark.parametrize(
    "value",
    [
        "reports/2024/q1.pdf", "PAY-1042-release-24", "orders.created.v2.eu-west-1", "charts/2024/05/",
        "OrderCreatedEvent-2024", "users/42/avatars/3f2a9c1b77de4455", "short1", "wordsAloneAndNothingElse",
    ],
)  # fmt: skip
def test_a_path_or_a_name_is_no_key(value: str) -> None:
    assert random_key(value) is None


@pytest.mark.parametrize("value", ["Zomer2024!", "xK9mQ2vL", "p@ssw0rd", "Summer22!", "a1b2c3"])
def test_what_no_word_is_made_like_is_a_password(value: str) -> None:
    assert strong_password(value) is not None


@pytest.mark.parametrize("value", ["policy", "OAuth2.0", "SHA-256", "Windows11", "12345678", "10/2024", "PROJ-1234"])
def test_words_numbers_and_standards_are_none(value: str) -> None:
    assert strong_password(value) is None
    assert short_password(value) is None


def test_behind_a_label_a_measure_or_a_code_is_none() -> None:
    assert [short_password(value) for value in ("1500mW", "ABC12345", "a/b12345", "8 ch")] == [None] * 4
    assert short_password("hunter22") == ("keyword", 0, 8)


def test_behind_whose_password_it_is_a_time_or_an_address_is_none() -> None:
    assert [password_of(value) for value in ("10:30", "2024-05-01", "//bob@host2", "required")] == [None] * 4
    assert password_of("884213") == ("keyword", 0, 6)


def test_an_answer_is_any_word_but_what_says_whether_there_is_one() -> None:
    assert told_answer("kestrel") == ("keyword", 0, 7)
    assert [told_answer(word) for word in ("required", "None", "(none", "optional.", "n/a")] == [None] * 5
