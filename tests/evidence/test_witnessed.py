"""What witnesses are said to have seen is told in words that promise no more."""

from gateway.evidence import bag
from gateway.evidence.witnessed import Witnessed, paths, told


def test_what_nobody_was_asked_about_is_said_to_be_unchecked() -> None:
    seen = Witnessed(size=3, by={}, others=2)
    assert told(seen.document()) == "3 records, not checked by whom; 2 lines of others: give a trust policy"
    seen = Witnessed(size=3, by={"one": "2026-11-24T01:02:03.000004Z"}, others=0)
    assert told(seen.document()) == "3 records, by one at 2026-11-24T01:02:03.000004Z"


def test_a_proof_goes_with_it_where_the_last_checkpoint_is_larger() -> None:
    assert paths(3, 4) == (bag.WITNESSED, bag.WITNESSED_TO_LAST)
    assert paths(4, 4) == (bag.WITNESSED,)
