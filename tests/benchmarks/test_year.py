"""A generated year, whose ground truth is known: every figure is the truth, whole or made in pieces and merged."""

import copy
import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from benchmarks.year import KNOWN, QUESTIONS, Year, figures, truth
from benchmarks.year_advice import Advice, advice_faults, advised
from benchmarks.year_compared import differences
from benchmarks.year_hand import HOUR_US, START_US
from gateway.evidence.figures.facts import Facts
from gateway.ledger.record import EVENTS, parse, timestamp
from gateway.ledger.times import parse_timestamp

EMPTY = {"beyond"}
"""Holds something only where a table has more than 20,000 rows: tests of tallies show that it is told."""


@cache
def _year() -> tuple[Year, dict[str, Any], dict[str, Any]]:
    """A year, what the product says of it, and what is true."""
    year = Year(2_500)
    return year, figures(year), truth(year)


def test_every_figure_equals_the_ground_truth() -> None:
    _, found, expected = _year()
    assert differences(found, expected) == []


@cache
def _advised() -> tuple[dict[str, Any], Advice]:
    """What is advised of a year that went by in 15 days, of which every third hour alone is on record; and the truth:
    of a longer one no hour has several requests of a capability, and no load varies."""
    feed, told = advised()
    advice = Advice()
    for stored in Year(2_500).records():
        record = parse(stored.envelope)
        at = START_US + (parse_timestamp(record.occurred_at) - START_US) // 24
        if at // HOUR_US % 3 == 0:
            record.occurred_at = timestamp(at)
            feed(record)
            advice.take(record)
    return told(), advice


def test_all_that_is_advised_equals_the_ground_truth() -> None:
    found, advice = _advised()
    assert list(advice_faults(found, advice)) == []
    assert {one["fits"] for one in found["capabilities"]} >= {"cloud", "not enough recorded"}
    assert any(one["load"]["volatility"] > 1 for one in found["capabilities"])


def test_every_figure_of_advice_that_is_wrong_is_found() -> None:
    found, advice = copy.deepcopy(_advised()[0]), _advised()[1]
    tried = 0
    for place, key, value in _figures(found["capabilities"]):
        place[key] = 2 * value + 1 if isinstance(value, int | float) else re.sub(r"\d", lambda one: "9" * 3, value)
        assert list(advice_faults(found, advice)) != [], (key, value)
        place[key], tried = value, tried + 1
    assert tried > 200


def _figures(value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every number, and text with one, by where it stands."""
    for key, one in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(one, dict | list):
            yield from _figures(one)
        elif isinstance(one, int | float) or (isinstance(one, str) and re.search(r"\d", one)):
            yield value, key, one


def test_every_kind_of_event_is_in_the_year() -> None:
    year, _, _ = _year()
    assert [event for event in EVENTS if not year.truth.events[event]] == []


def test_no_figure_is_compared_with_nothing() -> None:
    _, _, expected = _year()
    sections = {name: one for name, one in expected.items() if name not in ("v", "provisions", "persons", "affected")}
    assert {name for name, one in sections.items() if not one} == EMPTY
    empty = [f"{name}.{key}" for name, one in sections.items() if name not in EMPTY for key in one if not one[key]]
    assert empty == []


def test_provisions_are_found_in_every_state_and_form() -> None:
    _, _, expected = _year()
    told = expected["provisions"]
    assert {one["framework"] for one in told} == {"hipaa", "gdpr", "eu-ai-act", "soc2", "pci-dss", "house-rules"}
    assert {one["state"] for one in told} == {"supported", "in part", "not evidenced"}
    nothing = {(one["framework"], one["id"]) for one in told if not one["records"]}
    assert nothing == {("house-rules", "3"), ("house-rules", "3.1")}
    assert any(one["left_out"] for one in told)
    reasons = {reason for one in told for reason in one["reasons"]}
    assert {"no record of audit.exported", "no record of the period is of what is asked for"} <= reasons
    assert any("(the details of " in reason for reason in reasons)
    needs = [row for one in told for row in one["needs"]]
    assert any(0 < held < asked for _, asked, held, _ in needs)
    assert any(asked == held > 0 for _, asked, held, _ in needs)


def test_requests_of_data_subjects_end_in_time_late_or_not_and_some_are_not_due() -> None:
    _, _, expected = _year()
    newest = expected["coverage"]["last_at"]
    told = [(ended != "none", due < (newest if ended == "none" else ended)) for *_, due, ended, _ in requests(expected)]
    assert set(told) == {(True, True), (True, False), (False, True), (False, False)}


def requests(expected: dict[str, Any]) -> list[list[Any]]:
    return list(expected["subjects"]["requests"])


def test_persons_have_much_little_and_nothing_on_record() -> None:
    _, _, expected = _year()
    persons = expected["persons"]
    many, few, asked, erased = (persons[f"su_{name}"] for name in ("many", "few", "asked", "erased"))
    told = many["disclosures"]["told"]
    assert len({row[0] for row in told}) > 2  # recipients
    assert len({row[3] for row in told}) > 2  # purposes
    assert 0 < few["records"] < 12
    assert asked["subjects"]["elsewhere"]
    assert asked["subjects"]["erased"] == []
    assert len(erased["subjects"]["erased"]) == 1
    assert erased["disclosures"]["told"] == []  # all that was sent was before
    assert erased["records"] == len(erased["subjects"]["cases"])
    assert persons["su_one"]["pseudonyms"] == ["su_one", "su_other"]
    assert persons["su_nobody"]["records"] == 0
    whom = expected["affected"].values()
    assert any(one["unnamed"] for one in whom)
    assert any(one["subjects"] for one in whom)


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
    found, expected = copy.deepcopy(_year()[1:])
    found["flows"]["sent"] += 1
    found["provisions"][3]["records"] += 1
    found["persons"]["su_few"]["records"] += 1
    one = found["provisions"][3]
    named = f"provisions.{one['framework']} {one['id']}"
    assert differences(found, expected) == ["flows.sent", "persons.su_few", named]
    found["provisions"] = []
    del found["coverage"]
    assert {"coverage", "provisions"} <= set(differences(found, expected))
