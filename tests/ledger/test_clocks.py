"""What is written of witnesses' clocks is read back, whatever their names are; other words say nothing of clocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.clocks import read, written
from gateway.ledger.note import Verifier

NAMES = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="+"), min_size=1, max_size=20)


@given(st.lists(st.tuples(NAMES, st.integers(-(10**15) + 1, 10**15 - 1)), min_size=1, max_size=5))
def test_what_is_written_is_read_back(offsets: list[tuple[str, int]]) -> None:
    for name, _ in offsets:
        Verifier(name, bytes(32))  # that is a witness's name
    assert list(read(written(offsets))) == offsets


def test_names_with_commas_are_told_apart() -> None:
    said = written([("w,1", -1), ("w,2,", 0)])
    assert said == "by the witnesses' clocks, against this node's: w,1 -1 s, w,2, +0 s"
    assert read(said) == (("w,1", -1), ("w,2,", 0))


@pytest.mark.parametrize("reason", ["", "none", "w -1 s", written([]), written([("w", 1)]) + " more"])
def test_other_words_say_nothing(reason: str) -> None:
    assert read(reason) == ()
