"""Reports on a generated year, of every kind, held against an account of the truth.

`composed` has the product make a report from its own figures; `accounted` writes down what must stand there, from the
truth alone. No block is left unlooked at: one that only either of the two has is a difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks import year_account as account
from benchmarks import year_kinds as kinds
from benchmarks import year_said as said_of
from benchmarks.year_account import Known
from benchmarks.year_persons import GROUPS
from benchmarks.year_register import REGISTER
from benchmarks.year_said import Part, differing, said
from gateway.evidence.reports.basis import Affected, Apart, Basis, Outside
from gateway.evidence.reports.document import Document
from gateway.evidence.reports.kinds import KINDS, document

LEDGER = "gateway.example/ledger/clinic"
BEGAN, ENDED = "2026-01-01T00:00:00.000000Z", "2027-01-01T00:00:00.000000Z"
MISSES = ("missed in 3 of 40 messages, 7.50 % (1.57 to 20.39 %)", "missed in 0 of 1,200 messages")
AWAY = ("em_away", 1_007, "not told", "2026-11-01T08:00:00.000000Z", "2026-11-01T09:30:00.000000Z", "not at hand")
"""An emergency ledger whose file is not at hand."""


class Asked(NamedTuple):
    """A report that can be asked for: its kind, and whom or which framework it is about."""

    kind: str
    subject: str = ""
    framework: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, self))


def every(frameworks: Sequence[str]) -> Iterator[Asked]:
    """Each kind of report; of those about a person one for each who is watched, and one for each framework."""
    for name, kind in KINDS.items():
        if kind.subject:
            yield from (Asked(name, subject=group[0]) for group in GROUPS)
        elif name == "framework":
            yield from (Asked(name, framework=one) for one in frameworks)
        else:
            yield Asked(name)


def known(truth: Mapping[str, Any]) -> Known:
    """What is true of a year (`year.truth`), and what is made up to be known beside it."""
    told = truth["coverage"]
    first, end = told["first"], told["last"] + 1
    third = first + (end - first) // 3
    return Known(
        figures=truth,
        first=first,
        end=end,
        ledger=LEDGER,
        misses=MISSES,
        stamps=(("tsa.example", third, "2026-05-01T00:00:00.000000Z"), ("tsa.example", end, ENDED)),
        cosigned=(("witness.example/one", first, BEGAN), ("witness.example/two", end + 7, ENDED)),
        archives=(("ar_one", first - 900, third), ("ar_two", third, end + 40)),
        apart=(*((*row, row[1]) for row in told["emergencies"]), AWAY),
    )


def composed(asked: Asked, figures: Mapping[str, Any], beside: Known) -> Document:
    """The report, as the product makes it from its figures (`year.figures`)."""
    return document(
        asked.kind,
        Basis(
            ledger=LEDGER,
            since=BEGAN,
            until=ENDED,
            first=beside.first,
            end=beside.end,
            created=ENDED,
            generator="agent-compliance-gateway",
            figures=figures,
            misses=beside.misses,
            register=REGISTER,
            subject=figures["persons"].get(asked.subject, {}),
            framework=(asked.framework, titled(asked.framework), "") if asked.framework else ("", "", ""),
            archives=beside.archives,
            emergencies=tuple(_apart(row) for row in beside.apart),
            outside=Outside(stamps=beside.stamps, cosigned=beside.cosigned),
            affected={name: Affected(**one) for name, one in figures["affected"].items()},
        ),
    )


def _apart(row: Sequence[str | int]) -> Apart:
    name, records, exchanges, began, ended, told = row
    return Apart(
        id=str(name),
        records=int(records),
        exchanges=exchanges,
        began=str(began),
        ended=str(ended),
        told=told if isinstance(told, int) else None,
    )


def accounted(asked: Asked, beside: Known) -> tuple[Part, ...]:
    """What must stand in it."""
    own = kinds.OWN[asked.kind](beside, asked.framework or asked.subject)
    covered = () if any(part.name == "coverage" for part in own) else (account.coverage(beside),)
    title = kinds.TITLES.get(asked.kind) or f"Evidence by provision: {titled(asked.framework)}"
    head = said_of.head(title, LEDGER, (BEGAN, ENDED), (beside.first, beside.end))
    return (head, account.about(beside), *own, *covered)


def titled(framework: str) -> str:
    """What a framework is called, as the reports here have it."""
    return f"Framework {framework}"


class Compared(NamedTuple):
    """What differs in any report, by its kind and place; how many reports were made, and how many cells compared."""

    faults: list[str]
    reports: int
    cells: int


def compared(figures: Mapping[str, Any], truth: Mapping[str, Any]) -> Compared:
    """Make every report, one after the other, and hold it against its account."""
    beside, faults, cells = known(truth), list[str](), 0
    asked = tuple(every(list(dict.fromkeys(one["framework"] for one in truth["provisions"]))))
    for one in asked:
        found = said(composed(one, figures, beside))
        faults += [f"{one}: {place}" for place in differing(found, accounted(one, beside))]
        cells += sum(len(row) for section in found for block in section.blocks for row in block.rows)
    return Compared(faults, len(asked), cells)
