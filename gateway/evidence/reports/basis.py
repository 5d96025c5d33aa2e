"""What a report is composed of: figures, what policy versions say, where they come from; how numbers are written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.evidence.figures.coverage import share
from gateway.evidence.measured import Measured
from gateway.evidence.reports.document import Cell, Table
from gateway.evidence.reports.register import Declared


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What the store holds of what others have said of the ledger: name, how many records the checkpoint covers, and
    when by the clock of who said so (27 characters). Of each the first that covers all of the range, or the last."""

    stamps: Sequence[tuple[str, int, str]] = ()
    """Of time-stamping authorities."""
    cosigned: Sequence[tuple[str, int, str]] = ()
    """Of witnesses."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """From where on records are kept, when the report was made."""

    first: int
    at: str
    """The oldest record in the database, and when it occurred (27 characters)."""
    archives: int = 0
    """How many archives are on record: of records before it."""
    archived_from: tuple[int, str] = (0, "")
    """The first record of these, and when the earliest of them occurred."""


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """How the nodes of a ledger stood when its range began."""

    rows: Sequence[tuple[str, str, str, int]] = ()
    """Node, event, when it occurred (27 characters), the record's number: of each node its last start or stop."""
    whole: bool = True
    """Whether all records before the range were looked at, none of them in archives."""


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency ledger, by what is on record of it, and how many of its records are in the figures: None where its
    file was not at hand."""

    id: str
    records: int
    exchanges: Cell
    began: str
    ended: str
    told: int | None


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the records of an incident's exchange name, by those that say what an agent was sent."""

    subjects: Sequence[str] = ()
    """The pseudonyms, sorted."""
    persons: frozenset[str] = frozenset()
    """One pseudonym for each person: those that were merged are one."""
    records: int = 0
    """How many such records there are; 0 where none is at hand."""
    unnamed: int = 0
    """Of these, how many name nobody."""
    deleted: int = 0
    """Of these, of how many the detail is deleted, so that nobody can say whom they named."""


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the records `first` ≤ number < `end`, which were written from `since` until `until`."""

    ledger: str
    since: str
    until: str
    first: int
    end: int
    created: str
    generator: str
    figures: Mapping[str, Any]
    """As `Facts.document`."""
    misses: Sequence[str] = ()
    """What people found that classification misses, a line for each sample."""
    measured: Measured = {}
    """What an evaluation has measured of versions of the classification."""
    declared: Declared = Declared()
    """What the policy versions say that the figures name."""
    subject: Mapping[str, Any] = {}
    """Of one data subject: `pseudonyms`, `records`, `disclosures` and `subjects` as the sections of those names."""
    framework: tuple[str, str, str] = ("", "", "")
    """Id, title and text of the framework that is reported on."""
    opened: bool = True
    """Whether every detail that is still there was given, and not those of selected records alone."""
    archives: Sequence[tuple[str, int, int]] = ()
    """Id, first record and end (exclusive) of each archive that records of the range were read from."""
    emergencies: Sequence["Apart"] = ()
    """Emergency ledgers of the range, and whether their records are in the figures."""
    known_from: int | None = 0
    """What stood before the range is known from this record on: 0 where it is known from the first; None where records
    before the range were not looked at."""
    outside: Outside | None = None
    """None in a bundle, which holds what others have said itself."""
    life: Life | None = None
    """None in a bundle: what lies before its range is in no bundle."""
    kept: Kept | None = None
    """None in a bundle, which cannot know what is kept beside it, and of a ledger without a record."""
    affected: Mapping[str, Affected] = {}
    """Incident → whom the records of its exchange name; not of those beyond the number that is looked up."""


def table(
    caption: str, columns: tuple[str, ...], rows: Iterable[Sequence[Cell]], *, empty: str = "None on record."
) -> Table:
    """A table of these rows."""
    return Table(caption, columns, tuple(tuple(row) for row in rows), empty)


def percent(bp: int | None) -> str:
    """12.34 % of hundredths of a percent; of None, that there is nothing to take it of."""
    return "nothing to take it of" if bp is None else f"{bp // 100}.{bp % 100:02d} %"


def share_of(part: int, whole: int) -> str:
    """A share as a percentage, or that there is nothing to take it of."""
    return percent(share(part, whole))


def span(us: int) -> str:
    """A time like 3 d 4 h, 2 h 10 min, 5 min 3 s or 12 s; under a second in milliseconds."""
    seconds = us // 1_000_000
    if seconds < 1:
        return f"{us // 1_000} ms"
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    first = next(place for place, (value, _) in enumerate(parts) if value)
    return " ".join(f"{value} {unit}" for value, unit in parts[first : first + 2] if value)
