"""What a reading of the trail found that is not as it was recorded: told beside the rows, and in the exit code."""

from typing import Any

from gateway.cli.common import BAD, OK, warn
from gateway.exchange import showing
from gateway.store.search import Hit

NAMED = 20
"""Records that are told one by one; of the rest only how many there are."""


def numbered(hit: Hit) -> str:
    """A record's number as it is listed: with the emergency ledger's id where it is a record of one."""
    own = hit.stored.emergency
    return str(hit.stored.seq) if own is None else f"{own}/{hit.stored.seq}"


class Differing:
    """Over one reading."""

    def __init__(self) -> None:
        self._number = 0

    def shown(self, hit: Hit) -> dict[str, Any]:
        """`exchange.showing.shown`."""
        made = showing.shown(hit)
        self._note(hit, made["differs"])
        return made

    def cells(self, hit: Hit) -> tuple[Any, ...]:
        """`exchange.showing.cells`."""
        made = showing.cells(hit)
        self._note(hit, (made[-1] or "").split())
        return made

    def see(self, hit: Hit) -> None:
        """Of a row that shows some columns only."""
        self._note(hit, showing.differs(hit))

    def code(self) -> int:
        """What the command ends with, when all was read."""
        if self._number > NAMED:
            warn(f"{self._number} records are not as they were recorded; the first {NAMED} are named")
        if self._number:
            warn("`gateway audit verify` tells what else was changed")
        return BAD if self._number else OK

    def _note(self, hit: Hit, differing: object) -> None:
        if not differing:
            return
        self._number += 1
        if self._number <= NAMED:
            warn(f"record {numbered(hit)} is not as it was recorded: {', '.join(map(str, showing.differs(hit)))}")
