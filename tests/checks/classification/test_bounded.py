"""What a pattern can match is known before it is searched for, or it is refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.bounded import LEAST, MOST, ROOM, bounded
from gateway.checks.classification.patterns import Pattern
from gateway.core.errors import FormatError
from tests.checks.classification.samples import own_patterns, own_texts


@pytest.mark.parametrize(
    ("pattern", "least", "most", "gate"),
    [
        ("EMP-[0-9]{6}", 10, 10, "EMP-[0-9]{6}"),
        (r"\b(?:AB|C)[0-9]{2,4}x?\b", 3, 7, r"\b(?:AB|C)[0-9]{2,4}x?\b"),
        ("(?i:ab.{2}c|[^a-z\\]]{3}?)", 3, 5, "(?i:ab.{2}c|[^a-z\\]]{3}?)"),
        ("tok_[0-9a-f]{64}", 68, 68, "tok_[0-9a-f]{42}"),
        ("(?:(?:ab){30}|x{50}y)z", 52, 61, "(?:(?:ab){23}|x{46})"),
        (r"\x41\.\-\w{1,10}?", 4, 13, r"\x41\.\-\w{1,10}?"),
        ("[0-9]{60}|abc", 3, 60, "[0-9]{46}|abc"),
    ],
)
def test_a_pattern_has_a_shortest_and_a_longest_match_and_a_gate_that_begins_each(
    pattern: str, least: int, most: int, gate: str
) -> None:
    found = bounded(pattern)
    assert (found.least, found.most, found.gate) == (least, most, gate)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("a" * 501, "at most 500"),
        ("größe", "printable ASCII"),
        ("abc\n", "printable ASCII"),
        ("", "at least 3"),
        ("ab", "at least 3"),
        ("abc|", "at least 3"),
        ("(?:abc)?", "at least 3"),
        ("a{97}", "at most 96"),
        ("(?:a{50}){2}", "at most 96 characters, and this one can match 100"),
        ("abc*", "how often at most"),
        ("abc+", "how often at most"),
        ("abc{3,}", "repeats what is not there"),
        ("abc{,3}", "repeats what is not there"),
        ("?abc", "repeats what is not there"),
        ("a{2}{2}b", "repeats what is not there"),
        ("a??b?c?abc?{2}", "repeats what is not there"),
        ("(?:a?){3}bcd", "can be empty"),
        (r"\b{3}bcd", "can be empty"),
        ("a{3,2}b", "from fewer to more"),
        ("a{0}bcd", "from fewer to more"),
        ("^abc", "beginning or end"),
        ("abc$", "beginning or end"),
        (r"\Aabc", "escapes"),
        (r"\Qabc\E", "escapes"),
        (r"\pLabc", "escapes"),
        (r"\x{41}bc", "escapes"),
        ("abc\\", "escapes"),
        ("(abc)", "groups as"),
        ("(?P<n>abc)", "groups as"),
        ("(?s:abc)", "groups as"),
        ("(?:abc", "not closed"),
        ("abc)", "not open"),
        ("abc]", "escape a bracket or brace"),
        ("abc}", "escape a bracket or brace"),
        ("[abc", "close a class"),
        ("[]abc", "close a class"),
        ("[^]abc", "close a class"),
        ("[[:alpha:]]bc", "bracket within"),
        (r"[\b]abc", "border within"),
        ("(?:" * 9 + "abc" + ")" * 9, "at most 8 deep"),
        ("[ab]{0,60}abc", "begin with what is there"),
    ],
)
def test_a_pattern_that_is_not_bounded_or_not_understood_is_refused(pattern: str, told: str) -> None:
    with pytest.raises(FormatError, match=told) as caught:
        bounded(pattern)
    assert not pattern or pattern not in str(caught.value)


@settings(max_examples=150)
@given(st.text(alphabet="ab0-.|()[]{}?*+\\:i^$,123 é", max_size=20))
def test_any_text_is_a_pattern_that_can_be_searched_for_or_is_refused(pattern: str) -> None:
    try:
        found = bounded(pattern)
    except FormatError:
        return
    assert LEAST <= found.least <= found.most <= MOST


@settings(max_examples=150)
@given(own_patterns(), own_texts())
def test_every_match_is_as_long_as_was_said_and_begins_with_the_gate(pattern: str, text: str) -> None:
    found = bounded(pattern)
    gate = re.compile(found.gate, re.ASCII)
    for begin, first, last, end in Pattern(pattern).spans(text.encode("ascii"), 0):
        assert (begin, end) == (first, last)
        assert found.least <= end - begin <= found.most
        opened = gate.match(text, begin)
        assert opened is not None
        assert 0 < opened.end() - begin <= ROOM
