"""The policy versions that a report is told by: which stood from when until when, and what was the same in them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from gateway.evidence.figures.in_force import BEFORE
from gateway.evidence.figures.seen import NONE
from gateway.evidence.reports.basis import Basis, table
from gateway.evidence.reports.document import Block, Text
from gateway.evidence.reports.register import NOT_KNOWN, Register

_Value = TypeVar("_Value")
SINCE = (
    "Each value is told from when until when the policy versions that hold it stood. The first version is the one that "
    "stood when the period began: what it says may have been so before it. Messages are told by the version that each "
    "was decided under. What a version of which nothing is known says is told as not known, and never by another one."
)
BEGAN_UNKNOWN = (
    "Which version stood when the period began is not known: records before it were not looked at, or lie in an "
    "archive that was not at hand. The version is told without its times where a message was decided under it, and "
    "else not at all."
)


class Stretch(NamedTuple):
    """A time in which something stood: 27 characters each, or words."""

    version: str
    since: str
    until: str


class Run(NamedTuple):
    """A value, and from when until when it stood."""

    value: Any
    since: str
    until: str


def named(figures: Mapping[str, Any], subject: Mapping[str, Any]) -> frozenset[str]:
    """Digests of all versions that it takes to tell figures, and those of one data subject."""
    told = subject["disclosures"]["told"] if "disclosures" in subject else ()
    return frozenset(
        {
            *(str(row[0]) for row in figures["standing"]["policies"]),
            *(str(row[5]) for row in figures["flows"]["versions"]),
            *(str(row[5]) for row in told),
        }
        - {NONE}
    )


def stretches(basis: Basis) -> list[Stretch]:
    """The versions that stood in the period, in their order, after those that messages name and no record of their
    activation was looked at."""
    stood = [Stretch(*map(str, row[:3])) for row in basis.figures["standing"]["policies"]]
    known = {NONE, *(one.version for one in stood)}
    others = sorted({str(row[5]) for row in basis.figures["flows"]["versions"]} - known)
    return [*(Stretch(one, NOT_KNOWN, NOT_KNOWN) for one in others), *stood]


def runs(basis: Basis, value: Callable[[Register], _Value | None]) -> list[Run]:
    """What versions say, where they say something: the same of versions that follow upon each other is told once."""
    found: list[Run] = []
    for one in stretches(basis):
        said, last = value(basis.declared.of(one.version)), found[-1] if found else None
        if last is not None and (last.value, last.until) == (said, one.since):
            found[-1] = last._replace(until=one.until)
        else:
            found.append(Run(said, one.since, one.until))
    return [one for one in found if one.value is not None]


def together(rows: Iterable[tuple[tuple[str, ...], str, int, str]]) -> list[tuple[tuple[str, ...], str, int, str]]:
    """Key, first time, how often and last time: those of one key as one, the most first, then by key."""
    times, first, last = Counter[tuple[str, ...]](), dict[tuple[str, ...], str](), dict[tuple[str, ...], str]()
    for key, since, number, until in rows:
        times[key] += number
        first[key] = min(since, first.get(key, since))
        last[key] = max(until, last.get(key, until))
    ordered = sorted(times.items(), key=lambda item: (-item[1], item[0]))
    return [(key, first[key], number, last[key]) for key, number in ordered]


def begins(basis: Basis) -> list[Block]:
    """The warning that it is not known which version stood when the period began, or that none did, where so."""
    known = basis.known_from == 0 or any(row[7] == BEFORE for row in basis.figures["standing"]["policies"])
    return [] if known else [Text(BEGAN_UNKNOWN, "warning")]


def told_by(basis: Basis) -> list[Block]:
    """Which versions a section is told by, and whether they could be read."""
    rows = [(*one, basis.declared.why(one.version) or "read") for one in stretches(basis)]
    return [
        Text(SINCE, "note"),
        *begins(basis),
        table(
            "Policy versions that this is told by",
            ("Version", "From", "Until", "What it says"),
            rows,
            empty="No policy version was in force in the period.",
        ),
    ]
