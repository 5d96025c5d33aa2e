"""The section on what was in force: keys with who holds them, the deny-list, versions of the policy, configurations."""

from collections.abc import Iterable, Sequence

from gateway.evidence.figures.in_force import BEFORE
from gateway.evidence.figures.seen import NONE
from gateway.evidence.reports.basis import Basis, table
from gateway.evidence.reports.document import Block, Cell, Section, Text

TOLD = (
    "What was in force at any time of the period, from the record that made it until it ended. What was made before "
    "the period and still stood at its start is told too; its record is marked as lying before the period. “Still in "
    "force” means by the last record of the period: what ended since is not told. Of keys and of the deny-list, what "
    "began or ended comes first."
)
NOT_LOOKED_AT = (
    "Records before the period were not looked at for this report: what they put in force is missing here. A report of "
    "the ledger itself tells it."
)
OF_NODES = (
    "Configurations are told of each node by its starts: one that is not started any more is told with its last one."
)


def standing(basis: Basis) -> Section:
    """Who held which key and which roles, and which policy and configuration was in force, on any date of the
    period."""
    return Section("standing", "What was in force", (*known(basis), *keys(basis), *denials(basis), *versions(basis)))


def known(basis: Basis) -> list[Block]:
    """How far back what stands is known."""
    told, since = basis.figures["standing"], basis.known_from
    blocks: list[Block] = [Text(TOLD)]
    if since is None:
        blocks.append(Text(NOT_LOOKED_AT, "warning"))
    elif since > 0:
        blocks.append(
            Text(
                f"What stood before record {since:,} is not known: earlier records lie in an archive that was not at "
                "hand. What they put in force, and no record since has changed, is missing here.",
                "warning",
            )
        )
    if basis.outside is None and since is not None and basis.first > 0:
        blocks.append(
            Text(
                "Records that lie before the period are named by their numbers and are not in this bundle, whose "
                "verifier proves nothing of them: whoever keeps the ledger exports them (gateway evidence export "
                f"--first 0 --end {basis.first}).",
                "note",
            )
        )
    if told["untold"]:
        gone = "deleted" if basis.opened else "not opened here"
        said = f"Of {told['untold']:,} rotations the detail is {gone}: which key each replaced, and until when that "
        blocks.append(Text(f"{said}one stood, is not known.", "warning"))
    if told["told_to"] >= 0:
        said = f"From record {told['told_to']:,} on not all that changed is told: there was no room for more."
        blocks.append(Text(said, "warning"))
    return blocks


def keys(basis: Basis) -> list[Block]:
    """Keys by what they grant, and by how they came and went."""
    rows = _changed_first(basis.figures["standing"]["keys"], lies=11, why=14)
    return [
        table(
            "Keys in force in the period",
            ("Key", "Owner", "Kind", "Roles", "Zone", "Purposes", "Scopes", "From", "Until"),
            [row[:9] for row in rows],
        ),
        table(
            "How these keys came and went",
            (
                *("Key", "Made by", "Record", "Lies", "Replaces", "Expires", "Why ended", "Ended by"),
                *("Record of the end", "Other lines"),
            ),
            [(row[0], *row[9:]) for row in rows],
        ),
    ]


def denials(basis: Basis) -> list[Block]:
    rows = _changed_first(basis.figures["standing"]["denials"], lies=8, why=9)
    return [
        table(
            "Deny-list in the period",
            ("Entry", "Kind", "Name", "Issuer", "From", "Until"),
            [row[:6] for row in rows],
        ),
        table(
            "How these entries came and went",
            ("Entry", "Denied by", "Record", "Lies", "Why ended", "Ended by", "Record of the end", "Other lines"),
            [(row[0], *row[6:]) for row in rows],
        ),
    ]


def _changed_first(rows: Iterable[Sequence[Cell]], *, lies: int, why: int) -> list[Sequence[Cell]]:
    """What began or ended in the period before what stood from its start to its end, which may be so much that a page
    shows nothing else. `lies`, `why`: the columns of where a row's record lies, and why it ended."""
    return sorted(rows, key=lambda row: row[lies] == BEFORE and row[why] == NONE)


def versions(basis: Basis) -> list[Block]:
    told = basis.figures["standing"]
    return [
        table(
            "Policy versions in force",
            ("Version", "From", "Until", "Activated by", "Proposed by", "Proposal", "Record", "Lies"),
            told["policies"],
        ),
        table(
            "Configurations in force",
            ("Node", "Digest", "From", "Until", "Changed by", "Record", "Lies"),
            told["configurations"],
        ),
        Text(OF_NODES, "note"),
    ]
