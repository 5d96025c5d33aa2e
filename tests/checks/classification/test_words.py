"""Words of lexicons: whole, whatever their case, and only where they are sought."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification import words
from gateway.checks.classification.normalise import normalise
from gateway.checks.classification.recognizer import Lexicon
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.checks.classification.words import Words, lower, widest
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


def test_what_ends_in_s_takes_no_plural() -> None:
    few = Words([Lexicon(id="a", words=("tos", "uti"))])
    assert few.places("tos toss utis", 0, 13) == {"a": [(0, 3), (9, 13)]}
    named = Words([Lexicon(id="a", words=("ahv avs", "ssn"))], {"a"})
    assert named.places("ahvAvs ahv_avss my_ssns", 0, 23) == {"a": [(0, 6), (19, 23)]}


def test_what_is_around_the_place_says_whether_a_word_is_whole() -> None:
    assert FEW.places("kid", 1, 3) == {}
    assert FEW.places("idx", 0, 2) == {}
    assert FEW.places("ids ", 0, 2) == {}
    assert FEW.places("a id b", 2, 4) == {"a": [(2, 4)], "b": [(2, 4)]}


@pytest.mark.parametrize(
    "gap",
    ["  ", "\t", "\n", "\r\n", "\r", " \n  ", " \x0b", "\n> ", "\n>> ", "\n* ", "\n  # ", "\r\n// ", "\n-- ", " " * 12],
)
def test_words_of_a_phrase_may_be_parted_by_blanks_and_a_line_end(gap: str) -> None:
    text = f"an id{gap}nos: id no"
    end = len(gap) + 8
    assert FEW.places(text, 0, len(text))["a"] == [(3, 5), (3, end), (end + 2, end + 4), (end + 2, end + 7)]
    assert FEW.places(text, 3, end)["a"] == [(3, 5), (3, end)]
    assert FEW.places(text, end - 3, end) == {}, "the longer phrase before the place is not looked for in vain"


@pytest.mark.parametrize("gap", ["\n\n", "\r\n\r\n", "\n \n", " " * 13, "> ", " > ", ", ", "\n* * "])
def test_what_parts_paragraphs_or_columns_parts_a_phrase(gap: str) -> None:
    text = f"id{gap}no"
    assert FEW.places(text, 0, len(text))["a"] == [(0, 2)]


def test_a_phrase_as_it_is_written_is_no_longer_than_a_word_may_be() -> None:
    long = "a" * 17 + " b " + "c" * 17
    assert [widest(word) for word in ("id", "id no", long, "a" * 30 + " " + "b" * 9)] == [1, 12, 2, 1]
    words = Words([Lexicon(id="a", words=(long,))])
    for gap, told in (("\n", 1), ("\r\n", 1), ("   ", 0)):
        text = long.replace(" ", gap)
        assert words.places(text, 0, len(text)) == ({"a": [(0, len(text))]} if told else {})


def test_a_word_that_begins_as_a_quoted_line_keeps_its_beginning() -> None:
    words = Words([Lexicon(id="a", words=("# no", "id no"))])
    assert words.places("id\n# no", 0, 7) == {"a": [(3, 7)]}


NAMED = Words([Lexicon(id="a", words=("id no", "né")), Lexicon(id="b", words=("id", "no", "my id no"))], ["a", "b"])


@pytest.mark.parametrize(
    "name", ["idNo", "id_no", "ID_NO", "id-no", "IdNo", "ID-NO", "xIdNo", "x_id_noY", "idNos", "IDNo"]
)
def test_names_are_read_as_the_words_they_are_made_of(name: str) -> None:
    text = f'{{"{name}": 1}}'
    start = text.lower().index("i")
    end = start + (5 if "_" in name or "-" in name else 4) + name.endswith("s")
    assert (start, end) in NAMED.places(text, 0, len(text))["a"]
    assert (start, end) in NAMED.places(text, start, end)["a"]
    assert "a" not in NAMED.places(text, start + 1, end)
    assert "a" not in FEW.places(name.replace("_", "").replace("-", ""), 0, len(name))


@pytest.mark.parametrize("name", ["idnoX", "avoidNo", "idNow", "myIdNo", "id_now", "a-id-not"])
def test_a_piece_of_a_word_in_a_name_and_the_end_of_a_longer_one_are_none(name: str) -> None:
    assert "a" not in NAMED.places(name, 0, len(name))


def test_a_name_beside_letters_beyond_ascii_and_at_either_end_is_read() -> None:
    for text in ("idNo", "xéIdNo", "é idNo", "id_no é", "aB cD idNo"):
        assert "a" in NAMED.places(text, 0, len(text)), text
    assert "a" in NAMED.places("idNo" + "Ab" * 31, 0, 66)


def test_there_may_be_no_words() -> None:
    assert Words([]).places("id", 0, 2) == {}


def test_words_may_all_be_beyond_ascii_or_none_that_names_are_made_of() -> None:
    few = Words([Lexicon(id="a", words=("né",)), Lexicon(id="b", words=("né 1.",))], {"a", "b"})
    assert few.places("né a_b c_d e_f g_né", 0, 19) == {"a": [(0, 2), (17, 19)]}
    assert few.places("ne a_b c_d e_f g_ne", 0, 19) == {}
    signs = Words([Lexicon(id="a", words=("#1",))], {"a"})
    assert signs.places("a_b c_d e_f #1", 0, 14) == {"a": [(12, 14)]}


def test_lower_case_keeps_each_character_one() -> None:
    assert lower("ABÉ") == "abé"
    assert lower("İX") == "İx"


_PIECES = ("id", "ID", "Id", "no", "No", "né", "ids", "idle", "kid", "x", "X", "7", "-", "_", " ", ".", "\x1f", "é")


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(st.sampled_from(_PIECES), max_size=60), cut=st.integers(0, 20), size=st.integers(0, 200))
def test_many_names_are_read_as_each_is(pieces: list[str], cut: int, size: int) -> None:
    text = "".join(pieces)
    first, last = min(cut, len(text)), min(cut + size, len(text))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(words, "_SEVERAL", len(text) + 1)
        each = NAMED.places(text, first, last)
    assert NAMED.places(text, first, last) == each


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
