"""What a report says of the versions of the classification that its records name: how much each finds, as measured."""

from gateway.evidence.measured import INTERVAL, Count, Measurement
from gateway.evidence.reports.basis import Basis, table
from gateway.evidence.reports.document import Block, Cell, Text

_SHARES = ("Precision", "Recall")
_NOT_TOLD = "not told"


def versions(basis: Basis) -> list[Block]:
    """The versions in the order of the figures, then of each what is known of it, or that nothing is."""
    told = basis.figures["coverage"]["engines"]
    blocks: list[Block] = [
        table("Versions of the classification", ("Version", "First", "Requests", "Last"), told),
    ]
    names = [str(row[0]) for row in told]
    for name in names:
        if (found := basis.measured.get(name)) is not None:
            blocks += _figures(name, found)
    unknown = [name for name in names if name not in basis.measured]
    if unknown:
        said = f"No measured figures are known of {', '.join(unknown)}."
        blocks.append(Text(f"{said} A version with recognizers of an operator's own is one by itself.", "note"))
    found_here = "; ".join(basis.misses) or "not measured"
    blocks.append(Text(f"What people found that classification misses: {found_here}.", "note"))
    return blocks


def _figures(name: str, found: Measurement) -> list[Block]:
    bodies: list[tuple[Cell, ...]] = [
        (f"{one.name} (tuned on)" if one.tuned else one.name, one.texts, one.all.recall.total, *_shares(one.all))
        for one in found.bodies
    ]
    return [
        Text(
            f"Version {name} was measured on {found.date} on texts that are labelled, not on what went through here. "
            f"Shares with their intervals ({INTERVAL}): of findings those that were right (precision), of labels those "
            "that were found (recall). Types stand with the weakest first, without texts that the version was tuned "
            f"on; a precision is “{_NOT_TOLD}” where not every text of the type is labelled.",
            "note",
        ),
        table(f"Measured figures of {name}", ("Measured on", "Texts", "Labels", *_SHARES), bodies),
        table(f"By type, of {name}", ("Type", "Measured on", "Labels", *_SHARES), _types(found)),
    ]


def _types(found: Measurement) -> list[tuple[Cell, ...]]:
    each = [(kind, one.name, count) for one in found.bodies if not one.tuned for kind, count in one.types.items()]
    each.sort(key=lambda item: (item[2].weakest, item[0], item[1]))
    return [(kind, name, count.recall.total, *_shares(count)) for kind, name, count in each]


def _shares(count: Count) -> tuple[str, str]:
    return _NOT_TOLD if count.precision is None else str(count.precision), str(count.recall)
