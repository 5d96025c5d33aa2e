"""How reports of a generated year must write what is true: told anew, apart from the product's own words for it.

A table, a plot or fields are wanted as a block of the same type. Of prose only what it says in numbers can be wrong as
a figure is: it is wanted as `Prose`; a form, as `Sheet`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple, TypeAlias

from gateway.evidence.reports.document import Block, Cell, Table

NUMBER = re.compile(r"\d+(?:[,.]\d+)*")


class Prose(NamedTuple):
    """A paragraph: how it begins, every number in it in order, and what else must stand there."""

    begins: str
    numbers: Sequence[str] = ()
    tone: str = "plain"
    holds: Sequence[str] = ()


class Sheet(NamedTuple):
    """A form with so many lines."""

    title: str
    lines: int


Wanted: TypeAlias = Block | Prose | Sheet


class Part(NamedTuple):
    """A section."""

    id: str
    title: str
    blocks: Sequence[Wanted]


class Report(NamedTuple):
    """A whole report."""

    kind: str
    title: str
    subtitle: str
    parts: Sequence[Part]


def table(caption: str, columns: str, rows: Iterable[Sequence[Cell]], empty: str = "None on record.") -> Table:
    """`columns`: their names, with a bar between two of them."""
    return Table(caption, tuple(columns.split(" | ")), tuple(tuple(row) for row in rows), empty)


def hundredths(bp: int | None) -> str:
    """Hundredths of a percent as a percentage."""
    return "nothing to take it of" if bp is None else f"{Decimal(bp) / 100:.2f} %"


def share(part: int, whole: int) -> str:
    """A percentage with two decimals, halves up."""
    if whole == 0:
        return "nothing to take it of"
    return f"{(Decimal(part) * 100 / Decimal(whole)).quantize(Decimal('0.01'), ROUND_HALF_UP)} %"


def lasting(us: int) -> str:
    """A time in its largest unit and the next smaller one; the parts of a second are left out, but of less than one."""
    whole = timedelta(microseconds=us)
    if whole < timedelta(seconds=1):
        return f"{us // 1_000} ms"
    hours, seconds = divmod(whole.seconds, 3_600)
    found = {"d": whole.days, "h": hours, "min": seconds // 60, "s": seconds % 60}
    while not next(iter(found.values())):
        del found[next(iter(found))]
    return " ".join(f"{found[unit]} {unit}" for unit in list(found)[:2] if found[unit])


def shown(cell: Cell) -> str:
    """A cell as a page shows it: thousands apart, times to the second."""
    if isinstance(cell, int):
        return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", str(cell))
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", cell):
        return cell[:10] + " " + cell[11:19]
    return cell


def same(one: Any, other: Any) -> bool:
    """Equal, and a text is no number."""
    return type(one) is type(other) and one == other
