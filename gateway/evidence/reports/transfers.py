"""Where data went: the regions that records name, and the countries and mechanisms of the policy versions in force."""

from collections import Counter

from gateway.evidence.reports.basis import Basis, table
from gateway.evidence.reports.document import Section, Streams, Text
from gateway.evidence.reports.versions import together, told_by


def transfers(basis: Basis) -> Section:
    """By recipient; regions and countries, which are not the same, each in a plot of its own."""
    rows, regions, countries = [], Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for agent, zone, region, processor, data, version, first, times, last in basis.figures["flows"]["versions"]:
        party = basis.declared.of(version).party(processor)
        rows.append(((agent, zone, region, party.country, party.safeguard, data), first, times, last))
        regions[data, region] += times
        countries[data, party.country] += times
    return Section(
        "transfers",
        "Transfers",
        (
            Text(
                "The region is that of the zone as it was recorded with each message; country and mechanism are "
                "those of the processor in the policy version that the message was decided under, where a record names "
                "one. Whether a transfer has a valid ground is for people to judge.",
                "note",
            ),
            *told_by(basis),
            _streams("Where data went, by region of the zone", regions),
            _streams("Where data went, by country of the processor", countries),
            table(
                "Transfers by recipient",
                ("Recipient", "Zone", "Region", "Country", "Mechanism", "Data", "First", "Messages", "Last"),
                [(*key, first, times, last) for key, first, times, last in together(rows)],
            ),
        ),
    )


def _streams(title: str, found: Counter[tuple[str, str]]) -> Streams:
    return Streams(title, tuple((data, place, times) for (data, place), times in sorted(found.items())))
