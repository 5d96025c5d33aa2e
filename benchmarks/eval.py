"""`make eval`: precision and recall of classification, per type, on text that was and was not used for tuning.

    python -m benchmarks.eval [FILE or DIRECTORY …] [--each N] [--json] [--misses FILE] [--beside] [--write]

Measures the project's own corpus (`benchmarks/corpus`), its test half and its tuning half apart, rows without personal
data, disguised values, and every labelled file given (`benchmarks/labelled.py` says in which form). Without any given,
those in a folder `shared/data/pii` beside the project are read, where there is one. `--misses` writes what was missed
in the tuning half and in the files, a JSON object a line; of the test half nothing is ever shown, so that nobody tunes
on it. `--beside` asks Presidio's patterns about the same texts (`benchmarks/scanners.py`). `--write` puts the results
into `docs/classification.md` and, for reports to tell, into `gateway/evidence/measured.json`.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from benchmarks import eval_document, eval_measured, eval_tables, labelled, scanners
from benchmarks.children import Unmeasured
from benchmarks.corpus import disguises, negatives, templates
from benchmarks.corpus.disguises import DISGUISES
from benchmarks.corpus.rows import Row
from benchmarks.eval_tables import Disguised, Measured, Report
from benchmarks.scanners import Presidio
from benchmarks.scoring import Count, Flagged, Miss, Score, flagged, score
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.own import NOTHING, load, prove
from gateway.cli.classify import own_files
from gateway.cli.common import WrongUse
from gateway.core.errors import ConfigurationError
from gateway.core.finding import Finding
from gateway.core.message import Part

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ROOT.parent / "shared" / "data" / "pii"
EACH = 20
"""Rows of each template, and of each category of negatives."""
_DISGUISED_ROWS = 240


class Clock:
    """The benchmark's own clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def thread_ns(self) -> int:
        return time.thread_time_ns()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.eval", description="Precision and recall of classification.")
    parser.add_argument("paths", nargs="*", type=Path, help="labelled files, or folders of them")
    parser.add_argument("--each", type=int, default=EACH, help="rows of each template")
    parser.add_argument("--json", action="store_true", help="every figure, as JSON")
    parser.add_argument("--misses", type=Path, metavar="FILE", help="write what was missed outside of the test half")
    parser.add_argument("--beside", action="store_true", help="Presidio's patterns on the same texts, too")
    parser.add_argument(
        "--write", action="store_true", help="put the results into docs/classification.md and the package"
    )
    parser.add_argument("--recognizers", type=Path, metavar="DIR", help="with recognizers of an operator's own")
    given = parser.parse_args(arguments)
    if not 1 <= given.each <= 1000:
        parser.error("--each must lie between 1 and 1000")
    missing = [path for path in given.paths if not path.exists()]
    if missing:
        parser.error(f"there is no {missing[0].name}")
    try:
        own = NOTHING if given.recognizers is None else load(own_files(given.recognizers))
        engine = Engine(clock=Clock(), budget_ms=10_000, recognizers=own.registry)
        prove(own, engine)
    except (ConfigurationError, WrongUse) as error:
        parser.error(str(error))
    if given.write and given.recognizers is not None:
        parser.error("--write is of what ships, without --recognizers")
    files = list(labelled.files(given.paths or [DEFAULT]))
    try:
        report, misses = measure(engine, files, given.each)
        if given.beside:
            with scanners.presidio() as peer:
                report = beside(report, peer, files, given.each)
    except (ValueError, Unmeasured) as error:
        print(f"eval: {error}", file=sys.stderr)
        return 2
    if given.misses is not None:
        given.misses.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in misses))
    if given.write:
        eval_document.write(ROOT / "docs" / "classification.md", report)
        eval_measured.write(ROOT / eval_measured.PLACE, report)
    if given.json:
        json.dump(eval_tables.plain(report), sys.stdout, indent=1)
        print()
    else:
        print("\n".join(eval_tables.lines(report)))
    return 0


