"""Who was declared to get data, and under which agreement, from when until when, against who got some."""

from collections import Counter
from collections.abc import Iterator

from gateway.evidence.figures.seen import NONE
from gateway.evidence.reports.basis import Basis, table
from gateway.evidence.reports.document import Cell, Section, Text
from gateway.evidence.reports.register import NO_AGREEMENT, NOT_KNOWN, Party
from gateway.evidence.reports.versions import Run, runs, stretches, together, told_by
from gateway.ledger.times import parse_timestamp, timestamp

_UNTOLD = (
    "were decided under a policy version of which nothing is known: whether it had them in its register, nobody can "
    "tell, and the two tables below leave them out."
)


def processors(basis: Basis) -> Section:
    """Each as it stood, what it was sent under which agreement, and those that only versions or only records know."""
    declared = sorted({name for one in stretches(basis) for name in basis.declared.of(one.version).processors})
    found, untold = _in_traffic(basis)
    return Section(
        "processors",
        "Processors and their agreements",
        (
            Text(
                "Names, addresses and agreements are what the policy versions in force said. The records say who was "
                "sent something.",
                "note",
            ),
            *told_by(basis),
            table(
                "Register of processors",
                (
                    *("Id", "Legal name", "Address", "Country", "Agreement", "Valid until", "Valid at the end"),
                    *("Classes", "No training", "Document", "From", "Until"),
                ),
                [row for name in declared for row in _rows(name, basis)],
                empty="No processor is in a policy version of the period that was read.",
            ),
            table(
                "Sent to processors, by what stood then",
                ("Processor", "Legal name", "Country", "Agreement", "First", "Messages", "Last"),
                _sent(basis),
            ),
            *([Text(f"{untold:,} messages to processors {_UNTOLD}", "warning")] if untold else []),
            table(
                "In traffic, not in the register",
                ("Processor", "Messages"),
                [(name, times) for name, times in sorted(found.items()) if name not in declared],
            ),
            table("In the register, not in traffic", ("Processor",), [(one,) for one in declared if not found[one]]),
        ),
    )


def _in_traffic(basis: Basis) -> tuple[Counter[str], int]:
    """Processor → messages that were decided under a version that was read; and how many messages to any were not."""
    found, untold = Counter[str](), 0
    for _, _, _, processor, _, version, _, times, _ in basis.figures["flows"]["versions"]:
        if processor == NONE:
            continue
        if basis.declared.of(version).known:
            found[processor] += times
        else:
            untold += times
    return found, untold


def _rows(name: str, basis: Basis) -> Iterator[tuple[Cell, ...]]:
    for run in runs(basis, lambda register: register.processors.get(name)):
        one: Party = run.value
        yield (
            *(name, one.legal_name, one.address, one.country, one.safeguard, one.valid_until or "-"),
            *(_valid(one, run, basis), ", ".join(one.classes), "yes" if one.no_training else "no"),
            *(one.document or "-", run.since, run.until),
        )


def _sent(basis: Basis) -> list[tuple[Cell, ...]]:
    rows = []
    for _, _, _, processor, _, version, first, times, last in basis.figures["flows"]["versions"]:
        if processor != NONE:
            one = basis.declared.of(version).party(processor)
            rows.append(((processor, one.legal_name, one.country, one.safeguard), first, times, last))
    return [(*key, first, times, last) for key, first, times, last in together(rows)]


def _valid(one: Party, run: Run, basis: Basis) -> str:
    """Whether an agreement was valid on the last day of the period on which it stood."""
    if one.safeguard == NO_AGREEMENT:
        return NO_AGREEMENT
    if run.until == NOT_KNOWN:
        return NOT_KNOWN
    end = basis.until or basis.created
    until = run.until if run.until[:1].isdigit() else end
    return "yes" if one.valid_until >= timestamp(parse_timestamp(until) - 1)[:10] else "no"
