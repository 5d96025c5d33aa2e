"""Counts what was found of what is labelled, and what was found besides.

A label counts as *found* when a finding of a type that `ACCEPTED` names overlaps it by a character, and as *hidden*
when none of its letters and digits is left over after all findings are masked. A finding is *right* when it overlaps a
label that accepts its type; one that lies on nothing but what `NEUTRAL` names is not counted. Types of which texts hold
more than is labelled (`PARTIAL`, `special-…`) have no precision. Intervals are Wilson's, 95 %; rows of one template are
alike, so that the real uncertainty is larger than they say.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from benchmarks.corpus.people import invented
from benchmarks.corpus.rows import Row
from gateway.checks.classification.classes import classes_of
from gateway.core.finding import Finding

ACCEPTED: dict[str, frozenset[str]] = {
    "date": frozenset({"date", "date-of-birth"}),
    "place": frozenset({"place", "street-address"}),
    "postal-code": frozenset({"postal-code", "street-address"}),
    "account": frozenset({"account", "bank-account"}),
    "nrp": frozenset(
        {"special-ethnicity", "special-religion", "special-politics", "special-nationality", "special-orientation"}
    ),
}
"""Label → finding types that find it, where that is not just its own."""
NEUTRAL: dict[str, frozenset[str]] = {
    "date": frozenset({"date-of-birth"}),
    "place": frozenset({"street-address", "organization", "us-state", "postal-code"}),
    "postal-code": frozenset({"street-address"}),
    "street-address": frozenset({"us-state", "place", "postal-code"}),
    "person": frozenset({"street-address"}),
    "url": frozenset({"email"}),
    "account": frozenset({"iban", "card"}),
    "organization": frozenset({"place", "street-address"}),
}
"""Finding type → labels on which it says neither something right nor something wrong: what is labelled is masked either
way, and makes the same classes or none."""
UNCOUNTED = frozenset({"us-state"})
"""Labels that nobody need find: a state is no identifier (45 CFR 164.514(b)(2)(i)(B))."""
PARTIAL = frozenset({"health-term", "medication", "title"})
TARGETS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("email", "iban", "us-ssn", "card", "ip"), (0.99, 0.99)),
    **dict.fromkeys(("mrn", "health-plan-id", "npi", "dea", "mbi"), (0.97, 0.95)),
    **dict.fromkeys(("date", "date-of-birth"), (0.93, 0.97)),
    "phone": (0.93, 0.85),
    **dict.fromkeys(("street-address", "postal-code"), (0.85, 0.80)),
    "person": (0.85, 0.75),
}
"""Precision and recall that are wanted, by type."""
PROSE_TARGET = (0.75, 0.60)
"""The same for persons in natural prose."""
FLAGGED_TARGET = 0.02
"""Of rows without personal data, at most this share may be flagged, `POLICY` apart."""
POLICY = frozenset({"uuid", "doc_ip", "place-word"})
"""Categories of negatives of which an operator's policy says whether they count."""
_UNFLAGGED = frozenset({"health-term", "medication"})
_Z = 1.959963984540054
_AROUND = 60


class Count(msgspec.Struct):
    """What became of one type: its labels, of them found and hidden; its findings, of them right."""

    labels: int = 0
    found: int = 0
    hidden: int = 0
    findings: int = 0
    right: int = 0

    def add(self, other: "Count") -> None:
        """Count what another has counted, too."""
        self.labels += other.labels
        self.found += other.found
        self.hidden += other.hidden
        self.findings += other.findings
        self.right += other.right

    def recall(self) -> float | None:
        return self.found / self.labels if self.labels else None

    def precision(self) -> float | None:
        return self.right / self.findings if self.findings else None


class Miss(msgspec.Struct, frozen=True):
    """A label that was missed (`missed`) or a finding that no label accepts (`extra`), with the text around it."""

    kind: str
    type: str
    value: str
    around: str
    template: str
    reason: str = ""


