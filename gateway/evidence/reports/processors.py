"""Who is declared to get data, and under which agreement, against who got some."""

from collections import Counter
from collections.abc import Mapping

from gateway.evidence.figures.seen import NONE
from gateway.evidence.reports.basis import Basis, table
from gateway.evidence.reports.document import Section, Text
from gateway.evidence.reports.register import NO_AGREEMENT, Party
from gateway.ledger.times import parse_timestamp, timestamp


def processors(basis: Basis) -> Section:
    """Each with what it was sent, and those that only one of configuration and records knows of."""
    declared = basis.register.processors
    found = Counter[str]()
    for row in basis.figures["flows"]["recipients"]:
        found[row[3]] += row[6]
    del found[NONE]
    parties = [
        (
            *(name, one.legal_name, one.address, one.country, one.safeguard, one.valid_until or "-"),
            *(_valid(one, basis), ", ".join(one.classes), "yes" if one.no_training else "no"),
            *(one.document or "-", found[name]),
        )
        for name, one in sorted(declared.items())
    ]
    return Section(
        "processors",
        "Processors and their agreements",
        (
            Text(
                "Names, addresses and agreements are what the configuration says now. The records say who was sent "
                "something.",
                "note",
            ),
            table(
                "Register of processors",
                (
                    *("Id", "Legal name", "Address", "Country", "Agreement", "Valid until", "Valid at the end"),
                    *("Classes", "No training", "Document", "Messages"),
                ),
                parties,
                empty="No processor is configured.",
            ),
            table("In traffic, not in the register", ("Processor", "Messages"), _others(found, declared)),
            table(
                "In the register, not in traffic",
                ("Processor",),
                [(one,) for one in sorted(declared) if not found[one]],
            ),
        ),
    )


def _valid(one: Party, basis: Basis) -> str:
    """Whether an agreement was valid on the last day of the period."""
    if one.safeguard == NO_AGREEMENT:
        return NO_AGREEMENT
    last = timestamp(parse_timestamp(basis.until or basis.created) - 1)[:10]
    return "yes" if one.valid_until >= last else "no"


def _others(found: Counter[str], declared: Mapping[str, Party]) -> list[tuple[str, int]]:
    return [(name, times) for name, times in sorted(found.items()) if name not in declared]
