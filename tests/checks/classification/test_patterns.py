"""The wrapper of RE2: spans, anchors, and a set that fails open."""

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.candidates import FOLLOWS
from gateway.checks.classification.normalise import outline
from gateway.checks.classification.patterns import Anywhere, Gates, Pattern, quoted
from gateway.checks.classification.registry import DEFAULT
from gateway.core.errors import ConfigurationError
from tests.checks.classification.oracle import matched
from tests.checks.classification.samples import texts


def test_spans_are_those_of_the_group_where_there_is_one() -> None:
    assert Pattern("a(b+)").spans(b"xabbab", 0) == [(1, 2, 4, 4), (4, 5, 6, 6)]
    assert Pattern("b+").spans(b"xabbab", 3) == [(3, 3, 4, 4), (5, 5, 6, 6)]


def test_empty_matches_are_not_told_and_do_not_stop_the_search() -> None:
    assert Pattern("a*").spans(b"baab", 0) == [(1, 1, 3, 3)]
    assert Pattern("x(a*)").spans(b"xxa", 0) == [(1, 2, 3, 3)]


def test_word_borders_see_what_is_before_the_start() -> None:
    assert Pattern(r"\bb").spans(b"ab", 1) == []


def test_first_at_and_prefix() -> None:
    pattern = Pattern("b(c)")
    assert pattern.first(b"abcbc", 2) == 3
    assert pattern.first(b"a", 0) is None
    assert pattern.at(b"abc", 1) == (2, 3)
    assert pattern.at(b"abc", 0) is None
    assert Pattern("a*").prefix(b"aab") == 2
    assert pattern.prefix(b"a") == 0


def test_bytes_beyond_ascii_are_one_character_each() -> None:
    assert Pattern("[\\xC0\\xE0]+").spans(b"a\xc0\xe0b", 0) == [(1, 1, 3, 3)]


@pytest.mark.parametrize("source", ["(", "(?<=a)b", "a\u0105"])
def test_what_re2_does_not_take_is_a_configuration_error(source: str) -> None:
    with pytest.raises(ConfigurationError):
        Pattern(source)


def test_gates_say_which_patterns_match_anywhere() -> None:
    gates = Gates(["a", "b", "[0-9]{2}"])
    assert {0, 2} == gates.open(b"xa12") - {3}
    assert Gates([]).open(b"x") - {0} == frozenset()


def test_a_set_that_fails_opens_every_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    gates = Gates(["a", "b"])

    class Broken:
        def Match(self, shade: bytes) -> list[int]:
            return []

    monkeypatch.setattr(gates, "_set", Broken())
    assert gates.open(b"x") == {0, 1}


def test_a_quoted_text_matches_itself_alone() -> None:
    assert Pattern(quoted("a.b+c\xe0")).spans(b"a.b+c\xe0 axb+c\xe0", 0) == [(0, 0, 6, 6)]


def test_what_needs_no_quoting_is_as_it_would_be_quoted() -> None:
    for text in ("Anna", "a1", "", "O'Brien", "Ren\xe9", "a_b", "a-b", "."):
        assert quoted(text) == bytes(re2.escape(text.encode("latin-1"))).decode("latin-1")


SHIPPED = [(item.pattern, Pattern(item.pattern)) for item in DEFAULT.recognizers]


@settings(max_examples=100, deadline=None)
@given(text=texts())
def test_a_pattern_taken_apart_has_the_same_spans_as_in_one(text: str) -> None:
    shade = outline(text)
    for source, pattern in SHIPPED:
        spans, start = [], 0
        while (match := matched(source, shade, start)) is not None:
            spans.append(match)
            start = match[3]
        assert pattern.spans(shade, 0) == spans


BEHIND = [
    (source, Pattern(source))
    for label in DEFAULT.labels
    for source in (f"[^0-9;^]{{0,{label.gap}}}?\\b({label.value})\\b", f"{FOLLOWS}({label.value})\\b")
]


@settings(max_examples=60, deadline=None)
@given(text=texts(), place=st.integers(0, 60))
def test_the_group_of_a_match_that_begins_at_a_place_is_that_of_the_pattern_in_one(text: str, place: int) -> None:
    shade = outline(text)
    for source, pattern in BEHIND:
        for start in range(min(place, len(shade)), min(place + 8, len(shade))):
            match = matched(source, shade, start, here=True)
            assert pattern.at(shade, start) == (None if match is None else match[1:3])


@pytest.mark.parametrize("text", ["name: Don x", "name: Don Xavier", "name: Dr. Don", "ab abb", "abab"])
def test_the_group_is_where_the_whole_pattern_puts_it(text: str) -> None:
    for source in ("name: (?:Don )?([A-Z][a-z]+)", "(?:ab|a)(b?[a-z]?)", "(?:ab)*(a?b*)", "a*?(b*)"):
        match = matched(source, text.encode(), 0)
        assert Pattern(source).next(text.encode(), 0) == match


def test_whether_there_is_a_group() -> None:
    assert Pattern("a(b)").grouped
    assert not Pattern("a(?:b)").grouped


@pytest.mark.parametrize(
    ("text", "stands"),
    [('{"ownerName": 1}', True), ("ownerName: 1", False), ('é中 "ownerName":', True), ("\ud800", False), ("", False)],
)
def test_whether_a_pattern_stands_anywhere_in_a_text_of_any_characters(text: str, stands: bool) -> None:
    assert Anywhere(r'"[a-z]{0,8}Name"\s{0,8}:').stands_in(text) is stands


def test_a_pattern_that_re2_has_not_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        Anywhere("(?=x)")
