"""Every report of a generated year, composed by the product, against what must stand in it.

The product composes each of its kinds as `exchange.reporting` does: from figures of the records, with registers,
archives and witnesses that `year_register` makes up. `year_reports` says from the year's truth what must stand there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import year_register as made
from benchmarks.year_compared import faults
from benchmarks.year_messages import ENGINES
from benchmarks.year_register import Said
from benchmarks.year_reports import carried, frameworks, wanted
from benchmarks.year_versions import NOT_KEPT, STANDS_FIRST, TERMS
from benchmarks.year_written import Report
from gateway.evidence.measured import Body, Count, Measurement, Share
from gateway.evidence.reports import attached
from gateway.evidence.reports.basis import Affected, Apart, Basis, Kept, Life, Outside
from gateway.evidence.reports.document import Document
from gateway.evidence.reports.kinds import KINDS, document
from gateway.evidence.reports.register import Declared, Party, Place, Register


def declared() -> Declared:
    """What the versions say, as the product takes it."""
    registers = {version: register(terms) for version, terms in TERMS.items()}
    return Declared(registers={**registers, STANDS_FIRST: NOT_KEPT})


def register(terms: made.Terms) -> Register:
    return Register(
        retention_days=terms.retention_days,
        processors={
            name: Party(
                legal_name=one.legal_name,
                address=one.address,
                country=one.country,
                safeguard=one.safeguard,
                valid_until=one.valid_until,
                classes=one.classes,
                no_training=one.no_training == "yes",
                document=one.document,
            )
            for name, one in terms.processors.items()
        },
        zones={zone: Place(trusted=zone in terms.trusted, region=region) for zone, region in made.ZONES.items()},
    )


def basis(found: Mapping[str, Any]) -> Basis:
    """What reports of a year are composed of, but for a person or framework. `found`: as `year.figures`."""
    first, end = found["coverage"]["first"], found["coverage"]["last"] + 1
    name, records, exchanges, began, ended = made.AWAY
    return Basis(
        ledger=made.LEDGER,
        since=made.SINCE,
        until=made.UNTIL,
        first=first,
        end=end,
        created=made.CREATED,
        generator=made.GENERATOR,
        figures=found,
        misses=made.MISSES,
        measured=measured(),
        known_from=made.KNOWN_FROM,
        declared=declared(),
        outside=Outside(stamps=_said(made.STAMPS, first, end), cosigned=_said(made.COSIGNED, first, end)),
        archives=[(name, first + low, first + high) for name, low, high in made.ARCHIVES],
        emergencies=[
            *(_apart(*row, told=found["apart"][row[0]]) for row in found["coverage"]["emergencies"]),
            _apart(name, records, exchanges, began, ended, told=None),
        ],
        life=Life(rows=made.LIFE),
        kept=Kept(first=made.KEPT[0], at=made.KEPT[1], archives=made.KEPT[2], archived_from=made.KEPT[3:]),
        affected={incident: Affected(**one) for incident, one in found["affected"].items()},
    )


def measured() -> dict[str, Measurement]:
    """What was measured of versions, as the product takes it."""
    return {ENGINES[0]: Measurement(date=made.MEASURED_AT, bodies=tuple(_body(one) for one in made.MEASURED))}


def _body(one: made.Body) -> Body:
    types = {kind: _count(count) for kind, count in one.types.items()}
    return Body(name=one.name, texts=one.texts, tuned=one.tuned, all=_count(one.all), types=types)


def _count(one: made.Counted) -> Count:
    return Count(recall=Share(*one.recall), precision=None if one.precision is None else Share(*one.precision))


def _said(some: tuple[Said, ...], first: int, end: int) -> list[tuple[str, int, str]]:
    return [(one.name, end + 1 if one.more is None else first + one.more, one.at) for one in some]


def _apart(name: str, records: int, exchanges: str | int, began: str, ended: str, *, told: int | None) -> Apart:
    return Apart(id=name, records=records, exchanges=exchanges, began=began, ended=ended, told=told)


def composed(found: Mapping[str, Any]) -> dict[tuple[str, str], Document]:
    """Every report that the product has, by its kind and the person or framework that it is of (else nothing)."""
    from_all, made_of = basis(found), dict[tuple[str, str], Document]()
    for kind, one in KINDS.items():
        if kind == "framework":
            for name, title, text in frameworks():
                made_of[kind, name] = document(kind, _with(from_all, framework=(name, title, text)))
        elif one.subject:
            for name, person in found["persons"].items():
                made_of[kind, name] = document(kind, _with(from_all, subject=person))
        else:
            made_of[kind, ""] = document(kind, from_all)
    return made_of


def carried_reports(found: Mapping[str, Any]) -> dict[tuple[str, str], Document]:
    """Every report that a bundle carries whose details are not opened. `found`: as `year.figures`, of such a year."""
    from_all = _with(basis(found), opened=False, outside=None, life=None, kept=None, archives=(), affected={})
    made_of = {(kind, ""): document(kind, from_all) for kind in attached.KINDS}
    for name, title, text in frameworks():
        made_of["framework", name] = document("framework", _with(from_all, framework=(name, title, text)))
    return made_of


def _with(from_all: Basis, **more: Any) -> Basis:
    return Basis(**{name: getattr(from_all, name) for name in Basis.__struct_fields__} | more)


def report_faults(found: Mapping[tuple[str, str], Document], expected: Mapping[str, Any]) -> Iterator[str]:
    """Every difference between reports and what must stand in them. `expected`: as `year.truth`."""
    yield from _faults(found, wanted(expected), expected)


def carried_faults(found: Mapping[tuple[str, str], Document], expected: Mapping[str, Any]) -> Iterator[str]:
    """The same of those that a bundle carries."""
    yield from _faults(found, carried(expected), expected)


def _faults(
    found: Mapping[tuple[str, str], Document], accounts: Mapping[tuple[str, str], Report], expected: Mapping[str, Any]
) -> Iterator[str]:
    above = head(expected)
    for key in sorted({*found, *accounts}):
        name = " of ".join(part for part in key if part)
        if key not in found or key not in accounts:
            yield f"report {name}: {'is not made' if key not in found else 'nobody accounts for it'}"
            continue
        yield from (f"report {name}: {fault}" for fault in faults(found[key], accounts[key], above))


def head(expected: Mapping[str, Any]) -> dict[str, Any]:
    """What must stand above the sections of every report, by its name there."""
    coverage, beside = expected["coverage"], made.around(expected)
    return {
        "ledger": beside.ledger,
        "since": made.SINCE,
        "until": made.UNTIL,
        "first": coverage["first"],
        "end": coverage["last"] + 1,
        "created": made.CREATED,
        "generator": beside.generator,
    }
