"""Requests of data subjects, each with its times, in how many days it ended, and how it stands."""

from collections.abc import Iterable, Sequence

from gateway.evidence.figures.seen import NONE
from gateway.evidence.reports.basis import table
from gateway.evidence.reports.document import Cell, Table
from gateway.ledger.times import parse_timestamp

_DAY_US = 86_400 * 1_000_000


def requests(rows: Iterable[Sequence[Cell]], until: str) -> Table:
    """`rows`: as the figures have them; `until`: up to when it is known what happened (27 characters), by which
    what has no end is overdue or not."""
    shown = []
    for row in rows:
        _, _, _, received, due, ended, _ = map(str, row)
        shown.append((*row, _days(received, ended), _stands(due, ended, until)))
    columns = ("Case", "What", "Subject", "Received", "Due", "Ended", "Newest step", "Full days", "Stands")
    return table("Requests", columns, shown)


def _days(received: str, ended: str) -> Cell:
    """From receipt to end, those that are over; a request may be taken down as received when it is answered."""
    if NONE in (received, ended):
        return NONE
    return (parse_timestamp(ended) - parse_timestamp(received)) // _DAY_US


def _stands(due: str, ended: str, until: str) -> str:
    word = "open" if ended == NONE else "ended"
    if due == NONE:
        return f"{word}, not on record when due"
    if word == "ended":
        return "ended late" if due < ended else "ended in time"
    return "open, overdue" if due < until else "open, not due yet"
