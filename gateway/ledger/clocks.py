"""How far the clocks of witnesses are from a node's, in the words of a detail (`checkpoint.witnessed`).

Written here, and read here."""

import re
from collections.abc import Iterable

_LEAD = "by the witnesses' clocks, against this node's: "
_ONE = r"(\S+) ([+-]\d{1,15}) s"
_FORM = re.compile(rf"{re.escape(_LEAD)}{_ONE}(?:, {_ONE})*")
_EACH = re.compile(rf"{_ONE}(?:, |$)")


def written(offsets: Iterable[tuple[str, int]]) -> str:
    """Witness, and how many seconds its clock is before the node's (negative: behind it)."""
    return _LEAD + ", ".join(f"{witness} {seconds:+d} s" for witness, seconds in offsets)


def read(reason: str) -> tuple[tuple[str, int], ...]:
    """What `written` was given; nothing of other words. A key's name holds no space."""
    if _FORM.fullmatch(reason) is None:
        return ()
    return tuple((witness, int(seconds)) for witness, seconds in _EACH.findall(reason[len(_LEAD) :]))
