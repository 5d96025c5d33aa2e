"""The results of an evaluation as values, as lines for people, as JSON."""

from collections.abc import Iterator

import msgspec

from benchmarks.scoring import (
    FLAGGED_TARGET,
    PARTIAL,
    POLICY,
    PROSE_TARGET,
    TARGETS,
    Count,
    Flagged,
    Score,
    f1,
    short_of,
    wilson,
)

_UNLISTED = "person, surname invented"


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One body of text. `prose`: persons in natural prose, which has a target of its own."""

    name: str
    score: Score | None = None
    flagged: Flagged | None = None
    prose: bool = False


class Disguised(msgspec.Struct, frozen=True, kw_only=True):
    """One disguise: by type, values it applies to, and those found."""

    name: str
    types: dict[str, Count]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured, with what by and when."""

    engine: str
    faker: str
    date: str
    each: int
    measured: tuple[Measured, ...]
    disguised: tuple[Disguised, ...]
    peer: str = ""
    beside: tuple[Measured, ...] = ()
    """What the peer of this name finds in the same texts, where it was asked."""


def share(right: int, total: int) -> str:
    """A share with its interval: `0.981 [0.96, 0.99]`; a dash for nothing seen."""
    if not total:
        return "–"
    low, high = wilson(right, total)
    return f"{right / total:.3f} [{low:.2f}, {high:.2f}]"


def ordered(types: dict[str, Count]) -> Iterator[tuple[str, Count]]:
    """Types with a target first, as the design has them; then the others, the most frequent first."""
    wanted = list(TARGETS)
    yield from sorted(
        types.items(),
        key=lambda item: (wanted.index(item[0]) if item[0] in wanted else len(wanted), -item[1].labels, item[0]),
    )


def precise(name: str) -> bool:
    """Whether a type's precision can be told from these texts."""
    return name not in PARTIAL and not name.startswith("special-")


def type_rows(result: Score, wanted: tuple[float, float] | None = None) -> Iterator[tuple[str, ...]]:
    """A row for each type: name, labels, recall, precision, hidden, F1, target, what is missed of it."""
    for name, count in ordered(result.types):
        target = wanted or TARGETS.get(name)
        yield (
            name,
            str(count.labels),
            share(count.found, count.labels),
            share(count.right, count.findings) if precise(name) else "",
            f"{count.hidden / count.labels:.2f}" if count.labels else "–",
            f"{value:.2f}" if precise(name) and (value := f1(count)) is not None else "",
            f"{target[0]:.2f} / {target[1]:.2f}" if target else "",
            "; ".join(short_of(name, count, wanted)),
        )


def overall(result: Score) -> str:
    """All fully labelled types together."""
    count = result.overall()
    value = f1(count)
    return (
        f"precision {share(count.right, count.findings)}, recall {share(count.found, count.labels)}, "
        f"F1 {'–' if value is None else f'{value:.3f}'}, hidden "
        f"{count.hidden / count.labels if count.labels else 0:.3f} of {count.labels:,}"
    )


def flagged_line(result: Flagged) -> str:
    """How many rows without personal data were flagged, the categories of policy apart."""
    hit, total = result.total()
    apart = ", ".join(
        f"{name} {result.flagged[name]} of {result.rows[name]}" for name in sorted(result.rows) if name in POLICY
    )
    verdict = "reached" if total and hit / total <= FLAGGED_TARGET else "not reached"
    told = f"{hit} of {total} flagged: {share(hit, total)}; at most {FLAGGED_TARGET:.2f} is wanted: {verdict}"
    return f"{told}; apart, as a matter of policy: {apart}" if apart else told


def flagged_types(result: Flagged) -> Iterator[tuple[str, str]]:
    """Category and what its rows were taken for, where any was."""
    for name in sorted(result.rows):
        if result.flagged[name]:
            kinds = ", ".join(f"{kind} {many}" for kind, many in sorted(result.types[name].items()))
            yield name, f"{result.flagged[name]} of {result.rows[name]}: {kinds}"


