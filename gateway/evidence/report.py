"""What verification has to say."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.evidence import contents, emergencies, stamped, witnessed
from gateway.evidence import scope as scopes
from gateway.evidence.misses import told


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that holds. What does not hold raises instead."""

    origin: str
    created: str
    first: int
    end: int
    """The bundle holds every record from `first` to `end` (exclusive)."""
    checkpoint: int
    """The size of the signed checkpoint that covers them."""
    filters: dict[str, str]
    recorded: tuple[str, str]
    """When the first and the last of them were recorded."""
    scope: Mapping[str, Any] | None
    """What the bundle is about besides, and what was counted of it (`scope.Watch.document`)."""
    selected: int
    opened: int
    """Details of selected records, each of which is what its record commits to."""
    commitment_only: int
    """Selected records that commit to a detail which is not in the bundle: deleted since, or left out."""
    contents: Mapping[str, Any]
    """What is carried of kept content, and why the rest may not be (`contents.document`)."""
    uncovered: int
    """Records that no checkpoint covers. A bundle has none; it is said so that nobody has to guess."""
    misses: Mapping[str, Any]
    """What the records show of what classification misses (`misses.Misses.document`)."""
    policies: tuple[str, ...]
    """Digests of the policy versions in the bundle, each named by a record."""
    missing_policies: tuple[str, ...]
    """Digests that records name and the bundle does not hold."""
    witnessed: Mapping[str, Any] | None = None
    """What witnesses have seen, and who of those that a trust policy names (`witnessed.Witnessed.document`)."""
    stamped: tuple[Mapping[str, Any], ...] = ()
    """Time-stamps, and whether each is under authorities that were given (`stamped.Stamped.document`)."""
    emergencies: tuple[Mapping[str, Any], ...] = ()
    """Emergency ledgers that records of the range stitch in, and whether their files were verified
    (`emergencies.Found.document`)."""
    attachments: tuple[str, ...]
    """Files that were made of the records when the bundle was written, and signed; not made again here."""
    verifier: str
    """SHA-256 of the bundle's own `verify.py`, to be compared with that of a release."""
    notes: tuple[str, ...]
    """What this does not show."""


def proven(report: Report) -> list[str]:
    """What a bundle that holds shows, in words."""
    count, rest = report.end - report.first, report.commitment_only
    found = [
        f"complete: each of the {count} records from {report.first} to {report.end - 1} is there, none changed, none"
        f" left out, recorded from {report.recorded[0]} to {report.recorded[1]}",
        f"selected: the selection was run again over all of them and lets through {report.selected}, those stated",
        f"opened: {report.opened} details are what their records commit to",
    ]
    found += emergencies.proven(report.emergencies)
    found += contents.proven(report.contents)
    found += stamped.proven(report.stamped)
    if rest:
        found.append(f"committed only: {rest} selected records commit to a detail that was erased or left out")
    return found


def lines(report: Report) -> list[str]:
    """The report as text for people."""
    every = "every record" if report.scope is None else "what it is about"
    chosen = ", ".join(f"{name}={value}" for name, value in report.filters.items()) or every
    about = [] if report.scope is None else scopes.told(report.scope)
    return [
        f"ledger       {report.origin}",
        f"written      {report.created}",
        f"records      {report.first} to {report.end - 1}, all {report.end - report.first} of them",
        f"checkpoint   {report.checkpoint} records; records that no checkpoint covers: {report.uncovered}",
        *([] if report.witnessed is None else [f"witnessed    {witnessed.told(report.witnessed)}"]),
        *(f"time-stamp   {line}" for line in stamped.told(report.stamped)),
        *(f"emergency    {line}" for line in emergencies.lines(report.emergencies)),
        *(f"about        {line}" for line in about),
        f"selection    {chosen}: {report.selected}",
        f"details      {report.opened} open, {report.commitment_only} commitment only",
        *(f"content      {line}" for line in contents.told(report.contents)),
        *(f"miss rate    {line}" for line in told(report.misses)),
        f"policies     {len(report.policies)} in the bundle, {len(report.missing_policies)} named but missing",
        *(f"attachment   {path}" for path in report.attachments),
        f"verify.py    sha256 {report.verifier}",
        *(f"proven       {line}" for line in proven(report)),
        *(f"not proven   {note}" for note in report.notes),
    ]
