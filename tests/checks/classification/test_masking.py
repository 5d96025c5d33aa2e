"""Overlapping spans become one placeholder, that of the widest."""

from gateway.checks.classification.masking import WIDE, Span, merged, placeholder


def span(start: int, end: int, kind: str = "email", silent: bool = False) -> Span:
    return Span(start, end, kind, end - start, silent)


def test_a_placeholder_is_the_type_in_capitals() -> None:
    assert placeholder("us-ssn") == "[US-SSN]"


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