def measure(engine: Engine, files: Sequence[Path], each: int) -> tuple[Report, list[Miss]]:
    """Everything, and the misses that may be looked at. `ValueError` for a file that is not in its form."""
    measured: list[Measured] = []
    misses: list[Miss] = []
    for split in templates.SPLITS:
        one = Measured(
            name=split,
            score=_score(engine, templates.rows(split, each)),
            flagged=_flagged(engine, negatives.rows(split, each)),
        )
        measured.append(one)
        if split == "tuning":
            misses += _misses(one)
    for file in files:
        one = _file(engine, file)
        measured.append(one)
        misses += _misses(one)
    report = Report(
        engine=engine.version,
        faker=version("faker"),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        each=each,
        measured=tuple(measured),
        disguised=tuple(disguised(engine, templates.rows("test", each))),
    )
    return report, misses


def beside(report: Report, peer: Presidio, files: Sequence[Path], each: int) -> Report:
    """The report, with what Presidio's patterns find in the test half and in files whose types are all labelled."""
    bodies = [("test", templates.rows("test", each))]
    bodies += [(file.name, labelled.read(file)) for file in files if file.suffix == ".jsonl"]
    kept = [(name, [row for row in rows if row.category is None]) for name, rows in bodies]
    scores = [
        Measured(name=name, score=score(rows, peer.findings([row.text for row in rows]))) for name, rows in kept if rows
    ]
    return msgspec.structs.replace(report, peer=f"Presidio {scanners.version()}", beside=tuple(scores))


def _score(engine: Engine, rows: list[Row]) -> Score:
    return score(rows, [engine.scan_text(row.text) for row in rows])


def _flagged(engine: Engine, rows: list[Row]) -> Flagged:
    return flagged(rows, [engine.scan_text(row.text) for row in rows])


def _misses(one: Measured) -> list[Miss]:
    return [*(one.score.misses if one.score else ()), *(one.flagged.misses if one.flagged else ())]


def _file(engine: Engine, file: Path) -> Measured:
    """A file's rows: those with a category hold nothing; of prose that is labelled by tokens only persons count."""
    rows = labelled.read(file)
    with_category = [row for row in rows if row.category is not None]
    rest = [row for row in rows if row.category is None]
    only = frozenset({"person"}) if file.name.endswith(".conll.txt") else None
    scanned = [engine.scan_text(row.text) for row in rest]
    if only is not None:
        scanned = [tuple(one for one in findings if one.type in only) for findings in scanned]
    return Measured(
        name=file.name,
        score=score(rest, scanned) if rest else None,
        flagged=_flagged(engine, with_category) if with_category else None,
        prose=only is not None,
    )


def disguised(engine: Engine, rows: list[Row]) -> list[Disguised]:
    """How many of the values that a disguise applies to are still found, by type; and what becomes of whole texts that
    were encoded: found, or at least not called read."""
    found: list[Disguised] = []
    for name, disguise in ({"as written": _unchanged} | DISGUISES).items():
        every = [one for row in rows if (one := disguises.disguised(row, disguise)) is not None]
        kept = disguises.sample(every, _DISGUISED_ROWS)
        scanned = [engine.scan_text(row.text) for row in kept]
        result = score(kept, [_over(row, findings) for row, findings in zip(kept, scanned, strict=True)])
        found.append(Disguised(name=name, types=result.types))
    kept = disguises.sample([row for row in rows if any(span.type in disguises.STRUCTURED for span in row.spans)], 120)
    for name, encode in (
        ("whole text, base64", disguises.encoded_text),
        ("whole text, quoted-printable", disguises.printable_text),
        ("whole text, HTML", disguises.referenced_text),
    ):
        found.append(_whole(engine, name, [(row, encode(row)) for row in kept]))
    return found


def _unchanged(value: str) -> str | None:
    """What the others are to be held against."""
    return value


def _over(row: Row, findings: Sequence[Finding]) -> list[Finding]:
    """Only what lies on disguised values counts: the others are not labelled here."""
    return [one for one in findings if any(one.start < span.end and span.start < one.end for span in row.spans)]


def _whole(engine: Engine, name: str, texts: list[tuple[Row, str]]) -> Disguised:
    """By type: rows with a label of it, and rows of which a finding of it is told or that are `unscanned`."""
    types: dict[str, Count] = {}
    for row, text in texts:
        scan = engine.scan([Part("/text", text)])
        told = {one.type for findings in scan.parts for one in findings}
        for kind in {span.type for span in row.spans} & disguises.STRUCTURED:
            count = types.setdefault(kind, Count())
            count.labels += 1
            count.found += kind in told
            count.hidden += kind in told or "unscanned" in scan.classes
    return Disguised(name=name, types=types)


if __name__ == "__main__":
    raise SystemExit(main())
