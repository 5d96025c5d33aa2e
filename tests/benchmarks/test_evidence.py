"""A bundle of the benchmark's ledger is written and holds, and is judged by its targets."""

from pathlib import Path

from benchmarks import evidence
from benchmarks.evidence import SIGNER, Measured, Report
from gateway.evidence.verify import verify


async def test_a_ledger_of_the_benchmark_is_bundled_and_holds(tmp_path: Path) -> None:
    database, out = tmp_path / "evidence.db", tmp_path / "bundle.zip"
    await evidence.grow(database, 300)
    assert await evidence._built(database, out) == 300
    report = verify(out, SIGNER.verifier.vkey)
    assert (report.end, report.selected, report.opened) == (300, 3, 3)


def test_what_is_too_slow_or_too_large_is_a_miss() -> None:
    fast = {name: Measured(9, per_s, 10, clock_per_s=per_s) for name, per_s in evidence.TARGETS.items()}
    assert evidence.misses(Report(records=9, bundle_mb=1, found=fast)) == []
    slow = {name: Measured(9, n - 1, evidence.MAX_MB, clock_per_s=n - 1) for name, n in evidence.TARGETS.items()}
    assert len(evidence.misses(Report(records=9, bundle_mb=1, found=slow))) == 9
    waited = {name: Measured(9, n, 10, clock_per_s=n - 1) for name, n in evidence.TARGETS.items()}
    assert [line.endswith("wanted") for line in evidence.misses(Report(records=9, bundle_mb=1, found=waited))] == [
        True
    ] * 3
    assert any("verified by verify.py" in line for line in evidence.lines(Report(records=9, bundle_mb=1, found=fast)))
