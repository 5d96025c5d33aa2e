"""Several events may say together in one place what must not leave."""

import pytest

from gateway.agents.beside import MAX_PLACES, SHORT, Beside
from gateway.core.errors import AgentError

SSN = "078-05-1120"


def beside() -> Beside:
    return Beside(lambda label, text: text.replace(SSN, "[US-SSN]"))


def said(place: str, *texts: str, again: int = 0) -> list[str]:
    found = beside()
    told = []
    for text in texts:
        found.begin(again)
        told.append(found.take(place, text))
    return told


def test_each_text_is_safe_by_itself_and_may_come_again() -> None:
    assert said("/a", f"a {SSN}", f"a {SSN}", "b") == ["a [US-SSN]", "a [US-SSN]", "b"]


@pytest.mark.parametrize("cut", range(1, len(SSN)))
def test_halves_end_the_stream(cut: int) -> None:
    with pytest.raises(AgentError, match="bad_answer"):
        said("/a", "it is ", SSN[:cut], SSN[cut:])


def test_so_do_single_characters_of_which_two_are_the_same() -> None:
    assert "11" in SSN
    with pytest.raises(AgentError, match="bad_answer"):
        said("/a", *SSN)


def test_so_does_one_whose_event_came_again_without_being_looked_at() -> None:
    found = beside()
    for letter in "078-05-1":
        found.begin()
        found.take("/a", letter)
    found.begin(1)
    assert found.take("/a", "2") == "2"
    found.begin()
    with pytest.raises(AgentError, match="bad_answer"):
        found.take("/a", "0")


def test_longer_texts_that_come_again_are_not_gone_on_with() -> None:
    assert len("078-05-") > SHORT
    with pytest.raises(AgentError):
        said("/a", "078-05-", "078-05-", "1120")


def test_places_are_apart_and_not_without_end() -> None:
    found = beside()
    found.begin()
    assert (found.take("/a", SSN[:5]), found.take("/b", SSN[5:])) == (SSN[:5], SSN[5:])
    for number in range(MAX_PLACES - 2):
        found.take(f"/{number}", "x")
    with pytest.raises(AgentError, match="answer_too_large"):
        found.take("/c", "x")