def lines(report: Report) -> Iterator[str]:
    """For people."""
    yield f"engine {report.engine}, {report.date}, Faker {report.faker}, {report.each} rows a template"
    for one in report.measured:
        yield f"\n{one.name}"
        if one.score is not None:
            yield f"  {one.score.rows:,} rows: {overall(one.score)}"
            for row in type_rows(one.score, PROSE_TARGET if one.prose else None):
                yield (
                    f"  {row[0]:26}{row[1]:>6}  recall {row[2]:22} precision {row[3]:22} hidden {row[4]:5} {row[7]}"
                ).rstrip()
            for name, count in sorted(one.score.classes.items()):
                found, right = share(count.found, count.labels), share(count.right, count.findings)
                yield f"  class {name:20}{count.labels:>6}  recall {found:22} precision {right}"
            if one.score.invented.labels:
                count = one.score.invented
                yield f"  {_UNLISTED:26}{count.labels:>6}  recall {share(count.found, count.labels)}"
            for name, count in sorted(one.score.languages.items()):
                yield f"  language {name:17}{count.labels:>6}  recall {share(count.found, count.labels)}"
        if one.flagged is not None:
            yield f"  without personal data: {flagged_line(one.flagged)}"
            for name, told in flagged_types(one.flagged):
                yield f"    {name:20} {told}"
    for body, rows, overall_line in compared(report):
        yield f"\n{body}: the engine, then {report.peer}"
        yield from (f"  {row[0]:20}{row[1]:>6}  {row[2]:22} {row[3]:22}  {row[4]:22} {row[5]}" for row in rows)
        yield f"  {overall_line}"
    yield "\ndisguised (test half), recall"
    for disguise in report.disguised:
        total = sum(count.labels for count in disguise.types.values())
        many = sum(count.found for count in disguise.types.values())
        worst = [
            f"{name} {count.found}/{count.labels}"
            for name, count in sorted(disguise.types.items())
            if count.found < count.labels
        ]
        yield f"  {disguise.name:30}{total:>6}  {share(many, total):22} {', '.join(worst)}"


def compared(report: Report) -> Iterator[tuple[str, list[tuple[str, ...]], str]]:
    """For each body of text that the peer was asked about: its name, a row for each type that the peer tells (type,
    labels, recall and precision of the engine and of the peer), and what all fully labelled types give together."""
    ours = {one.name: one.score for one in report.measured if one.score is not None}
    for other in report.beside:
        mine, theirs = ours.get(other.name), other.score
        if mine is None or theirs is None:
            continue
        rows: list[tuple[str, ...]] = [
            (name, str(count.labels), *_both(mine.types.get(name, Count())), *_both(count))
            for name, count in ordered(theirs.types)
            if count.findings and precise(name)
        ]
        values = [f1(one.overall()) or 0.0 for one in (mine, theirs)]
        yield other.name, rows, f"F1 over all labelled types: {values[0]:.3f}, {report.peer} {values[1]:.3f}"


def _both(count: Count) -> tuple[str, str]:
    return share(count.found, count.labels), share(count.right, count.findings)


def plain(report: Report) -> object:
    """For machines: counts and shares, no text of any row."""

    def counted(types: dict[str, Count]) -> dict[str, object]:
        return {
            name: {
                "labels": count.labels,
                "found": count.found,
                "hidden": count.hidden,
                "findings": count.findings if precise(name) else None,
                "right": count.right if precise(name) else None,
                "recall": count.recall(),
                "recall95": wilson(count.found, count.labels),
                "precision": count.precision() if precise(name) else None,
                "precision95": wilson(count.right, count.findings) if precise(name) else None,
            }
            for name, count in ordered(types)
        }

    def one(measured: Measured) -> dict[str, object]:
        told: dict[str, object] = {}
        if measured.score is not None:
            told |= {
                "rows": measured.score.rows,
                "overall": {"f1": f1(measured.score.overall()), **counted({"all": measured.score.overall()})},
                "types": counted(measured.score.types),
                "classes": counted(measured.score.classes),
                "invented": counted({"person": measured.score.invented}),
                "languages": counted(measured.score.languages),
            }
        if measured.flagged is not None:
            hit, total = measured.flagged.total()
            told["negatives"] = {
                "flagged": hit,
                "rows": total,
                "share95": wilson(hit, total),
                "categories": {
                    name: {
                        "flagged": measured.flagged.flagged[name],
                        "rows": many,
                        "types": measured.flagged.types[name],
                    }
                    for name, many in measured.flagged.rows.items()
                },
            }
        return told

    return {
        "engine": report.engine,
        "date": report.date,
        "faker": report.faker,
        "each": report.each,
        "measured": {measured.name: one(measured) for measured in report.measured},
        "disguised": {disguise.name: counted(disguise.types) for disguise in report.disguised},
        "peer": {"name": report.peer, "measured": {beside.name: one(beside) for beside in report.beside}},
    }