class Score(msgspec.Struct):
    """Counts by type, by data class (rows that have it, rows said to have it) and by language (all labels); persons
    whose surname is in no list, so that only its place in the text can tell; and what was missed."""

    types: dict[str, Count]
    classes: dict[str, Count]
    languages: dict[str, Count]
    invented: Count
    rows: int
    misses: list[Miss]

    def overall(self) -> Count:
        """All types together that are fully labelled."""
        total = Count()
        for name, count in self.types.items():
            if name not in PARTIAL and not name.startswith("special-"):
                total.add(count)
        return total


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927); (0, 1) for nothing seen."""
    if not total:
        return 0.0, 1.0
    share, square = right / total, _Z * _Z
    middle = (share + square / (2 * total)) / (1 + square / total)
    reach = _Z * math.sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def f1(count: Count) -> float | None:
    """The harmonic mean of precision and recall."""
    precision, recall = count.precision(), count.recall()
    if precision is None or recall is None or not precision + recall:
        return None
    return 2 * precision * recall / (precision + recall)


def score(rows: Sequence[Row], scanned: Iterable[Sequence[Finding]]) -> Score:
    """Compare labels and findings, row by row."""
    types: dict[str, Count] = defaultdict(Count)
    classes: dict[str, Count] = defaultdict(Count)
    languages: dict[str, Count] = defaultdict(Count)
    unlisted = Count()
    misses: list[Miss] = []
    for row, findings in zip(rows, scanned, strict=True):
        one: dict[str, Count] = defaultdict(Count)
        _labels(row, findings, one, misses)
        _findings(row, findings, one, misses)
        for name, count in one.items():
            types[name].add(count)
            if row.locale:
                languages[row.locale.partition("_")[0]].add(count)
        _classes(row, findings, classes)
        if row.locale:
            _unlisted(row, findings, unlisted)
    return Score(dict(types), dict(classes), dict(languages), unlisted, len(rows), misses)


def _labels(row: Row, findings: Sequence[Finding], types: dict[str, Count], misses: list[Miss]) -> None:
    for span in row.spans:
        if span.type in UNCOUNTED:
            continue
        count = types[span.type]
        count.labels += 1
        over = [one for one in findings if one.start < span.end and span.start < one.end]
        accepted = ACCEPTED.get(span.type, frozenset({span.type}))
        found = any(one.type in accepted for one in over)
        count.found += found
        count.hidden += _hidden(row.text, span.start, span.end, over)
        if not found:
            instead = ", ".join(sorted({one.type for one in over}))
            misses.append(_miss("missed", span.type, row, span.start, span.end, instead and f"told as {instead}"))


def _unlisted(row: Row, findings: Sequence[Finding], unlisted: Count) -> None:
    names = [span for span in row.spans if span.type == "person" and invented(row.text[span.start : span.end])]
    for span in names:
        over = [one for one in findings if one.start < span.end and span.start < one.end]
        unlisted.labels += 1
        unlisted.found += any(one.type == "person" for one in over)
        unlisted.hidden += _hidden(row.text, span.start, span.end, over)


def _hidden(text: str, start: int, end: int, over: Sequence[Finding]) -> bool:
    covered = {place for one in over for place in range(max(one.start, start), min(one.end, end))}
    return all(place in covered for place in range(start, end) if text[place].isalnum())


def _findings(row: Row, findings: Sequence[Finding], types: dict[str, Count], misses: list[Miss]) -> None:
    for one in findings:
        if one.type in PARTIAL or one.type.startswith("special-"):
            continue
        over = {span.type for span in row.spans if one.start < span.end and span.start < one.end}
        accepting = [kind for kind in over if one.type in ACCEPTED.get(kind, frozenset({kind}))]
        if not accepting and over & NEUTRAL.get(one.type, frozenset()):
            continue
        count = types[one.type if one.type in over or not accepting else accepting[0]]
        count.findings += 1
        count.right += bool(accepting)
        if not accepting:
            misses.append(_miss("extra", one.type, row, one.start, one.end, one.reason))


def _classes(row: Row, findings: Sequence[Finding], classes: dict[str, Count]) -> None:
    wanted = classes_of([Finding(span.type, span.start, span.end, 1.0, "label") for span in row.spans])
    told = classes_of(findings)
    for name in wanted | told:
        count = classes[name]
        count.labels += name in wanted
        count.found += name in wanted & told
        count.findings += name in told
        count.right += name in wanted & told


def _miss(kind: str, type_: str, row: Row, start: int, end: int, reason: str) -> Miss:
    around = f"{row.text[max(0, start - _AROUND) : start]}⟦{row.text[start:end]}⟧{row.text[end : end + _AROUND]}"
    return Miss(kind, type_, row.text[start:end], around, str(row.template), reason)


class Flagged(msgspec.Struct):
    """Rows without personal data: how many there are by category, how many were flagged, and as what."""

    rows: dict[str, int]
    flagged: dict[str, int]
    types: dict[str, dict[str, int]]
    misses: list[Miss]

    def total(self) -> tuple[int, int]:
        """Flagged and all, without the categories that are a matter of policy."""
        counted = [name for name in self.rows if name not in POLICY]
        return sum(self.flagged[name] for name in counted), sum(self.rows[name] for name in counted)


def flagged(rows: Sequence[Row], scanned: Iterable[Sequence[Finding]]) -> Flagged:
    """Which rows hold any finding but health terms, which name nobody."""
    total: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    types: dict[str, Counter[str]] = defaultdict(Counter)
    misses: list[Miss] = []
    for row, findings in zip(rows, scanned, strict=True):
        category = row.category or "none"
        kept = [one for one in findings if one.type not in _UNFLAGGED]
        total[category] += 1
        hit[category] += bool(kept)
        types[category].update(one.type for one in kept)
        misses += [_miss("flagged", one.type, row, one.start, one.end, one.reason) for one in kept]
    return Flagged(dict(total), {name: hit[name] for name in total}, {k: dict(v) for k, v in types.items()}, misses)


def short_of(name: str, count: Count, wanted: tuple[float, float] | None = None) -> Iterator[str]:
    """In what a type falls short of its target."""
    target = wanted or TARGETS.get(name)
    if target is None:
        return
    for word, value, least in (("precision", count.precision(), target[0]), ("recall", count.recall(), target[1])):
        if value is not None and value < least:
            yield f"{word} {value:.3f}, {least:.2f} is wanted"
