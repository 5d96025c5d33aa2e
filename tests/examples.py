"""What hypothesis finds out once in a process, found out before processes are forked from this one: which constants the
product's sources have, which characters there are, and which of them can be written. Where none of that was kept from
an earlier run, as in a new clone, it takes some seconds of a processor."""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers


@settings(max_examples=1, database=None, phases=[Phase.generate])
@given(st.text())
def _some(text: str) -> None:
    """A text, as property tests draw it."""


def share_examples() -> None:
    """For all processes that are forked from this one from now on."""
    charmap.charmap()  # texts that were drawn before keep what they were drawn from, and do not ask again
    _some()
    providers._get_local_constants()
