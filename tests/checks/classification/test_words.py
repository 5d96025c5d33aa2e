"""Words of lexicons: whole, whatever their case, and only where they are sought."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.normalise import normalise
from gateway.checks.classification.recognizer import Lexicon
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.checks.classification.words import Words, lower
from tests.checks.classification import oracle
from tests.checks.classification.samples import texts

WORDS = Words(DEFAULT.lexicons)
FEW = Words([Lexicon(id="a", words=("id", "id no", "né")), Lexicon(id="b", words=("id", "no", "#1"))])


def test_words_are_told_by_lexicon_and_end_and_may_overlap() -> None:
    assert FEW.places("ID no", 0, 5) == {"a": [(0, 2), (0, 5)], "b": [(0, 2)]}


def test_what_ends_a_longer_word_of_another_lexicon_is_not_meant() -> None:
    assert FEW.places("no: id nos", 0, 10) == {"a": [(4, 6), (4, 10)], "b": [(0, 2), (4, 6)]}
    assert FEW.places("an id no.", 6, 9) == {}
    assert FEW.places("void no", 0, 7) == {"b": [(5, 7)]}


def test_a_plural_is_part_of_the_word_and_a_piece_of_another_is_none() -> None:
    assert FEW.places("ids, idle, kid, id_", 0, 19) == {"a": [(0, 3), (16, 18)], "b": [(0, 3), (16, 18)]}
    assert FEW.places("x#1", 0, 3) == {"b": [(1, 3)]}


def test_what_is_around_the_place_says_whether_a_word_is_whole() -> None:
    assert FEW.places("kid", 1, 3) == {}
    assert FEW.places("idx", 0, 2) == {}
    assert FEW.places("ids ", 0, 2) == {}
    assert FEW.places("a id b", 2, 4) == {"a": [(2, 4)], "b": [(2, 4)]}


def test_there_may_be_no_words() -> None:
    assert Words([]).places("id", 0, 2) == {}


def test_lower_case_keeps_each_character_one() -> None:
    assert lower("ABÉ") == "abé"
    assert lower("İX") == "İx"


@settings(max_examples=100, deadline=None)
@given(text=texts(), cut=st.integers(0, 400), size=st.integers(0, 600))
def test_those_in_a_place_are_those_of_the_whole_text_that_lie_there(text: str, cut: int, size: int) -> None:
    plain = normalise(text).text
    every = oracle.words(Registry(recognizers=(), lexicons=DEFAULT.lexicons), plain)
    first, last = min(cut, len(plain)), min(cut + size, len(plain))
    within = {
        name: [(start, end) for start, end in places if start >= first and end <= last]
        for name, places in every.items()
    }
    assert WORDS.places(plain, first, last) == {name: places for name, places in within.items() if places}
