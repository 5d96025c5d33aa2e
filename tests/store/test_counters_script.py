"""What the script is told and answers: exactly that, or an error of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.counters import Change, Exceeded, Level, Want
from gateway.core.errors import FormatError
from gateway.store.counters_script import SCRIPT, answered, forgotten, told


def test_changes_come_before_wants_and_every_key_has_the_prefix_and_then_its_tenant() -> None:
    change, want = Change("t:a", 60, -5, 9, "ex_0"), Want("t:b", 10, 2, 60, False)
    keys, arguments = told("gw", "ex_1", 30_000, [change], [want], "rm_1")
    assert keys == ["gw:t:a", "gw:t:b", "gw:memory"]
    assert arguments == ["ex_1", 30_000, 1, "rm_1", 60, -5, 9, "ex_0", 60, 10, 2, 0]


def test_answers_are_levels_or_what_stands_against_them() -> None:
    assert answered([1, 5, 77, 1], 1) == (Level(5, 77, 1),)
    assert answered([1], 0) == ()
    assert answered([0, 1, 2_500_000], 2) == Exceeded(1, 3)


def test_a_server_that_has_forgotten_says_so_and_nothing_else() -> None:
    assert [forgotten(reply) for reply in ([2], [1], [2, 0], None)] == [True, False, False, False]


@pytest.mark.parametrize(
    "reply", [None, [], [1], [1, 2], [2, 1, 1, 1], [0, 5, 1], [0, -1, 1], [1, "2", 3, 4], [1, True, 3, 4], b"OK"]
)
def test_anything_else_is_refused(reply: object) -> None:
    with pytest.raises(FormatError):
        answered(reply, 1)


@given(st.lists(st.one_of(st.integers(-1, 9), st.none(), st.just(b"1")), max_size=8), st.integers(0, 2))
def test_no_reply_does_more_than_be_refused(reply: object, wants: int) -> None:
    try:
        found = answered(reply, wants)
    except FormatError:
        return
    assert isinstance(found, Exceeded) or len(found) == wants


def test_the_script_is_the_same_on_every_node_whatever_python_makes_of_it() -> None:
    assert SCRIPT.isascii()
    assert "$" not in SCRIPT
    assert "'%.0f'" in SCRIPT
