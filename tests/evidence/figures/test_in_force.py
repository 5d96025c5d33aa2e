"""What is in force, by the records that changed it."""

from collections.abc import Iterable

import pytest

from gateway.evidence.figures import in_force
from gateway.evidence.figures.in_force import EVENTS, MAKES, OPENED, STILL, UNKNOWN, UNTOLD, Book, change
from gateway.evidence.figures.seen import Seen
from gateway.ledger.granted import Denied, Granted
from gateway.ledger.record import Detail, NodeInfo, timestamp
from tests.evidence.figures.kit import T0, record


def at(seconds: float) -> str:
    return timestamp(T0 + int(seconds * 1_000_000))


def key(event: str, seq: int, name: str, told: Granted | Denied | None = None, actor: str = "ac_admin") -> Seen:
    """A record of a key at `seq` seconds; without `told` its detail is deleted."""
    detail = None if told is None else Detail(diff=told.lines())
    return record(f"key.{event}", seq, at_s=seq, credential=name, actor=actor, detail=detail)


def book(records: Iterable[Seen], *, before: bool = False) -> Book:
    found = Book()
    for one in records:
        found.take(change(one), before=before)
    return found


def spans(found: Book, kind: str = "key") -> list[tuple[str, str, str, str]]:
    return [(one.name, *one.span(), one.end()[0]) for one in found.of(kind)]


def test_a_key_is_in_force_until_it_is_revoked_or_expires_whichever_is_first() -> None:
    found = book(
        [
            key("created", 1, "ak_a", Granted(owner="a")),
            key("created", 2, "ak_b", Granted(owner="b", ends=at(50))),
            key("created", 3, "ak_c", Granted(owner="c", ends=at(50))),
            key("revoked", 10, "ak_b", Granted(owner="b")),
            key("revoked", 60, "ak_c", Granted(owner="c")),
            key("revoked", 70, "ak_b", Granted(owner="b")),
        ]
    )
    assert spans(found) == [
        ("ak_a", at(1), STILL, "none"),
        ("ak_b", at(2), at(10), "revoked"),
        ("ak_c", at(3), at(50), "expiry"),
    ]
    assert [one.end() for one in found.of("key")][1] == ("revoked", "ac_admin", 10)


def test_a_key_that_is_replaced_ends_when_the_record_of_its_successor_says() -> None:
    found = book(
        [
            key("created", 1, "ak_a", Granted(owner="a")),
            key("rotated", 5, "ak_b", Granted(owner="a", replaces="ak_a", replaced_ends=at(90))),
            key("rotated", 6, "ak_c", Granted(owner="x", replaces="ak_x", replaced_ends=at(80))),
            key("revoked", 20, "ak_a", Granted(owner="a")),
        ]
    )
    assert spans(found) == [
        ("ak_x", UNKNOWN, at(80), "replaced"),
        ("ak_a", at(1), at(20), "revoked"),
        ("ak_b", at(5), STILL, "none"),
        ("ak_c", at(6), STILL, "none"),
    ]


def test_a_rotation_that_came_to_nothing_leaves_the_old_key_as_it_was() -> None:
    steps = [
        key("created", 1, "ak_a", Granted(owner="a")),
        key("rotated", 5, "ak_b", Granted(owner="a", replaces="ak_a", replaced_ends=at(90))),
        key("revoked", 6, "ak_b", Granted(never_made="ak_a")),
    ]
    assert spans(book(steps)) == [("ak_a", at(1), STILL, "none"), ("ak_b", at(5), at(6), "never made")]
    at_once = key("rotated", 5, "ak_b", Granted(owner="a", replaces="ak_a", replaced_ends=at(5)))
    assert spans(book([steps[0], at_once, steps[2]]))[0] == ("ak_a", at(1), at(5), "replaced")


