"""Tables of words, and recognizers as frozen data."""

import pytest

from gateway.checks.classification.recognizer import Recognizer, entries, words


def test_words_are_sorted_once_and_with_single_spaces() -> None:
    assert words("b, a,\n b,  c   d,, ") == ("a", "b", "c d")


def test_entries_keep_their_order() -> None:
    assert entries("b a\n c") == ("b", "a", "c")


def test_a_recognizer_cannot_be_changed() -> None:
    item = Recognizer(id="x", type="x", pattern="a", gate="a")
    with pytest.raises(AttributeError):
        item.pattern = "b"  # type: ignore[misc]
