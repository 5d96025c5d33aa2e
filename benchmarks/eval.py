"""Precision and recall of classification on labelled text: `eval.py [DIRECTORY or FILE …]`.

Reads the form that `../shared/data/pii/README.md` describes (`*.jsonl` with `text`, `spans`, and `category` for hard
negatives; `*.conll.txt` with `token tag` lines). A finding and a label match when they overlap. Without such files at
hand it says so and exits 0. `--misses TYPE` prints what was missed, `--extra TYPE` what was found and not labelled.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from gateway.checks.classification.engine import Engine

HERE = Path(__file__).resolve().parent.parent
DEFAULT = HERE.parent / "shared" / "data" / "pii"

# Their name → ours. Types that the engine does not look for yet are listed too: their recall is then plainly 0.
TYPES = {
    "PERSON": {"person"},
    "STREET_ADDRESS": {"street-address"},
    "GPE": {"place"},
    "ORGANIZATION": {"organization"},
    "PHONE_NUMBER": {"phone"},
    "CREDIT_CARD": {"card"},
    "DATE_TIME": {"date", "date-of-birth"},
    "TITLE": {"title"},
    "AGE": {"age"},
    "EMAIL_ADDRESS": {"email"},
    "ZIP_CODE": {"postal-code"},
    "DOMAIN_NAME": {"url"},
    "IBAN_CODE": {"iban"},
    "US_SSN": {"us-ssn"},
    "IP_ADDRESS": {"ip"},
    "US_DRIVER_LICENSE": {"us-driver-license"},
    "NRP": {"special-ethnicity", "special-religion", "special-politics"},
}
# What may also be said of a label without being wrong.
ALSO = {"date": {"AGE"}, "url": {"EMAIL_ADDRESS"}, "account": {"IBAN_CODE", "CREDIT_CARD"}}


class Clock:
    """The benchmark's own clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


class Span(msgspec.Struct, frozen=True):
    type: str
    start: int
    end: int


