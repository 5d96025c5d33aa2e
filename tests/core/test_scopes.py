"""Scopes cover what they name and everything below, and nobody hands out more than they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.scopes import FORM, covers, narrowed, permits, reaches, within

_NAMES = ("audit", "audit:read", "audit:verify", "evidence:read", "traffic", "traffic:ward", "traffic:summarize")
_scopes = st.lists(st.sampled_from(_NAMES), max_size=4, unique=True).map(tuple)


@pytest.mark.parametrize(
    ("scopes", "permission", "expected"),
    [
        ((), "audit:read", True),
        (("audit",), "audit:read", True),
        (("traffic:ward",), "audit:read", False),
        (("traffic:ward",), "models:read", True),
        (("traffic",), "models:read", True),
        (("audit",), "models:read", False),
    ],
)
def test_who_may_send_to_an_agent_may_see_which_there_are(
    scopes: tuple[str, ...], permission: str, expected: bool
) -> None:
    assert permits(scopes, permission) is expected


@pytest.mark.parametrize(
    ("scopes", "wanted", "covered"),
    [
        (("audit:read",), "audit:read", True),
        (("audit",), "audit:verify", True),
        (("audit:read",), "audit:verify", False),
        (("audit:read",), "audit", False),
        (("aud",), "audit:read", False),
        (("audit:",), "audit:read", False),
        (("traffic:ward",), "traffic:ward-2", False),
        (("traffic",), "traffic:ward", True),
        ((), "audit:read", False),
    ],
)
def test_a_scope_covers_itself_and_what_is_below(scopes: tuple[str, ...], wanted: str, covered: bool) -> None:
    assert covers(scopes, wanted) is covered


@given(_scopes, _scopes)
def test_what_is_handed_out_never_covers_more_than_its_holder(
    given_out: tuple[str, ...], holder: tuple[str, ...]
) -> None:
    if within(given_out, holder):
        for name in _NAMES:
            if not given_out or covers(given_out, name):
                assert not holder or covers(holder, name)


def test_who_is_narrowed_hands_out_nothing_unnarrowed() -> None:
    assert not within((), ("audit",))
    assert within((), ())
    assert within(("audit:read",), ())


@pytest.mark.parametrize("text", ["", "Audit", "audit:", ":read", "audit:read:x", "audit read", "*", "audit:*", "a\n"])
def test_what_is_no_scope_has_not_the_form_of_one(text: str) -> None:
    assert FORM.fullmatch(text) is None


def test_traffic_is_narrowed_to_agents_by_id_and_to_capabilities_by_name() -> None:
    assert reaches(())
    assert reaches(("audit:read", "traffic:ward"))
    assert not reaches(("audit:read", "trafficking"))
    both = ("ward", "desk")
    assert narrowed((), "summarize", both) == narrowed(("traffic",), "summarize", both) == set(both)
    assert narrowed(("traffic:summarize",), "summarize", both) == set(both)
    assert narrowed(("traffic:ward",), "summarize", both) == {"ward"}
    assert narrowed(("traffic:ward",), "ward", both) == set(both)
    assert narrowed(("traffic:desk",), "ward", both) == set()
    assert narrowed(("traffic:other", "audit"), "summarize", both) == set()
