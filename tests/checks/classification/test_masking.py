"""Overlapping spans become one placeholder, that of the widest."""

import pytest

from gateway.checks.classification.masking import TYPES, WIDE, Span, in_place, is_json, merged, placeholder, walled
from gateway.checks.classification.registry import DEFAULT
from gateway.core.tokens import Book
from tests.checks.classification.conftest import ENGINE


def span(start: int, end: int, kind: str = "email", silent: bool = False) -> Span:
    return Span(start, end, kind, end - start, silent)


def test_a_placeholder_is_the_type_in_capitals() -> None:
    assert placeholder("us-ssn") == "[US-SSN]"


def test_a_wall_is_in_each_mask_and_moves_nothing() -> None:
    token = Book().token("phone", "555-0199")
    assert token is not None
    text = f"tel [PHONE] {token} [X-BADGE] [IP] [SMITH] [1]"
    assert walled(text) == f"tel [PHO_0] {token[:-3]}_0] [X-BAD_0] [_0] [SMITH] [1]"
    assert walled("no mask") == "no mask"


WORDS = {lexicon.id: lexicon.words for lexicon in DEFAULT.lexicons}
NAMED = sorted(
    {(word, label.type) for label in DEFAULT.labels for word in WORDS[label.lexicon]}
    | {(word, near.type) for item in DEFAULT.recognizers for near in item.near for word in WORDS[near.lexicon]}
)


@pytest.mark.parametrize("tail", [" order 4500123456, DEUTDEFF", " seen 11/30/2026"])
def test_no_word_names_what_stands_behind_a_mask(tail: str) -> None:
    alone = {one.type for one in ENGINE.scan_text(tail)}
    for word, kind in NAMED:
        begins = f"{word}: {walled(placeholder(kind))}"
        found = [one for one in ENGINE.scan_text(begins + tail) if one.start >= len(word) and one.type in TYPES]
        assert {one.type for one in found} <= alone, begins


def test_spans_apart_or_touching_stay_apart() -> None:
    assert merged([span(5, 8, "ip"), span(0, 5)]) == [(0, 5, "[EMAIL]"), (5, 8, "[IP]")]


def test_overlapping_spans_take_the_placeholder_of_the_widest() -> None:
    assert merged([span(0, 4), span(2, 10, "url"), span(9, 12, "ip")]) == [(0, 12, "[URL]")]
    assert merged([span(0, 8), span(4, 12, "url")]) == [(0, 12, "[EMAIL]")]


def test_beyond_wide_the_first_wins() -> None:
    assert merged([span(0, WIDE, "secret-jwt"), span(WIDE - 1, 3 * WIDE, "url")]) == [(0, 3 * WIDE, "[SECRET-JWT]")]


def test_what_has_been_written_is_not_written_again() -> None:
    assert merged([span(0, 9, "url"), span(0, 4, "secret-jwt", silent=True)]) == [(0, 9, "")]


def test_nothing_to_mask_is_nothing() -> None:
    assert merged([]) == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"ssn": 536228731}', '{"ssn": "[US-SSN]"}'),
        ('{"ssn" : 536228731 , "n": 1}', '{"ssn" : "[US-SSN]" , "n": 1}'),
        ("[536228731,2]", '["[US-SSN]",2]'),
        ('{\\"ssn\\": 536228731}', '{\\"ssn\\": \\"[US-SSN]\\"}'),
        ('{"ssn": "536228731"}', '{"ssn": "[US-SSN]"}'),
        ('{"note": "it is 536228731, so"}', '{"note": "it is [US-SSN], so"}'),
    ],
)
def test_a_number_of_json_leaves_a_string(text: str, masked: str) -> None:
    start = text.index("536228731")
    end = start + 9
    shown = in_place(text, start, end, "[US-SSN]")
    assert is_json(text)
    assert text[:start] + shown + text[end:] == masked


def test_prose_is_no_json_and_what_was_told_before_is_not_told_in_quotes() -> None:
    assert not is_json("SSN: 536228731")
    assert not is_json("")
    assert in_place('{"a": 1}', 6, 7, "") == ""


def test_a_stream_of_tool_arguments_stays_json() -> None:
    text = '{"ssn": 536228731, "name": "x"}'
    lane = ENGINE.stream(frozenset({"us-ssn"})).lane("/a")
    assert "".join([*(lane.feed(one) for one in text), lane.finish()]) == '{"ssn": "[US-SSN]", "name": "x"}'


def test_of_two_findings_in_the_same_place_the_same_one_is_shown_in_whatever_order_they_come() -> None:
    spans = [Span(3, 9, "iban", 6), Span(3, 9, "account", 6)]
    assert merged(spans) == merged(reversed(spans)) == [(3, 9, "[ACCOUNT]")]