@pytest.mark.parametrize("lost_first", [False, True])
@pytest.mark.parametrize(("lost", "won"), [(60, 90), (90, 60), (90, 90)])
def test_of_two_rotations_of_one_key_at_once_the_one_that_came_to_be_ends_it(
    lost_first: bool, lost: float, won: float
) -> None:
    """Both are on record before either changes the key: then the one that found it changed is taken back."""

    def rotated(seq: int, name: str, ends: float) -> Seen:
        return key("rotated", seq, name, Granted(owner="a", replaces="ak_a", replaced_ends=at(ends)))

    names = ("ak_lost", "ak_won") if lost_first else ("ak_won", "ak_lost")
    both = [rotated(5 + place, name, lost if name == "ak_lost" else won) for place, name in enumerate(names)]
    created = key("created", 1, "ak_a", Granted(owner="a"))
    found = book([created, *both, key("revoked", 8, "ak_lost", Granted(never_made="ak_a"))])
    old = found.of("key")[0]
    assert (*old.span(), old.end()[0], old.end()[2]) == (at(1), at(won), "replaced", 5 + names.index("ak_won"))
    assert {one[0]: one[3] for one in spans(found)}["ak_lost"] == "never made"


def test_what_a_deleted_detail_said_is_not_guessed() -> None:
    found = book([key("created", 1, "ak_a"), key("rotated", 2, "ak_b"), key("denied", 3, "dn_a")])
    assert spans(found) == [("ak_a", at(1), UNTOLD, "none"), ("ak_b", at(2), UNTOLD, "none")]
    assert spans(found, "denial") == [("dn_a", at(3), UNTOLD, "none")]
    assert found.untold == 1
    found.take(change(key("revoked", 9, "ak_a")))
    assert spans(found)[0] == ("ak_a", at(1), at(9), "revoked")


def test_an_entry_that_is_denied_again_is_one_entry_with_the_later_end() -> None:
    found = book(
        [
            key("denied", 1, "dn_a", Denied(subject="a", issuer="-", ends=at(20))),
            key("denied", 5, "dn_a", Denied(subject="a", issuer="-")),
            key("allowed", 30, "dn_a", Denied(subject="a", issuer="-")),
            key("denied", 40, "dn_a", Denied(subject="a", issuer="-")),
        ]
    )
    assert spans(found, "denial") == [("dn_a", at(1), at(30), "allowed"), ("dn_a", at(40), STILL, "none")]


@pytest.mark.parametrize(("first", "second"), [(90, 60), (60, 90), (None, 60), (60, None)])
def test_of_two_denials_at_once_the_longer_counts_in_whatever_order_they_are_on_record(
    first: float | None, second: float | None
) -> None:
    ends = [None if one is None else at(one) for one in (first, second)]
    found = book(key("denied", seq, "dn_a", Denied(subject="eve", ends=end)) for seq, end in enumerate(ends, 1))
    assert [one.span()[1] for one in found.of("denial")] == [STILL if None in ends else at(90)]


def test_strangers_too_are_no_more_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_force, "MAX_KEYS", 2)
    found = book(key("revoked", seq, f"ak_{seq}", Granted(owner="a")) for seq in range(5))
    assert (len(found.of("key")), found.told_to) == (2, 2)
    assert found.beyond > 0


def test_a_policy_stands_until_the_next_and_a_configuration_until_its_node_has_another() -> None:
    one, two = NodeInfo(id="nd_1", boot="b"), NodeInfo(id="nd_2", boot="b")
    found = book(
        [
            record("ledger.started", 0, at_s=0, config="c1", node=one),
            record("policy.activated", 1, at_s=1, policy="p1"),
            record("ledger.started", 2, at_s=2, config="c1", node=two),
            record("ledger.started", 3, at_s=3, config="c1", node=one),
            record("ledger.started", 4, at_s=4, node=one),
            record("config.changed", 5, at_s=5, config="c2", node=one),
            record("policy.activated", 6, at_s=6, policy="p2", actor="ac_1", proposer="ac_2", proposal="pp_1"),
        ]
    )
    assert spans(found, "policy") == [("p1", at(1), at(6), "followed"), ("p2", at(6), STILL, "none")]
    told = [(one.name, one.made.value, *one.span()) for one in found.of("configuration") if one.made]
    assert told == [
        ("nd_1", "c1", at(0), at(5)),
        ("nd_2", "c1", at(2), STILL),
        ("nd_1", "c2", at(5), STILL),
    ]


