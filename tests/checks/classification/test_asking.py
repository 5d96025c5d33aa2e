"""What a message asks for."""

import pytest

from gateway.checks.classification.asking import asked

KNOWN = {"ssn", "accountnumber", "dateofbirth", "age"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What is your SSN?", "is your ssn"),
        ("I need your account number and SSN.", "need your account number and ssn"),
        ("Your SSN? It is for the form.", "your ssn"),
        ("How old are you?", "age"),
        ("Hoe heet u?", "name"),
        ("Please tell me your name and date of birth.", "and date of birth me your name"),
        ("And the password?", "and the password"),
        ("Anything else?", "Anything else?"),
        ("Thanks.", ""),
        ("", ""),
        ("Never give me your SSN.", ""),
        ("I have your SSN.", ""),
        ("Please give me the company name.", ""),
    ],
)
def test_what_is_asked_for_is_named_by_its_words(text: str, words: str) -> None:
    assert asked(text, KNOWN, "x") == words


def test_more_than_a_label_holds_is_left_away_from_its_beginning() -> None:
    text = "Please give me " + "pneumonoultramicroscopical SSN, " * 3
    assert asked(text, KNOWN, "x") == "pneumonoultramicroscopical ssn " + "pneumonoultramicroscopical ssn"


def test_an_answer_of_several_words_to_what_is_no_question_is_no_password() -> None:
    assert asked("Please enter your password.", KNOWN, "Zomer2024!") == "enter your password"
    assert asked("Please enter your password.", KNOWN, "It worked!") == ""
    assert asked("Please reset your password.", KNOWN, "done") == ""
