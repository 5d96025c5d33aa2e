"""Headings read as the words that they are made of: what they may say, and how far that is believed."""

import pytest

from gateway.checks.classification.headed import last_word, may_end, readings


def said(heading: str) -> list[tuple[str, bool, bool]]:
    return [(one.key, one.allows("x", heading=False), one.allows("x", heading=True)) for one in readings(heading)]


def test_the_most_words_come_first_and_what_stands_before_says_whose_they_are() -> None:
    assert said("emp_home_phone") == [("emphomephone", True, True), ("homephone", True, True), ("phone", True, True)]


def test_what_says_no_more_may_stand_behind() -> None:
    assert ("ssn", True, False) in said("SSN No")
    assert ("dob", True, True) in said("DOB (mm/dd/yyyy)")
    assert "ssn" not in [key for key, *_ in said("ssn_last4")]


@pytest.mark.parametrize(("heading", "key"), [("total_phone", "phone"), ("the ssn", "ssn"), ("gl_account", "account")])
def test_words_that_say_something_else_are_not_believed(heading: str, key: str) -> None:
    assert (key, False, False) in said(heading)


@pytest.mark.parametrize("heading", ["ssn", "x", "f(home, phone", "a = home phone", "a b c d e f ssn", "a " * 30])
def test_others_are_not_read_so(heading: str) -> None:
    assert said(heading) == []


def test_it_is_quickly_told_of_most() -> None:
    assert last_word("Home Phone: ") == last_word("home_phone2") == "phone"
    assert last_word("4500") == "0"
    assert last_word("homePhone") == last_word("Phone (home)") == ""
    assert last_word("patient.mrn") == last_word("user/ssn") == ""
    ends = may_end(["home phone", "date of birth"])
    assert {"phone", "birth", "no", ""} <= ends
    assert "home-made" not in ends
