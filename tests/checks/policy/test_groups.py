"""Closures of groupings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.policy.groups import MAX_DEPTH, Groups
from gateway.core.errors import FormatError


def test_a_closure_holds_the_name_and_everything_above_it() -> None:
    groups = Groups([("a", "b"), ("b", "c"), ("a", "d")])
    assert groups.closure("a") == {"a", "b", "c", "d"}
    assert groups.closure("c") == {"c"}
    assert groups.closure("unheard-of") == {"unheard-of"}


@pytest.mark.parametrize("edges", [[("a", "a")], [("a", "b"), ("b", "a")], [("x", "a"), ("a", "b"), ("b", "a")]])
def test_a_circle_is_refused(edges: list[tuple[str, str]]) -> None:
    with pytest.raises(FormatError, match="circle"):
        Groups(edges)


@pytest.mark.parametrize("backwards", [False, True])
def test_a_hierarchy_deeper_than_casbin_follows_is_refused_in_any_order_of_lines(backwards: bool) -> None:
    chain = [(f"n{i}", f"n{i + 1}") for i in range(MAX_DEPTH)]
    assert len(Groups(chain).closure("n0")) == MAX_DEPTH + 1
    longer = [*chain, (f"n{MAX_DEPTH}", "top")]
    with pytest.raises(FormatError, match="deep"):
        Groups(reversed(longer) if backwards else longer)


@settings(max_examples=100, deadline=None)
@given(
    edges=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda edge: edge[0] < edge[1]), max_size=12)
)
def test_the_order_of_the_lines_changes_nothing(edges: list[tuple[int, int]]) -> None:
    named = [(f"n{a}", f"n{b}") for a, b in edges]
    one, other = Groups(named), Groups(named[::-1])
    assert dict(one.names()) == dict(other.names())
    for low, high in named:
        assert one.closure(high) <= one.closure(low)
