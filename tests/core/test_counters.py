"""Sixty slices cover at least the whole window."""

import pytest

from gateway.core.counters import SLICES, step_us


@pytest.mark.parametrize("window_us", [1_000_000, 60_000_000, 2_678_400_000_000, 59, 61])
def test_sixty_slices_are_never_shorter_than_their_window(window_us: int) -> None:
    assert step_us(window_us) * SLICES >= window_us
    assert (step_us(window_us) - 1) * SLICES < window_us
