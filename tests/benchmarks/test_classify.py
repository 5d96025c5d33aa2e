"""Speeds of classification are told with what they are measured against, and judged."""

import pytest

from benchmarks import classify, scanners
from benchmarks.children import Unmeasured
from benchmarks.classify import Report, Speed

GOOD = Speed(1000, 0.1, 0.1, 0.2, 100.0)
REPORT = Report(
    engine="1-x",
    speeds=dict.fromkeys(classify.texts(), GOOD),
    hostile_ms={"digits": 1.0},
    streamed_ms=1.0,
    others_ms={"loop of re": {"1 KB dense": 1.0}},
    faults=[],
)


def test_good_figures_miss_nothing_and_are_told() -> None:
    assert classify.misses(REPORT) == []
    said = "\n".join(classify.lines(REPORT))
    assert "10.0 times the engine's" in said
    assert "10 KB of digits" in said


def test_each_target_is_judged() -> None:
    speeds = {
        **REPORT.speeds,
        "1 KB dense": Speed(1024, 0.2, 0.3, 1.1, 3.0),
        "10 KB dense": Speed(10_240, 1.4, 1.6, 2.0, 6.0),
        "100 KB dense": Speed(102_400, 19.0, 20.0, 21.0, 5.0),
        "100 KB mixed": Speed(102_400, 6.0, 7.0, 8.0, 14.0),
        "1 MB clean": Speed(1 << 20, 29.0, 30.0, 31.0, 35.0),
    }
    bad = Report(
        engine="1-x", speeds=speeds, hostile_ms={"digits": 10.5}, streamed_ms=1.0, others_ms={}, faults=["gone"]
    )
    missed = classify.misses(bad)
    assert [miss.partition(":")[0] for miss in missed] == [
        "1 KB dense", "10 KB dense", "1 KB dense", "100 KB mixed", "1 MB clean", "10 KB of digits", "100 KB dense",
        "gone",
    ]  # fmt: skip


def test_texts_are_as_long_as_they_say() -> None:
    sizes = {name: len(text) for name, (text, _) in classify.texts().items()}
    assert sizes["1 KB dense"] == 1024
    assert sizes["100 KB dense"] == 102_400
    assert sizes["1 MB clean"] == 1 << 20
    assert {len(text) for text in classify.hostile(500).values()} == {500}


def test_what_cannot_be_installed_is_told_and_the_rest_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise Unmeasured("presidio could not be installed")

    monkeypatch.setattr(scanners, "presidio", fails)
    monkeypatch.setattr(classify, "texts", lambda: dict.fromkeys(REPORT.speeds, (classify.DENSE, 1)))
    monkeypatch.setattr(classify, "hostile", lambda _: {"digits": "1" * 100})
    monkeypatch.setattr(classify, "took", lambda call, _: scanners.took(call, 1))
    report = classify.measure()
    assert report.faults == ["presidio could not be installed"]
    assert list(report.others_ms) == ["loop of re"]
    assert report.speeds["1 KB dense"].p50_ms > 0
    assert classify.measure(others=False).others_ms == {}
