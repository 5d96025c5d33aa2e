"""What a set would change is told tenant by tenant, and whether two persons are asked for it."""

from typing import Any

import pytest

from gateway.checks.policy.model import MODEL
from gateway.checks.policy.tenancy import Versions
from gateway.checks.policy.version import PolicySet, policy_set, to_bytes
from gateway.exchange.comparing import MAX_DIFF, RENAMED, STRICTER, UNREAD, Standing, compared
from tests.checks.policy.making import ENGINE, GROUPS, configured

LINE = 'p, {}, role:user, class:internal, zone:cloud, *, purpose:*, always, deny, none, later-{}, "Later."'
LEDGERS = {"default": "tn_1"}


def shared(*lines: str, four_eyes: bool = False) -> PolicySet:
    files = {"model.conf": MODEL.encode(), "policy.csv": "\n".join((GROUPS, *lines, "")).encode()}
    return policy_set(files, configured(policy={"four_eyes": four_eyes}), ENGINE)


def cut(*lines: str, four_eyes: bool = False) -> PolicySet:
    return Versions(shared(*lines, four_eyes=four_eyes), ()).of("default")


def standing(active: PolicySet | None, new: PolicySet, stored: bytes | None = None, **fields: Any) -> Standing:
    base = {} if active is None else {"tn_1": active.digest}
    data = stored if active is None or stored is not None else to_bytes(active)
    return compared({"default": new}, LEDGERS, base, {"tn_1": data}, (), **{"four_eyes": False, **fields})


def test_the_same_changes_nothing() -> None:
    assert standing(cut(), cut()).changes == {}
    assert standing(cut(), cut()).free


def test_the_first_may_be_activated_by_a_start_and_what_differs_may_not() -> None:
    assert standing(None, cut()).free
    found = standing(cut(), cut(LINE.format(900, 1)))
    assert (found.free, found.changes["tn_1"].lines) == (False, ("rule later-1 added",))


def test_an_active_version_that_asks_for_two_asks_for_them_whatever_the_settings_say() -> None:
    assert not standing(cut(), cut(LINE.format(900, 1))).four_eyes
    assert standing(cut(), cut(LINE.format(900, 1)), four_eyes=True).four_eyes
    off = standing(cut(four_eyes=True), cut())
    assert (off.four_eyes, off.free, off.changes["tn_1"].lines) == (True, False, ("setting four_eyes changed",))


def test_asking_for_two_and_nothing_else_needs_nobody_else() -> None:
    found = standing(cut(), cut(four_eyes=True), four_eyes=True)
    assert (found.free, found.changes["tn_1"].same) == (True, STRICTER)
    more = standing(cut(), cut(LINE.format(900, 1), four_eyes=True), four_eyes=True)
    assert (more.free, more.changes["tn_1"].same) == (False, None)


def test_what_is_the_same_under_another_name_is_told_as_that() -> None:
    before = shared("# a comment")
    found = standing(before, cut(), four_eyes=True)
    assert before.digest != cut().digest
    assert (found.free, found.changes["tn_1"].same, found.changes["tn_1"].lines) == (True, RENAMED, ())


@pytest.mark.parametrize("data", [b"{}", b'{"members":{},"v":0}', b"\xff"])
def test_what_cannot_be_read_any_more_is_told_as_that(data: bytes) -> None:
    found = standing(cut(), cut(LINE.format(900, 1)), stored=data)
    assert (found.free, found.changes["tn_1"].lines) == (False, (UNREAD,))


def test_a_record_tells_of_so_many_changes_and_how_many_more_there_are() -> None:
    many = [LINE.format(900 + number, number) for number in range(MAX_DIFF + 10)]
    lines = standing(cut(), cut(*many)).changes["tn_1"].lines
    assert (len(lines), lines[-1]) == (MAX_DIFF, "and 11 more")
