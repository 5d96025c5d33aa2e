"""A generated year, whose ground truth is known: every figure is the truth, whole or made in pieces and merged."""

import random

from benchmarks.year import KNOWN, QUESTIONS, Year, compare, differences
from gateway.evidence.figures.facts import Facts


def test_every_figure_equals_the_ground_truth() -> None:
    faults, count, events = compare(2_500)
    assert faults == []
    assert count > 4_000
    assert {"exchange.interrupted", "approval.approved", "incident.closed", "subject.erased"} <= set(events)


def test_figures_made_in_pieces_and_merged_are_those_of_one_pass() -> None:
    records = list(Year(700, seed=3).records())
    whole = Facts(KNOWN, QUESTIONS)
    for stored in records:
        whole.take(stored)
    drawn = random.Random(5)
    for _ in range(3):
        cuts = sorted(drawn.sample(range(len(records)), 4))
        merged = Facts(KNOWN, QUESTIONS)
        for first, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
            piece = Facts(KNOWN, QUESTIONS)
            for stored in records[first:end]:
                piece.take(stored)
            merged.merge(piece)
        assert differences(merged.document(), whole.document()) == []


def test_a_figure_that_is_not_the_truth_is_named() -> None:
    year = Year(60)
    facts = Facts(KNOWN, QUESTIONS)
    for stored in year.records():
        facts.take(stored)
    found, expected = facts.document(), year.expected()
    found["flows"]["sent"] += 1
    found["provisions"] = []
    assert differences(found, expected) == ["flows.sent", "provisions"]
    del found["coverage"]
    assert "coverage" in differences(found, expected)
