"""The filters as options: the same words as the API's, and the same checks."""

import argparse

import pytest

from gateway.cli.common import WrongUse
from gateway.cli.filters import add_filters, add_period, filters_of, period_of, texts
from gateway.evidence.selection import FILTERS, check_filters
from gateway.store.search import Filters


def given(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_filters(parser)
    return parser.parse_args(arguments)


def test_there_is_an_option_for_each_filter_that_a_bundle_may_select_by() -> None:
    options = {name: f"--{name.replace('_', '-')}" for name in FILTERS}
    values = {"from": "2026-01-01", "to": "2026-02-01", "decision": "deny", "event": "audit.read", "actor": "ac_1"}
    arguments = [part for name, option in options.items() for part in (option, values.get(name, "x"))]
    found = texts(filters_of(given(*arguments)))
    assert set(found) == set(FILTERS)
    check_filters(found)


def test_times_get_the_form_of_records() -> None:
    found = texts(filters_of(given("--from", "2026-11-24T02:00:00+01:00", "--to", "2026-11-25")))
    assert found == {"from": "2026-11-24T01:00:00.000000Z", "to": "2026-11-25T00:00:00.000000Z"}


def test_without_options_there_is_no_filter() -> None:
    assert filters_of(given()) == Filters()
    assert texts(Filters()) == {}


@pytest.mark.parametrize(
    ("option", "value"), [("--from", "soon"), ("--decision", "maybe"), ("--event", "party"), ("--data-class", "a|b")]
)
def test_a_value_that_cannot_be_one_is_told_by_its_option(option: str, value: str) -> None:
    with pytest.raises(WrongUse, match=f"^{option}: ") as raised:
        filters_of(given(option, value))
    assert value not in str(raised.value)


def test_a_period_has_both_its_ends_in_the_form_of_records() -> None:
    parser = argparse.ArgumentParser()
    add_period(parser)
    arguments = parser.parse_args(["--from", "2026-11-24T02:00:00+01:00", "--to", "2026-11-25"])
    assert period_of(arguments) == ("2026-11-24T01:00:00.000000Z", "2026-11-25T00:00:00.000000Z")
    with pytest.raises(SystemExit):
        parser.parse_args(["--from", "2026-11-24"])
    with pytest.raises(WrongUse, match="--to"):
        period_of(parser.parse_args(["--from", "2026-11-24", "--to", "soon"]))
