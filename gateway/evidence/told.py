"""What the records of a bundle tell of checkpoints (`ledger.published`), found before they are gone over: at which
sizes the tree's root is to be compared must be known when it has them.

The tree is known from the first record of the range on: of what lies before it, by the path to the record before, and
by the first checkpoint of the bundle where that has the size. What is told of other sizes is counted, and not checked.
"""

from collections.abc import Iterable

import msgspec

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.published import PUBLISHED, Published, published
from gateway.ledger.record import parse

_SAID = f'"event":"{PUBLISHED}"'.encode()
"""In canonical JSON, which knows no other spelling of it. Within a text it would stand with backslashes."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Of one range."""

    within: tuple[Published, ...]
    """Those of a size at which the tree is known."""
    before: int
    """How many tell of a tree that ends before the range, and has no checkpoint in the bundle."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not checked, in words."""
        if not self.before:
            return ()
        return (
            f"{self.before} records of the range tell of checkpoints over a tree that ends before it: the bundle does"
            " not have what these would be compared with.",
        )


def read(lines: Iterable[bytes], first: int, opening: tuple[int, bytes] | None) -> Told:
    """Of these lines, the first of which is record `first`. `opening`: size and root of the checkpoint before the
    range, whose signature is verified. `VerificationError` names the first record that tells of no checkpoint that can
    be, or of another root than the opening one.

    What is no record is passed over: who goes over them all says what is wrong with it.
    """
    found, before = list[Published](), 0
    for seq, line in enumerate(lines, first):
        if _SAID not in line:
            continue
        try:
            told = published(seq, parse(line))
        except FormatError:
            continue
        if told is None:
            continue
        if told.size >= first:
            found.append(told)
        elif opening is None or told.size != opening[0]:
            before += 1
        elif told.root != opening[1]:
            raise VerificationError(f"record {seq}: published: the first checkpoint has another root than it tells of")
    return Told(within=tuple(found), before=before)
