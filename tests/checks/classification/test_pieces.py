"""Pieces of a text are read by themselves too, and nothing of that is told twice."""

from gateway.checks.classification.pieces import pieces, shifted, unseen
from gateway.core.finding import Finding


def found(kind: str, start: int, end: int) -> Finding:
    return Finding(kind, start, end, 1.0, "test")


def test_a_text_is_cut_where_it_is_said_and_only_inside_it() -> None:
    assert list(pieces("abcdef", (2, 4))) == [(0, 2), (2, 4), (4, 6)]
    assert list(pieces("abc", (0, 3, 9))) == [(0, 3)]


def test_a_finding_of_a_piece_is_placed_in_the_whole_text() -> None:
    assert shifted(found("email", 1, 4), 10) == found("email", 11, 14)
    assert shifted(found("email", 1, 4), 0) == found("email", 1, 4)


def test_what_the_whole_text_shows_already_is_not_told_again() -> None:
    joined = [found("email", 5, 20), found("phone", 0, 3), found("email", 0, 2)]
    alone = [found("email", 6, 20), found("email", 5, 21), found("us-ssn", 6, 20), found("phone", 0, 3)]
    assert unseen(alone, joined) == [found("email", 5, 21), found("us-ssn", 6, 20)]