class Row(msgspec.Struct, frozen=True):
    text: str
    spans: list[Span] = []
    category: str | None = None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--misses", metavar="TYPE")
    parser.add_argument("--extra", metavar="TYPE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    files = list(_files(options.paths or [DEFAULT]))
    if not files:
        print("eval: no labelled text at hand (give files or a directory)")
        return 0
    engine = Engine(clock=Clock(), budget_ms=10_000)
    report: dict[str, object] = {"engine": engine.version}
    for file in files:
        if file.name.endswith(".conll.txt"):
            report[file.name] = _prose(engine, file)
            continue
        rows = [msgspec.json.decode(line, type=Row) for line in file.read_bytes().splitlines() if line.strip()]
        if any(row.category for row in rows):
            report[file.name] = _negatives(engine, rows, options.extra)
        else:
            report[file.name] = _labelled(engine, rows, options.misses, options.extra)
    _print(report, as_json=options.json)
    return 0


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(item for item in path.iterdir() if item.name.endswith((".jsonl", ".conll.txt")))
        elif path.is_file():
            yield path


def _labelled(engine: Engine, rows: list[Row], misses: str | None, extra: str | None) -> dict[str, object]:
    true: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    theirs = {ours: name for name, kinds in TYPES.items() for ours in kinds}
    started = time.perf_counter()
    scanned = [engine.scan_text(row.text) for row in rows]
    spent = time.perf_counter() - started
    for row, findings in zip(rows, scanned, strict=True):
        for span in row.spans:
            labels[span.type] += 1
            kinds = TYPES.get(span.type, set())
            if any(f.type in kinds and f.start < span.end and span.start < f.end for f in findings):
                true[span.type] += 1
            elif misses == span.type:
                print(f"missed {span.type}: {row.text[span.start : span.end]!r} in {row.text[:160]!r}")
        for finding in findings:
            name = theirs.get(finding.type)
            if name is None:
                continue
            found[name] += 1
            accepted = {name} | ALSO.get(finding.type, set())
            if any(s.type in accepted and finding.start < s.end and s.start < finding.end for s in row.spans):
                right[name] += 1
            elif extra in (name, finding.type):
                shown = row.text[finding.start : finding.end]
                print(f"extra {finding.type} ({finding.reason}): {shown!r} in {row.text[:160]!r}")
    table = {
        name: {
            "labels": labels[name],
            "precision": round(right[name] / found[name], 3) if found[name] else None,
            "recall": round(true[name] / labels[name], 3) if labels[name] else None,
        }
        for name in sorted(labels | found, key=lambda name: -labels[name])
    }
    return {"types": table, "ms_per_row": round(spent / len(rows) * 1e3, 4)}


def _negatives(engine: Engine, rows: list[Row], extra: str | None) -> dict[str, object]:
    flagged: Counter[str] = Counter()
    total: Counter[str] = Counter()
    types: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        category = row.category or "none"
        total[category] += 1
        findings = [f for f in engine.scan_text(row.text) if f.type not in ("health-term", "medication")]
        flagged[category] += bool(findings)
        types[category].update(finding.type for finding in findings)
        if findings and extra in ("NEGATIVES", category):
            print(
                f"flagged {category}: {[(f.type, row.text[f.start : f.end]) for f in findings]} in {row.text[:160]!r}"
            )
    return {
        "categories": {
            name: {"flagged": round(flagged[name] / total[name], 3), "types": dict(types[name])}
            for name in sorted(total)
        },
        "flagged": round(sum(flagged.values()) / sum(total.values()), 4),
    }


def _prose(engine: Engine, file: Path) -> dict[str, object]:
    labels = true = found = right = 0
    for tokens in _sentences(file):
        text, people = _rebuilt(tokens)
        findings = [f for f in engine.scan_text(text) if f.type == "person"]
        labels += len(people)
        found += len(findings)
        true += sum(any(f.start < end and start < f.end for f in findings) for start, end in people)
        right += sum(any(f.start < end and start < f.end for start, end in people) for f in findings)
    return {
        "I-PER": {
            "labels": labels,
            "precision": round(right / found, 3) if found else None,
            "recall": round(true / labels, 3) if labels else None,
        }
    }


def _sentences(file: Path) -> Iterator[list[tuple[str, str]]]:
    sentence: list[tuple[str, str]] = []
    for line in [*file.read_text("utf-8").splitlines(), ""]:
        token, _, tag = line.rpartition(" ")
        if token:
            sentence.append((token, tag))
        elif sentence:
            yield sentence
            sentence = []


def _rebuilt(tokens: list[tuple[str, str]]) -> tuple[str, list[tuple[int, int]]]:
    """The sentence with spaces as people write them, and the spans of runs of I-PER."""
    text = ""
    people: list[tuple[int, int]] = []
    inside = False
    for token, tag in tokens:
        if text and token not in {".", ",", ";", ":", "?", "!", ")", "'s", "''"} and not text.endswith("("):
            text += " "
        start = len(text)
        text += token
        if tag.endswith("PER"):
            people[-1:] = [(people[-1][0], len(text))] if inside else [*people[-1:], (start, len(text))]
        inside = tag.endswith("PER")
    return text, people


def _print(report: dict[str, object], as_json: bool) -> None:
    if as_json:
        json.dump(report, sys.stdout, indent=1)
        print()
        return
    for name, value in report.items():
        if not isinstance(value, dict):
            print(f"{name}: {value}")
            continue
        print(f"\n{name}")
        for key, entry in value.items():
            if isinstance(entry, dict) and all(isinstance(item, dict) for item in entry.values()):
                for label, figures in entry.items():
                    print(f"  {label:20} " + "  ".join(f"{word} {figure}" for word, figure in figures.items()))
            else:
                print(f"  {key}: {entry}")


if __name__ == "__main__":
    raise SystemExit(main())
