"""A decision by a policy that by the ledger was not in force is found, however much of the ledger lies elsewhere."""

from typing import Any

import pytest

from gateway.core.errors import VerificationError
from gateway.ledger import activated
from gateway.ledger.activated import Decided, Found
from gateway.ledger.record import DecisionInfo, Envelope, timestamp

START_US = 1_795_482_123_000_004


def record(seq: int, event: str, policy: str | None = None, **fields: Any) -> Envelope:
    """Of a decision the policy that it was made by; of an activation the one that it is of."""
    if policy is not None and not event.startswith("policy."):
        fields["decision"] = DecisionInfo(effect="allow", rules=(), obligations=(), policy=policy)
    elif policy is not None:
        fields["policy"] = policy
    return Envelope(id="i", tenant="tn_1", event=event, occurred_at=timestamp(START_US), seq=seq, **fields)


def taken(*records: Envelope) -> Decided:
    decided = Decided()
    for one in records:
        decided.take(one)
    return decided


def on(seq: int, policy: str) -> Envelope:
    return record(seq, "policy.activated", policy)


def asked(seq: int, policy: str) -> Envelope:
    return record(seq, "exchange.requested", policy)


def other(seq: int, policy: str) -> Envelope:
    return record(seq, "exchange.denied", policy)


def archive(seq: int, end: int, standing: str | None) -> Envelope:
    return record(seq, "ledger.archived", range=(0, end), standing=standing)


def test_what_is_in_force_decides_and_what_was_ends() -> None:
    decided = taken(on(0, "a"), asked(1, "a"), on(2, "b"), other(3, "a"), asked(4, "b"), asked(5, "b"), on(6, "a"))
    decided.take(asked(7, "a"))
    assert decided.found() == Found()
    assert len(decided.places) == 7, "of requests by one policy the first"


@pytest.mark.parametrize(
    ("records", "wrong"),
    [
        ((asked(0, "a"),), (0,)),
        ((other(0, "a"), on(1, "a"), other(2, "a")), (0,)),
        ((on(0, "a"), asked(1, "a"), asked(2, "b"), asked(3, "b"), asked(4, "a")), (2,)),
        ((on(0, "a"), on(1, "b"), asked(2, "a")), (2,)),
        ((on(0, "a"), other(1, "b"), on(2, "b"), asked(3, "b")), (1,)),
        ((on(0, "a"), record(1, "policy.proposed", "b"), asked(2, "b")), (2,)),
        ((on(0, "a"), archive(1, 1, "b"), asked(2, "b")), (2,)),
        (tuple(asked(seq, f"p{seq}") for seq in range(20)), tuple(range(8))),
    ],
)
def test_what_was_not_in_force_has_not_decided(records: tuple[Envelope, ...], wrong: tuple[int, ...]) -> None:
    decided = Decided()
    for one in records:
        if one.decision is not None or one.event in activated.SAID:
            decided.take(one)
    assert decided.found() == Found(unactivated=wrong)


def test_of_what_was_not_read_the_record_of_the_archive_tells() -> None:
    decided = Decided()
    decided.unread(5)
    for one in (asked(5, "b"), other(6, "a"), archive(7, 5, "b"), asked(8, "b")):
        decided.take(one)
    assert decided.found() == Found(unseen=("a",)), "which may have been in force before"
    decided.take(asked(9, "c"))
    assert decided.found() == Found(unactivated=(9,), unseen=("a",))


def test_of_several_the_last_one_tells_what_stands_after_them() -> None:
    decided = Decided()
    decided.unread(5)
    decided.unread(9)
    for one in (asked(9, "b"), archive(10, 5, "a"), archive(11, 9, "b")):
        decided.take(one)
    assert decided.found() == Found()


def test_where_no_archive_tells_it_is_said_and_nothing_alleged() -> None:
    decided = Decided()
    decided.unread(5)
    for one in (asked(5, "b"), archive(6, 5, None), asked(7, "c"), on(8, "d"), asked(9, "d"), asked(10, "b")):
        decided.take(one)
    assert decided.found() == Found(unseen=("b", "c"), unactivated=(10,))


def test_what_stands_after_so_many_records_is_known_or_not() -> None:
    decided = taken(on(0, "a"), asked(1, "a"), on(2, "b"))
    assert [decided.standing(size) for size in (0, 1, 2, 3, 9)] == ["", "a", "a", "b", "b"]
    for standing in ("c", None):
        decided = Decided()
        decided.unread(5)
        decided.take(archive(6, 5, standing))
        assert decided.standing(7) == standing
        decided.take(on(7, "d"))
        assert decided.standing(8) == "d"


def test_parts_find_together_what_one_finds() -> None:
    records = (on(0, "a"), asked(1, "a"), on(2, "b"), asked(3, "b"), other(4, "a"), asked(5, "a"), other(6, "c"))
    alone = taken(*records)
    assert alone.found() == Found(unactivated=(5, 6))
    for cut in range(len(records)):
        first, second = taken(*records[:cut]), taken(*records[cut:])
        first.join(second)
        assert first.found() == alone.found()


def test_a_part_hands_on_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activated, "MOST", 1)
    assert taken(on(0, "a")).bounded().found() == Found()
    with pytest.raises(VerificationError):
        taken(on(0, "a"), on(1, "b")).bounded()
