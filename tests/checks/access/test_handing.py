"""Nobody hands out more than they hold, whatever the field."""

from typing import Any

import msgspec
import pytest

from gateway.checks.access.handing import Handed, beyond, lesser_zones
from gateway.core.caller import Identity

HOLDER = Identity(
    tenant="default",
    subject="ada",
    kind="person",
    roles=("admin", "auditor"),
    zone="in-house",
    purposes=("TREAT", "HOPERAT"),
    method="api-key",
    credential="ak_1",
    floor=("pii",),
    rate="60/minute",
    scopes=("keys", "audit:read"),
)
SAME = Handed(
    owner="ada",
    roles=("admin", "auditor"),
    purposes=("TREAT", "HOPERAT"),
    floor=("pii",),
    scopes=("keys", "audit:read"),
    zone="in-house",
    rate="60/minute",
    expires_us=1_000,
)
LESSER = frozenset({"cloud"})


def _field(holder: Identity = HOLDER, ends: int | None = 1_000, **changed: Any) -> str | None:
    refusal = beyond(
        msgspec.structs.replace(SAME, **changed), holder, ends, LESSER, "100/minute", frozenset({"ada", "alice"})
    )
    if refusal is None:
        return None
    assert refusal.code == "grant_exceeds"
    return refusal.field


def test_the_same_and_less_of_everything_may_be_handed_out() -> None:
    assert _field() is None
    assert (
        _field(roles=(), purposes=(), floor=("pii", "phi"), scopes=("keys:read",), zone="cloud", expires_us=999) is None
    )
    assert _field(rate="1/second") is None
    assert _field(rate="59/minute") is None


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("owner", {"owner": "alice"}),
        ("roles", {"roles": ("admin", "privacy")}),
        ("purposes", {"purposes": ("TREAT", "RESEARCH")}),
        ("floor", {"floor": ()}),
        ("floor", {"floor": ("phi",)}),
        ("scopes", {"scopes": ()}),
        ("scopes", {"scopes": ("audit",)}),
        ("scopes", {"scopes": ("keys", "traffic")}),
        ("zone", {"zone": "partner"}),
        ("rate", {"rate": None}),  # the usual one, which is above the holder's own
        ("rate", {"rate": "2/second"}),
        ("expires", {"expires_us": None}),
        ("expires", {"expires_us": 1_001}),
    ],
)
def test_more_of_anything_may_not(field: str, changed: dict[str, Any]) -> None:
    assert _field(**changed) == field


def test_who_is_not_bounded_in_something_does_not_bound_others_in_it() -> None:
    free = msgspec.structs.replace(HOLDER, rate=None, scopes=(), floor=())
    assert _field(free, None, rate=None, scopes=(), floor=(), expires_us=None) is None


def test_a_name_that_something_is_given_to_is_handed_to_its_own_bearer_alone() -> None:
    assert _field(owner="bob") is None, "nobody gives anything to this one"
    assert _field(msgspec.structs.replace(HOLDER, subject="alice"), owner="alice") is None
    # Who bears the name by an issuer that may not use it is not the one who is meant.
    assert _field(msgspec.structs.replace(HOLDER, subject="alice", named=False), owner="alice") == "owner"


def test_who_has_the_usual_rate_hands_out_none_above_it() -> None:
    usual = msgspec.structs.replace(HOLDER, rate=None)
    assert _field(usual, rate=None) is None
    assert _field(usual, rate="100/minute") is None
    assert _field(usual, rate="101/minute") == "rate"
    assert _field(msgspec.structs.replace(HOLDER, rate="200/minute"), rate=None) is None


def test_lesser_zones_are_those_that_are_not_trusted_where_the_callers_own_is() -> None:
    known, trusted = frozenset({"in-house", "ward", "cloud"}), frozenset({"in-house", "ward"})
    assert lesser_zones("in-house", trusted, known) == {"cloud"}
    assert lesser_zones("cloud", trusted, known) == frozenset()
    assert lesser_zones("unknown", trusted, known) == frozenset()
