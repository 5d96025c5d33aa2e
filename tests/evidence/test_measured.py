"""The figures that the package has of its versions of the classification."""

import msgspec
import pytest

from gateway.checks.classification.registry import DEFAULT
from gateway.evidence.measured import Count, Share, decode, measured

SHARE = Share(13_964, 14_800, 9_397, 9_471)


def test_the_version_that_ships_has_figures_of_texts_that_nothing_was_tuned_on() -> None:
    found = measured()[DEFAULT.version]
    assert {one.tuned for one in found.bodies} == {True, False}
    for one in found.bodies:
        assert one.all.recall.total > 0
        assert one.texts > 0
        for count in (one.all, *one.types.values()):
            for share in (count.recall, count.precision):
                assert share is None or (0 <= share.low <= share.high <= 10_000 and share.hits <= share.total)


def test_a_share_is_told_with_its_interval() -> None:
    assert str(SHARE) == "0.9435 (0.9397 to 0.9471)"
    assert str(Share(0, 0, 0, 10_000)) == "nothing to take it of"


def test_a_type_is_as_weak_as_the_lower_of_its_shares_that_can_be_told() -> None:
    whole = Share(9, 9, 7_000, 10_000)
    assert Count(SHARE, whole).weakest == Count(whole, SHARE).weakest == Count(SHARE).weakest == 9_435
    assert Count(whole, Share(0, 0, 0, 10_000)).weakest == 10_000


def test_figures_that_are_not_in_their_form_are_no_figures() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(b'{"9-x": {"date": "2026-11-28", "bodies": [{"name": "a"}]}}')
