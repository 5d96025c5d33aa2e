"""Several events may say together in one place what must not leave."""

import re

import pytest

from gateway.agents.beside import MAX_PLACES, REPEATS, SHORT, TAIL, Beside, is_padding
from gateway.core.errors import AgentError

SSN = "078-05-1120"
NAMED = re.compile(r"Dr\. \w+")


def beside() -> Beside:
    return Beside(lambda label, text: "[PERSON]" if label == "provider" else text.replace(SSN, "[US-SSN]"))


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
    with pytest.raises(AgentError, match="withheld"):
        said("/a", "it is ", SSN[:cut], SSN[cut:])


def test_so_do_single_characters_of_which_two_are_the_same() -> None:
    assert "11" in SSN
    with pytest.raises(AgentError, match="withheld"):
        said("/a", *SSN)


def test_so_does_one_whose_event_came_again_without_being_looked_at() -> None:
    found = beside()
    for letter in "078-05-1":
        found.begin()
        found.take("/a", letter)
    found.begin(1)
    assert found.take("/a", "2") == "2"
    found.begin()
    with pytest.raises(AgentError, match="withheld"):
        found.take("/a", "0")


@pytest.mark.parametrize("last", [1, 2])
def test_so_do_those_that_end_with_the_same_twice(last: int) -> None:
    twice = "078-05-1122"
    found = Beside(lambda label, text: text.replace(twice, "[US-SSN]"))
    for piece in [*twice[: -2 * last], *([twice[-2 * last : -last]] if last == 1 else twice[-4:-2])]:
        found.begin()
        found.take("/a", piece)
    found.begin()
    with pytest.raises(AgentError, match="withheld"):
        found.take("/a", twice[-last:])


def test_what_is_always_the_same_is_looked_at_once_and_what_goes_on_for_a_while() -> None:
    seen: list[str] = []

    def look(label: str, text: str) -> str:
        seen.append(text)
        return text

    found = Beside(look)
    going = []
    for text in ["a"] * 50 + ["b"] * 50:
        found.begin()
        found.take("/a", text)
        going.append(found.going)
    assert len(seen) == 2 + REPEATS
    assert going == [False] * 50 + [True] * REPEATS + [False] * (50 - REPEATS)


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


def test_what_is_masked_by_its_label_may_be_another_each_time() -> None:
    """As `provider`, which a router of models says with each event."""
    found = beside()
    for text in ["Together", "Groq", "Azure"] * 100:
        found.begin()
        assert found.take("/provider", text, "provider") == "[PERSON]"


def twice(*texts: str) -> list[str]:
    """A stream that is read whole first: what a text becomes is known the second time alone, and is what the text
    of the first time became."""
    first: list[str] = []

    def note(label: str, text: str) -> str:
        first.append(text)
        return text

    def given(label: str, text: str) -> str:
        return NAMED.sub("[PERSON]", first.pop(0)).replace(SSN, "[US-SSN]")

    told: list[str] = []
    for found in (Beside(note), Beside(given)):
        told = []
        for text in texts:
            found.begin()
            told.append(found.take("/speaker", text))
    assert not first
    return told


def test_names_that_are_each_masked_do_not_end_a_stream_that_is_read_whole_first() -> None:
    names = ["Dr. Jane", "Dr. Carter", "nobody at all", "Dr. Brown", "Dr. Jane"] * 20
    assert twice(*names) == ["[PERSON]" if name.startswith("Dr.") else name for name in names]


@pytest.mark.parametrize("cut", range(1, len(SSN)))
def test_behind_what_was_masked_halves_end_it_all_the_same(cut: int) -> None:
    for texts in (["Dr. Jane", SSN[:cut], SSN[cut:]], ["Dr. Jane", f"Dr. Brown, {SSN[:cut]}", SSN[cut:]]):
        with pytest.raises(AgentError, match="withheld"):
            twice(*texts)
    with pytest.raises(AgentError, match="withheld"):
        twice(f"it is {SSN[:cut]}", f"{SSN[cut:]} of Dr. Jane")


def test_what_is_looked_at_together_is_no_more_than_the_neighbourhood_of_a_border() -> None:
    seen: list[str] = []

    def look(label: str, text: str) -> str:
        seen.append(text)
        return text

    found = Beside(lambda label, text: text, look)
    for number in range(50):
        found.begin()
        found.take("/a", f"{number}" * 400)
    assert {len(text) for text in seen} == {2 * TAIL}


def test_the_beginning_of_an_alphabet_is_padding_and_no_word_is() -> None:
    assert all(is_padding(text) for text in ("", "a", "abcdefghi", "abcdefghijklmnopqrstuvwxyzABC"))
    assert is_padding("abcdefghijklmnopqrstuvwxyz0123456789ABC")
    assert not any(is_padding(text) for text in ("b", "abd", "Anna", "abcdefghijklmnopqrstuvwxyzAB1", "078-05-1120"))


def counted(*texts: str) -> tuple[list[str], list[str]]:
    """What leaves of these texts in one place, and what was looked at together."""
    looks: list[str] = []

    def look(label: str, text: str) -> str:
        looks.append(text)
        return text

    found, told = Beside(lambda label, text: text, look), []
    for text in texts:
        found.begin()
        told.append(found.take("/seq", text))
    return told, looks


@pytest.mark.parametrize("values", [range(600), range(600, 0, -1)], ids=["up", "down"])
def test_the_values_of_a_counter_are_not_read_as_one_number(values: range) -> None:
    texts = [str(value) for value in values]
    told, looks = counted(*texts)
    assert told == texts
    assert len(looks) == 1


@pytest.mark.parametrize(
    "texts",
    [
        ("7", "9", "11", "13"),  # by choosing a first value and a step any two halves can be said
        ("1", "02", "3", "004"),
        ("1", "2", "1", "2"),
        ("1", "3", "4", "6"),
        ("a", "b", "c", "d"),
        ("0.1", "1.1", "2.1", "3.1"),
        ("\u0661", "\u0662", "\u0663", "\u0664"),
    ],
)
def test_what_is_no_counter_is(texts: tuple[str, ...]) -> None:
    assert len(counted(*texts)[1]) == len(texts) - 1


@pytest.mark.parametrize("number", ["078-05-6789", "078-05-4321", "12-34-5678"])
def test_what_ends_like_a_counter_is_looked_at_to_its_end(number: str) -> None:
    """Said one character an event."""
    assert counted(*number)[1][-1] == number


def test_a_counter_that_begins_anew_is_looked_at() -> None:
    assert len(counted("1", "2", "3", "1", "2", "3", "4")[1]) == 5


def test_what_follows_a_counter_is_looked_at_with_all_its_values() -> None:
    assert counted("1", "2", "3", "4", "x")[1] == ["12", "1234x"]
    with pytest.raises(AgentError, match="withheld"):
        said("/a", "078-05", "-112", "0")
