"""Tokens are turned back in the places that are prose, in lanes of prose, and counted once."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.restoring import Restorer
from gateway.core.message import Part
from gateway.core.tokens import Book
from gateway.exchange.replaying import Collected
from gateway.exchange.turning import Turning, all_but, turning_of
from tests.exchange.making import message

EVERY = all_but(frozenset())


def book() -> tuple[Book, str]:
    made = Book()
    return made, str(made.token("person", "Ada Lovelace"))


def test_there_is_nothing_to_turn_back_without_tokens_or_without_prose() -> None:
    made, _ = book()
    assert turning_of(message(), made) is not None
    assert turning_of(message(), Book()) is None
    assert turning_of(message(), None) is None
    assert turning_of(None, made) is None
    assert turning_of(message(response_format={"type": "json_object"}), made) is None


def test_of_a_whole_answer_only_its_prose_changes_and_only_what_is_taken_counts() -> None:
    made, token = book()
    turning = Turning(message(), made)
    places = turning.places({"choices": [{"message": {"content": token}}]})
    assert places == {"/choices/0/message/content": "/choices/0"}
    parts = (
        Part("/choices/0/message/content", f"Dear {token}"),
        Part("/choices/0/message/tool_calls/0/function/arguments", token),
        Part("/choices/0/message/content/0/text", token),
    )
    changed, counting = turning.texts(parts, places, EVERY)
    assert changed == {"/choices/0/message/content": "Dear Ada Lovelace"}
    assert turning.turned.totals == {"back": 0, "kept": 0, "foreign": 0}
    turning.count(counting)
    assert turning.turned.back == {"person": 1}
    changed, counting = turning.texts(parts, places, all_but(frozenset({"person"})))
    turning.count(counting)
    assert changed == {}
    assert turning.turned.kept == {"person": 1}
    twice = (parts[0], parts[0])
    assert turning.texts(twice, places, EVERY) == ({}, []), "nobody could say which of two is meant"


def test_lanes_of_prose_turn_back_before_the_lane_takes_it() -> None:
    made, token = book()
    turning, inner = Turning(message(), made), Collected()
    lanes = turning.lanes(inner, EVERY)
    prose, other = lanes.lane("/a", prose=True), lanes.lane("/b")
    for character in f"Dear {token}":
        prose.feed(character)
    other.feed(token)
    lanes.last()
    assert prose.finish() == "Dear Ada Lovelace"
    assert other.finish() == token
    assert lanes.unreadable("/e", "x") == "x"
    assert turning.turned.totals == {"back": 1, "kept": 0, "foreign": 0}
    assert isinstance(turning.restorer(EVERY), Restorer)


ADA = "Ada Lovelace"
JOINED = (
    ("![a](https://e.example/?q=", "TOKEN", ")"),
    ("![a](<https://e.example/?q= ", "TOKEN >)"),
    ("TOKEN", ".e.example/a"),
    ("TOKEN", ".", "e.example/a"),
    ("https://e.example/", "", "TOKEN"),
    ("https://e.exam", "ple/", "a TOKEN"),
    ("curl -d ", "TOKEN"),
    ("`", "TOKEN", "`"),
    ("```\n", "a\n", "TOKEN\n", "```"),
    ('{"a": "', "TOKEN", '"}'),
    ("[r]", ": ", "TOKEN"),
    ("![a]", "(", "x TOKEN )"),
    ("\n   ", " ", "TOKEN"),
    ("<img src='x", " TOKEN'>"),
)
APART = (("Dear ", "TOKEN", ", hello"), ("One.\n", "TOKEN.", "\nTwo"), ("", "TOKEN", ""), ("**", "TOKEN", "**"))


def whole(made: Book, texts: Sequence[str]) -> list[str]:
    parts = tuple(Part(f"/content/{index}/text", text) for index, text in enumerate(texts))
    changed, _ = Turning(message(), made).texts(parts, {part.pointer: "" for part in parts}, EVERY)
    return [changed.get(part.pointer, part.text) for part in parts]


def passing(made: Book, texts: Sequence[str], *, ended: bool = True) -> list[str]:
    """The same as a stream, character by character. `ended`: that nothing comes after the last is known."""
    lanes = Turning(message(), made).lanes(Collected(), EVERY)
    found = []
    for index, text in enumerate(texts):
        lane = lanes.lane(f"/content/{index}/text", prose=True)
        for character in text:
            lane.feed(character)
        if ended and index == len(texts) - 1:
            lanes.last()
        found.append(lane.finish())
    return found


@pytest.mark.parametrize("texts", JOINED)
def test_a_token_that_the_joined_texts_have_in_an_address_or_in_code_stays_in_each(texts: tuple[str, ...]) -> None:
    made, token = book()
    told = [text.replace("TOKEN", token) for text in texts]
    assert whole(made, told) == told
    assert passing(made, told) == told


@pytest.mark.parametrize("texts", APART)
def test_a_token_that_the_joined_texts_have_in_prose_is_turned_back(texts: tuple[str, ...]) -> None:
    made, token = book()
    told = [text.replace("TOKEN", token) for text in texts]
    shown = [text.replace("TOKEN", ADA) for text in texts]
    assert whole(made, told) == shown
    assert passing(made, told) == told, "what comes after the word is not known"
    assert passing(made, ["\n".join(told)]) == ["\n".join(shown)]
    assert passing(made, [f"{text}\n" for text in told]) == [f"{text}\n" for text in shown]
    assert passing(made, [told[1]], ended=False) == [told[1]]


def test_a_token_over_two_texts_is_none() -> None:
    made, token = book()
    told = [token[:9], token[9:]]
    assert whole(made, told) == passing(made, told) == told


def test_texts_that_come_at_the_same_time_are_in_no_order() -> None:
    made, token = book()
    lanes = Turning(message(), made).lanes(Collected(), EVERY)
    one = lanes.lane("/content/0/text", prose=True)
    two = lanes.lane("/content/1/text", prose=True)
    two.feed(f"{token} >)\n")
    one.feed("![a](<https://e.example/ ")
    assert two.finish() == f"{token} >)\n"
    choices = [lanes.lane(f"/choices/{index}/delta/content", prose=True) for index in (0, 1)]
    for choice in choices:
        choice.feed(f"Dear {token}")
    assert [choice.finish() for choice in choices] == [f"Dear {ADA}"] * 2, "which are an answer each"


NAMES = [f"Name{number} Smith" for number in range(4)]
MARKS = st.sampled_from(
    [
        *"0123",
        "0 ",
        " 1",
        "\n",
        " ",
        "`",
        "```",
        "](",
        ")",
        "[",
        "<x ",
        ">",
        "{",
        "https://",
        ".",
        "a",
        "- ",
        "    ",
        "=",
    ]
)


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.lists(MARKS, max_size=6).map("".join), min_size=1, max_size=6))
def test_nothing_is_turned_back_that_stays_in_the_joined_text_or_in_its_own(texts: list[str]) -> None:
    made = Book()
    tokens = {str(number): str(made.token("person", name)) for number, name in enumerate(NAMES)}
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(character for character in text if character in tokens)
    once = {character for character, count in counted.items() if count == 1}
    told = ["".join(tokens.get(character, character) for character in text) for text in texts]

    def turned(shown: Sequence[str]) -> set[str]:
        return {number for number in once if NAMES[int(number)] in "".join(shown)}

    alone = set().union(*(turned(whole(made, [text])) for text in told))
    found = turned(whole(made, told))
    assert found == turned(whole(made, ["".join(told)])) & alone
    assert turned(passing(made, told)) <= found
