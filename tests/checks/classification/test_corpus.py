"""The engine on text as people write it, disguised, joined, cut anywhere: never an error, always the same findings."""

from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.corpus import negatives, templates
from benchmarks.corpus.disguises import DISGUISES, disguised
from benchmarks.corpus.rows import Row
from gateway.checks.classification.classes import classes_of
from gateway.checks.classification.locator import place_of
from gateway.checks.classification.masking import walled
from gateway.checks.redaction import mask_text
from gateway.core.message import Part
from tests.checks.classification.conftest import ENGINE
from tests.checks.classification.test_stream import TYPES, cuts, echoed, passing, streamed


@lru_cache(maxsize=1)
def corpus() -> list[Row]:
    """Some of either half: nothing here says what is found."""
    rows = [row for split in templates.SPLITS for row in templates.rows(split, 2)]
    return rows + [row for split in templates.SPLITS for row in negatives.rows(split, 2)]


@st.composite
def written(draw: st.DrawFn) -> str:
    """One to three rows, disguised or not, with something between them."""
    pieces = []
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.sampled_from(corpus()))
        other = disguised(row, DISGUISES[draw(st.sampled_from(sorted(DISGUISES)))]) if draw(st.booleans()) else None
        pieces += [(other or row).text, draw(st.sampled_from(("\n", " ", "", "\u200b", '","', "=\n", "\\n", "<br>")))]
    return "".join(pieces)


@settings(max_examples=60, deadline=None)
@given(text=written(), seed=st.integers(0, 1000), widest=st.sampled_from((1, 7, 40, 700)))
def test_however_it_is_cut_the_same_is_found_and_masked(text: str, seed: int, widest: int) -> None:
    assert all(0 <= one.start < one.end <= len(text) for one in ENGINE.scan_text(text))
    findings = passing(text)
    released, found = streamed(text, cuts(text, seed, widest))
    expected = tuple(sorted((*findings, *echoed(text, findings, TYPES)), key=place_of))
    assert found == expected
    assert released == mask_text(text, expected, TYPES)


def test_of_what_is_masked_nothing_is_found_again() -> None:
    """A row in eight was refused where policy masks, for the number behind a mask, or a title before one."""
    for name in ("pii", "phi"):
        types = ENGINE.maskable(name)
        for row in templates.rows("tuning", 4):
            masked = mask_text(row.text, ENGINE.scan_text(row.text), types)
            assert not [one for one in ENGINE.scan_text(walled(masked)) if one.type in types], row.text


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(written(), min_size=1, max_size=6))
def test_a_message_of_several_texts_has_the_classes_of_what_is_found_in_each(texts: list[str]) -> None:
    scan = ENGINE.scan([Part(f"/messages/{number}/content", text) for number, text in enumerate(texts)])
    together = [one for text in texts for one in ENGINE.scan_text(text)]
    assert scan.classes >= classes_of(together)
    assert len(scan.parts) == len(texts)
