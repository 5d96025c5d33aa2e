"""The statements of a search: what they are told, and that one is made for each form of question."""

import msgspec
import pytest

from gateway.store import asking
from gateway.store.candidates import Step
from gateway.store.search import Filters


def _values(filters: Filters) -> dict[str, str]:
    return asking.values(msgspec.structs.asdict(filters))


def test_a_filter_is_a_test_of_columns_but_for_a_subject() -> None:
    every = Filters(**{name: f"a {name}" for name in Filters.__struct_fields__})
    assert _values(every) == {
        **{name: f"a {name}" for name in (*asking.EQUAL, "since", "until")},
        "data_class": "%|a data/_class|%",
    }
    assert _values(Filters()) == {}


def test_what_is_asked_for_is_told_to_a_statement_and_never_a_part_of_it() -> None:
    secret = "SELECT-CANARY"
    query = asking.statement(tuple(_values(Filters(actor=secret, data_class=secret))), "desc", True, True, True)
    assert secret not in str(query)
    assert secret not in str(query.compile().params)


def test_a_form_of_question_has_one_statement() -> None:
    one, again = (tuple(_values(Filters(actor=who))) for who in ("ac_1", "ac_2"))
    assert asking.statement(one, "asc", False, False, True) is asking.statement(again, "asc", False, False, True)
    assert asking.statement(one, "desc", False, False, True) is not asking.statement(one, "asc", False, False, True)


@pytest.mark.parametrize(
    ("step", "floor", "sqlite", "wanted"),
    [
        (Step(then=-1), 0, True, {}),
        (Step(then=9, first=3, end=9), 0, True, {"first": 3, "end": 9}),
        (Step(then=9, first=3, end=9), 5, True, {"first": 5, "end": 9}),
        (Step(then=9, first=3, end=9), 9, True, {}),
        (Step(then=9, places=(2, 4, 7)), 0, True, {"places": "[2,4,7]"}),
        (Step(then=9, places=(7, 4, 2)), 4, False, {"places": [7, 4]}),
        (Step(then=9, places=(2, 4)), 5, True, {}),
    ],
)
def test_a_step_is_looked_at_from_the_floor_on(step: Step, floor: int, sqlite: bool, wanted: dict[str, object]) -> None:
    assert asking.within(step, floor, sqlite=sqlite) == wanted


def test_a_range_is_said_of_the_details_too_so_that_no_joining_reads_more() -> None:
    said = str(asking.statement((), "asc", False, True, True))
    for table in ("record", "detail"):
        assert f"{table}.seq >= :first" in said
        assert f"{table}.seq < :end" in said
    assert "detail.seq >=" not in str(asking.statement((), "asc", True, True, True))
