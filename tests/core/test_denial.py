"""Who is denied: a token by its id, a subject by its issuer, and whoever acts for one."""

from typing import Any

import pytest

from gateway.core.caller import Identity
from gateway.core.denial import NOBODY, DenySet, Name


def identity(**changes: Any) -> Identity:
    values: dict[str, Any] = {
        "tenant": "default",
        "subject": "app",
        "kind": "service",
        "roles": (),
        "zone": "in-house",
        "purposes": (),
        "method": "jwt",
        "credential": "jwt:1",
        "issuer": "https://a",
        "token_id": "t1",
        "on_behalf_of": ("proxy", "ada"),
    }
    return Identity(**{**values, **changes})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (("subject", "https://a", "app"), True),
        (("subject", "https://a", "proxy"), True),
        (("subject", "https://a", "ada"), True),
        (("token", "https://a", "t1"), True),
        (("subject", "https://b", "app"), False),
        (("subject", "", "app"), False),
        (("token", "https://b", "t1"), False),
        (("token", "https://a", "app"), False),
        (("subject", "https://a", "t1"), False),
        (("subject", "https://a", "App"), False),
    ],
)
def test_names_are_compared_exactly_and_within_their_issuer(name: Name, expected: bool) -> None:
    assert DenySet(revision=1, entries={name: None}).denies(identity(), 5) is expected


def test_an_owner_is_the_subject_of_keys_and_a_token_without_an_id_has_none() -> None:
    owner = DenySet(revision=1, entries={("subject", "", "ada"): None})
    key = identity(method="api-key", issuer=None, token_id=None, subject="ada", on_behalf_of=())
    assert owner.denies(key, 5)
    assert not owner.denies(identity(subject="ada"), 5)
    assert not DenySet(revision=1, entries={("token", "https://a", "t1"): None}).denies(identity(token_id=None), 5)


def test_a_denial_ends_at_its_time() -> None:
    found = DenySet(revision=1, entries={("subject", "https://a", "app"): 10})
    assert found.denies(identity(), 9)
    assert not found.denies(identity(), 10)


def test_an_empty_list_denies_nobody() -> None:
    assert not NOBODY.denies(identity(), 5)


def test_what_is_denied_at_a_time_is_listed_by_its_names() -> None:
    ended: Name = ("subject", "https://a", "bob")
    lasting: Name = ("token", "https://a", "t1")
    denied = DenySet(revision=1, entries={ended: 5, lasting: None})
    assert (denied.holds(ended, 4), denied.holds(lasting, 4)) == (True, True)
    assert (denied.holds(ended, 5), denied.holds(lasting, 5)) == (False, True)
    assert not NOBODY.holds(ended, 0)
