"""Lines of keys and of the deny-list: what is written is read again, and what is in no form is kept as it is."""

import pytest

from gateway.ledger.granted import Denied, Granted, denied, granted

TIME = "2026-11-24T01:02:03.000004Z"
KEY = Granted(
    owner="Dr. Owner of keys",
    prefix="0123456789ab",
    kind="person",
    zone="clinic",
    roles=("clinician", "auditor"),
    purposes=("TREAT",),
    floor=("phi",),
    scopes=("traffic:letters", "audit:read"),
    rate="10/minute",
    ends=TIME,
    replaces="ak_old",
    replaced_ends=TIME,
)


@pytest.mark.parametrize(
    "one",
    [
        KEY,
        Granted(),
        Granted(owner="which ends in 1999", prefix="0123456789ab"),
        Granted(owner="role clinician", other=("a new line",)),
        Granted(never_made="ak_old"),
    ],
)
def test_what_is_written_of_a_key_is_read_again(one: Granted) -> None:
    assert granted(one.lines()) == one


@pytest.mark.parametrize(
    "one",
    [
        Denied(token="jti 7", issuer="https://login.example", ends=TIME),
        Denied(subject="issuer of things", issuer="-"),
        Denied(other=("something else",)),
    ],
)
def test_what_is_written_of_a_denial_is_read_again(one: Denied) -> None:
    assert denied(one.lines()) == one


def test_the_lines_of_a_key_are_these() -> None:
    assert KEY.lines() == (
        "owner Dr. Owner of keys",
        "prefix 0123456789ab",
        "kind person",
        "zone clinic",
        "role clinician",
        "role auditor",
        "purpose TREAT",
        "floor phi",
        "scope traffic:letters",
        "scope audit:read",
        "rate 10/minute",
        f"ends {TIME}",
        "replaces ak_old",
        f"which ends {TIME}",
    )
    assert Granted(never_made="ak_old").lines() == ("never made: ak_old was changed meanwhile",)


@pytest.mark.parametrize(
    "line",
    [
        "roles clinician",
        "role two words",
        "role ",
        "ends tomorrow",
        "kind robot",
        "prefix 0123",
        "never made: ak_old",
        "Owner somebody",
        "ends 2026-11-24T01:02:03.000004Z ",
    ],
)
def test_a_line_in_no_form_is_kept_as_it_is(line: str) -> None:
    assert granted(["owner a", line]) == Granted(owner="a", other=(line,))


def test_what_can_be_said_once_is_not_said_twice() -> None:
    assert granted(["owner a", "owner b"]) == Granted(owner="a", other=("owner b",))
    assert denied(["ends " + TIME, "ends " + TIME]).other == ("ends " + TIME,)