def test_what_ended_before_the_period_is_forgotten_at_once_and_what_expires_at_its_start() -> None:
    found = book(
        [
            key("created", 1, "ak_a", Granted(owner="a")),
            key("revoked", 2, "ak_a", Granted(owner="a")),
            key("created", 3, "ak_b", Granted(owner="b", ends=at(50))),
            key("created", 4, "ak_c", Granted(owner="c", ends=at(51))),
            record("policy.activated", 5, at_s=5, policy="p1"),
            record("policy.activated", 6, at_s=6, policy="p2"),
            key("denied", 7, "dn_a", Denied(subject="a", issuer="-")),
            key("allowed", 8, "dn_a", Denied(subject="a", issuer="-")),
        ],
        before=True,
    )
    assert found.records() == {3, 4, 6}
    found.prune(at(50))
    assert found.records() == {4, 6}
    assert [one.origin() for one in found.of("key")] == [(4, "before the period")]


def test_what_there_is_no_room_for_is_counted_and_its_end_makes_no_stranger_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(in_force, "MAX_KEYS", 2)
    steps = [key("created", seq, f"ak_{seq}", Granted(owner="a", ends=at(2) if seq == 1 else None)) for seq in range(5)]
    found = book([*steps, key("revoked", 9, "ak_4", Granted(owner="a"))])
    assert ([one.name for one in found.of("key")], found.beyond) == (["ak_0", "ak_1"], 3)
    found = book(steps, before=True)  # the one that expired made room
    assert ([one.name for one in found.of("key")], found.beyond) == (["ak_0", "ak_2"], 2)


def test_an_erasure_is_open_from_its_first_step_to_its_end_and_is_known_by_its_newest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(in_force, "MAX_KEYS", 2)
    steps = [
        record("subject.erasure", 1, code="requested", case="sc_1"),
        record("subject.erasure", 2, code="requested", case="sc_2"),
        record("subject.erasure-refused", 3, code="hold", case="sc_9"),
        record("subject.erasure", 4, code="approved", case="sc_1"),
        record("subject.erased", 5, code="erased", case="sc_2"),
        record("subject.erasure", 6, code="requested", case="sc_3"),
    ]
    found = book(steps, before=True)
    assert (sorted(found.records()), found.beyond) == ([4, 6], 0), "what has ended made room"


def test_what_makes_and_what_ends_are_all_of_the_events() -> None:
    assert set(MAKES) < {*EVENTS, *OPENED}
    assert {*EVENTS, *OPENED} - set(MAKES) == {
        *("key.revoked", "key.allowed", "subject.erasure-refused", "subject.erased"),
        *("alert.reviewed", "incident.closed"),
    }


def test_an_emergency_is_open_until_its_review_and_an_incident_until_its_closing() -> None:
    steps = [
        record("alert.review_overdue", 1, break_glass="bg_1"),
        record("alert.review_overdue", 2, break_glass="bg_2"),
        record("incident.opened", 3),
        record("incident.opened", 4),
        record("alert.reviewed", 5, code="justified", break_glass="bg_1"),
        record("incident.closed", 6, code="breach", incident="id-3"),
        record("incident.closed", 7, code="breach", incident="id-3"),
    ]
    assert sorted(book(steps, before=True).records()) == [2, 4]


def test_what_is_open_takes_no_room_from_what_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_force, "MAX_KEYS", 2)
    steps = [
        *(record("incident.opened", number) for number in range(3)),
        *(key("created", number, f"ak_{number}", Granted(owner="a")) for number in (3, 4)),
        record("incident.closed", 5, code="breach", incident="id-0"),
        record("incident.opened", 6),
    ]
    found = book(steps, before=True)
    assert (sorted(found.records()), found.beyond, found.told_to) == ([1, 3, 4, 6], 1, 2)
