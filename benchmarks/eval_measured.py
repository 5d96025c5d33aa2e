"""An evaluation's figures as data of the product: `gateway/evidence/measured.json`, which reports tell.

`python -m benchmarks.eval --write` writes the entry of the version that it measured, and keeps those of others.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.eval_tables import Measured, Report, precise
from benchmarks.scoring import Count as Counted
from benchmarks.scoring import Score, wilson
from gateway.evidence.measured import FILE, Body, Count, Measurement, Share, decode

PLACE = Path("gateway") / "evidence" / FILE
"""In the project."""
NAMES = {"test": "test half of the corpus", "tuning": "tuning half of the corpus"}
_ROW = re.compile(r"\[\s+(\d+),\s+(\d+),\s+(\d+),\s+(\d+)\s+\]")


def write(place: Path, report: Report) -> None:
    """The entry of the report's version, anew."""
    kept = dict(decode(place.read_bytes())) if place.exists() else {}
    kept[report.engine] = measurement(report)
    text = msgspec.json.format(msgspec.json.encode(dict(sorted(kept.items()))), indent=1).decode()
    place.write_text(_ROW.sub(r"[\1, \2, \3, \4]", text) + "\n", "utf-8")


def measurement(report: Report) -> Measurement:
    """What the report says of labels; of texts without personal data it has no share of labels."""
    return Measurement(date=report.date, bodies=tuple(_bodies(report.measured)))


def _bodies(measured: tuple[Measured, ...]) -> Iterator[Body]:
    for one in measured:
        if one.score is not None:
            yield _body(one.name, one.score)


def _body(name: str, score: Score) -> Body:
    return Body(
        name=NAMES.get(name, name),
        texts=score.rows,
        tuned=name == "tuning",
        all=_count(score.overall(), precision=True),
        types={kind: _count(count, precision=precise(kind)) for kind, count in sorted(score.types.items())},
    )


def _count(count: Counted, *, precision: bool) -> Count:
    right = _share(count.right, count.findings) if precision else None
    return Count(recall=_share(count.found, count.labels), precision=right)


def _share(hits: int, total: int) -> Share:
    low, high = wilson(hits, total)
    return Share(hits, total, round(low * 10_000), round(high * 10_000))
