"""What a report says around its records: who else knows of them, since when, and which of them came from archives, and
which from emergency ledgers."""

from collections.abc import Sequence

from gateway.evidence.reports.basis import Basis, table
from gateway.evidence.reports.document import Block, Cell, Text

KEPT = (
    "What authorities and witnesses have said of the ledger was verified when it came, and is told here as it is kept; "
    "this report proves none of it. A bundle of these records takes it along, and the bundle's verifier proves it, to "
    "who has the authorities' certificates (--tsa-ca) and the witnesses' keys (--trust) from elsewhere."
)
WITHIN = (
    "Time-stamps and lines of witnesses that say something of these records are in this bundle, where there are any: "
    "its verifier says what they prove, and by whom."
)
READ = (
    "Some of the records lie in archives, and were read from their files. Each file is, byte by byte, the one that the "
    "ledger has on record, and each record has the hash that the ledger has in its tree."
)
APART = (
    "While the database was away, records were written on emergency ledgers, each a ledger by itself with numbers and "
    "a key of its own. Their records of the period are in these figures, read from their files, each of which is what "
    "this ledger has on record. Places, gaps, checkpoints and witnesses are told of this ledger alone."
)
AWAY = (
    "The file of an emergency ledger was not at hand: what it recorded is in no figure of this report, and of it no "
    "more is known than this ledger has on record."
)
_COLUMNS = ("Records of the checkpoint", "Time", "Covers")


def outside(basis: Basis) -> list[Block]:
    """Since when others know of the records."""
    kept = basis.outside
    if kept is None:
        return [Text(WITHIN, "note")]
    stamps, cosigned = _rows(basis, kept.stamps), _rows(basis, kept.cosigned)
    return [
        Text(KEPT, "note"),
        table(
            "Time-stamps (RFC 3161)", ("Authority", *_COLUMNS), stamps, empty="No authority has stamped this ledger."
        ),
        table("Cosigned by witnesses", ("Witness", *_COLUMNS), cosigned, empty="No witness has seen this ledger."),
    ]


def archives(basis: Basis) -> list[Block]:
    """Which records were read from archives, where any were."""
    if not basis.archives:
        return []
    rows = [(name, max(first, basis.first), min(end, basis.end) - 1) for name, first, end in basis.archives]
    return [Text(READ, "note"), table("Records that were read from archives", ("Archive", "From", "To"), rows)]


def life(basis: Basis) -> list[Block]:
    """How the nodes stood when the range began: a time without records is one of a gateway that was off, or that nobody
    asked."""
    found = basis.life
    if found is None:
        return []
    empty = "None on record." if found.whole else "None in the database. What lies in archives was not looked at."
    columns = ("Node", "Event", "Time", "Record")
    return [table("Last start or stop before it, by node", columns, found.rows, empty=empty)]


def emergencies(basis: Basis) -> list[Block]:
    """Which emergency ledgers went on meanwhile, and whether what they recorded is in the figures."""
    found = basis.emergencies
    if not found:
        return []
    rows = [
        (
            one.id,
            one.records,
            one.exchanges,
            one.began,
            one.ended,
            "not at hand" if one.told is None else one.told,
        )
        for one in found
    ]
    away = any(one.told is None for one in found)
    return [
        Text(APART, "note"),
        *([Text(AWAY, "warning")] if away else []),
        table("Emergency ledgers", ("Ledger", "Records", "Exchanges", "From", "Until", "In the figures"), rows),
    ]


def _rows(basis: Basis, said: Sequence[tuple[str, int, str]]) -> list[tuple[Cell, ...]]:
    return [(name, size, at, _covers(basis, size)) for name, size, at in said]


def _covers(basis: Basis, size: int) -> str:
    """Of the range, by a checkpoint of so many records."""
    if basis.end <= basis.first or size <= basis.first:
        return "none of this report's records"
    if size >= basis.end:
        return "all of this report's records"
    return f"records {basis.first:,} to {size - 1:,}"
