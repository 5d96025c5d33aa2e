"""While something is measured garbage is collected as in a process that serves, and afterwards as before."""

import gc

from benchmarks.settled import settled


def test_collections_are_as_rare_as_while_serving_and_then_as_before() -> None:
    before = gc.get_threshold()
    with settled():
        assert gc.get_threshold() != before
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
